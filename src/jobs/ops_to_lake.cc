#include "jobs/ops_to_lake.h"

#include <map>
#include <utility>

#include "table/row_batch.h"

namespace fm::jobs {
namespace {

constexpr Nanos kInterval = 3'600 * kNanosPerSecond;

// The rows of one table, a batch for each month: the months of ops.sqlite fit into memory.
Result<std::map<Date, std::vector<table::RowBatch>>> months_of(ops::State& state,
                                                               const table::Table& table) {
  FM_ASSIGN(const auto rows, state.rows(table));
  const std::size_t column = table.column_index(table.partition_column);
  std::map<Date, std::vector<table::RowBatch>> months;
  table::RowBatch batch(table);
  while (true) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return months;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const Date date = Date::from_days(std::as_const(batch).int32s(column)[row]);
      auto& month = months[Date(date.year(), date.month(), 1)];
      if (month.empty() || month.back().full()) month.emplace_back(table);
      month.back().append(batch, row, 1);
    }
  }
}

class Batches final : public table::RowStream {
 public:
  explicit Batches(const std::vector<table::RowBatch>& batches) : batches_(batches) {}
  [[nodiscard]] const table::Table& table() const override { return batches_.front().table(); }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    while (!batch.full() && at_ < batches_.size()) {
      if (row_ == batches_[at_].size()) {
        ++at_;
        row_ = 0;
        continue;
      }
      batch.append(batches_[at_], row_++, 1);
    }
    return batch.size() > 0;
  }

 private:
  const std::vector<table::RowBatch>& batches_;
  std::size_t at_ = 0;
  std::size_t row_ = 0;
};

std::string hash_of_rows(const std::vector<table::RowBatch>& batches) {
  table::RowHasher hasher(batches.front().table());
  for (const table::RowBatch& batch : batches) hasher.add(batch);
  return hasher.digest().hex();
}

}  // namespace

Result<OpsToLakeReport> append_ops_to_lake(lake::Lake& lake, ops::State& state) {
  OpsToLakeReport report;
  for (const table::Table* table : ops::State::tables()) {
    FM_ASSIGN(const auto months, months_of(state, *table));
    for (const auto& [month, batches] : months) {
      ++report.months;
      const lake::PartitionKey partition{.root = "", .date = month};
      FM_ASSIGN(const auto stored, lake.find(*table, partition));
      if (stored && stored->hash == hash_of_rows(batches)) continue;
      Batches rows(batches);
      FM_ASSIGN(const lake::CommitReport committed, lake.merge(*table, partition, rows, {}));
      if (committed.unchanged) continue;
      ++report.months_changed;
      report.rows += committed.rows;
    }
  }
  return report;
}

Result<OpsToLakeReport> append_ops_to_lake(Env& env, lake::Lake& lake) {
  auto state = ops::State::open_to_read(env, ops::state_file(lake.state_dir()));
  if (!state) {
    if (state.error().code() == Code::kNotFound) return OpsToLakeReport{};
    return std::unexpected(std::move(state).error());
  }
  return append_ops_to_lake(lake, *state);
}

Result<bool> ops_are_due(const lake::Lake& lake) {
  FM_ASSIGN(const auto newest, lake.newest(table::job_runs(), ""));
  const Nanos now = lake.env().now();
  // A clock that was set back must not keep them from being written.
  return !newest || newest->created + kInterval <= now || newest->created > now;
}

}  // namespace fm::jobs
