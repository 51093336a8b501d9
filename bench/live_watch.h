// Watches a live feed from within its process.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/env.h"
#include "jobs/live.h"
#include "live_inputs.h"
#include "rows.h"

namespace fm::bench {

inline constexpr double kNanosPerMilli = 1e6;

// Holds what the latencies of a run were, weighted by how often.
class Latencies {
 public:
  void add(Nanos latency, std::uint64_t times = 1) {
    all_.insert(all_.end(), times, static_cast<float>(latency));
  }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] std::size_t count() const { return all_.size(); }
  // Milliseconds.
  [[nodiscard]] double quantile_ms(double share) {
    const auto place = static_cast<std::size_t>(share * static_cast<double>(all_.size() - 1));
    std::ranges::nth_element(all_, all_.begin() + static_cast<std::ptrdiff_t>(place));
    return static_cast<double>(all_[place]) / kNanosPerMilli;
  }

 private:
  std::vector<float> all_;
};

// A reader in the feed's process.
class Watcher final : public jobs::LiveReader {
 public:
  explicit Watcher(Env& env, const ReplayedDay* day = nullptr) : env_(env), day_(day) {}

  void records(const dbn::RecordBlock& block) override {
    const Nanos now = env_.now();
    if (first_record_ == 0) first_record_ = env_.monotonic();
    if (day_ != nullptr) handled.add(now - day_->last_read(), block.record_count);
    for (const dbn::RecordView record : block) {
      const Nanos sent = record.ts_out();
      if (sent != kUndefTime && record.get_if<dbn::Mbp1Msg>() != nullptr)
        updated.add(now > sent ? now - sent : 0);
    }
  }
  void rows(std::span<const candles::CandleRow> rows, const candles::Engine&) override {
    const Nanos now = env_.now();
    for (const candles::CandleRow& row : rows) {
      const Nanos boundary = static_cast<Nanos>(row.time + 1) * kNanosPerSecond;
      // Rows of earlier seconds that have changed are no news of a boundary.
      if (now >= boundary && now - boundary < kNanosPerSecond) handed_out.add(now - boundary);
    }
  }
  // Of Env::monotonic(); 0: none came.
  [[nodiscard]] Nanos first_record() const { return first_record_; }

  Latencies updated;     // since the gateway stamped the trade
  Latencies handled;     // since the trade came off the socket
  Latencies handed_out;  // since the second ended

 private:
  Env& env_;
  const ReplayedDay* day_;
  Nanos first_record_ = 0;
};

// Runs a feed in this thread until `when` says so: it is asked once a second.
[[nodiscard]] Result<jobs::LiveStatus> run_until(Env& env, const jobs::LiveJobOptions& options,
                                                 std::function<bool(const jobs::LiveStatus&)> when);

// What came of 100,000 trades a second, as many as `records`: in real time, through the gateway,
// the capture log, the engine and the lake.
struct PacedFeed {
  Latencies updated;     // since the gateway stamped the trade
  Latencies handled;     // since the trade came off the socket
  Latencies handed_out;  // since the second ended
  jobs::LiveStatus ended;
};
inline constexpr std::uint64_t kPacedPerSecond = 100'000;
// `readers` are told as well. Errors: those of the feed; kInternal when there were no trades or
// rows.
[[nodiscard]] Result<PacedFeed> run_paced_feed(const Context& context, std::uint64_t records,
                                               std::vector<jobs::LiveReader*> readers = {});

}  // namespace fm::bench
