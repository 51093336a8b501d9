#include "ops/recent.h"

#include <array>

#include "base/assert.h"
#include "ops/row_cells.h"
#include "ops/state.h"
#include "ops/state_connection.h"

namespace fm::ops {
namespace {

constexpr std::array kStatuses{RunStatus::kRunning, RunStatus::kSuccess, RunStatus::kFailed};
constexpr Nanos kEver = Nanos{1} << 62;  // later than any time that is stored

RunStatus parse_status(std::string_view text) {
  for (const RunStatus status : kStatuses)
    if (name(status) == text) return status;
  FM_ASSERT(false);  // the schema has a CHECK
}

StoredRun run_of(const Statement& row) {
  RowCells cells(row);
  StoredRun run;
  run.run_id = cells.text();
  run.job = cells.text();
  run.status = parse_status(cells.text());
  run.started_at = nanoseconds(cells.integer());
  run.finished_at = cells.optional_time();
  run.rows_processed = cells.optional_integer();
  run.error_message = cells.optional_text();
  run.parameters_json = cells.optional_text().value_or("{}");
  return run;
}

StoredEvent event_of(const Statement& row) {
  RowCells cells(row);
  StoredEvent event;
  event.event_id = cells.text();
  event.at = nanoseconds(cells.integer());
  event.source = cells.text();
  event.dataset = cells.text();
  event.table_name = cells.optional_text();
  event.severity = cells.text();
  event.check_type = cells.optional_text();
  event.message = cells.text();
  event.payload_json = cells.optional_text();
  return event;
}

}  // namespace

std::string_view name(RunStatus status) {
  switch (status) {
    case RunStatus::kRunning:
      return "running";
    case RunStatus::kSuccess:
      return "success";
    case RunStatus::kFailed:
      return "failed";
  }
  FM_ASSERT(false);
}

Result<std::vector<StoredRun>> State::runs(const RunChoice& choice) {
  // Names of runs begin with the time of their start, so that they sort by it.
  FM_ASSIGN(auto select,
            connection_->sqlite.prepare(
                "SELECT run_id, job, status, started_at, finished_at, rows_processed,"
                " error_message, parameters FROM job_runs WHERE (?1 = '' OR job = ?1)"
                " AND (?2 = '' OR run_id < ?2) AND (?3 = '' OR status = ?3) AND started_at >= ?4"
                " ORDER BY run_id DESC LIMIT ?5"));
  select.bind(choice.job).bind(choice.before);
  select.bind(choice.status ? name(*choice.status) : std::string_view(""));
  select.bind(microseconds(choice.since.value_or(0)));
  select.bind(static_cast<std::int64_t>(choice.rows_max));
  std::vector<StoredRun> found;
  for (;;) {
    FM_ASSIGN(const bool row, select.step());
    if (!row) return found;
    found.push_back(run_of(select));
  }
}

Result<std::vector<StoredEvent>> State::events(const EventChoice& choice) {
  FM_ASSIGN(auto select,
            connection_->sqlite.prepare(
                "SELECT event_id, ts, source, dataset, table_name, severity, check_type, message,"
                " payload FROM data_quality_events WHERE (ts < ?1 OR (ts = ?1 AND event_id < ?2))"
                " AND ts >= ?3 ORDER BY ts DESC, event_id DESC LIMIT ?4"));
  select.bind(microseconds(choice.before.value_or(kEver))).bind(choice.before_id);
  select.bind(microseconds(choice.since.value_or(0)));
  select.bind(static_cast<std::int64_t>(choice.rows_max));
  std::vector<StoredEvent> found;
  for (;;) {
    FM_ASSIGN(const bool row, select.step());
    if (!row) return found;
    found.push_back(event_of(select));
  }
}

Result<std::vector<Rejects>> State::rejects(Date from) {
  FM_ASSIGN(auto select,
            connection_->sqlite.prepare("SELECT ticker, date, reason, count FROM candle_rejects"
                                        " WHERE date >= ? ORDER BY ticker, date, reason"));
  select.bind(std::int64_t{from.days_since_1970()});
  std::vector<Rejects> found;
  for (;;) {
    FM_ASSIGN(const bool row, select.step());
    if (!row) return found;
    RowCells cells(select);
    auto ticker = cells.optional_text();
    const Date date = cells.date();
    if (found.empty() || found.back().ticker != ticker || found.back().date != date)
      found.push_back({.ticker = std::move(ticker), .date = date, .counts = {}});
    const std::string reason = cells.text();
    found.back().counts[reason] = cells.integer();
  }
}

}  // namespace fm::ops
