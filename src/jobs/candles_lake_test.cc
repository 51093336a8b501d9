// Trade dates in the lake: whole whatever files they come in, unchanged by a second run, honest
// about what was shifted.
#include <gtest/gtest.h>

#include <filesystem>

#include "jobs/candles_job.h"
#include "jobs/config.h"
#include "jobs/session_account.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_conversions.h"
#include "jobs/text_rows.h"
#include "lake/lake.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

std::string shared(std::string_view name) { return fmt::format("{}/{}", FM_SHARED_DATA, name); }

// All rows of a table but for the time of their first load.
std::string rows_in(const std::string& lake_directory, const table::Table& table) {
  const auto lake = lake::Lake::view(Env::posix(), lake_directory);
  auto cursor = lake->read(table, {});
  if (!cursor) {
    ADD_FAILURE() << cursor.error().message();
    return "";
  }
  table::RowBatch batch(table);
  std::string text;
  for (;;) {
    const auto more = (*cursor)->next(batch);
    if (!more) ADD_FAILURE() << more.error().message();
    if (!more || !*more) break;
    if (const auto created = table.find_column("created_at"))
      std::ranges::fill(batch.int64s(*created).first(batch.size()), 0);
    append_csv(batch, text);
  }
  return text;
}

void do_run(const CandlesOptions& options) { static_cast<void>(run(options)); }

const table::Table* const kTables[] = {&table::candles_1m(), &table::candles_1s(),
                                       &table::candle_sessions(),
                                       &table::candle_session_contracts()};

class CandlesLake : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(shared("candles")))
      GTEST_SKIP() << "shared data absent: " << shared("candles");
    // Two roots with different hours: most tests commit them often.
    std::vector<SymbolRecord> records = records_of(shared("candles/small.jsonl.zst"));
    std::erase_if(records, [](const SymbolRecord& record) {
      return !record.symbol.starts_with("ES") && !record.symbol.starts_with("ZL");
    });
    days_ = write_day_files(folder_.path(), records);
    ASSERT_GE(days_.size(), 3u);
  }
  CandlesOptions options(std::vector<std::string> inputs, const std::string& lake) {
    CandlesOptions options;
    options.inputs = std::move(inputs);
    options.lake = folder_.file(lake);
    return options;
  }
  void expect_same(const std::string& expected, const std::string& actual) {
    for (const table::Table* table : kTables) {
      const std::string want = rows_in(folder_.file(expected), *table);
      EXPECT_FALSE(want.empty()) << table->name;
      EXPECT_TRUE(same_rows(want, rows_in(folder_.file(actual), *table))) << table->name;
    }
  }
  Error error_of(const CandlesOptions& options) {
    NoProgress quiet;
    auto report = run_candles(Env::posix(), options, quiet);
    if (!report) return std::move(report).error();
    ADD_FAILURE() << "the run worked";
    return {Code::kInternal, ""};
  }
  const TestDirectory folder_;
  std::vector<std::string> days_;
};

TEST_F(CandlesLake, HoldsTheGoldenRows) {
  const CandlesReport report = run(options({shared("candles/small.jsonl.zst")}, "a"));
  EXPECT_EQ(report.rows, 7176u);
  EXPECT_GT(report.partitions_written, 6u);
  std::string expected = read_whole(shared("candles/small.expected.csv.zst"));
  expected.erase(0, expected.find('\n') + 1);
  EXPECT_TRUE(same_rows(expected, rows_in(folder_.file("a"), table::candles_1m())));
}

TEST_F(CandlesLake, ManyTradesOutsideTradingHoursContradictTheCalendarOnce) {
  const auto events = [&] {
    auto state = ops::State::open_to_read(
        Env::posix(), ops::state_file(default_state_dir(folder_.file("grains"))));
    EXPECT_TRUE(state) << state.error().message();
    auto rows = state->rows(table::data_quality_events());
    table::RowBatch batch(table::data_quality_events());
    return rows && (*rows)->next(batch).value_or(false) ? batch.size() : 0;
  };
  const std::string input = shared("candles/grains-1.jsonl.zst");
  do_run(options({input}, "grains"));
  const std::size_t raised = events();
  EXPECT_GE(raised, 1u);
  do_run(options({input}, "grains"));
  EXPECT_EQ(events(), raised);
}

TEST_F(CandlesLake, DayFilesOneByOneGiveTheRowsOfAllTogether) {
  do_run(options(days_, "together"));
  for (const std::string& day : days_) do_run(options({day}, "one-by-one"));
  expect_same("together", "one-by-one");
}

TEST_F(CandlesLake, ASecondRunChangesNothing) {
  const TestDirectory six_roots;
  const std::vector<std::string> days =
      write_day_files(six_roots.path(), records_of(shared("candles/small.jsonl.zst")));
  do_run(options(days, "a"));
  const auto before = names_below(folder_);
  const CandlesReport again = run(options(days, "a"));
  EXPECT_EQ(again.partitions_written, 0u);
  EXPECT_GT(again.partitions_unchanged, 6u);
  EXPECT_EQ(names_below(folder_), before);
  for (const std::string& day : days)
    EXPECT_EQ(run(options({day}, "a")).partitions_written, 0u) << day;
  EXPECT_TRUE(again.stale.empty());
}

TEST_F(CandlesLake, ABackfillMarksWhatFollowsAndARebuildMendsIt) {
  do_run(options(days_, "together"));
  do_run(options({days_.begin() + 1, days_.end()}, "late"));
  const CandlesReport backfill = run(options({days_.front()}, "late"));
  ASSERT_TRUE(backfill.rebuild_hint.has_value());
  EXPECT_FALSE(backfill.stale.empty());

  CandlesOptions rebuild = options({}, "late");
  rebuild.rebuild_from = backfill.rebuild_hint;
  const CandlesReport rebuilt = run(rebuild);
  EXPECT_TRUE(rebuilt.stale.empty());
  EXPECT_FALSE(rebuilt.rebuild_hint.has_value());
  expect_same("together", "late");
}

TEST_F(CandlesLake, OtherParametersNeedToBeAskedFor) {
  do_run(options(days_, "a"));
  CandlesOptions other = options(days_, "a");
  other.warmup_seconds = 1;
  EXPECT_EQ(error_of(other).code(), Code::kConflict);
  other.replace = true;
  EXPECT_GT(run(other).partitions_written, 0u);
  do_run([&] {
    CandlesOptions fresh = other;
    fresh.lake = folder_.file("b");
    return fresh;
  }());
  expect_same("b", "a");
}

TEST_F(CandlesLake, ARecordedInputThatIsGoneIsNamed) {
  do_run(options({days_[1]}, "a"));
  const std::string moved = days_[1] + ".moved";
  std::filesystem::rename(days_[1], moved);
  const Error gone = error_of(options({days_[2]}, "a"));
  EXPECT_EQ(gone.code(), Code::kNotFound);
  EXPECT_NE(gone.message().find(days_[1]), std::string::npos) << gone.message();
  std::filesystem::rename(moved, days_[1]);
  do_run(options({days_[2]}, "a"));
  do_run(options({days_[1], days_[2]}, "b"));
  expect_same("b", "a");
}

TEST_F(CandlesLake, LessNeverTakesThePlaceOfMore) {
  const auto records = records_of(shared("candles/small.jsonl.zst"));
  const std::string path = folder_.file("all.dbn");
  write_dbn(path, records, 3, Mappings::kInMetadata);
  do_run(options({path}, "a"));
  write_dbn(path, {records.begin(), records.begin() + 15'000}, 3, Mappings::kInMetadata);
  EXPECT_EQ(error_of(options({path}, "a")).code(), Code::kConflict);
}

TEST_F(CandlesLake, ASetBaseIsRememberedByTheFirstDate) {
  CandlesOptions made = options({days_[0]}, "a");
  made.cvd_base = {{"ES", 1000}};
  do_run(made);
  for (const std::string& day : days_) do_run(options({day}, "a"));
  made.inputs = days_;
  made.lake = folder_.file("b");
  do_run(made);
  expect_same("b", "a");
  made.lake = folder_.file("a");
  made.inputs = {days_[2]};
  EXPECT_EQ(error_of(made).code(), Code::kInvalidArgument);
}

TEST_F(CandlesLake, SecondsHoldEveryTrade) {
  const CandlesReport report =
      run(options({shared("esh4-2023-12-25/glbx-mdp3-20231225.tbbo.dbn")}, "a"));
  EXPECT_EQ(report.accepted, 2973u);
  const auto lake = lake::Lake::view(Env::posix(), folder_.file("a"));
  auto cursor = lake->read(table::candles_1s(), {});
  ASSERT_TRUE(cursor);
  table::RowBatch batch(table::candles_1s());
  const std::size_t volume = table::candles_1s().column_index("volume");
  std::int64_t sum = 0;
  while (*(*cursor)->next(batch))
    for (std::size_t row = 0; row < batch.size(); ++row) sum += batch.int64s(volume)[row];
  EXPECT_EQ(sum, 9892);
  const auto accounts = read_accounts(*lake, {});
  ASSERT_TRUE(accounts && accounts->size() == 1);
  EXPECT_EQ(accounts->front().seconds_written, 988);
  EXPECT_EQ(accounts->front().trade_date, Date(2023, 12, 26));
  EXPECT_FALSE(accounts->front().complete);
}

TEST_F(CandlesLake, StandardInputIsRefused) {
  EXPECT_EQ(error_of(options({"-"}, "a")).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace fm::jobs
