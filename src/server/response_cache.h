// Answers kept to be given again, as long as what they were made from is the same.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/http_server.h"
#include "server/api.h"

namespace fm::server {

class LakeIndex;
class RowHub;

struct CachedAnswer {
  std::string content_type;
  std::vector<net::Header> headers;
  std::string cache_control;
  std::string etag;
  std::shared_ptr<const std::string> body;
  bool is_gzip = false;

  // What it was made from, and what that was like.
  struct Source {
    MadeFrom rows;
    std::uint64_t stamp = 0;
  };
  std::vector<Source> sources;
  std::string live_root;
  std::uint64_t live_version = 0;
  Nanos until = 0;  // Env::monotonic(); 0: as long as the sources are the same

  [[nodiscard]] std::uint64_t bytes() const { return body->size() + 512; }
};

enum class Validity : std::uint8_t { kValid, kStale, kUnknown };
// As of `now` (Env::monotonic()). kUnknown: the lake must be looked at, first. Touches no file and
// waits for nobody.
[[nodiscard]] Validity judge(const CachedAnswer& answer, const LakeIndex& index, const RowHub& rows,
                             Nanos now);

struct CacheFigures {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t bytes = 0;
  std::size_t answers = 0;
};

// The least recently used go when there are too many bytes. For any threads.
class ResponseCache {
 public:
  explicit ResponseCache(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // While it lives, others who want the same answer wait to find it kept, instead of making it as
  // well. Who has waited makes it without a turn if it was not kept after all.
  class Turn {
   public:
    Turn(ResponseCache& cache, const std::string& key);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    ResponseCache& cache_;
    const std::string key_;
    bool is_mine_ = false;
  };

  [[nodiscard]] std::shared_ptr<const CachedAnswer> find(std::string_view key);
  // Answers of more than a quarter of all bytes are not kept.
  void put(const std::string& key, std::shared_ptr<const CachedAnswer> answer);
  void remove(std::string_view key);
  void count(bool hit) { ++(hit ? hits_ : misses_); }
  [[nodiscard]] CacheFigures figures() const;

 private:
  struct Slot {
    std::string key;
    std::shared_ptr<const CachedAnswer> answer;
  };
  void remove(std::map<std::string, std::list<Slot>::iterator, std::less<>>::iterator found);

  const std::uint64_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable made_;
  std::set<std::string, std::less<>> in_the_making_;
  std::list<Slot> slots_;  // the most recently used first
  std::map<std::string, std::list<Slot>::iterator, std::less<>> by_key_;
  std::uint64_t bytes_ = 0;
  std::atomic<std::uint64_t> hits_ = 0;
  std::atomic<std::uint64_t> misses_ = 0;
};

}  // namespace fm::server
