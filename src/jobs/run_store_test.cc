#include "jobs/run_store.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <random>

#include "base/testing_fault_env.h"

namespace fm::jobs {
namespace {

struct Row {
  std::uint64_t run;
  std::uint64_t number;
  std::array<std::byte, 184> rest{};
};

class RunStoreTest : public ::testing::Test {
 protected:
  std::string spill() const { return directory_.file("out.frontmonth-spill"); }
  bool is_empty() const { return std::filesystem::is_empty(directory_.path()); }

  const TestDirectory directory_;
};

void expect_rows(RunStore& store, RunStore::RunId run, std::uint64_t name, std::uint64_t count) {
  auto reader = store.read(run);
  std::uint64_t number = 0;
  for (;;) {
    const auto chunk = reader.next();
    ASSERT_TRUE(chunk.has_value()) << chunk.error().message();
    if (chunk->empty()) break;
    ASSERT_EQ(chunk->size() % sizeof(Row), 0u);
    for (std::size_t at = 0; at < chunk->size(); at += sizeof(Row)) {
      Row row;
      std::memcpy(&row, chunk->data() + at, sizeof row);
      ASSERT_EQ(row.run, name);
      ASSERT_EQ(row.number, number++);
    }
  }
  EXPECT_EQ(number, count);
}

TEST_F(RunStoreTest, SmallRunsStayInMemory) {
  {
    RunStore store(Env::posix(), spill(), 1 << 20);
    const auto run = store.begin_run(sizeof(Row));
    for (std::uint64_t i = 0; i < 100; ++i) {
      const Row row{7, i, {}};
      ASSERT_TRUE(store.append(run, std::as_bytes(std::span(&row, 1))));
    }
    EXPECT_EQ(store.spilled_bytes(), 0u);
    EXPECT_TRUE(is_empty());
    expect_rows(store, run, 7, 100);
  }
  EXPECT_TRUE(is_empty());
}

TEST_F(RunStoreTest, InterleavedRunsComeBackWholeAndTheFileIsRemoved) {
  {
    RunStore store(Env::posix(), spill(), 1 << 20);
    std::mt19937 random(1);
    std::vector<RunStore::RunId> runs;
    std::vector<std::uint64_t> counts(9, 0);
    for (std::size_t i = 0; i < counts.size(); ++i) runs.push_back(store.begin_run(sizeof(Row)));
    for (int step = 0; step < 3000; ++step) {
      const std::size_t which = random() % runs.size();
      std::vector<Row> rows(random() % 50);
      for (Row& row : rows) row = {which, counts[which]++, {}};
      ASSERT_TRUE(store.append(runs[which], std::as_bytes(std::span(rows))));
    }
    EXPECT_GT(store.spilled_bytes(), 1u << 20);
    EXPECT_FALSE(is_empty());
    for (std::size_t i = 0; i < runs.size(); ++i) {
      EXPECT_EQ(store.rows(runs[i]), counts[i]);
      expect_rows(store, runs[i], i, counts[i]);
    }
    for (const auto run : runs) store.drop(run);
    EXPECT_TRUE(is_empty()) << "a file without anybody's rows is given back";

    const auto again = store.begin_run(sizeof(Row));
    EXPECT_EQ(store.rows(again), 0u);
    std::vector<Row> rows(20'000);
    for (std::uint64_t i = 0; i < rows.size(); ++i) rows[i] = {3, i, {}};
    ASSERT_TRUE(store.append(again, std::as_bytes(std::span(rows))));
    expect_rows(store, again, 3, rows.size());
  }
  EXPECT_TRUE(is_empty());
}

}  // namespace
}  // namespace fm::jobs
