#include "lake/lake.h"

#include <duckdb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "lake/duckdb.h"
#include "lake/parquet_writer.h"
#include "lake/testing_rows.h"

namespace fm::lake {
namespace {

using table::BatchStream;
using table::RowBatch;

const Date kDay(2025, 6, 16);

class LakeTest : public testing::Test {
 protected:
  void SetUp() override {
    env_.set_now(Env::posix().now());
    auto lake = Lake::open(env_, dir_.file("lake"));
    ASSERT_TRUE(lake) << lake.error().message();
    lake_ = *std::move(lake);
  }

  std::size_t parts() {
    std::size_t count = 0;
    const auto names = env_.list(dir_.file("lake/.store"));
    for (const auto& name : *names) count += name.ends_with(".part") ? 1 : 0;
    return count;
  }

  std::vector<std::int64_t> cvd_closes(const ReadRange& range) {
    std::vector<std::int64_t> values;
    auto cursor = lake_->read(table::candle_sessions(), range);
    EXPECT_TRUE(cursor) << cursor.error().message();
    RowBatch batch(table::candle_sessions());
    while (*(*cursor)->next(batch))
      for (std::size_t row = 0; row < batch.size(); ++row)
        values.push_back(batch.int64s(batch.table().column_index("cvd_close"))[row]);
    return values;
  }

  Result<CommitReport> put_session(Date date, std::int64_t cvd, std::int64_t created = 1) {
    const RowBatch batch = session_row("ES", date, cvd, created);
    BatchStream rows(batch);
    return lake_->replace_dates(table::candle_sessions(), "ES", rows, {});
  }

  TestDirectory dir_;
  FaultEnv env_;
  std::unique_ptr<Lake> lake_;
};

TEST_F(LakeTest, ReplacesAPartitionAndReadsItBack) {
  const auto first = write_version(*lake_, "ES", kDay, 5);
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(first->rows, rows_of_version(5));
  EXPECT_EQ(first->directory, dir_.file("lake/market_data/candles_1m/p_root=ES/p_day=2025-06-16"));
  EXPECT_EQ(read_version(*lake_, "ES", kDay), 5);
  const auto second = write_version(*lake_, "ES", kDay, 6);
  ASSERT_TRUE(second);
  EXPECT_NE(second->hash, first->hash);
  EXPECT_EQ(read_version(*lake_, "ES", kDay), 6);
  const auto manifests = lake_->partitions(table::candles_1m());
  ASSERT_TRUE(manifests);
  ASSERT_EQ(manifests->size(), 1u);
  const Manifest& manifest = manifests->front();
  EXPECT_EQ(manifest.version, 2u);
  EXPECT_EQ(manifest.rows, rows_of_version(6));
  EXPECT_EQ(manifest.files.front().first_key, R"(["ES","2025-06-16T00:00:00Z"])");
  ASSERT_EQ(manifest.supersedes.size(), 1u);
  EXPECT_EQ(manifest.supersedes.front().name, first->hash);
}

TEST_F(LakeTest, CellsSurviveTheRoundTrip) {
  const RowBatch batch = candle_rows("ES", kDay, 4);
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 4));
  auto cursor = lake_->read(table::candles_1m(), {});
  ASSERT_TRUE(cursor);
  RowBatch back(table::candles_1m());
  ASSERT_TRUE(*(*cursor)->next(back));
  table::RowHasher wrote(batch.table());
  table::RowHasher read(batch.table());
  wrote.add(batch);
  read.add(back);
  EXPECT_EQ(wrote.digest(), read.digest());
  EXPECT_TRUE(back.is_null(batch.table().column_index("vd_ratio"), 1));
  EXPECT_FALSE(*(*cursor)->next(back));
}

TEST_F(LakeTest, ReadsTheColumnsThatAreAskedForInBatchesOfAnySize) {
  const RowBatch batch = candle_rows("ES", kDay, 4);
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 4));
  const std::size_t close = batch.table().column_index("close");
  const std::size_t symbol = batch.table().column_index("symbol");
  for (const std::size_t rows_max : {std::size_t{64}, RowBatch::kDefaultRows}) {
    // The table's order is not that of the question.
    auto cursor = lake_->read(table::candles_1m(), {.columns = {"symbol", "close"}});
    ASSERT_TRUE(cursor) << cursor.error().message();
    RowBatch back(table::candles_1m(), rows_max);
    std::size_t at = 0;
    while (*(*cursor)->next(back))
      for (std::size_t row = 0; row < back.size(); ++row, ++at) {
        ASSERT_LT(at, batch.size());
        EXPECT_EQ(back.doubles(close)[row], batch.doubles(close)[at]);
        EXPECT_EQ(back.text(symbol, row), batch.text(symbol, at));
      }
    EXPECT_EQ(at, batch.size());
  }
}

TEST_F(LakeTest, TheSameRowsAgainChangeNothing) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 5));
  const std::string manifest =
      dir_.file("lake/.store/manifests/market_data.candles_1m/p_root=ES/p_day=2025-06-16.json");
  const auto text = read_text(env_, manifest);
  const auto inode = env_.info(manifest)->inode;
  const auto again = write_version(*lake_, "ES", kDay, 5);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->unchanged);
  EXPECT_EQ(*read_text(env_, manifest), *text);
  EXPECT_EQ(env_.info(manifest)->inode, inode);
  EXPECT_EQ(parts(), 1u);
}

TEST_F(LakeTest, OtherAccountsOfTheSameRowsAreRecorded) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 5));
  const RowBatch batch = candle_rows("ES", kDay, 5);
  BatchStream rows(batch);
  const auto again = lake_->replace(table::candles_1m(), {.root = "ES", .date = kDay}, rows,
                                    {.sources = "[{}]", .final_to = 77});
  ASSERT_TRUE(again && again->unchanged);
  const auto manifest = lake_->find(table::candles_1m(), {.root = "ES", .date = kDay});
  EXPECT_EQ((*manifest)->final_to, 77);
  EXPECT_EQ((*manifest)->sources, "[{}]");
  EXPECT_EQ(parts(), 1u);
}

TEST_F(LakeTest, OtherParametersAreRefusedWhereAsked) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 5));
  const RowBatch batch = candle_rows("ES", kDay, 6);
  BatchStream rows(batch);
  const auto refused =
      lake_->replace(table::candles_1m(), {.root = "ES", .date = kDay}, rows,
                     {.parameters = R"({"warmup":1})", .refuse_other_parameters = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kConflict);
  EXPECT_EQ(read_version(*lake_, "ES", kDay), 5);
}

TEST_F(LakeTest, NoRowsMakeAnEmptyPartition) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 5));
  table::EmptyStream none(table::candles_1m());
  const auto report = lake_->replace(table::candles_1m(), {.root = "ES", .date = kDay}, none, {});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->rows, 0u);
  EXPECT_EQ(env_.list(report->directory)->size(), 0u);
  EXPECT_EQ(read_version(*lake_, "ES", kDay).error().code(), Code::kNotFound);
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 6));
  EXPECT_EQ(read_version(*lake_, "ES", kDay), 6);
}

TEST_F(LakeTest, SupersededFilesStayTheirGraceAndNoLonger) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 2));
  EXPECT_EQ(parts(), 2u);
  env_.sleep_for(14 * 60 * kNanosPerSecond);
  ASSERT_TRUE(lake_->clean());
  EXPECT_EQ(parts(), 2u);
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 3));
  env_.sleep_for(2 * 60 * kNanosPerSecond);
  ASSERT_TRUE(
      write_version(*lake_, "ES", kDay, 4));  // collects 1, keeps 2… superseded 2 minutes ago
  EXPECT_EQ(parts(), 3u);
  env_.sleep_for(16 * 60 * kNanosPerSecond);
  ASSERT_TRUE(Lake::open(env_, dir_.file("lake")));
  EXPECT_EQ(parts(), 1u);
  EXPECT_EQ(read_version(*lake_, "ES", kDay), 4);
}

TEST_F(LakeTest, AnOldVersionThatComesBackIsNotCollected) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 2));
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  env_.sleep_for(16 * 60 * kNanosPerSecond);
  ASSERT_TRUE(lake_->clean());
  EXPECT_EQ(parts(), 1u);
  EXPECT_EQ(read_version(*lake_, "ES", kDay), 1);
}

TEST_F(LakeTest, ADeletedDirectoryComesBackWithTheNextWrite) {
  const auto report = write_version(*lake_, "ES", kDay, 1);
  ASSERT_TRUE(report && remove_tree(env_, report->directory));
  const auto again = write_version(*lake_, "ES", kDay, 1);
  ASSERT_TRUE(again && again->unchanged);
  EXPECT_EQ(env_.list(report->directory)->size(), 1u);
}

TEST_F(LakeTest, RefusesRowsThatAreNotThePartitions) {
  const struct {
    std::string_view root;
    Date date;
    std::string_view says;
  } cases[] = {{"NQ", kDay, "expected \"NQ\""},
               {"ES", kDay + 1, "expected 2025-06-17"},
               {"../x", kDay, "cannot name a directory"}};
  for (const auto& c : cases) {
    const RowBatch batch = candle_rows("ES", kDay, 1);
    BatchStream rows(batch);
    const auto refused = lake_->replace(table::candles_1m(),
                                        {.root = std::string(c.root), .date = c.date}, rows, {});
    ASSERT_FALSE(refused) << c.says;
    EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
    EXPECT_TRUE(refused.error().message().contains(c.says)) << refused.error().message();
  }
  EXPECT_EQ(lake_->partitions(table::candles_1m())->size(), 0u);
  EXPECT_EQ(parts(), 0u);
}

TEST_F(LakeTest, RefusesRowsOutOfOrderAndDoubledKeys) {
  for (const std::int64_t time : {0LL, 5LL}) {
    RowBatch batch = candle_rows("ES", kDay, 1);
    batch.int64s(0)[6] = (kDay.first_second() + time) * kMicrosPerSecond;
    BatchStream rows(batch);
    const auto refused =
        lake_->replace(table::candles_1m(), {.root = "ES", .date = kDay}, rows, {});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message().contains("row 7 ")) << refused.error().message();
  }
}

// A stream that breaks off.
class BrokenStream final : public table::RowStream {
 public:
  const table::Table& table() const override { return table::candles_1m(); }
  Result<bool> next(RowBatch& batch) override {
    batch.clear();
    if (served_) return fail(Code::kTruncated, "the spill file ends in the middle of a row");
    served_ = true;
    const RowBatch rows = candle_rows("ES", kDay, 1);
    batch.append(rows, 0, rows.size());
    return true;
  }

 private:
  bool served_ = false;
};

TEST_F(LakeTest, AStreamsOwnErrorComesThrough) {
  BrokenStream rows;
  const auto failed = lake_->replace(table::candles_1m(), {.root = "ES", .date = kDay}, rows, {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::kTruncated);
  EXPECT_EQ(parts(), 0u);
}

TEST_F(LakeTest, SessionsKeepOtherDatesAndTheFirstLoadsTime) {
  ASSERT_TRUE(put_session(Date(2025, 6, 16), 160, 1000));
  ASSERT_TRUE(put_session(Date(2025, 6, 18), 180, 1000));
  ASSERT_TRUE(put_session(Date(2025, 6, 17), 170, 1000));
  ASSERT_TRUE(put_session(Date(2024, 12, 31), 10, 1000));
  EXPECT_EQ(cvd_closes({}), (std::vector<std::int64_t>{10, 160, 170, 180}));
  EXPECT_EQ(lake_->partitions(table::candle_sessions())->size(), 2u);
  ASSERT_TRUE(put_session(Date(2025, 6, 17), 171, 2000));
  EXPECT_EQ(cvd_closes({.root = "ES", .from = Date(2025, 6, 17)}),
            (std::vector<std::int64_t>{171, 180}));
  EXPECT_EQ(
      cvd_closes({.root = "ES", .before = Date(2025, 6, 17), .newest_first = true, .rows_max = 1}),
      (std::vector<std::int64_t>{160}));
  EXPECT_EQ(cvd_closes({.root = "NQ"}), std::vector<std::int64_t>{});
  auto cursor = lake_->read(table::candle_sessions(), {.from = Date(2025, 6, 17), .rows_max = 1});
  RowBatch batch(table::candle_sessions());
  ASSERT_TRUE(*(*cursor)->next(batch));
  EXPECT_EQ(batch.int64s(batch.table().column_index("created_at"))[0], 1000);
  const auto again = put_session(Date(2025, 6, 17), 171, 3000);
  EXPECT_TRUE(again && again->unchanged);
}

TEST_F(LakeTest, NewestFirstBeginsWithTheLastRowOfTheLastDate) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  ASSERT_TRUE(write_version(*lake_, "ES", kDay + 1, 1));
  const auto times = [&](const ReadRange& range) {
    std::vector<std::int64_t> found;
    auto rows = lake_->read(table::candles_1m(), range);
    RowBatch batch(table::candles_1m());
    while (rows && (*rows)->next(batch).value_or(false)) {
      const auto column =
          batch.int64s(table::candles_1m().column_index("time")).first(batch.size());
      found.insert(found.end(), column.begin(), column.end());
    }
    return found;
  };
  std::vector<std::int64_t> oldest_first = times({.root = "ES"});
  ASSERT_GT(oldest_first.size(), 2U);
  std::ranges::reverse(oldest_first);
  EXPECT_EQ(times({.root = "ES", .newest_first = true}), oldest_first);
  EXPECT_EQ(times({.root = "ES", .newest_first = true, .rows_max = 1}),
            std::vector<std::int64_t>{oldest_first.front()});
}

TEST_F(LakeTest, ADamagedManifestIsNamed) {
  ASSERT_TRUE(write_version(*lake_, "ES", kDay, 1));
  const std::string path =
      dir_.file("lake/.store/manifests/market_data.candles_1m/p_root=ES/p_day=2025-06-16.json");
  std::string text = *read_text(env_, path);
  text[text.find("\"rows\":") + 7] = '9';
  ASSERT_TRUE(write_text_atomically(env_, path, text));
  const auto read = read_version(*lake_, "ES", kDay);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::kCorrupt);
  EXPECT_TRUE(read.error().message().contains(path)) << read.error().message();
}

TEST_F(LakeTest, AForeignFormatIsRefused) {
  ASSERT_TRUE(write_text_atomically(env_, dir_.file("lake/.store/format"), "frontmonth-lake 9\n"));
  const auto opened = Lake::open(env_, dir_.file("lake"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kUnsupported);
}

TEST_F(LakeTest, StateLiesBesideTheLake) {
  EXPECT_EQ(lake_->state_dir(), dir_.file("frontmonth-state-lake"));
  EXPECT_TRUE(env_.exists(dir_.file("frontmonth-state-lake/locks")));
}

TEST(LakeOpen, AFileSystemThatCannotExchangeIsRefusedClearly) {
  for (const Call call : {Call::kLink, Call::kExchange}) {
    const TestDirectory dir;
    FaultEnv env;
    env.fail_call(call, 1, EOPNOTSUPP);
    const auto lake = Lake::open(env, dir.file("lake"));
    ASSERT_FALSE(lake);
    EXPECT_EQ(lake.error().code(), Code::kUnsupported);
    EXPECT_FALSE(lake.error().advice().empty());
    EXPECT_TRUE(Lake::open(env, dir.file("lake")));
  }
}

TEST(Manifest, RoundTrips) {
  const Manifest manifest{.table = "market_data.candles_1m",
                          .partition = "p_root=ES/p_day=2025-06-16",
                          .version = 3,
                          .files = {{"aa", 10, 100, R"(["ES","a\"b"])", "[]"},
                                    {"bb", 1, 2, "", "", -3, 5, {"ee", "ff"}, 16}},
                          .generation = 4,
                          .rows = 11,
                          .hash = "cc",
                          .sources = R"([{"path":"x\ny"}])",
                          .parameters = "{}",
                          .engine_version = "1",
                          .final_to = -5,
                          .supersedes = {{"dd", 17}},
                          .created = 18,
                          .began = 14,
                          .since = 15};
  EXPECT_EQ(*decode_manifest(encode(manifest), "m"), manifest);
  const std::string text = encode(manifest);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(decode_manifest(damaged, "m")) << i;
    EXPECT_FALSE(decode_manifest(text.substr(0, i), "m")) << i;
  }
}

TEST(Partition, DirectoriesAndDays) {
  const struct {
    const table::Table& table;
    PartitionKey key;
    const char* directory;
    Date first, end;
  } cases[] = {{table::candles_1m(),
                {"ES", Date(2025, 6, 16)},
                "p_root=ES/p_day=2025-06-16",
                Date(2025, 6, 16),
                Date(2025, 6, 17)},
               {table::candle_sessions(),
                {"ES", Date(2025, 6, 16)},
                "p_root=ES/p_year=2025",
                Date(2025, 1, 1),
                Date(2026, 1, 1)},
               {table::job_runs(),
                {"", Date(2025, 12, 16)},
                "p_month=2025-12",
                Date(2025, 12, 1),
                Date(2026, 1, 1)}};
  for (const auto& c : cases) {
    EXPECT_EQ(*c.key.directory(c.table), c.directory);
    EXPECT_EQ(c.key.first_day(c.table), c.first);
    EXPECT_EQ(c.key.end_day(c.table), c.end);
    Manifest manifest;
    manifest.partition = c.directory;
    const PartitionKey back = manifest.key();
    EXPECT_EQ(back.root, c.key.root);
    EXPECT_EQ(back.date, c.first);
  }
  EXPECT_FALSE(PartitionKey({"ES", Date()}).directory(table::job_runs()));
  EXPECT_FALSE(PartitionKey({"", Date()}).directory(table::candles_1m()));
}

// Rows of many batches, with an error behind them if asked.
class LongStream final : public table::RowStream {
 public:
  LongStream(std::size_t rows, bool breaks) : left_(rows), breaks_(breaks) {}
  const table::Table& table() const override { return table::candles_1m(); }
  Result<bool> next(RowBatch& batch) override {
    batch.clear();
    if (left_ == 0 && breaks_) return fail(Code::kTruncated, "the spill file ends too early");
    const RowBatch sample = candle_rows("ES", kDay, 1);
    while (left_ > 0 && !batch.full()) {
      batch.append(sample, 0, 1);
      batch.int64s(0)[batch.size() - 1] = ++time_;
      --left_;
    }
    return batch.size() > 0;
  }

 private:
  std::size_t left_;
  bool breaks_;
  std::int64_t time_ = 0;
};

TEST(ParquetWriter, LongStreamsAreReadAheadWithoutLosingARow) {
  const TestDirectory dir;
  for (const std::size_t rows : {2047u, 2048u, 2049u, 4096u, 100'000u}) {
    LongStream stream(rows, false);
    const auto written = write_parquet(Env::posix(), dir.file("x.parquet"), stream);
    ASSERT_TRUE(written) << written.error().message();
    EXPECT_EQ(written->rows, rows);
    auto database = Database::open({});
    auto found = database->query(
        fmt::format("SELECT count(*)::BIGINT, max(epoch_us(time)) FROM read_parquet('{}')",
                    dir.file("x.parquet")));
    ASSERT_TRUE(found) << found.error().message();
    const auto chunk = found->next();
    const auto cell = [&](idx_t column) {
      return static_cast<std::int64_t*>(
          duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk->get(), column)))[0];
    };
    EXPECT_EQ(cell(0), static_cast<std::int64_t>(rows));
    EXPECT_EQ(cell(1), static_cast<std::int64_t>(rows));
  }
}

TEST(ParquetWriter, ErrorsOfLongStreamsAndOfTheDiskComeThrough) {
  const TestDirectory dir;
  LongStream broken(50'000, true);
  const auto failed = write_parquet(Env::posix(), dir.file("x.parquet"), broken);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::kTruncated);
  EXPECT_FALSE(Env::posix().exists(dir.file("x.parquet")));
  // The file cannot be made: the stream is still being read then.
  LongStream good(50'000, false);
  EXPECT_FALSE(write_parquet(Env::posix(), dir.file("none/x.parquet"), good));
}

TEST(ParquetWriter, LeavesNothingBehindAfterAnError) {
  const TestDirectory dir;
  BrokenStream rows;
  EXPECT_FALSE(write_parquet(Env::posix(), dir.file("x.parquet"), rows));
  EXPECT_FALSE(Env::posix().exists(dir.file("x.parquet")));
  const RowBatch batch = candle_rows("ES", kDay, 1);
  BatchStream good(batch);
  const auto nowhere = write_parquet(Env::posix(), dir.file("none/x.parquet"), good);
  ASSERT_FALSE(nowhere);
  EXPECT_TRUE(nowhere.error().message().contains("none/x.parquet"));
}

}  // namespace
}  // namespace fm::lake
