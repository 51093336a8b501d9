// The engine whose rows are seen while they may still change: for the status line and for readers
// in this process. The feed's thread feeds it; another one closes each second.
//
//   LiveCandles candles(universe, calendar, options, {&reader});
//   candles.begin_reading();
//   feed thread: candles.feed(block);      timer: candles.tick();
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "candles/engine.h"
#include "candles/open_rows.h"
#include "candles/provisional_rows.h"
#include "jobs/capture_start.h"
#include "jobs/log_feed.h"

namespace fm::jobs {

// Rows as of one moment. A row may come again, with the same ticker and time, until it is final.
class LiveReader {
 public:
  virtual ~LiveReader() = default;
  // New and changed rows. Called by the timer's and the feed's thread, one at a time; must not take
  // long, for the feed waits. `names` may be asked during the call only.
  virtual void rows(std::span<const candles::CandleRow> rows, const candles::Engine& names) = 0;
  // Whether seconds() is wanted: the engine makes no such rows for nobody.
  [[nodiscard]] virtual bool wants_seconds() const { return false; }
  // As rows(), of each contract's seconds.
  virtual void seconds(std::span<const candles::SecondRow> rows, const candles::Engine& names) {
    static_cast<void>(rows), static_cast<void>(names);
  }
  // New records of the feed, as they come: they are in the log, and the rows in memory know them.
  // By the feed's thread.
  virtual void records(const dbn::RecordBlock& block) { static_cast<void>(block); }
};

struct TickerNow {
  std::string ticker;
  std::string contract;
  std::optional<Price> last;  // of the newest row
  std::optional<std::int64_t> cvd;
  Second newest = 0;           // second of the newest row
  std::uint64_t accepted = 0;  // trades since the start of the program's engine
};

class LiveCandles final : private candles::Output {
 public:
  // `readers` outlive the object. They are told nothing before begin_reading().
  LiveCandles(const market::Universe& universe, const market::Calendar& calendar,
              candles::EngineOptions options, std::vector<LiveReader*> readers);

  // Before anything is fed.
  void resume(const CaptureStart& start, KnownGaps gaps);
  // The log's records follow, from a segment whose metadata start there; 0 when it is empty.
  void begin(Nanos segment_start);
  // From here on: what was fed before is old.
  void begin_reading() { is_read_ = true; }

  void feed(const dbn::RecordBlock& block);
  // Hands out what is new and what has changed in the seconds before `now`, the wall's second. What
  // is as it was handed out before is not handed out again.
  void tick(Second now);

  [[nodiscard]] std::vector<TickerNow> now() const;
  [[nodiscard]] std::optional<Second> clock() const;
  [[nodiscard]] std::uint64_t rows_published() const;

 private:
  // candles::Output, with the lock held
  void candles(std::span<const candles::CandleRow> rows) override;
  void seconds(std::span<const candles::SecondRow> rows) override;
  void session(const candles::SessionRow&) override {}
  void rejected(const candles::Rejection&) override {}
  void hand_out();
  void hand_out_seconds();

  mutable std::mutex mutex_;
  candles::Engine engine_;
  LogFeed log_;
  candles::OpenRows open_;
  candles::ProvisionalRows<candles::CandleRow> published_;
  candles::ProvisionalRows<candles::SecondRow> published_seconds_;
  const std::vector<LiveReader*> readers_;
  bool is_read_ = false;

  std::vector<candles::CandleRow> changed_;          // scratch
  std::vector<candles::SecondRow> changed_seconds_;  // scratch
  std::vector<candles::CandleRow> newest_;           // by ticker; time 0: none yet
  std::uint64_t rows_published_ = 0;
};

}  // namespace fm::jobs
