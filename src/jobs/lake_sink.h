// The capture log's records as rows of the lake, minute by minute and then trade date by trade
// date: the same rows that a batch run over the same records stores.
//
//   FM_ASSIGN(const auto sink, LakeSink::open(options));
//   FM_ASSIGN(auto log, capture::LogReader::open(env, options.capture_directory,
//   sink->first_day())); … FM_TRY(sink->feed(block)); once a minute: FM_TRY(sink->flush());
//
// The sink keeps nothing of its own between runs. Whoever opens it anew reads the log from the last
// trade date that it finished; the rows of the open trade date come out of the log once more and
// take the place of those that are stored, as soon as they are no fewer. From there on the cursor
// is the partition's `final_to`. After an error the object is of no use any more: open the next
// one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "candles/engine.h"
#include "candles/open_rows.h"
#include "capture/capture_day.h"
#include "jobs/capture_start.h"
#include "jobs/collector.h"
#include "jobs/lake_segment.h"
#include "jobs/log_feed.h"
#include "jobs/quarantine.h"
#include "jobs/run_store.h"
#include "jobs/session_account.h"
#include "lake/lake.h"
#include "market/session.h"
#include "ops/state.h"

namespace fm::jobs {

struct LakeSinkOptions {
  Env& env;
  lake::Lake& lake;
  ops::State& state;
  const market::Universe& universe;
  const market::Calendar& calendar;
  candles::EngineOptions engine;
  CaptureSource log;
  std::string quarantine_directory;  // gets one file per capture day
  std::uint64_t buffer_bytes = 48ull << 20;
};

class LakeSink final : private candles::Output, private SourceNames {
 public:
  // Errors: kConflict for stored dates of this log with other parameters; those of the lake.
  [[nodiscard]] static Result<std::unique_ptr<LakeSink>> open(const LakeSinkOptions& options);
  ~LakeSink() override;

  // The capture day to read the log from; nothing: from its beginning.
  [[nodiscard]] std::optional<Date> first_day() const { return start_.first_day; }

  // The log goes on with this capture day, in a segment whose metadata start there. Before its
  // first record.
  [[nodiscard]] Status begin_day(Date day, Nanos segment_start);
  // Trade dates that the records end are stored whole. Errors: those of the lake.
  [[nodiscard]] Status feed(const dbn::RecordBlock& block);
  // Stores the rows that are final and not stored yet. Errors: those of the lake.
  [[nodiscard]] Status flush();
  // The feed is up and has been silent for so long that nothing late can be expected: also stores
  // the rows of the seconds that are not final, and the accounts of trade dates that are over at
  // `now`, the wall's time. Records that come all the same correct them. Errors: those of the lake.
  [[nodiscard]] Status flush_silent(Second now);
  // The log is over: everything is final.
  [[nodiscard]] Status finish();

  // Rows of earlier seconds are stored; nothing before the first record.
  [[nodiscard]] std::optional<Second> stored_to() const { return stored_to_; }
  // Whether rows wait for a flush.
  [[nodiscard]] std::uint64_t rows_pending() const { return rows_pending_; }
  [[nodiscard]] std::uint64_t rows_stored() const { return rows_stored_; }
  [[nodiscard]] std::uint64_t sessions_stored() const { return sessions_stored_; }

 private:
  // One table's partition of a ticker's trade date, as this object left it.
  struct Part {
    std::optional<Second> final_to;  // stored
    Second first_pending = 0;        // earliest row that waits; kNoEnd: none
    // Nothing is written by this object yet: its first write takes the place of whatever is stored.
    bool whole = false;
    std::uint64_t rows_before = 0;  // stored then
    std::uint64_t pending = 0;      // rows that wait
    std::size_t files = 0;
    [[nodiscard]] bool would_shrink() const { return whole && pending < rows_before; }
  };
  struct OpenDate {
    Part candles;
    Part seconds;
    bool foreign = false;  // stored from other inputs: left alone
  };
  using Key = std::pair<candles::TickerId, Date>;

  LakeSink(const LakeSinkOptions& options, capture::CaptureDays days);

  [[nodiscard]] OpenDate& open_date(candles::TickerId ticker, Date date);
  [[nodiscard]] Result<OpenDate> look_up(candles::TickerId ticker, Date date) const;
  template <class Row>
  void take(std::span<const Row> rows, Part OpenDate::* part);

  [[nodiscard]] Status commit_sessions();
  [[nodiscard]] Status commit(const FinishedSession& session);
  [[nodiscard]] Status write_account(const FinishedSession& session, const SessionAccount& account);
  [[nodiscard]] SessionAccount account_of_session(const FinishedSession& session);
  [[nodiscard]] std::vector<RecordedInput> inputs_of(std::string_view ticker, Date date);
  enum class Ending { kOpen, kOver };
  [[nodiscard]] Status write(const Key& key, OpenDate& open, Second final_to, Ending ending);
  [[nodiscard]] Status write_part(const table::Table& table, const Key& key, Part& part,
                                  table::RowStream& rows, Second final_to);
  // The collector's rows of a ticker and trade date, and what goes with them.
  template <class Row>
  [[nodiscard]] Status take_open_rows(const table::Table& table, std::span<const Row> rows,
                                      Part OpenDate::* which, Second final_to);
  [[nodiscard]] Second first_second(Date day) { return second_of(days_.end_of(day - 1)); }
  [[nodiscard]] Status record_rejects();
  [[nodiscard]] Status raise_contradictions();

  // candles::Output
  void candles(std::span<const candles::CandleRow> rows) override;
  void seconds(std::span<const candles::SecondRow> rows) override;
  void session(const candles::SessionRow& row) override;
  void rejected(const candles::Rejection& rejection) override;
  // SourceNames
  [[nodiscard]] std::string_view path_of(candles::SourceId source) const override;
  [[nodiscard]] bool is_text(candles::SourceId) const override { return false; }

  const LakeSinkOptions options_;
  RunStore store_;
  std::unique_ptr<Quarantine> quarantine_;
  std::unique_ptr<Collector> collector_;
  std::unique_ptr<candles::Engine> engine_;
  std::unique_ptr<LogFeed> log_;
  capture::CaptureDays days_;
  candles::OpenRows open_rows_;
  CaptureStart start_;                  // its accounts become those of the dates stored since
  std::vector<std::string> day_paths_;  // by source
  std::map<Key, OpenDate> open_;
  std::set<DateKey> changed_;  // since the capture day began
  Status status_;              // what a callback of the engine met
  std::optional<Second> stored_to_;
  std::uint64_t rows_pending_ = 0;
  std::uint64_t rows_stored_ = 0;
  std::uint64_t sessions_stored_ = 0;
};

}  // namespace fm::jobs
