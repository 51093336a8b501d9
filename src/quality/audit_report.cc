#include "quality/audit_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "quality/slots.h"

namespace fm::quality {
namespace {

// What most have; nothing where no value has a majority, or there is nothing to compare.
std::optional<Date> usual(const std::vector<Date>& dates) {
  std::map<Date, std::size_t> counts;
  for (const Date date : dates) ++counts[date];
  for (const auto& [date, count] : counts)
    if (dates.size() >= 3 && 2 * count > dates.size()) return date;
  return std::nullopt;
}

void note(SeriesReport& series, Date found, Date usual_date, std::string_view which) {
  FindingLog log;
  const Second at = found.first_second();
  const auto text = [&] {
    return fmt::format("{} bar of {}, most roots' of {}", which, found.iso(), usual_date.iso());
  };
  const auto same = std::ranges::find(series.findings, Check::kUneven, &Finding::check);
  if (same != series.findings.end()) {
    ++same->count;
    same->last = at;
    same->examples.push_back(text());
    return;
  }
  log.add(Check::kUneven, at, text);
  for (Finding& finding : std::move(log).take()) series.findings.push_back(std::move(finding));
}

}  // namespace

bool AuditReport::is_wrong() const { return findings(Weight::kWrong) > 0 || !absent_roots.empty(); }

std::uint64_t AuditReport::findings(Weight weight) const {
  std::uint64_t count = 0;
  for (const SeriesReport& one : series)
    for (const Finding& finding : one.findings) count += weight_of(finding.check) == weight;
  return count;
}

void note_uneven_ranges(std::vector<SeriesReport>& series, const market::Universe& universe,
                        const market::Calendar& calendar) {
  const auto trade_date = [&](const SeriesReport& one, Second at) {
    return trade_date_at(calendar, calendar.template_of(one.root), at);
  };
  std::set<std::string> timeframes;
  for (const SeriesReport& one : series) timeframes.insert(one.timeframe);
  for (const std::string& timeframe : timeframes) {
    std::vector<Date> firsts;
    std::vector<Date> lasts;
    for (const SeriesReport& one : series) {
      if (one.timeframe != timeframe || !one.first) continue;
      firsts.push_back(trade_date(one, *one.first));
      lasts.push_back(trade_date(one, *one.last));
    }
    const auto first = usual(firsts);
    const auto last = usual(lasts);
    for (SeriesReport& one : series) {
      if (one.timeframe != timeframe || !one.first) continue;
      const market::Root* const root = universe.find(one.root);
      const Date begins = trade_date(one, *one.first);
      const Date ends = trade_date(one, *one.last);
      const bool began_later = root != nullptr && root->first_trade_date && first &&
                               *root->first_trade_date > *first &&
                               begins <= *root->first_trade_date;
      if (first && begins != *first && !began_later) note(one, begins, *first, "first");
      if (last && ends != *last) note(one, ends, *last, "last");
    }
  }
}

}  // namespace fm::quality
