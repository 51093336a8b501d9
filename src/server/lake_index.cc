#include "server/lake_index.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "server/api.h"

namespace fm::server {
namespace {

PartitionInfo info_of(const table::Table& table, const lake::Manifest& manifest) {
  const lake::PartitionKey key = manifest.key();
  PartitionInfo info{.first = key.first_day(table),
                     .end = key.end_day(table),
                     .rows = manifest.rows,
                     .bytes = manifest.bytes(),
                     .files = manifest.files.size(),
                     .stamp = hash_of(manifest.hash).low,
                     .first_second = {},
                     .last_second = {},
                     .final_to = manifest.final_to};
  for (const lake::DataFile& file : manifest.files) {
    if (file.first_second)
      info.first_second =
          std::min(info.first_second.value_or(*file.first_second), *file.first_second);
    if (file.last_second)
      info.last_second = std::max(info.last_second.value_or(*file.last_second), *file.last_second);
  }
  return info;
}

void put(std::vector<PartitionInfo>& partitions, PartitionInfo info) {
  const auto at = std::ranges::lower_bound(partitions, info.first, {}, &PartitionInfo::first);
  if (at != partitions.end() && at->first == info.first)
    *at = info;
  else
    partitions.insert(at, info);
}

}  // namespace

std::uint64_t RootIndex::rows() const {
  std::uint64_t sum = 0;
  for (const PartitionInfo& partition : partitions) sum += partition.rows;
  return sum;
}

std::uint64_t RootIndex::stamp(Date from, Date before) const {
  std::uint64_t sum = 0;
  for (const PartitionInfo& partition : partitions) {
    if (partition.end <= from || partition.first >= before) continue;
    constexpr std::uint64_t kMix = 0x9E37'79B9'7F4A'7C15;
    sum = (sum ^ partition.stamp) * kMix +
          static_cast<std::uint32_t>(partition.first.days_since_1970());
  }
  return sum;
}

Status LakeIndex::look(const table::Table& table) {
  if (is_fresh(table, lake_.env().monotonic())) return {};
  const std::lock_guard looking(look_mutex_);
  const Nanos now = lake_.env().monotonic();
  if (is_fresh(table, now)) return {};  // another thread has just looked
  FM_ASSIGN(const auto manifests, changes_.of(table));
  take(table, manifests, now);
  return {};
}

void LakeIndex::take(const table::Table& table, const std::vector<lake::Manifest>& manifests,
                     Nanos now) {
  std::map<std::string, std::vector<PartitionInfo>> fresh;
  for (const lake::Manifest& manifest : manifests)
    fresh[manifest.key().root].push_back(info_of(table, manifest));
  const std::lock_guard lock(mutex_);
  TableIndex& index = tables_[&table];
  // Before the first look at a table nobody had anything of it.
  if (!fresh.empty() && index.looked != 0) ++generation_;
  index.looked = now;
  for (auto& [root, partitions] : fresh) {
    auto& slot = index.roots[root];
    auto next = slot ? std::make_shared<RootIndex>(*slot) : std::make_shared<RootIndex>();
    for (PartitionInfo& partition : partitions) put(next->partitions, partition);
    slot = std::move(next);
  }
}

bool LakeIndex::is_fresh(const table::Table& table, Nanos now) const {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(&table);
  return found != tables_.end() && found->second.looked != 0 &&
         now < found->second.looked + kIndexFresh;
}

std::shared_ptr<const RootIndex> LakeIndex::find(const table::Table& table,
                                                 std::string_view root) const {
  const std::lock_guard lock(mutex_);
  const auto index = tables_.find(&table);
  if (index == tables_.end()) return nullptr;
  const auto found = index->second.roots.find(root);
  return found == index->second.roots.end() ? nullptr : found->second;
}

std::uint64_t stamp_of(const LakeIndex& index, const MadeFrom& rows) {
  const auto root = index.find(*rows.table, rows.root);
  return root ? root->stamp(rows.from, rows.before) : 0;
}

std::vector<std::string> LakeIndex::roots(const table::Table& table) const {
  std::vector<std::string> names;
  const std::lock_guard lock(mutex_);
  const auto index = tables_.find(&table);
  if (index == tables_.end()) return names;
  for (const auto& [root, partitions] : index->second.roots)
    if (partitions->rows() > 0) names.push_back(root);
  return names;
}

}  // namespace fm::server
