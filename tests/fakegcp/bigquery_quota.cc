#include "bigquery_quota.h"

#include <fmt/format.h>

namespace fm::fakegcp {
namespace {

constexpr Nanos kDay = kNanosPerDay;
constexpr Nanos kTenSeconds = 10 * kNanosPerSecond;

std::int64_t sum_of(const auto& windows, const std::string& name) {
  const auto found = windows.find(name);
  return found == windows.end() ? 0 : found->second.sum;
}

}  // namespace

void Quota::Window::add(Nanos now, Nanos span, std::int64_t amount) {
  while (!events.empty() && events.front().first + span <= now) {
    sum -= events.front().second;
    events.pop_front();
  }
  events.emplace_back(now, amount);
  sum += amount;
}

Answer<void> Quota::load(const std::string& project, Nanos now) {
  Window& window = loads_[project];
  window.add(now, kDay, 1);
  if (window.sum > limits.project_loads_per_day)
    return refuse(403, "quotaExceeded",
                  "Quota exceeded: Your project exceeded quota for imports per project.");
  return {};
}

Answer<void> Quota::table_change(const std::string& table, bool is_partitioned,
                                 std::int64_t partitions, Nanos now) {
  if (is_partitioned && partitions > limits.partitions_per_job)
    return refuse(400, "invalid",
                  fmt::format("Too many partitions produced by query, allowed {}, query produces "
                              "at least {} partitions",
                              limits.partitions_per_job, partitions));
  Window& window = changes_[table];
  window.add(now, kDay, is_partitioned ? partitions : 1);
  const std::int64_t limit =
      is_partitioned ? limits.partition_changes_per_day : limits.table_loads_per_day;
  if (window.sum > limit)
    return refuse(403, "quotaExceeded",
                  fmt::format("Quota exceeded: Your table exceeded quota for {}: {}",
                              is_partitioned ? "Number of partition modifications to a column "
                                               "partitioned table"
                                             : "imports or query appends per table",
                              table));
  return {};
}

Answer<void> Quota::update(const std::string& table, bool is_partitioned, Nanos now) {
  Window& window = updates_[table];
  window.add(now, kTenSeconds, 1);
  const std::int64_t limit =
      is_partitioned ? limits.updates_per_10_s_partitioned : limits.updates_per_10_s;
  if (window.sum > limit)
    return refuse(403, "rateLimitExceeded",
                  fmt::format("Exceeded rate limits: too many table update operations for this "
                              "table: {}",
                              table));
  return {};
}

std::int64_t Quota::loads(const std::string& project) const { return sum_of(loads_, project); }
std::int64_t Quota::table_changes(const std::string& table) const {
  return sum_of(changes_, table);
}

}  // namespace fm::fakegcp
