// Statuses, statistics and definitions: what a row says, and that every form gives the same rows.
#include <gtest/gtest.h>

#include <filesystem>

#include "dbn/text_csv.h"
#include "dbn/text_json.h"
#include "dbn/writer.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_load.h"
#include "lake/lake.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

namespace fs = std::filesystem;

constexpr Nanos kReceived = kBarDay + 123'456'789;

template <class Record>
Record message(dbn::RType rtype, std::uint32_t instrument, Nanos received) {
  Record record{};
  record.header = {dbn::kLengthOf<Record>, rtype, 1, instrument, received - 5};
  record.ts_recv = received;
  return record;
}

dbn::StatusMsg status(std::uint32_t instrument, std::uint16_t action, Nanos received = kReceived) {
  auto record = message<dbn::StatusMsg>(dbn::RType::kStatus, instrument, received);
  record.action = action;
  record.reason = 1;
  record.is_trading = action == 7 ? 'Y' : 'N';
  record.is_quoting = '~';
  return record;
}

dbn::StatMsg settlement(std::uint32_t instrument, double price, std::uint8_t flags,
                        Nanos received = kReceived) {
  auto record = message<dbn::StatMsg>(dbn::RType::kStatistics, instrument, received);
  record.stat_type = static_cast<std::uint16_t>(dbn::StatType::kSettlementPrice);
  record.price = static_cast<Price>(price * 100) * (kPriceScale / 100);
  record.quantity = dbn::kUndefStatQuantity;
  record.ts_ref = kBarDay;
  record.stat_flags = flags;
  record.update_action = 1;
  return record;
}

dbn::InstrumentDefMsg definition(std::uint32_t instrument, const char* symbol, char type,
                                 std::uint16_t leg = 0) {
  auto record = message<dbn::InstrumentDefMsg>(dbn::RType::kDefinition, instrument, kReceived);
  dbn::set_text(record.raw_symbol, symbol);
  dbn::set_text(record.asset, "ES");
  record.instrument_class = type;
  record.leg_index = leg;
  record.min_price_increment = kPriceScale / 4;
  record.strike_price = record.leg_price = kUndefPrice;
  record.expiration = kUndefTime;
  record.activation = kBarDay;
  record.contract_multiplier = std::numeric_limits<std::int32_t>::max();
  record.maturity_year = 2025;
  return record;
}

class LoadMessages : public ::testing::Test {
 protected:
  template <class Record>
  void write(const std::string& name, dbn::Schema schema, const std::vector<Record>& records) {
    dbn::Metadata metadata;
    metadata.dataset = "GLBX.MDP3";
    metadata.schema = schema;
    metadata.stype_in = dbn::SType::kRawSymbol;
    metadata.start = kBarDay;
    const Date day(2025, 6, 16);
    metadata.mappings = {{"ESU5", {{day, day + 30, "1"}}}, {"ZLN5", {{day, day + 30, "2"}}}};
    auto writer =
        dbn::Writer::open(dbn::create_output(Env::posix(), folder_.file(name)).value(), metadata)
            .value();
    for (const Record& record : records) ASSERT_TRUE(writer.write(record));
    ASSERT_TRUE(writer.finish());
  }
  LoadReport load_file(const std::string& name) {
    options_.inputs = {folder_.file(name)};
    options_.lake = folder_.file("lake");
    return load(options_);
  }
  // All rows of a table, which are few.
  table::RowBatch rows_of(const table::Table& table) {
    table::RowBatch batch(table);
    auto rows = lake::Lake::view(Env::posix(), options_.lake)->read(table, {});
    EXPECT_TRUE(rows && (*rows)->next(batch));
    return batch;
  }

  const TestDirectory folder_;
  LoadOptions options_;
};

TEST_F(LoadMessages, AStatusIsARow) {
  // The same moment twice, told apart by what happened; and the same message twice.
  write("a.dbn", dbn::Schema::kStatus,
        std::vector{status(1, 7), status(1, 8), status(1, 7), status(2, 7), status(9, 7)});
  const LoadReport report = load_file("a.dbn");
  EXPECT_EQ(report.files[0].added, 3U) << to_text(report);
  EXPECT_EQ(report.files[0].unchanged, 1U);
  EXPECT_EQ(report.files[0].rejected.at("unknown_instrument"), 1U);
  const auto& table = table::databento_status();
  const auto rows = rows_of(table);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows.text(table.column_index("symbol"), 0), "ESU5");
  EXPECT_EQ(rows.int64s(table.column_index("ts_recv_ns"))[0], std::int64_t{kReceived});
  EXPECT_EQ(rows.int64s(table.column_index("ts_recv"))[0], std::int64_t{kReceived / 1'000});
  EXPECT_EQ(rows.int32s(table.column_index("action"))[0], 7);
  EXPECT_EQ(rows.int32s(table.column_index("action"))[1], 8);
  EXPECT_EQ(rows.text(table.column_index("is_trading"), 0), "Y");
  EXPECT_EQ(rows.text(table.column_index("is_quoting"), 0), "~");
  EXPECT_TRUE(rows.is_null(table.column_index("is_short_sell_restricted"), 0));
  EXPECT_EQ(rows.text(table.column_index("root"), 2), "ZL");
}

TEST_F(LoadMessages, AStatisticIsARowAndACorrectionTakesItsPlace) {
  write("a.dbn", dbn::Schema::kStatistics,
        std::vector{settlement(1, 6000.25, 0), settlement(1, 6000.5, 1)});
  set_modified(folder_.file("a.dbn"), kBarDay);
  EXPECT_EQ(load_file("a.dbn").files[0].added, 2U);
  const auto& table = table::databento_statistics();
  auto rows = rows_of(table);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.doubles(table.column_index("price"))[1], 6000.5);
  EXPECT_TRUE(rows.is_null(table.column_index("quantity"), 0));
  EXPECT_EQ(rows.int64s(table.column_index("ts_ref"))[0], std::int64_t{kBarDay / 1'000});
  EXPECT_TRUE(files_in(options_.lake, table).contains("p_root=ES/p_year=2025"));

  write("b.dbn", dbn::Schema::kStatistics, std::vector{settlement(1, 6000.75, 1)});
  EXPECT_EQ(load_file("b.dbn").files[0].corrected, 1U);
  rows = rows_of(table);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.doubles(table.column_index("price"))[1], 6000.75);
  EXPECT_EQ(rows.int32s(table.column_index("stat_flags"))[1], 1);
}

TEST_F(LoadMessages, DefinitionsAreKeptOfEveryInstrumentAndLeg) {
  write("a.dbn", dbn::Schema::kDefinition,
        std::vector{definition(1, "ESU5", 'F'), definition(3, "ESU5-ESZ5", 'S', 0),
                    definition(3, "ESU5-ESZ5", 'S', 1), definition(4, "ESU5 P5000", 'P'),
                    definition(5, "", 'F')});
  const LoadReport report = load_file("a.dbn");
  EXPECT_EQ(report.files[0].added, 4U) << to_text(report);
  EXPECT_EQ(report.files[0].rejected.at("unknown_instrument"), 1U);
  const auto& table = table::databento_definition();
  const auto rows = rows_of(table);
  ASSERT_EQ(rows.size(), 4U);
  const auto column = [&](std::string_view name) { return table.column_index(name); };
  EXPECT_EQ(rows.text(column("symbol"), 0), "ESU5");
  EXPECT_EQ(rows.text(column("root"), 0), "ES");
  EXPECT_EQ(rows.text(column("instrument_class"), 1), "P") << "sorted by symbol";
  EXPECT_EQ(rows.int64s(column("leg_index"))[3], 1);
  EXPECT_EQ(rows.doubles(column("min_price_increment"))[0], 0.25);
  EXPECT_EQ(rows.int64s(column("maturity_year"))[0], 2025);
  EXPECT_EQ(rows.int64s(column("activation"))[0], std::int64_t{kBarDay / 1'000});
  for (const char* none : {"strike_price", "leg_price", "expiration", "contract_multiplier",
                           "currency", "match_algorithm"})
    EXPECT_TRUE(rows.is_null(column(none), 0)) << none;
}

// The vendor's own files.
TEST_F(LoadMessages, RealFilesGiveTheSameRowsInEveryForm) {
  const std::string shared = FM_SHARED_DATA;
  if (!fs::exists(shared)) GTEST_SKIP() << "shared data absent: " << shared;
  const struct {
    const char* schema;
    const table::Table* table;
  } cases[] = {{"status", &table::databento_status()},
               {"statistics", &table::databento_statistics()},
               {"definition", &table::databento_definition()}};
  options_.lake = folder_.file("lake");
  for (const auto& c : cases) {
    options_.inputs = {fmt::format("{}/glbx-fixtures/test_data.{}.dbn.zst", shared, c.schema)};
    const LoadReport first = load(options_);
    ASSERT_EQ(first.verdict(), LoadVerdict::kOk) << to_text(first);
    const auto& account = first.files[0];
    EXPECT_GT(account.added, 0U) << c.schema;
    EXPECT_EQ(account.added + account.unchanged, account.rows_read) << to_text(first);
    const auto files = files_in(options_.lake, *c.table);
    for (const char* form : {"pretty-sym.json", "pretty-sym.csv"}) {
      options_.inputs = {fmt::format("{}/text-samples/glbx.{}.{}", shared, c.schema, form)};
      const LoadReport again = load(options_);
      EXPECT_EQ(again.files[0].unchanged, again.files[0].rows_read) << to_text(again);
      EXPECT_EQ(files_in(options_.lake, *c.table), files) << c.schema << form;
    }
  }
  // Years of daily definitions of two instruments, and one that is four records of one.
  options_.inputs = {shared + "/es-2024-07-01"};
  const LoadReport report = load(options_);
  EXPECT_GT(report.count(LoadAction::kLoad), 1U) << to_text(report);
  EXPECT_EQ(report.count(LoadAction::kFailed), 0U) << to_text(report);
}

}  // namespace
}  // namespace fm::jobs
