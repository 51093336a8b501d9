// The capture log's records as rows for a database that is to be as new as can be: each second's
// rows as soon as the second is over, and again whenever they change, until they are final. The
// rows are those that LakeSink stores.
//
//   DatabaseRows rows(universe, calendar, engine, stored_to);
//   rows.resume(start, gaps);   rows.begin_day(segment_start);
//   rows.feed(block);           once a second: rows.tick(now);
//   FM_TRY(rows.write(sink)); … commit … rows.stored();
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "candles/engine.h"
#include "candles/open_rows.h"
#include "candles/provisional_rows.h"
#include "jobs/capture_start.h"
#include "jobs/log_feed.h"
#include "table/sink.h"

namespace fm::jobs {

class DatabaseRows final : private candles::Output {
 public:
  // Rows of seconds before `stored_to` are left out: they are there.
  DatabaseRows(const market::Universe& universe, const market::Calendar& calendar,
               const candles::EngineOptions& engine, Second stored_to);

  // Before anything is fed.
  void resume(const CaptureStart& start, KnownGaps gaps);
  // The log goes on in a segment whose metadata start there.
  void begin_day(Nanos segment_start);
  void feed(const dbn::RecordBlock& block);
  // Rows of the seconds before `now`, the wall's second, that may still change.
  void tick(Second now);
  // The log is over: everything is final.
  void finish();

  // Rows of seconds before it have come out and will not change; nothing before the first record.
  [[nodiscard]] std::optional<Second> final_to() const;
  [[nodiscard]] std::optional<Second> clock() const { return engine_.clock(); }

  // Rows that wait, each key once, as it is now.
  [[nodiscard]] std::size_t pending() const { return candles_.size() + seconds_.size(); }
  // All of them, by key. They wait until stored() says that they need not.
  [[nodiscard]] Status write(table::Sink& sink) const;
  void stored();

 private:
  void candles(std::span<const candles::CandleRow> rows) override;
  void seconds(std::span<const candles::SecondRow> rows) override;
  void session(const candles::SessionRow&) override {}
  void rejected(const candles::Rejection&) override {}
  void take();

  const Second stored_to_;
  candles::Engine engine_;
  LogFeed log_;
  candles::OpenRows open_;
  candles::ProvisionalRows<candles::CandleRow> published_candles_;
  candles::ProvisionalRows<candles::SecondRow> published_seconds_;
  std::vector<candles::CandleRow> changed_candles_;  // scratch
  std::vector<candles::SecondRow> changed_seconds_;
  std::map<std::pair<candles::TickerId, Second>, candles::CandleRow> candles_;
  std::map<std::tuple<candles::TickerId, candles::SymbolId, Second>, candles::SecondRow> seconds_;
};

}  // namespace fm::jobs
