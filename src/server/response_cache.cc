#include "server/response_cache.h"

#include <utility>

#include "server/lake_index.h"
#include "server/row_hub.h"

namespace fm::server {

Validity judge(const CachedAnswer& answer, const LakeIndex& index, const RowHub& rows, Nanos now) {
  if (answer.until != 0 && now >= answer.until) return Validity::kStale;
  if (!answer.live_root.empty() && rows.version(answer.live_root) != answer.live_version)
    return Validity::kStale;
  for (const CachedAnswer::Source& source : answer.sources) {
    if (!index.is_fresh(*source.rows.table, now)) return Validity::kUnknown;
    if (stamp_of(index, source.rows) != source.stamp) return Validity::kStale;
  }
  return Validity::kValid;
}

ResponseCache::Turn::Turn(ResponseCache& cache, const std::string& key) : cache_(cache), key_(key) {
  std::unique_lock lock(cache_.mutex_);
  is_mine_ = cache_.in_the_making_.insert(key_).second;
  if (!is_mine_) cache_.made_.wait(lock, [&] { return !cache_.in_the_making_.contains(key_); });
}

ResponseCache::Turn::~Turn() {
  if (!is_mine_) return;
  {
    const std::lock_guard lock(cache_.mutex_);
    cache_.in_the_making_.erase(key_);
  }
  cache_.made_.notify_all();
}

std::shared_ptr<const CachedAnswer> ResponseCache::find(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  slots_.splice(slots_.begin(), slots_, found->second);
  return found->second->answer;
}

void ResponseCache::remove(
    std::map<std::string, std::list<Slot>::iterator, std::less<>>::iterator found) {
  bytes_ -= found->second->answer->bytes();
  slots_.erase(found->second);
  by_key_.erase(found);
}

void ResponseCache::remove(std::string_view key) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) remove(found);
}

void ResponseCache::put(const std::string& key, std::shared_ptr<const CachedAnswer> answer) {
  const std::uint64_t bytes = answer->bytes();
  if (bytes > bytes_max_ / 4) return;
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) remove(found);
  while (bytes_ + bytes > bytes_max_) remove(by_key_.find(slots_.back().key));
  slots_.push_front({key, std::move(answer)});
  by_key_.emplace(key, slots_.begin());
  bytes_ += bytes;
}

CacheFigures ResponseCache::figures() const {
  CacheFigures figures{.hits = hits_, .misses = misses_};
  const std::lock_guard lock(mutex_);
  figures.bytes = bytes_;
  figures.answers = slots_.size();
  return figures;
}

}  // namespace fm::server
