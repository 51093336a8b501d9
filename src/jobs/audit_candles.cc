#include "jobs/audit_candles.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace fm::jobs {
namespace {

using quality::Check;
using quality::DayCoverage;
using quality::FindingLog;
using quality::SeriesReport;
using quality::SlotState;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;

// The seconds in session of a trade date, and how many of them lie in gaps that were filled.
struct Expected {
  std::uint32_t seconds = 0;
  std::uint32_t repaired = 0;
};

Expected expected_of(const market::Calendar& calendar, market::TemplateId hours, Date date,
                     const std::vector<quality::Interval>& repaired) {
  Expected expected;
  for (const market::SessionSpan& span : calendar.spans_of(hours, date)) {
    expected.seconds += static_cast<std::uint32_t>(span.close - span.open);
    for (const quality::Interval& gap : repaired)
      expected.repaired += static_cast<std::uint32_t>(
          std::max<Second>(0, std::min(gap.to, span.close) - std::max(gap.from, span.open)));
  }
  return expected;
}

// A row of candle_sessions.
struct Session {
  Date date;
  std::uint32_t covered = 0;
  std::uint32_t in_gaps = 0;
  bool complete = false;
  bool stale = false;
};

DayCoverage account(const Session& session, const Expected& expected) {
  DayCoverage day{.date = session.date};
  const std::uint32_t covered = std::min(session.covered, expected.seconds);
  const std::uint32_t in_gaps = std::min(session.in_gaps, expected.seconds - covered);
  const std::uint32_t repaired = std::min(expected.repaired, covered);
  day.slots[static_cast<std::size_t>(SlotState::kTraded)] = covered - repaired;
  day.slots[static_cast<std::size_t>(SlotState::kRepaired)] = repaired;
  day.slots[static_cast<std::size_t>(SlotState::kGap)] = in_gaps;
  day.slots[static_cast<std::size_t>(SlotState::kNotLoaded)] = expected.seconds - covered - in_gaps;
  return day;
}

void note(const Session& session, const DayCoverage& day, FindingLog& findings) {
  const Second at = session.date.first_second();
  const auto which = [&] { return session.date.iso(); };
  if (day.count(SlotState::kGap) > 0)
    findings.add_many(
        Check::kGap, day.count(SlotState::kGap), at, at,
        fmt::format("{}: {} of {} seconds", which(), day.count(SlotState::kGap), day.expected()));
  if (session.stale) findings.add(Check::kStaleCandles, at, which);
  if (!session.complete)
    findings.add(Check::kIncompleteDate, at, [&] {
      return fmt::format("{}: {} of {} seconds covered", which(), day.count(SlotState::kTraded),
                         day.expected());
    });
}

}  // namespace

Result<SeriesReport> audit_candles(const lake::Lake& lake, const market::Calendar& calendar,
                                   const CandleAuditOptions& options) {
  const table::Table& sessions = table::candle_sessions();
  SeriesReport series;
  series.root = options.root;
  series.timeframe = "candles";
  series.table = sessions.name;
  series.slot_seconds = 1;
  series.coverage_known = true;
  FM_ASSIGN(
      const auto rows,
      lake.read(sessions,
                {.root = options.root,
                 .from = options.from,
                 .before = options.to ? std::optional(*options.to + 1) : std::nullopt,
                 .columns = {"trade_date", "first_event_time", "last_event_time", "rows_written",
                             "seconds_covered", "seconds_in_gaps", "complete", "stale"}}));
  const auto column = [&](std::string_view name) { return sessions.column_index(name); };
  const market::TemplateId hours = calendar.template_of(options.root);
  FindingLog findings;
  std::optional<Date> before;
  table::RowBatch batch(sessions);
  while (true) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) break;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const Session session{
          .date = Date::from_days(batch.int32s(column("trade_date"))[row]),
          .covered = static_cast<std::uint32_t>(batch.int32s(column("seconds_covered"))[row]),
          .in_gaps = static_cast<std::uint32_t>(batch.int32s(column("seconds_in_gaps"))[row]),
          .complete = batch.int8s(column("complete"))[row] != 0,
          .stale = batch.int8s(column("stale"))[row] != 0};
      series.rows += static_cast<std::uint64_t>(batch.int64s(column("rows_written"))[row]);
      if (!batch.is_null(column("first_event_time"), row) && !series.first)
        series.first = batch.int64s(column("first_event_time"))[row] / kMicrosPerSecond;
      if (!batch.is_null(column("last_event_time"), row))
        series.last = batch.int64s(column("last_event_time"))[row] / kMicrosPerSecond;
      // Trade dates that have no session at all.
      for (Date date = before ? calendar.next_trade_date(hours, *before) : session.date;
           date < session.date; date = calendar.next_trade_date(hours, date)) {
        const DayCoverage day = account({.date = date}, expected_of(calendar, hours, date, {}));
        findings.add_many(Check::kNotLoaded, day.expected(), date.first_second(),
                          date.first_second(), date.iso());
        series.days.push_back(day);
      }
      before = session.date;
      series.days.push_back(
          account(session, expected_of(calendar, hours, session.date, options.repaired)));
      note(session, series.days.back(), findings);
    }
  }
  series.findings = std::move(findings).take();
  return series;
}

}  // namespace fm::jobs
