// Lake::merge_sorted: the rule is asked about every row, and what it says is what is stored.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <vector>

#include "base/testing_fault_env.h"
#include "lake/lake.h"
#include "lake/merge_rule.h"
#include "table/catalogue.h"

namespace fm::lake {
namespace {

using table::RowBatch;
using Values = std::map<int, std::int64_t>;  // volume by contract, and the time it was loaded

const Date kDay(2025, 6, 16);
const table::Table& contracts() { return table::candle_session_contracts(); }

RowBatch rows_of(const Values& values, std::int64_t loaded) {
  RowBatch batch(contracts());
  for (const auto& [contract, volume] : values)
    table::RowAppender(batch)
        .text("ES")
        .date(kDay)
        .text(fmt::format("{:04}", contract))
        .int64(volume)
        .int64(1)
        .timestamp(loaded)
        .end();
  return batch;
}

// The greater volume stays; the list of what was asked goes into the sources.
class GreaterVolume final : public MergeRule {
 public:
  Status begin(const std::optional<Manifest>& stored) override {
    began_with = stored ? stored->rows : 0;
    return {};
  }
  Fresh added(const RowBatch&, std::size_t, std::size_t rows) override {
    adds += rows;
    return {rows, true};
  }
  bool kept(RowBatch&) override {
    ++keeps;
    return false;
  }
  Keep choose(const RowBatch& stored, std::size_t stored_row, const RowBatch& fresh,
              std::size_t fresh_row) override {
    ++choices;
    EXPECT_EQ(stored.text(2, stored_row), fresh.text(2, fresh_row));
    return fresh.int64s(3)[fresh_row] > stored.int64s(3)[stored_row] ? Keep::kFresh : Keep::kStored;
  }
  CommitInfo finish() override {
    return {.sources = fmt::format("[{},{},{}]", adds, keeps, choices)};
  }

  std::uint64_t began_with = 0, adds = 0, keeps = 0, choices = 0;
};

// Nothing below ten stays, and nothing below ten comes.
class TenAndMore final : public MergeRule {
 public:
  Status begin(const std::optional<Manifest>&) override { return {}; }
  Fresh added(const RowBatch& fresh, std::size_t first, std::size_t) override {
    return {1, fresh.int64s(3)[first] >= 10};
  }
  bool goes(const RowBatch& stored, std::size_t row) override { return stored.int64s(3)[row] < 10; }
  bool kept(RowBatch&) override { return false; }
  Keep choose(const RowBatch&, std::size_t, const RowBatch&, std::size_t) override {
    return Keep::kStored;
  }
  CommitInfo finish() override { return {}; }
};

class MergeSorted : public ::testing::Test {
 protected:
  Result<CommitReport> merge(const Values& values, MergeRule& rule, std::int64_t loaded = 1) {
    const RowBatch batch = rows_of(values, loaded);
    table::BatchStream rows(batch);
    return lake_->merge_sorted(contracts(), key_, rows, rule);
  }
  std::map<int, std::pair<std::int64_t, std::int64_t>> stored() {
    std::map<int, std::pair<std::int64_t, std::int64_t>> found;
    auto rows = lake_->read(contracts(), {});
    RowBatch batch(contracts());
    while (*(*rows)->next(batch))
      for (std::size_t row = 0; row < batch.size(); ++row)
        found[std::stoi(std::string(batch.text(2, row)))] = {batch.int64s(3)[row],
                                                             batch.int64s(5)[row]};
    return found;
  }

  const TestDirectory folder_;
  const PartitionKey key_{"ES", kDay};
  std::unique_ptr<Lake> lake_ = Lake::open(Env::posix(), folder_.file("lake")).value();
};

TEST_F(MergeSorted, TheRuleDecidesAndTheFirstLoadsTimeStays) {
  GreaterVolume first;
  ASSERT_TRUE(merge({{1, 10}, {3, 30}}, first, 100));
  EXPECT_EQ(first.adds, 2U);
  GreaterVolume second;
  const auto report = merge({{1, 11}, {2, 20}, {3, 5}}, second, 200);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->unchanged);
  EXPECT_EQ(second.began_with, 2U);
  using Stored = std::map<int, std::pair<std::int64_t, std::int64_t>>;
  EXPECT_EQ(stored(), (Stored{{1, {11, 100}}, {2, {20, 200}}, {3, {30, 100}}}));
  EXPECT_EQ((*lake_->find(contracts(), key_))->sources, "[1,0,2]");
}

TEST_F(MergeSorted, WhereNothingChangesTheFilesStayAndTheAccountsMove) {
  GreaterVolume first;
  ASSERT_TRUE(merge({{1, 10}, {2, 20}}, first));
  const auto before = lake_->find(contracts(), key_).value().value();
  GreaterVolume second;
  const auto report = merge({{1, 9}}, second);
  ASSERT_TRUE(report && report->unchanged);
  const auto after = lake_->find(contracts(), key_).value().value();
  EXPECT_EQ(after.files, before.files);
  EXPECT_EQ(after.sources, "[0,1,1]");
}

TEST_F(MergeSorted, RowsOutOfOrderOrOfAnotherPartitionChangeNothing) {
  GreaterVolume rule;
  ASSERT_TRUE(merge({{1, 10}}, rule));
  RowBatch twice = rows_of({{5, 1}}, 1);
  twice.append(rows_of({{5, 2}}, 1), 0, 1);
  table::BatchStream rows(twice);
  GreaterVolume other;
  const auto report = lake_->merge_sorted(contracts(), key_, rows, other);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kInvalidArgument);
  const RowBatch batch = rows_of({{1, 1}}, 1);
  table::BatchStream misplaced(batch);
  GreaterVolume third;
  EXPECT_FALSE(lake_->merge_sorted(contracts(), {"NQ", kDay}, misplaced, third));
  EXPECT_EQ(stored().size(), 1U);
}

TEST_F(MergeSorted, AnySequenceOfMergesIsTheModels) {
  EXPECT_TRUE(rc::check("merges", [] {
    const TestDirectory folder;
    const auto lake = Lake::open(Env::posix(), folder.file("lake")).value();
    Values model;
    const int merges = *rc::gen::inRange(1, 5);
    for (int i = 0; i < merges; ++i) {
      Values values;
      // Above the rows of a batch of the merge, now and then.
      const int rows = *rc::gen::element(1, 3, 40, 1'500);
      for (int row = 0; row < rows; ++row)
        values[*rc::gen::inRange(0, 3'000)] = *rc::gen::inRange(0, 4);
      const RowBatch batch = rows_of(values, 1);
      table::BatchStream stream(batch);
      GreaterVolume rule;
      const std::size_t before = model.size();
      for (const auto& [contract, volume] : values) {
        const auto [at, is_new] = model.emplace(contract, volume);
        if (!is_new) at->second = std::max(at->second, volume);
      }
      RC_ASSERT(lake->merge_sorted(contracts(), {"ES", kDay}, stream, rule).has_value());
      RC_ASSERT(rule.adds == model.size() - before);
      RC_ASSERT(rule.choices + rule.adds == values.size());
      RC_ASSERT(rule.choices + rule.keeps == before);
    }
    Values found;
    auto rows = lake->read(contracts(), {});
    RowBatch batch(contracts());
    while (*(*rows)->next(batch))
      for (std::size_t row = 0; row < batch.size(); ++row)
        found[std::stoi(std::string(batch.text(2, row)))] = batch.int64s(3)[row];
    RC_ASSERT(found == model);
  }));
}

TEST_F(MergeSorted, ARuleMayLeaveFreshRowsOutAndLetStoredOnesGo) {
  GreaterVolume all;
  ASSERT_TRUE(merge({{1, 5}, {2, 50}, {3, 5}}, all));
  TenAndMore rule;
  const auto merged = merge({{2, 1}, {3, 7}, {4, 9}, {5, 10}}, rule, 2);
  ASSERT_TRUE(merged) << merged.error().message();
  EXPECT_FALSE(merged->unchanged);
  const std::map<int, std::pair<std::int64_t, std::int64_t>> expected = {
      {2, {50, 1}}, {3, {5, 1}}, {5, {10, 2}}};
  EXPECT_EQ(stored(), expected);

  TenAndMore none;
  ASSERT_TRUE(merge({{3, 1}, {6, 1}}, none)->unchanged);
  EXPECT_EQ(stored(), expected);
}

}  // namespace
}  // namespace fm::lake
