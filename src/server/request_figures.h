// Requests counted, for /metrics.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/time.h"

namespace fm::server {

// Upper bounds in seconds; the last bucket has none.
inline constexpr std::array<double, 8> kDurationBuckets{0.001, 0.005, 0.025, 0.1,
                                                        0.4,   1.6,   6.4,   30};

struct RouteFigures {
  std::map<int, std::uint64_t> by_status;
  std::array<std::uint64_t, kDurationBuckets.size() + 1> durations{};
  double seconds = 0;
  std::uint64_t requests = 0;
};

// For any threads. As many routes as the server has.
class RequestFigures {
 public:
  void add(std::string_view route, int status, Nanos took) {
    const double seconds = static_cast<double>(took) / 1e9;
    std::size_t bucket = 0;
    while (bucket < kDurationBuckets.size() && seconds > kDurationBuckets[bucket]) ++bucket;
    const std::lock_guard lock(mutex_);
    auto found = routes_.find(route);
    if (found == routes_.end()) found = routes_.try_emplace(std::string(route)).first;
    RouteFigures& figures = found->second;
    ++figures.by_status[status];
    ++figures.durations[bucket];
    figures.seconds += seconds;
    ++figures.requests;
  }
  [[nodiscard]] std::map<std::string, RouteFigures, std::less<>> figures() const {
    const std::lock_guard lock(mutex_);
    return routes_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, RouteFigures, std::less<>> routes_;  // by path
};

}  // namespace fm::server
