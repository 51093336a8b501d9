#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "lake/lake.h"
#include "lake/testing_rows.h"

namespace fm::lake {
namespace {

using table::BatchStream;
using table::RowBatch;

const Date kDay(2025, 6, 16);
const PartitionKey kEs{.root = "ES", .date = kDay};

Second at(std::int64_t second) { return kDay.first_second() + second; }

std::string hash_of_rows(const RowBatch& batch) {
  table::RowHasher hasher(batch.table());
  hasher.add(batch);
  return hasher.digest().hex();
}

class AppendTest : public testing::Test {
 protected:
  void SetUp() override {
    env_.set_now(Env::posix().now());
    auto lake = Lake::open(env_, dir_.file("lake"));
    ASSERT_TRUE(lake) << lake.error().message();
    lake_ = *std::move(lake);
  }

  void append_minutes(std::int64_t first, std::int64_t end) {
    for (std::int64_t minute = first; minute < end; ++minute) {
      const auto appended = append_minute(*lake_, "ES", kDay, minute);
      ASSERT_TRUE(appended) << minute << ": " << appended.error().message();
    }
  }

  Manifest manifest() {
    const auto found = lake_->find(table::candles_1m(), kEs);
    EXPECT_TRUE(found && *found);
    return **found;
  }

  std::size_t visible_files() {
    return env_.list(dir_.file("lake/market_data/candles_1m/p_root=ES/p_day=2025-06-16"))->size();
  }

  Result<CommitReport> put(const RowBatch& batch, std::optional<Second> expected, Second final_to) {
    BatchStream rows(batch);
    CommitInfo info;
    info.final_to = final_to;
    return lake_->append(batch.table(), kEs, rows, info, expected);
  }

  Result<CommitReport> merge(const RowBatch& batch, const CommitInfo& info = {}) {
    BatchStream rows(batch);
    return lake_->merge(batch.table(), kEs, rows, info);
  }

  TestDirectory dir_;
  FaultEnv env_;
  std::unique_ptr<Lake> lake_;
};

TEST_F(AppendTest, EachAppendIsAFileAndMovesTheCursor) {
  append_minutes(0, 3);
  const Manifest stored = manifest();
  EXPECT_EQ(stored.version, 3u);
  EXPECT_EQ(stored.rows, 3 * kRowsOfMinute);
  EXPECT_EQ(stored.final_to, at(180));
  ASSERT_EQ(stored.files.size(), 3u);
  EXPECT_EQ(stored.files[1].name, hash_of_rows(minute_rows("ES", kDay, 1)));
  EXPECT_EQ(stored.files[1].first_second, at(60));
  EXPECT_EQ(stored.files[1].last_second, at(110));
  EXPECT_EQ(stored.files[1].first_key, R"(["ES","2025-06-16T00:01:00Z"])");
  EXPECT_TRUE(stored.supersedes.empty());
  EXPECT_FALSE(stored.has_content_hash());
  EXPECT_EQ(stored.hash, hash_of_parts(stored.files));
  EXPECT_EQ(visible_files(), 3u);
  EXPECT_EQ(*read_feed(*lake_, "ES", kDay), (FeedState{3, 1}));
  EXPECT_EQ((*lake_->newest(table::candles_1m(), "ES"))->final_to, at(180));
  EXPECT_EQ(*lake_->newest(table::candles_1m(), "NQ"), std::nullopt);
}

TEST_F(AppendTest, ARepeatedOrDoubledAppendChangesNothing) {
  append_minutes(0, 2);
  const Manifest before = manifest();
  for (const std::int64_t minute : {0, 1}) {
    const auto again = append_minute(*lake_, "ES", kDay, minute);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), Code::kConflict) << again.error().message();
    EXPECT_TRUE(again.error().message().contains("2025-06-16T00:02:00Z"));
  }
  const auto ahead = append_minute(*lake_, "ES", kDay, 3);
  ASSERT_FALSE(ahead) << "minute 2 is missing";
  EXPECT_EQ(ahead.error().code(), Code::kConflict);
  EXPECT_EQ(manifest(), before);
  EXPECT_EQ(visible_files(), 2u);
}

TEST_F(AppendTest, RowsOutsideTheCursorsAreRefused) {
  append_minutes(0, 1);
  const struct {
    const char* what;
    RowBatch rows;
    std::optional<Second> expected;
    Second final_to;
  } cases[] = {{"stored before", minute_rows("ES", kDay, 0), at(60), at(120)},
               {"not final yet", minute_rows("ES", kDay, 1), at(60), at(110)},
               {"cursor back", RowBatch(table::candles_1m()), at(60), at(59)},
               {"other root", minute_rows("NQ", kDay, 1), at(60), at(120)},
               {"other date", minute_rows("ES", kDay + 1, 0), at(60), at(86'400 + 60)}};
  const Manifest before = manifest();
  for (const auto& c : cases) {
    const auto refused = put(c.rows, c.expected, c.final_to);
    ASSERT_FALSE(refused) << c.what;
    EXPECT_EQ(refused.error().code(), Code::kInvalidArgument) << c.what;
  }
  RowBatch doubled = minute_rows("ES", kDay, 1);
  doubled.append(doubled, 2, 1);
  EXPECT_EQ(put(doubled, at(60), at(120)).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(manifest(), before);
}

TEST_F(AppendTest, NoRowsMoveTheCursorAlone) {
  const RowBatch none(table::candles_1m());
  ASSERT_TRUE(put(none, std::nullopt, at(60)));
  EXPECT_EQ(manifest().rows, 0u);
  append_minutes(1, 2);
  const auto quiet = put(none, at(120), at(180));
  ASSERT_TRUE(quiet) << quiet.error().message();
  EXPECT_TRUE(quiet->unchanged);
  EXPECT_EQ(manifest().final_to, at(180));
  EXPECT_EQ(manifest().files.size(), 1u);
  EXPECT_TRUE(manifest().has_content_hash());
}

TEST_F(AppendTest, RowsWithoutACursorAreNotAppendedTo) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  const auto refused = append_minute(*lake_, "ES", kDay, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kConflict);
  EXPECT_EQ(read_version(*lake_, "ES", kDay), 1);
}

TEST_F(AppendTest, RowsMayComeInAnyOrder) {
  RowBatch mixed(table::candles_1m());
  const RowBatch sorted = minute_rows("ES", kDay, 0);
  for (const std::size_t row : {3u, 0u, 5u, 1u, 4u, 2u}) mixed.append(sorted, row, 1);
  ASSERT_TRUE(put(mixed, std::nullopt, at(60)));
  EXPECT_EQ(manifest().hash, hash_of_rows(sorted));
  EXPECT_EQ(read_feed(*lake_, "ES", kDay)->minutes, 1);
}

TEST_F(AppendTest, TooManyFilesAreWrittenAnewAsOne) {
  append_minutes(0, kFilesMax);
  EXPECT_EQ(manifest().files.size(), kFilesMax);
  append_minutes(kFilesMax, kFilesMax + 2);
  EXPECT_EQ(manifest().files.size(), 2u) << "one of all rows, and the append after it";
  EXPECT_EQ(*read_feed(*lake_, "ES", kDay), (FeedState{kFilesMax + 2, 1}));
}

TEST_F(AppendTest, MinutesMergeHourlyAndTheDayWhenItIsOver) {
  append_minutes(0, 59);
  auto report = lake_->compact(table::candles_1m(), kEs, Compact::kClosedHours);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_after, 59u) << "the hour is not over";
  append_minutes(59, 70);
  const auto minutes = manifest().files;
  report = lake_->compact(table::candles_1m(), kEs, Compact::kClosedHours);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files_before, 70u);
  EXPECT_EQ(report->files_after, 11u);
  ASSERT_EQ(report->made.size(), 1u);
  EXPECT_EQ(report->made[0].rows, 60 * kRowsOfMinute);
  ASSERT_EQ(report->made[0].merged_from.size(), 60u);
  EXPECT_EQ(report->made[0].merged_from[7], minutes[7].name);
  Manifest stored = manifest();
  EXPECT_EQ(stored.files[0], report->made[0]);
  EXPECT_EQ(stored.files[1], minutes[60]);
  EXPECT_EQ(stored.supersedes.size(), 60u);
  EXPECT_EQ(stored.final_to, at(70 * 60));
  EXPECT_EQ(visible_files(), 11u);
  EXPECT_EQ(*read_feed(*lake_, "ES", kDay), (FeedState{70, 1}));

  append_minutes(70, 72);
  report = lake_->compact(table::candles_1m(), kEs, Compact::kEverything);
  ASSERT_TRUE(report) << report.error().message();
  stored = manifest();
  ASSERT_EQ(stored.files.size(), 1u);
  EXPECT_TRUE(stored.has_content_hash());
  EXPECT_EQ(stored.hash, stored.files[0].name);
  EXPECT_EQ(stored.hash, report->hash);
  EXPECT_EQ(stored.files[0].merged_from.size(), 13u) << "the hour's part, not its minutes";
  EXPECT_EQ(visible_files(), 1u);
  EXPECT_EQ(*read_feed(*lake_, "ES", kDay), (FeedState{72, 1}));

  // What live stored is what batch would store.
  RowBatch whole(table::candles_1m());
  for (std::int64_t minute = 0; minute < 72; ++minute)
    whole.append(minute_rows("ES", kDay, minute), 0, kRowsOfMinute);
  EXPECT_EQ(stored.hash, hash_of_rows(whole));
  BatchStream rows(whole);
  const auto batch = lake_->replace(table::candles_1m(), kEs, rows, {.final_to = at(86'400)});
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->unchanged);
  EXPECT_EQ(manifest().files, stored.files);

  env_.sleep_for(16 * 60 * kNanosPerSecond);
  ASSERT_TRUE(lake_->clean());
  const auto store = env_.list(dir_.file("lake/.store"));
  EXPECT_EQ(std::ranges::count_if(*store, [](const auto& name) { return name.ends_with(".part"); }),
            1);
}

TEST_F(AppendTest, NothingToCompactIsNoChange) {
  auto report = lake_->compact(table::candles_1m(), kEs, Compact::kEverything);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->files_after, 0u);
  append_minutes(0, 1);
  const Manifest before = manifest();
  for (const Compact what : {Compact::kClosedHours, Compact::kEverything}) {
    report = lake_->compact(table::candles_1m(), kEs, what);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->made.empty());
  }
  EXPECT_EQ(manifest(), before);
}

// Parts of candles_1s overlap by key, which begins with the symbol.
TEST_F(AppendTest, PartsThatInterleaveAreReadAndMergedInOrder) {
  const auto& table = table::candles_1s();
  const auto row_of = [&](RowBatch& batch, std::string_view symbol, std::int64_t second) {
    table::RowAppender row(batch);
    row.text("ES").text(symbol).timestamp(at(second) * kMicrosPerSecond).date(kDay);
    for (int price = 0; price < 4; ++price) row.number(1);
    for (int count = 0; count < 10; ++count) row.int64(second);
    row.number(1);
    for (int delta = 0; delta < 4; ++delta) row.int64(0);
    row.end();
  };
  RowBatch whole(table);
  for (const auto symbol : {"ESM5", "ESU5", "ESZ5"})
    for (std::int64_t second = 0; second < 240; second += 7) row_of(whole, symbol, second);
  for (std::int64_t minute = 0; minute < 4; ++minute) {
    RowBatch part(table);
    for (const auto symbol : {"ESM5", "ESU5", "ESZ5"})
      for (std::int64_t second = 0; second < 240; second += 7)
        if (second / 60 == minute) row_of(part, symbol, second);
    const auto expected = minute == 0 ? std::nullopt : std::optional(at(minute * 60));
    const auto appended = put(part, expected, at((minute + 1) * 60));
    ASSERT_TRUE(appended) << appended.error().message();
  }
  const auto read_back = [&] {
    auto cursor = lake_->read(table, {.root = "ES"});
    EXPECT_TRUE(cursor);
    RowBatch back(table);
    EXPECT_TRUE(*(*cursor)->next(back));
    return hash_of_rows(back);
  };
  ASSERT_EQ((*lake_->find(table, kEs))->files.size(), 4u);
  EXPECT_EQ(read_back(), hash_of_rows(whole));
  const auto report = lake_->compact(table, kEs, Compact::kEverything);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->hash, hash_of_rows(whole));
  EXPECT_EQ(read_back(), hash_of_rows(whole));
}

TEST_F(AppendTest, MergeReplacesByKeyAndAdds) {
  append_minutes(0, 3);
  RowBatch fresh = minute_rows("ES", kDay, 1, 9);
  const RowBatch more = minute_rows("ES", kDay, 7, 9);
  fresh.append(more, 0, kRowsOfMinute);
  CommitInfo info;
  info.final_to = at(480);
  const auto merged = merge(fresh, info);
  ASSERT_TRUE(merged) << merged.error().message();
  EXPECT_FALSE(merged->unchanged);
  EXPECT_EQ(merged->rows, 4 * kRowsOfMinute);
  EXPECT_EQ(manifest().files.size(), 1u);
  EXPECT_EQ(manifest().final_to, at(480));
  RowBatch whole = minute_rows("ES", kDay, 0);
  for (const auto& [minute, volume] : {std::pair{1, 9}, {2, 1}, {7, 9}})
    whole.append(minute_rows("ES", kDay, minute, volume), 0, kRowsOfMinute);
  EXPECT_EQ(manifest().hash, hash_of_rows(whole));
  const auto behind = merge(minute_rows("ES", kDay, 8, 9));
  ASSERT_FALSE(behind) << "behind the cursor, an append would store it again";
  EXPECT_EQ(behind.error().code(), Code::kInvalidArgument);
  // The cursor stays where the feed is, whatever an older correction says.
  info.final_to = at(60);
  ASSERT_TRUE(merge(minute_rows("ES", kDay, 0, 5), info));
  EXPECT_EQ(manifest().final_to, at(480));
  ASSERT_TRUE(merge(minute_rows("ES", kDay, 0, 6)));
  EXPECT_EQ(manifest().final_to, at(480));
}

TEST_F(AppendTest, MergingWhatIsThereChangesNoFile) {
  append_minutes(0, 3);
  const auto files = manifest().files;
  const auto again = merge(minute_rows("ES", kDay, 1));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->unchanged);
  EXPECT_EQ(again->rows, 3 * kRowsOfMinute);
  EXPECT_EQ(manifest().files, files);
  EXPECT_EQ(visible_files(), 3u);
}

TEST_F(AppendTest, MergeMakesAPartitionAndRefusesDoubledKeys) {
  RowBatch doubled = minute_rows("ES", kDay, 1);
  doubled.append(doubled, 2, 1);
  const auto refused = merge(doubled);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(*lake_->find(table::candles_1m(), kEs), std::nullopt);
  const auto made = merge(minute_rows("ES", kDay, 1));
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(manifest().version, 1u);
}

TEST_F(AppendTest, MergeKeepsTheFirstLoadsTime) {
  const auto& table = table::candle_sessions();
  const auto put_session = [&](std::int64_t cvd, std::int64_t created) {
    const RowBatch batch = session_row("ES", kDay, cvd, created);
    BatchStream rows(batch);
    return lake_->merge(table, kEs, rows, {});
  };
  ASSERT_TRUE(put_session(5, 1000));
  EXPECT_TRUE(put_session(5, 2000)->unchanged);
  ASSERT_TRUE(put_session(6, 3000));
  auto cursor = lake_->read(table, {});
  RowBatch back(table);
  ASSERT_TRUE(*(*cursor)->next(back));
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back.int64s(table.column_index("created_at"))[0], 1000);
  EXPECT_EQ(back.int64s(table.column_index("cvd_close"))[0], 6);
}

TEST_F(AppendTest, OtherParametersAreRefusedWhereAsked) {
  append_minutes(0, 1);
  const RowBatch batch = minute_rows("ES", kDay, 1);
  CommitInfo other;
  other.parameters = R"({"warmup":1})";
  other.refuse_other_parameters = true;
  other.final_to = at(120);
  BatchStream to_append(batch);
  EXPECT_EQ(lake_->append(table::candles_1m(), kEs, to_append, other, at(60)).error().code(),
            Code::kConflict);
  EXPECT_EQ(merge(batch, other).error().code(), Code::kConflict);
  EXPECT_EQ(read_feed(*lake_, "ES", kDay)->minutes, 1);
}

// A reader may still be listing the directory that was visible before.
TEST_F(AppendTest, TheOldDirectoryStaysAWhile) {
  const auto retired = [&] {
    const auto names = env_.list(dir_.file("lake/.store/show"));
    return std::ranges::count_if(*names,
                                 [](const auto& name) { return name.starts_with("retired,"); });
  };
  append_minutes(0, 2);
  EXPECT_EQ(retired(), 1);
  append_minutes(2, 3);
  EXPECT_EQ(retired(), 2);
  env_.sleep_for(10 * kNanosPerSecond);
  append_minutes(3, 4);
  EXPECT_EQ(retired(), 1);
  env_.sleep_for(10 * kNanosPerSecond);
  ASSERT_TRUE(lake_->clean());
  EXPECT_EQ(retired(), 0);
  EXPECT_EQ(visible_files(), 4u);
}

// However appends, merges and compactions follow each other: the rows are those of a plain map.
TEST_F(AppendTest, AnySequenceKeepsTheRows) {
  Date date = kDay;
  EXPECT_TRUE(rc::check([&] {
    date = date + 1;
    const PartitionKey day{.root = "ES", .date = date};
    const Second open = date.first_second();
    std::map<Second, std::int64_t> expected;
    std::optional<Second> cursor;
    const int steps = *rc::gen::inRange(1, 10);
    for (int step = 1; step <= steps; ++step) {
      const int kind = *rc::gen::inRange(0, 5);
      if (kind == 0) {
        const auto what = *rc::gen::element(Compact::kClosedHours, Compact::kEverything);
        RC_ASSERT(lake_->compact(table::candles_1m(), day, what).has_value());
        continue;
      }
      const bool is_merge = kind == 1 && cursor && *cursor > open;
      const Second from = is_merge ? open : cursor.value_or(open);
      const Second to = is_merge ? *cursor : from + *rc::gen::inRange(1, 4000);
      RowBatch rows(table::candles_1m());
      const RowBatch sample = minute_rows("ES", date, 0, step);
      const auto seconds = *rc::gen::container<std::set<Second>>(rc::gen::inRange(from, to));
      for (const Second second : seconds) {
        if (rows.size() == 100) break;
        rows.append(sample, 0, 1);
        rows.int64s(0)[rows.size() - 1] = second * kMicrosPerSecond;
        expected[second] = step;
      }
      BatchStream stream(rows);
      CommitInfo info;
      info.final_to = to;
      const auto done = is_merge ? lake_->merge(rows.table(), day, stream, info)
                                 : lake_->append(rows.table(), day, stream, info, cursor);
      RC_ASSERT(done.has_value());
      cursor = to;
    }
    std::map<Second, std::int64_t> found;
    auto stored =
        lake_->read(table::candles_1m(), {.root = "ES", .from = date, .before = date + 1});
    RC_ASSERT(stored.has_value());
    RowBatch batch(table::candles_1m());
    Second before = 0;
    while (*(*stored)->next(batch)) {
      for (std::size_t row = 0; row < batch.size(); ++row) {
        const Second time = batch.int64s(0)[row] / kMicrosPerSecond;
        RC_ASSERT(time > before);
        before = time;
        found[time] = batch.int64s(batch.table().column_index("volume"))[row];
      }
    }
    RC_ASSERT(found == expected);
    const auto manifest = lake_->find(table::candles_1m(), day);
    RC_ASSERT(manifest.has_value());
    RC_ASSERT(manifest->has_value() == cursor.has_value());
    if (cursor) RC_ASSERT((*manifest)->final_to == cursor);
    if (cursor) RC_ASSERT((*manifest)->rows == expected.size());
  }));
}

}  // namespace
}  // namespace fm::lake
