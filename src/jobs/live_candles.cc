#include "jobs/live_candles.h"

#include <algorithm>

namespace fm::jobs {
namespace {

candles::EngineOptions for_readers(candles::EngineOptions options,
                                   std::span<LiveReader* const> readers) {
  options.seconds = std::ranges::any_of(readers, &LiveReader::wants_seconds);
  options.every_second = false;
  return options;
}

}  // namespace

LiveCandles::LiveCandles(const market::Universe& universe, const market::Calendar& calendar,
                         candles::EngineOptions options, std::vector<LiveReader*> readers)
    : engine_(universe, calendar, for_readers(options, readers), *this),
      log_(engine_),
      readers_(std::move(readers)) {}

void LiveCandles::resume(const CaptureStart& start, KnownGaps gaps) {
  const std::lock_guard guard(mutex_);
  start.resume(engine_);
  log_.set_gaps(std::move(gaps));
}

void LiveCandles::begin(Nanos segment_start) {
  const std::lock_guard guard(mutex_);
  log_.begin_source(segment_start == 0 ? std::optional<Nanos>() : segment_start);
}

void LiveCandles::feed(const dbn::RecordBlock& block) {
  const std::lock_guard guard(mutex_);
  log_.feed(block);
  if (!is_read_) return;
  for (LiveReader* reader : readers_) reader->records(block);
}

void LiveCandles::candles(std::span<const candles::CandleRow> rows) {
  changed_.clear();
  published_.final(rows, changed_);
  hand_out();
}

void LiveCandles::seconds(std::span<const candles::SecondRow> rows) {
  changed_seconds_.clear();
  published_seconds_.final(rows, changed_seconds_);
  hand_out_seconds();
}

void LiveCandles::tick(Second now) {
  const std::lock_guard guard(mutex_);
  engine_.flush();
  engine_.provisional(open_);
  const Second through = std::max(now, engine_.clock().value_or(now)) - 1;
  changed_.clear();
  published_.open(open_.candles(), through, changed_);
  hand_out();
  changed_seconds_.clear();
  published_seconds_.open(open_.seconds(), through, changed_seconds_);
  hand_out_seconds();
}

void LiveCandles::hand_out() {
  if (changed_.empty()) return;
  rows_published_ += changed_.size();
  newest_.resize(std::max(newest_.size(), engine_.ticker_count()));
  for (const candles::CandleRow& row : changed_) {
    candles::CandleRow& newest = newest_[row.ticker];
    if (row.time >= newest.time) newest = row;
  }
  if (!is_read_) return;
  for (LiveReader* reader : readers_) reader->rows(changed_, engine_);
}

void LiveCandles::hand_out_seconds() {
  if (changed_seconds_.empty() || !is_read_) return;
  for (LiveReader* reader : readers_)
    if (reader->wants_seconds()) reader->seconds(changed_seconds_, engine_);
}

std::vector<TickerNow> LiveCandles::now() const {
  const std::lock_guard guard(mutex_);
  const candles::Stats stats = engine_.stats();
  std::vector<TickerNow> all;
  for (candles::TickerId id = 0; id < engine_.ticker_count(); ++id) {
    TickerNow now{.ticker = std::string(engine_.ticker(id)),
                  .contract = {},
                  .last = {},
                  .cvd = {},
                  .newest = 0,
                  .accepted = 0};
    const auto counted =
        std::ranges::find(stats.tickers, now.ticker, &candles::TickerStats::ticker);
    if (counted != stats.tickers.end()) {
      now.accepted = counted->accepted;
      if (!counted->stints.empty()) now.contract = counted->stints.back().second;
      now.cvd = counted->cvd_close;
    }
    if (id < newest_.size() && newest_[id].time != 0) {
      now.last = newest_[id].close;
      now.cvd = newest_[id].cvd_close;
      now.newest = newest_[id].time;
    }
    all.push_back(std::move(now));
  }
  std::ranges::sort(all, {}, &TickerNow::ticker);
  return all;
}

std::optional<Second> LiveCandles::clock() const {
  const std::lock_guard guard(mutex_);
  return engine_.clock();
}

std::uint64_t LiveCandles::rows_published() const {
  const std::lock_guard guard(mutex_);
  return rows_published_;
}

}  // namespace fm::jobs
