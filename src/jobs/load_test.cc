// Loading as a user sees it: what is stored, what is left out, what is skipped, what is said.
#include "jobs/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/testing_forwarding_env.h"
#include "dbn/writer.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_load.h"
#include "lake/lake.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

namespace fs = std::filesystem;
using Bars = std::vector<TestBar>;

using LoadTest = LoadFixture;

const Bars kBars = {minute_bar(0, "ESU5", 6000), minute_bar(0, "ESU5-ESZ5", -50.25),
                    minute_bar(0, "ZLN5", 48.5), minute_bar(1, "ESU5", 6000.25, 7)};

TEST_F(LoadTest, EveryFormGivesTheSameRows) {
  for (const char* ending : {"dbn", "dbn.zst", "json", "json.zst", "jsonl", "csv", "csv.zst"}) {
    const TestDirectory folder;
    LoadOptions options;
    options.lake = folder.file("lake");
    options.inputs = {folder.file(std::string("bars.") + ending)};
    write_bars(options.inputs[0], kBars);
    const LoadReport report = load(options);
    EXPECT_EQ(report.verdict(), LoadVerdict::kOk) << ending << to_text(report);
    EXPECT_EQ(only_file(report).added, 4U) << ending;
    EXPECT_EQ(only_file(report).roots, "ES,ZL") << ending;
    Bars sorted = stored_minutes(options.lake);
    std::ranges::sort(sorted);
    EXPECT_EQ(sorted, kBars) << ending;
  }
}

TEST_F(LoadTest, RowsSayWhatTheyAre) {
  write_bars(in("bars.dbn"), {minute_bar(0, "ESU5", 6000), minute_bar(0, "ESU5-ESZ5", -50.25)});
  set_modified(in("bars.dbn"), kBarDay);
  load_all();
  const auto& table = table::databento_futures_ohlcv_1m();
  auto rows = lake::Lake::view(Env::posix(), options_.lake)->read(table, {});
  ASSERT_TRUE(rows);
  table::RowBatch batch(table);
  ASSERT_TRUE(*(*rows)->next(batch));
  ASSERT_EQ(batch.size(), 2U);
  const auto column = [&](std::string_view name) { return table.column_index(name); };
  for (std::size_t row = 0; row < 2; ++row) {
    EXPECT_EQ(batch.text(column("root"), row), "ES");
    EXPECT_EQ(batch.int64s(column("publisher_id"))[row], 1);
    EXPECT_EQ(batch.int64s(column("instrument_id"))[row], static_cast<std::int64_t>(row) + 1);
    EXPECT_EQ(batch.int8s(column("is_spread"))[row], row);
    EXPECT_EQ(Date::from_days(batch.int32s(column("ts_date"))[row]), Date(2025, 6, 16));
    EXPECT_EQ(static_cast<Nanos>(batch.int64s(column("source_published_at"))[row]) * 1000, kBarDay);
    EXPECT_EQ(batch.text(column("source_hash"), row), state().front().content_hash);
  }
  EXPECT_EQ(Date::from_days(batch.int32s(column("delivery"))[0]), Date(2025, 9, 1));
  EXPECT_TRUE(batch.is_null(column("delivery"), 1));
}

TEST_F(LoadTest, ADecadeTellsContractsOfOneNameApart) {
  const Nanos decade = 3'653 * kNanosPerDay;
  TestBar old = minute_bar(0, "ESU5", 2000);
  old.time -= decade;
  write_bars(in("a.dbn"), {old, minute_bar(0, "ESU5", 6000)});
  load_all();
  const auto& table = table::databento_futures_ohlcv_1m();
  auto rows = lake::Lake::view(Env::posix(), options_.lake)->read(table, {});
  table::RowBatch batch(table);
  std::vector<int> years;
  while (*(*rows)->next(batch))
    for (std::size_t row = 0; row < batch.size(); ++row)
      years.push_back(Date::from_days(batch.int32s(table.column_index("delivery"))[row]).year());
  EXPECT_EQ(years, (std::vector{2015, 2025}));
  EXPECT_EQ(files_in(options_.lake, table).size(), 2U) << "a partition for each year";
}

TEST_F(LoadTest, EverySchemaHasItsTableAndLayout) {
  const struct {
    dbn::Schema schema;
    const table::Table* table;
    const char* partition;
  } cases[] = {
      {dbn::Schema::kOhlcv1s, &table::databento_futures_ohlcv_1s(), "p_root=ES/p_year=2025"},
      {dbn::Schema::kOhlcv1m, &table::databento_futures_ohlcv_1m(), "p_root=ES/p_year=2025"},
      {dbn::Schema::kOhlcv1h, &table::databento_futures_ohlcv_1h(), "p_year=2025"},
      {dbn::Schema::kOhlcv1d, &table::databento_futures_ohlcv_1d_utc(), "p_year=2025"},
  };
  for (const auto& c : cases)
    write_bars(in(std::string(dbn::name(c.schema)) + ".dbn"), {minute_bar(0, "ESU5", 6000)},
               c.schema);
  EXPECT_EQ(load_all().count(LoadAction::kLoad), 4U);
  for (const auto& c : cases) {
    EXPECT_EQ(stored_bars_of(options_.lake, *c.table).size(), 1U) << c.table->name;
    EXPECT_TRUE(files_in(options_.lake, *c.table).contains(c.partition)) << c.table->name;
  }
}

TEST_F(LoadTest, ContentSaysWhatAFileIsNotItsName) {
  write_bars(in("glbx-mdp3-20250616.ohlcv-1h.dbn"), kBars);
  write_bars(in("glbx-mdp3-20250616.ohlcv-1d.json"), {minute_bar(9, "ESU5", 1)});
  write_bars(in("xnas-itch-20250616.ohlcv-1m.json"), {minute_bar(10, "ESU5", 1)});
  // Before July 2023 lines did not say what they are: then the name does.
  write_whole(in("glbx-mdp3-20250616.ohlcv-1m.csv"),
              "publisher_id,instrument_id,ts_event,open,high,low,close,volume,symbol\n"
              "1,5,1750032660000000000,2000000000,2000000000,2000000000,2000000000,3,ESU5\n");
  const LoadReport report = load_all();
  EXPECT_EQ(report.count(LoadAction::kLoad), 3U) << to_text(report);
  EXPECT_EQ(report.count(LoadAction::kRefused), 1U) << "a name tells of another dataset";
  EXPECT_EQ(stored().size(), kBars.size() + 2);
  EXPECT_TRUE(std::ranges::count(stored(), minute_bar(11, "ESU5", 2, 3)) == 1);
}

TEST_F(LoadTest, EqualRowsLeavePartitionsUntouched) {
  write_bars(in("a.dbn"), kBars);
  load_all();
  const auto files = files_in(options_.lake, table::databento_futures_ohlcv_1m());
  for (const char* name : {"older.json", "later.csv"}) {
    write_bars(in(name), kBars);
    set_modified(in(name), std::string_view(name) == "older.json" ? kBarDay : Env::posix().now());
    const LoadReport report = load_all();
    std::uint64_t unchanged = 0;
    for (const auto& file : report.files) unchanged += file.unchanged;
    EXPECT_EQ(unchanged, 4U) << to_text(report);
    EXPECT_EQ(report.partitions_changed, 0U) << name;
    EXPECT_EQ(files_in(options_.lake, table::databento_futures_ohlcv_1m()), files) << name;
  }
  options_.again = true;
  EXPECT_EQ(load_all().partitions_changed, 0U);
  EXPECT_EQ(files_in(options_.lake, table::databento_futures_ohlcv_1m()), files);
}

TEST_F(LoadTest, WhatIsKnownLaterCountsHoweverItIsLoaded) {
  struct File {
    const char* name;
    double close;
    int day;  // of its time
  };
  const File files[] = {{"first.dbn", 1, 1},
                        {"correction.dbn", 2, 3},
                        {"same-as-first.json", 1, 5},
                        {"late-arrival.dbn", 3, 4}};
  std::vector<int> order = {0, 1, 2, 3};
  do {
    for (const bool together : {false, true}) {
      const TestDirectory folder;
      LoadOptions options;
      options.lake = folder.file("lake");
      for (const int i : order) {
        const std::string path = folder.file(files[i].name);
        write_bars(path, {minute_bar(0, "ESU5", files[i].close)});
        set_modified(path, kBarDay + static_cast<Nanos>(files[i].day) * kNanosPerDay);
        options.inputs.push_back(path);
        if (together) continue;
        load(options);
        options.inputs.clear();
      }
      if (together) load(options);
      EXPECT_EQ(stored_minutes(options.lake), Bars{minute_bar(0, "ESU5", 1)})
          << order[0] << order[1] << order[2] << order[3] << together;
    }
  } while (std::ranges::next_permutation(order).found);
}

TEST_F(LoadTest, RowsThatCannotBeAreListedAndLeftOut) {
  const std::string good =
      R"({"hd":{"ts_event":"2025-06-16T00:00:00.000000000Z","rtype":33,"publisher_id":1,)"
      R"("instrument_id":5},"open":"2.0","high":"3.0","low":"1.0","close":"2.0","volume":"4",)"
      R"("symbol":"ESU5"})";
  const struct {
    const char* from;
    const char* to;
    const char* reason;
  } cases[] = {
      {"\"high\":\"3.0\"", "\"high\":\"0.5\"", "bad_range"},
      {"\"open\":\"2.0\"", "\"open\":\"4.0\"", "bad_range"},
      {"\"close\":\"2.0\"", "\"close\":null", "malformed"},
      {"\"close\":\"2.0\"", "\"close\":\"9223372036854775807\"", "no_price"},
      {"00:00:00.000000000Z", "00:00:30.000000000Z", "off_grid"},
      {"\"2025-06-16T00:00:00.000000000Z\"", "\"18446744073709551615\"", "no_time"},
      {"\"rtype\":33", "\"rtype\":34", "other_schema"},
      {"\"rtype\":33", "\"rtype\":160", "other_schema"},
      {"\"rtype\":33", "\"rtype\":0", "malformed"},
      {"\"volume\":\"4\"", "\"volume\":\"18446744073709551615\"", "bad_volume"},
      {"\"volume\":\"4\"", "\"volume\":\"-4\"", "malformed"},
      {"\"symbol\":\"ESU5\"", "\"symbol\":null", "unknown_instrument"},
      {"\"symbol\":\"ESU5\"", "\"symbol\":\"ES.c.0\"", "not_a_future"},
      {"\"symbol\":\"ESU5\"", "\"symbol\":\"ESU5 P5000\"", "not_a_future"},
      {"\"symbol\":\"ESU5\"}", "\"symbol\":\"ESU5\"", "malformed"},
  };
  std::string text = good + "\n";
  std::map<std::string, std::uint64_t, std::less<>> expected;
  for (const auto& c : cases) {
    std::string line = good;
    const std::size_t at = line.find(c.from);
    ASSERT_NE(at, std::string::npos) << c.from;
    text += line.replace(at, std::string_view(c.from).size(), c.to) + "\n";
    ++expected[c.reason];
  }
  write_whole(in("glbx-mdp3-20250616.ohlcv-1m.json"), text);
  const LoadReport report = load_all();
  EXPECT_EQ(only_file(report).rejected, expected) << to_json(report);
  EXPECT_EQ(only_file(report).added, 1U);
  EXPECT_EQ(report.verdict(), LoadVerdict::kOk);
  const auto lines = lines_of(read_whole(report.quarantine));
  ASSERT_EQ(lines.size(), std::size(cases));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(lines[i].contains(fmt::format("\"position\":\"line {}\"", i + 2))) << lines[i];
    EXPECT_TRUE(lines[i].contains(fmt::format("\"reason\":\"{}\"", cases[i].reason))) << lines[i];
  }
  const auto account = state().front();
  EXPECT_EQ(account.rows_read, std::size(cases) + 1);
  EXPECT_EQ(account.rows_rejected, std::size(cases));
}

TEST_F(LoadTest, SymbolsHoldForTheirDays) {
  dbn::Metadata metadata;
  metadata.dataset = "GLBX.MDP3";
  metadata.schema = dbn::Schema::kOhlcv1m;
  metadata.stype_in = dbn::SType::kParent;
  metadata.symbols = {"ES.FUT"};
  const Date day(2025, 6, 16);
  metadata.mappings = {{"ESU5", {{day, day + 1, "7"}}}, {"ESZ5", {{day + 1, day + 2, "7"}}}};
  auto writer =
      dbn::Writer::open(dbn::create_output(Env::posix(), in("parent.dbn")).value(), metadata)
          .value();
  for (const int minute : {0, 1'440, 2'880})
    ASSERT_TRUE(writer.write(record_of(minute_bar(minute, "", 6000), 7, dbn::Schema::kOhlcv1m)));
  ASSERT_TRUE(writer.finish());
  const LoadReport report = load_all();
  EXPECT_EQ(stored(), (Bars{minute_bar(0, "ESU5", 6000), minute_bar(1'440, "ESZ5", 6000)}));
  EXPECT_EQ(only_file(report).rejected.at("unknown_instrument"), 1U);
}

TEST_F(LoadTest, FilesThatAreNoSuchDataAreRefusedWithTheReason) {
  write_bars(in("xnas-itch-20250616.ohlcv-1m.dbn"), kBars, dbn::Schema::kOhlcv1m, "XNAS.ITCH");
  write_whole(in("zl_1d.csv"), "Date,Open,High,Low,Close\n2010-01-04,1,2,1,2\n");
  write_whole(in("orders.json"),
              R"({"ts_recv":"1","hd":{"ts_event":"1","rtype":160,"publisher_id":1,)"
              R"("instrument_id":5},"action":"T","side":"B","price":"1","size":1})"
              "\n");
  write_whole(in("old.dbz"),
              std::string("\x51\x2A\x4D\x18\x08\0\0\0DBZ", 11) + std::string(5, '\0'));
  write_whole(in("notes.txt"), "hello");
  const LoadReport report = load_all();
  EXPECT_EQ(report.count(LoadAction::kRefused), 4U) << to_text(report);
  EXPECT_EQ(report.verdict(), LoadVerdict::kOk) << "a folder holds what it holds";
  const std::string text = to_text(report);
  for (const char* said :
       {"is of the dataset XNAS.ITCH, and this lake holds GLBX.MDP3",
        "holds no records of Databento: line 2 names no rtype",
        "Prices of futures are taken from the exchange's own feed",
        "holds mbo; what is loaded: ohlcv-1s, ohlcv-1m, ohlcv-1h, ohlcv-1d, trades, tbbo, status, "
        "statistics, definition",
        "old.dbz"})
    EXPECT_TRUE(text.contains(said)) << said << "\n" << text;
  EXPECT_EQ(report.skipped.size(), 1U);
  options_.inputs = {in("zl_1d.csv")};
  EXPECT_EQ(load(options_).verdict(), LoadVerdict::kFailed) << "what is named is meant";
  EXPECT_EQ(stored(), Bars{});
}

TEST_F(LoadTest, DamagedFilesFailAloneAndWhole) {
  Bars many;
  for (int minute = 0; minute < 20'000; ++minute) many.push_back(minute_bar(minute, "ESU5", 6000));
  write_bars(in("a.dbn.zst"), many);
  const std::string whole = read_whole(in("a.dbn.zst"));
  fs::resize_file(in("a.dbn.zst"), fs::file_size(in("a.dbn.zst")) / 2);
  write_bars(in("b.dbn"), {minute_bar(30'000, "ESU5", 1)});
  const LoadReport report = load_all();
  EXPECT_EQ(report.count(LoadAction::kFailed), 1U);
  EXPECT_EQ(report.verdict(), LoadVerdict::kFailed);
  EXPECT_TRUE(to_text(report).contains("a.dbn.zst")) << to_text(report);
  EXPECT_EQ(stored(), (Bars{minute_bar(30'000, "ESU5", 1)})) << "none of a damaged file's rows";
  EXPECT_EQ(state().front().status, ops::LoadStatus::kFailed);
  EXPECT_TRUE(state().front().error_message);

  write_bars(in("a.dbn.zst"), many);
  EXPECT_EQ(load_all().verdict(), LoadVerdict::kOk) << "mended, it is loaded";
  EXPECT_EQ(stored().size(), many.size() + 1);
}

TEST_F(LoadTest, AFileThatChangesWhileItIsReadIsTriedAgainLater) {
  write_bars(in("a.json"), kBars);
  ForwardingEnv env;
  int opened = 0;
  env.on_open = [&](const std::string& path, std::unique_ptr<ReadableFile> file) {
    // Looked at, read through, decoded: it grows under the third.
    if (path.ends_with("a.json") && ++opened == 3) {
      auto out = Env::posix().create(path, Create::kAppend).value();
      EXPECT_TRUE(out->write("\n"));
      EXPECT_TRUE(out->close());
    }
    return file;
  };
  options_.inputs = {folder_.file("in")};
  const LoadReport report = load(options_, env);
  EXPECT_EQ(opened, 3);
  EXPECT_EQ(report.verdict(), LoadVerdict::kRetry) << to_text(report);
  EXPECT_TRUE(to_text(report).contains("changed while it was read")) << to_text(report);
  EXPECT_EQ(stored(), Bars{});
  EXPECT_EQ(load_all().verdict(), LoadVerdict::kOk);
  EXPECT_EQ(stored().size(), kBars.size());
}

TEST_F(LoadTest, MoreRowsThanMemoryGoThroughAFileThatIsGoneAfterwards) {
  Bars many;
  for (int minute = 0; minute < 30'000; ++minute) many.push_back(minute_bar(minute, "ESU5", 6000));
  Bars shuffled = many;
  for (std::size_t i = shuffled.size(); i > 1; --i)
    std::swap(shuffled[i - 1], shuffled[(i * 7'919) % i]);
  write_bars(in("a.dbn"), shuffled);
  options_.memory = {.sort_bytes = 100'000, .store_bytes = 300'000};
  const LoadReport report = load_all();
  EXPECT_GT(report.spilled_bytes, 1'000'000U);
  EXPECT_EQ(stored(), many);
  for (const auto& entry : fs::directory_iterator(folder_.file("frontmonth-state-lake")))
    EXPECT_FALSE(entry.path().string().ends_with(kSpillEnding)) << entry.path();
}

// A few kilobytes that become hundreds of megabytes.
TEST_F(LoadTest, CompressedFilesWithoutEndTakeNeitherMemoryNorDisk) {
  const auto write_again_and_again = [&](const std::string& name, const std::string& piece,
                                         std::size_t times) {
    auto sink = dbn::create_output(Env::posix(), in(name)).value();
    for (std::size_t i = 0; i < times; ++i)
      ASSERT_TRUE(sink->write(std::as_bytes(std::span(piece))));
    ASSERT_TRUE(sink->finish());
  };
  write_again_and_again("single.json.zst", std::string(1 << 20, '{'), 200);
  const std::string row =
      R"({"hd":{"ts_event":"2025-06-16T00:00:00.000000000Z","rtype":33,"publisher_id":1,)"
      R"("instrument_id":5},"open":"2.0","high":"3.0","low":"1.0","close":"2.0","volume":"4",)"
      R"("symbol":"ESU5"})"
      "\n";
  std::string rows;
  for (int i = 0; i < 1'000; ++i) rows += row;
  constexpr std::uint64_t kRows = 300'000;
  write_again_and_again("rows.json.zst", rows, kRows / 1'000);
  EXPECT_LT(fs::file_size(in("rows.json.zst")) + fs::file_size(in("single.json.zst")), 300'000U);

  options_.memory = {.sort_bytes = 1 << 20, .store_bytes = 1 << 20};
  const LoadReport report = load_all();
  ASSERT_EQ(report.files.size(), 2U);
  EXPECT_EQ(report.files[0].added, 1U) << to_text(report);
  EXPECT_EQ(report.files[0].unchanged, kRows - 1);
  EXPECT_EQ(report.spilled_bytes, 0U);
  EXPECT_EQ(report.files[1].action, LoadAction::kRefused) << to_text(report);
  EXPECT_TRUE(report.files[1].why.contains("longer than 65,536 bytes")) << report.files[1].why;
}

}  // namespace
}  // namespace fm::jobs
