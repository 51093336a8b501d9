#include "quality/bar_audit.h"

#include <fmt/core.h>

#include <array>
#include <utility>

namespace fm::quality {
namespace {

constexpr std::array<std::string_view, 7> kBarColumns{"ts_event", "symbol", "open",  "high",
                                                      "low",      "close",  "volume"};
constexpr std::string_view kSpreadColumn = "is_spread";
constexpr std::string_view kRootColumn = "root";  // where partitions do not say it
constexpr std::int64_t kMicrosPerSecond = 1'000'000;

Check check_of(SlotState state) {
  switch (state) {
    case SlotState::kGap:
      return Check::kGap;
    case SlotState::kNotLoaded:
      return Check::kNotLoaded;
    default:
      return Check::kDegraded;
  }
}

}  // namespace

std::uint64_t SeriesReport::count(SlotState state) const {
  std::uint64_t sum = 0;
  for (const DayCoverage& day : days) sum += day.count(state);
  return sum;
}

std::uint64_t SeriesReport::expected() const {
  std::uint64_t sum = 0;
  for (const DayCoverage& day : days) sum += day.expected();
  return sum;
}

std::vector<std::string_view> audited_columns(const table::Table& table) {
  std::vector<std::string_view> columns(kBarColumns.begin(), kBarColumns.end());
  if (table.root_column.empty()) columns.push_back(kRootColumn);
  if (table.find_column(kSpreadColumn)) columns.push_back(kSpreadColumn);
  return columns;
}

BarAudit::BarAudit(const table::Table& table, const market::Universe& universe,
                   const market::Calendar& calendar, BarAuditOptions options,
                   const Knowledge& knowledge)
    : options_(std::move(options)),
      coverage_(expected_slots(calendar, calendar.template_of(options_.root), options_.from,
                               options_.to, options_.slot_seconds),
                options_.slot_seconds, knowledge),
      checks_(universe.find(options_.root), options_.slot_seconds),
      time_(table.column_index("ts_event")),
      symbol_(table.column_index("symbol")),
      open_(table.column_index("open")),
      high_(table.column_index("high")),
      low_(table.column_index("low")),
      close_(table.column_index("close")),
      volume_(table.column_index("volume")),
      is_spread_(table.find_column(kSpreadColumn)) {
  report_.root = options_.root;
  report_.timeframe = options_.timeframe;
  report_.table = table.name;
  report_.slot_seconds = options_.slot_seconds;
  report_.coverage_known = knowledge.coverage_known;
  report_.halts_known = knowledge.halts_known;
}

void BarAudit::take(const table::RowBatch& batch, std::size_t row) {
  const Second time = batch.int64s(time_)[row] / kMicrosPerSecond;
  const std::int64_t slot = time / options_.slot_seconds;
  // Of trade dates that were not asked for.
  if ((!options_.first_bar_begins && slot < coverage_.first_slot()) ||
      (!options_.last_bar_ends && slot >= coverage_.end_slot()))
    return;
  ++report_.rows;
  if (is_spread_ && batch.int8s(*is_spread_)[row] != 0) {
    ++report_.spread_rows;
    return;
  }
  if (!report_.first) {
    report_.first = time;
    if (options_.first_bar_begins) coverage_.begin_at(slot);
  }
  report_.last = time;
  coverage_.bar(slot);
  checks_.take({.time = time,
                .symbol = batch.text(symbol_, row),
                .open = batch.doubles(open_)[row],
                .high = batch.doubles(high_)[row],
                .low = batch.doubles(low_)[row],
                .close = batch.doubles(close_)[row],
                .volume = batch.int64s(volume_)[row]},
               coverage_.date());
}

SeriesReport BarAudit::finish() {
  report_.contracts = checks_.contracts();
  if (options_.last_bar_ends)
    report_.days = coverage_.finish(report_.last.value_or(0) / options_.slot_seconds + 1);
  else
    report_.days = coverage_.finish();
  FindingLog findings = checks_.finish();
  for (const DayCoverage& day : report_.days) {
    const Second at = day.date.first_second();
    for (const SlotState state : {SlotState::kGap, SlotState::kNotLoaded, SlotState::kDegraded})
      if (day.count(state) > 0)
        findings.add_many(
            check_of(state), day.count(state), at, at,
            fmt::format("{}: {} of {} slots", day.date.iso(), day.count(state), day.expected()));
    if (day.off_session > 0)
      findings.add_many(Check::kOffSession, day.off_session, at, at,
                        fmt::format("{}: {} slots", day.date.iso(), day.off_session));
    // An empty slot of a day is the day itself.
    if (day.expected() > 0 && day.count(SlotState::kNoTrade) == day.expected())
      findings.add_many(Check::kEmptyDay, 1, at, at, day.date.iso());
    if (options_.slot_seconds == kSecondsPerDay && day.date.weekday() == 0 &&
        day.count(SlotState::kTraded) > 0)
      findings.add_many(Check::kSundayStub, 1, at, at, day.date.iso());
  }
  report_.findings = std::move(findings).take();
  return std::move(report_);
}

}  // namespace fm::quality
