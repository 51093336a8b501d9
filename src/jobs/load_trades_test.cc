// Trades are multisets: what is stored of them, whatever the files, their forms and their order.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "dbn/text_csv.h"
#include "dbn/text_json.h"
#include "dbn/writer.h"
#include "jobs/load_claims.h"
#include "jobs/load_multiset.h"
#include "jobs/testing_load.h"
#include "lake/lake.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

namespace fs = std::filesystem;

constexpr Nanos kMorning = kBarDay + 14 * 60 * kBarMinute;

// A trade of ESU5 (instrument 1) or ZLN5 (2).
struct Trade {
  Nanos time = 0;  // ts_recv
  std::uint32_t instrument = 1;
  std::uint32_t size = 1;
  friend auto operator<=>(const Trade&, const Trade&) = default;
};

Trade at(int moment, std::uint32_t size, std::uint32_t instrument = 1) {
  return {kMorning + static_cast<Nanos>(moment), instrument, size};
}

template <class Record>
Record record_of(const Trade& trade) {
  Record record{};
  record.header = {dbn::kLengthOf<Record>,
                   Record::holds(dbn::RType::kTrades) ? dbn::RType::kTrades : dbn::RType::kMbp1, 1,
                   trade.instrument, trade.time - 1'000};
  record.ts_recv = trade.time;
  record.price = 6'000 * kPriceScale;
  record.size = trade.size;
  record.action = dbn::kActionTrade;
  record.side = dbn::kSideAsk;
  if constexpr (std::is_same_v<Record, dbn::Mbp1Msg>)
    record.levels[0] = {kUndefPrice, 6'001 * kPriceScale, 0, 7, 0, 3};
  return record;
}

template <class Record>
void write_records(const std::string& path, const std::vector<Record>& records,
                   std::optional<dbn::Schema> schema) {
  auto sink = dbn::create_output(Env::posix(), path);
  ASSERT_TRUE(sink);
  if (path.contains(".dbn")) {
    dbn::Metadata metadata;
    metadata.dataset = "GLBX.MDP3";
    metadata.schema = schema;
    metadata.stype_in = dbn::SType::kRawSymbol;
    metadata.start = kBarDay;
    const Date day(2025, 6, 16);
    metadata.mappings = {{"ESU5", {{day - 30, day + 30, "1"}}},
                         {"ZLN5", {{day - 30, day + 30, "2"}}}};
    auto writer = dbn::Writer::open(*std::move(sink), metadata).value();
    for (const Record& record : records) ASSERT_TRUE(writer.write(record));
    ASSERT_TRUE(writer.finish());
    return;
  }
  const dbn::TextOptions form{.pretty_px = path.contains("pretty"),
                              .pretty_ts = path.contains("pretty"),
                              .map_symbols = true};
  const bool is_csv = path.contains(".csv");
  std::string text;
  if (is_csv) {
    ASSERT_TRUE(dbn::append_csv_header(dbn::RecordView(records[0]), {.text = form}, text));
  }
  for (const Record& record : records) {
    const char* const symbol = record.header.instrument_id == 1 ? "ESU5" : "ZLN5";
    ASSERT_TRUE(is_csv ? dbn::append_csv(dbn::RecordView(record), {.text = form}, symbol, text)
                       : dbn::append_json(dbn::RecordView(record), form, symbol, text));
  }
  ASSERT_TRUE((*sink)->write(std::as_bytes(std::span(text))));
  ASSERT_TRUE((*sink)->finish());
}

template <class Record = dbn::TradeMsg>
void write_trades(const std::string& path, const std::vector<Trade>& trades) {
  std::vector<Record> records;
  records.reserve(trades.size());
  for (const Trade& trade : trades) records.push_back(record_of<Record>(trade));
  write_records(path, records,
                std::is_same_v<Record, dbn::TradeMsg> ? dbn::Schema::kTrades : dbn::Schema::kTbbo);
}

// Every stored trade as often as it is stored, in order.
std::vector<Trade> stored_trades(const std::string& lake,
                                 const table::Table& table = table::databento_trades()) {
  std::vector<Trade> trades;
  auto rows = lake::Lake::view(Env::posix(), lake)->read(table, {});
  EXPECT_TRUE(rows) << rows.error().message();
  if (!rows) return trades;
  table::RowBatch batch(table);
  for (;;) {
    const auto more = (*rows)->next(batch);
    EXPECT_TRUE(more);
    if (!more || !*more) break;
    for (std::size_t row = 0; row < batch.size(); ++row)
      trades.push_back(
          {static_cast<Nanos>(batch.int64s(table.column_index("ts_recv_ns"))[row]),
           static_cast<std::uint32_t>(batch.int64s(table.column_index("instrument_id"))[row]),
           static_cast<std::uint32_t>(batch.int64s(table.column_index("size"))[row])});
  }
  std::ranges::sort(trades);
  return trades;
}

class LoadTrades : public LoadFixture {
 protected:
  LoadReport load_file(const std::string& name, Nanos published) {
    set_modified(in(name), published);
    options_.inputs = {in(name)};
    return load(options_);
  }
  std::vector<Trade> stored() { return stored_trades(options_.lake); }
};

TEST_F(LoadTrades, EqualRecordsOfAFileAreAllStored) {
  write_trades<dbn::Mbp1Msg>(in("a.tbbo.dbn"), {at(1, 5), at(2, 5), at(2, 5), at(2, 6), at(3, 5)});
  const LoadReport report = load_all();
  EXPECT_EQ(only_file(report).added, 5U) << to_text(report);
  const auto& table = table::databento_tbbo();
  table::RowBatch rows(table);
  auto stream = lake::Lake::view(Env::posix(), options_.lake)->read(table, {}).value();
  ASSERT_TRUE(*stream->next(rows));
  ASSERT_EQ(rows.size(), 5U);
  const auto column = [&](std::string_view name) { return table.column_index(name); };
  std::multiset<std::int64_t> occurrences;
  for (std::size_t row = 0; row < rows.size(); ++row)
    occurrences.insert(rows.int64s(column("occurrence"))[row]);
  EXPECT_EQ(occurrences, (std::multiset<std::int64_t>{0, 0, 0, 0, 1}));
  EXPECT_EQ(rows.text(column("symbol"), 0), "ESU5");
  EXPECT_EQ(rows.text(column("root"), 0), "ES");
  EXPECT_EQ(rows.text(column("side"), 0), "A");
  EXPECT_EQ(rows.int64s(column("ts_recv_ns"))[0], static_cast<std::int64_t>(kMorning + 1));
  EXPECT_EQ(rows.int64s(column("ts_event_ns"))[0], static_cast<std::int64_t>(kMorning - 999));
  EXPECT_EQ(rows.doubles(column("price"))[0], 6'000);
  EXPECT_TRUE(rows.is_null(column("bid_px"), 0));
  EXPECT_EQ(rows.doubles(column("ask_px"))[0], 6'001);
  EXPECT_EQ(rows.int64s(column("ask_ct"))[0], 3);
  EXPECT_TRUE(files_in(options_.lake, table).contains("p_root=ES/p_day=2025-06-16"));
}

TEST_F(LoadTrades, LoadingAgainInAnyFormChangesNothing) {
  const std::vector<Trade> trades = {at(1, 5), at(2, 5), at(2, 5), at(3, 1, 2), at(4, 9)};
  write_trades(in("a.trades.dbn"), trades);
  load_file("a.trades.dbn", kBarDay);
  const auto files = files_in(options_.lake, table::databento_trades());
  Nanos published = kBarDay;
  for (const char* form : {"b.trades.json", "c.trades.pretty.json.zst", "d.trades.csv",
                           "e.trades.pretty.csv", "f.trades.dbn.zst"}) {
    write_trades(in(form), trades);
    for (const Nanos later : {published + kNanosPerDay, kBarDay - kNanosPerDay}) {
      options_.again = true;
      const LoadReport report = load_file(form, later);
      EXPECT_EQ(only_file(report).unchanged, 5U) << form << to_text(report);
      EXPECT_EQ(files_in(options_.lake, table::databento_trades()), files) << form;
    }
    published += kNanosPerDay;
  }
  EXPECT_EQ(stored(), trades);
}

TEST_F(LoadTrades, OneMomentsFilesShareWhatTheyHave) {
  write_trades(in("a.trades.dbn"), {at(1, 1), at(2, 5), at(2, 5), at(3, 1), at(5, 1)});
  write_trades(in("b.trades.dbn"), {at(1, 1), at(2, 5), at(2, 6), at(5, 1)});
  load_file("a.trades.dbn", kBarDay);
  load_file("b.trades.dbn", kBarDay);
  EXPECT_EQ(stored(),
            (std::vector<Trade>{at(1, 1), at(2, 5), at(2, 5), at(2, 6), at(3, 1), at(5, 1)}));
}

TEST_F(LoadTrades, ANewerFileTakesThePlaceOfAnOlderOneWithinItsTime) {
  write_trades(in("old.trades.dbn"),
               {at(1, 1), at(3, 1), at(4, 1), at(4, 1), at(5, 1), at(9, 1), at(4, 1, 2)});
  write_trades(in("new.trades.json"), {at(2, 7), at(4, 1), at(5, 2), at(6, 7)});
  load_file("old.trades.dbn", kBarDay);
  const LoadReport report = load_file("new.trades.json", kBarDay + kNanosPerSecond);
  // At 3 nothing, at 4 one instead of two, at 5 another; nothing is said of 1, 9 and the other
  // contract.
  const std::vector<Trade> expected = {at(1, 1), at(2, 7), at(4, 1), at(4, 1, 2),
                                       at(5, 2), at(6, 7), at(9, 1)};
  EXPECT_EQ(stored(), expected) << to_text(report);
  EXPECT_EQ(report.withdrawn, 3U);
  // What was known earlier does not come back.
  options_.again = true;
  const LoadReport again = load_file("old.trades.dbn", kBarDay);
  EXPECT_EQ(stored(), expected);
  EXPECT_EQ(only_file(again).outdated, 3U) << to_text(again);
  EXPECT_EQ(again.withdrawn, 0U);
}

TEST_F(LoadTrades, PiecesCutWithinAMomentLoseNothing) {
  write_trades(in("a.trades.csv"), {at(1, 1), at(2, 1), at(2, 2)});
  write_trades(in("b.trades.csv"), {at(2, 3), at(2, 4), at(3, 1)});
  load_file("a.trades.csv", kBarDay);
  load_file("b.trades.csv", kBarDay + kNanosPerSecond);
  EXPECT_EQ(stored().size(), 6U);
}

TEST_F(LoadTrades, ChangesOfTheBookAreNoTradesAndFailTheirFile) {
  auto change = record_of<dbn::Mbp1Msg>(at(2, 5));
  change.action = dbn::kActionAdd;
  // Nothing but its records says what the first is.
  write_records<dbn::Mbp1Msg>(in("a.json"), {record_of<dbn::Mbp1Msg>(at(1, 5)), change},
                              dbn::Schema::kMbp1);
  write_records<dbn::Mbp1Msg>(in("b.mbp-1.json"), {record_of<dbn::Mbp1Msg>(at(1, 5))},
                              dbn::Schema::kMbp1);
  write_records<dbn::Mbp1Msg>(in("c.dbn"), {record_of<dbn::Mbp1Msg>(at(1, 5))}, dbn::Schema::kMbp1);
  write_trades<dbn::Mbp1Msg>(in("d.json"), {at(3, 5)});
  const LoadReport report = load_all();
  ASSERT_EQ(report.files.size(), 4U);
  EXPECT_EQ(report.files[0].action, LoadAction::kFailed);
  EXPECT_TRUE(report.files[0].why.contains("mbp-1")) << report.files[0].why;
  EXPECT_EQ(report.files[1].action, LoadAction::kRefused) << to_text(report);
  EXPECT_EQ(report.files[2].action, LoadAction::kRefused);
  EXPECT_EQ(stored_trades(options_.lake, table::databento_tbbo()), std::vector{at(3, 5)});
}

TEST_F(LoadTrades, OneRecordWithoutEndIsCutOff) {
  write_trades(in("a.trades.dbn.zst"), std::vector<Trade>(kOccurrencesMax + 7, at(1, 5)));
  options_.memory.sort_bytes = 100'000;
  const LoadReport report = load_all();
  EXPECT_EQ(only_file(report).added, kOccurrencesMax) << to_text(report);
  EXPECT_EQ(only_file(report).rejected.at("too_often"), 7U);
  EXPECT_LT(report.spilled_bytes, 1'000'000U);
}

// A job's file says what there was in all the time that was asked for.
TEST_F(LoadTrades, AJobsFileTakesThePlaceOfTheWholeDay) {
  const std::string shared = FM_SHARED_DATA;
  if (!fs::exists(shared)) GTEST_SKIP() << "shared data absent: " << shared;
  const std::string job = shared + "/batch-jobs/GLBX-20231226-SYNTHJOB01-dbn";
  options_.inputs = {job};
  load(options_);
  const auto expected = stored_trades(options_.lake, table::databento_tbbo());
  ASSERT_EQ(expected.size(), 2'973U);

  // An older download with a trade in the morning that was taken back.
  LoadOptions other = options_;
  other.lake = folder_.file("other");
  std::string line =
      R"({"ts_recv":"1703500000000000000","hd":{"ts_event":"1703500000000000000","rtype":1,)"
      R"("publisher_id":1,"instrument_id":17077},"action":"T","side":"A","depth":0,)"
      R"("price":"4800000000000","size":1,"flags":0,"ts_in_delta":1,"sequence":1,"levels":[],)"
      R"("symbol":"ESH4"})"
      "\n";
  auto file = dbn::create_output(Env::posix(), in("old.tbbo.json")).value();
  ASSERT_TRUE(file->write(std::as_bytes(std::span(line))));
  ASSERT_TRUE(file->finish());
  set_modified(in("old.tbbo.json"), 1'700'000'000 * kNanosPerSecond);
  other.inputs = {in("old.tbbo.json")};
  load(other);
  EXPECT_EQ(stored_trades(other.lake, table::databento_tbbo()).size(), 1U);
  other.inputs = {job};
  EXPECT_EQ(load(other).withdrawn, 1U);
  EXPECT_EQ(stored_trades(other.lake, table::databento_tbbo()), expected);
}

TEST_F(LoadTrades, ARealHourIsStoredRecordForRecord) {
  const std::string shared = FM_SHARED_DATA;
  if (!fs::exists(shared)) GTEST_SKIP() << "shared data absent: " << shared;
  const std::string hour = shared + "/esh4-2023-12-25/glbx-mdp3-20231225";
  options_.inputs = {hour + ".tbbo.dbn", hour + ".trades.dbn"};
  const LoadReport report = load(options_);
  for (const LoadedFileReport& file : report.files) EXPECT_EQ(file.added, 2'973U) << file.path;

  const auto& table = table::databento_tbbo();
  std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> by_sequence;
  std::set<std::int64_t> ids;
  std::int64_t volume = 0;
  auto rows = lake::Lake::view(Env::posix(), options_.lake)->read(table, {}).value();
  table::RowBatch batch(table);
  while (*rows->next(batch))
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const auto number = [&](std::string_view name) {
        return batch.int64s(table.column_index(name))[row];
      };
      by_sequence.emplace(number("instrument_id"), number("ts_event_ns"), number("sequence"));
      ids.insert(number("record_id"));
      volume += number("size");
    }
  EXPECT_EQ(by_sequence.size(), 2'899U);
  EXPECT_EQ(ids.size(), 2'958U);
  EXPECT_EQ(volume, 9'892);

  const auto files = files_in(options_.lake, table);
  options_.inputs = {shared + "/batch-jobs/GLBX-20231226-SYNTHJOB01-dbn"};
  const LoadReport job = load(options_);
  EXPECT_EQ(only_file(job).unchanged, 2'973U) << to_text(job);
  EXPECT_EQ(files_in(options_.lake, table), files);
}

TEST_F(LoadTrades, RealFilesGiveTheSameRowsInEveryForm) {
  const std::string shared = FM_SHARED_DATA;
  if (!fs::exists(shared)) GTEST_SKIP() << "shared data absent: " << shared;
  for (const auto& [schema, table] : {std::pair{"trades", &table::databento_trades()},
                                      std::pair{"tbbo", &table::databento_tbbo()}}) {
    options_.inputs = {fmt::format("{}/glbx-fixtures/test_data.{}.dbn.zst", shared, schema)};
    const LoadReport first = load(options_);
    ASSERT_GT(only_file(first).added, 0U) << to_text(first);
    const auto files = files_in(options_.lake, *table);
    for (const char* form : {"pretty-sym.json", "pretty-sym.csv"}) {
      options_.inputs = {fmt::format("{}/text-samples/glbx.{}.{}", shared, schema, form)};
      const LoadReport again = load(options_);
      EXPECT_EQ(only_file(again).unchanged, only_file(again).rows_read) << to_text(again);
      EXPECT_EQ(files_in(options_.lake, *table), files) << schema << form;
    }
  }
}

TEST(Claims, ThatOfTheNewestCountsAtEveryMoment) {
  EXPECT_TRUE(rc::check("claims", [] {
    std::vector<Claim> claims;
    const int count = *rc::gen::inRange(0, 12);
    for (int i = 0; i < count; ++i)
      claims.push_back(
          {*rc::gen::inRange(0, 20), *rc::gen::inRange(0, 20), *rc::gen::inRange(0, 4)});
    const auto counting = claims_that_count(claims);
    for (std::size_t i = 0; i + 1 < counting.size(); ++i)
      RC_ASSERT(counting[i].to < counting[i + 1].from ||
                (counting[i].to == counting[i + 1].from &&
                 counting[i].published_us != counting[i + 1].published_us));
    Claims known;
    for (const Claim& claim : claims) known.add("ESU5", claim);
    RC_ASSERT(known.settle().has_value());
    Claims read = Claims::decode(known.encode()).value();
    for (std::int64_t time = -1; time < 21; ++time) {
      std::optional<std::int64_t> expected;
      for (const Claim& claim : claims)
        if (claim.from <= time && time < claim.to)
          expected = std::max(expected.value_or(0), claim.published_us);
      RC_ASSERT(known.at("ESU5", time) == expected);
      RC_ASSERT(read.at("ESU5", time) == expected);
      RC_ASSERT(known.at("ZLN5", time) == std::nullopt);
    }
  }));
}

TEST(Claims, WhatIsNoClaimIsCorrupt) {
  for (const char* bad : {"", "[1]", "{\"A\":1}", "{\"A\":[1]}", "{\"A\":[[1,2]]}",
                          "{\"A\":[[2,1,0]]}", "{\"A\":[[1,2,\"3\"]]}"}) {
    const auto read = Claims::decode(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code(), Code::kCorrupt);
  }
}

TEST(TradeSources, AreReadAsTheyWereWritten) {
  TradeSources sources;
  sources.claims.add("ESU5", {1, 5, 7});
  sources.seen = {{{3, "ESU5", 8, 0}, 9}, {{3, "A\"b", 8, 1}, 9}, {{4, "ESU5", -8, 0}, 1}};
  TradeSources read = decode_trade_sources(encode(sources)).value();
  EXPECT_EQ(read.seen, sources.seen);
  EXPECT_EQ(read.claims.at("ESU5", 4), 7);
  EXPECT_TRUE(decode_trade_sources("[]")->seen.empty());
  EXPECT_TRUE(decode_trade_sources(encode(TradeSources{}))->seen.empty());
  for (const char* bad :
       {"", "{}", R"({"claims":{}})", R"({"claims":{},"seen":{"A":1}})",
        R"({"claims":{},"seen":{"A":[[1,2,3]]}})", R"({"claims":{"A":1},"seen":{}})"}) {
    const auto damaged = decode_trade_sources(bad);
    ASSERT_FALSE(damaged) << bad;
    EXPECT_EQ(damaged.error().code(), Code::kCorrupt);
  }
}

struct TestFile {
  std::string name;
  std::vector<Trade> trades;
  Nanos published = 0;
};

std::vector<TestFile> any_files() {
  std::vector<TestFile> files;
  const int count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    TestFile file;
    const char* const endings[] = {"dbn", "json", "csv"};
    file.name = fmt::format("{}.trades.{}", i, endings[*rc::gen::inRange(0, 3)]);
    const int rows = *rc::gen::inRange(1, 12);
    // Few moments and sizes, so that files speak of the same records; midnight lies between them.
    for (int row = 0; row < rows; ++row) {
      Trade trade = at(*rc::gen::inRange(0, 6), *rc::gen::inRange<std::uint32_t>(1, 3),
                       *rc::gen::inRange<std::uint32_t>(1, 3));
      if (trade.time >= kMorning + 4) trade.time += kNanosPerDay;
      file.trades.push_back(trade);
    }
    // Tells files of equal trades apart: a copy counts once, as what it was found first.
    const bool is_behind = *rc::gen::arbitrary<bool>();
    file.trades.push_back({is_behind ? kMorning + 2 * kNanosPerDay : kMorning - 2 * kNanosPerDay, 2,
                           1'000 + static_cast<std::uint32_t>(i)});
    file.published = kBarDay + static_cast<Nanos>(*rc::gen::inRange(0, 3)) * kNanosPerDay;
    files.push_back(std::move(file));
  }
  return files;
}

// What ought to be stored, by the words of load_multiset.h.
std::vector<Trade> expected_of(const std::vector<TestFile>& files) {
  std::set<std::pair<Nanos, std::uint32_t>> moments;
  for (const TestFile& file : files)
    for (const Trade& trade : file.trades) moments.emplace(trade.time, trade.instrument);
  std::vector<Trade> expected;
  for (const auto& [time, instrument] : moments) {
    const auto day = [](Nanos moment) { return moment / kNanosPerDay; };
    const auto claims = [&, time = time, instrument = instrument](const TestFile& file) {
      const auto [first, last] = std::ranges::minmax(file.trades, {}, &Trade::time);
      return first.time < time && time < last.time &&
             std::ranges::any_of(
                 file.trades,
                 [&](const Trade& trade) {
                   return trade.instrument == instrument && day(trade.time) == day(time);
                 });
    };
    std::optional<Nanos> published;
    for (const TestFile& file : files)
      if (claims(file)) published = std::max(published.value_or(0), file.published);
    std::map<Trade, std::ptrdiff_t> most;
    for (const TestFile& file : files) {
      if (published && file.published < *published) continue;
      for (const Trade& trade : file.trades)
        if (trade.time == time && trade.instrument == instrument)
          most[trade] = std::max(most[trade], std::ranges::count(file.trades, trade));
    }
    for (const auto& [trade, count] : most)
      expected.insert(expected.end(), static_cast<std::size_t>(count), trade);
  }
  std::ranges::sort(expected);
  return expected;
}

TEST(LoadTradesProperty, AnyOrderOfAnyFilesEndsInTheSameRows) {
  EXPECT_TRUE(rc::check("same trades", [] {
    const auto files = any_files();
    std::vector<std::size_t> rest;
    const int repeats = *rc::gen::inRange(1, 3);
    for (int repeat = 0; repeat < repeats; ++repeat)
      for (std::size_t i = 0; i < files.size(); ++i) rest.push_back(i);
    const TestDirectory folder;
    for (const TestFile& file : files) {
      write_trades(folder.file(file.name), file.trades);
      set_modified(folder.file(file.name), file.published);
    }
    LoadOptions options;
    options.lake = folder.file("lake");
    options.again = true;
    options.memory.store_bytes = 1;
    while (!rest.empty()) {
      options.inputs.clear();
      for (int count = *rc::gen::inRange(1, 4); count > 0 && !rest.empty(); --count) {
        const auto next = *rc::gen::inRange<std::size_t>(0, rest.size());
        options.inputs.push_back(folder.file(files[rest[next]].name));
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(next));
      }
      options.memory.sort_bytes = static_cast<std::size_t>(*rc::gen::inRange(1, 20'000));
      load(options);
    }
    RC_ASSERT(stored_trades(options.lake) == expected_of(files));
  }));
}

}  // namespace
}  // namespace fm::jobs
