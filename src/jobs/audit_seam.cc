#include "jobs/audit_seam.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "quality/finding.h"
#include "quality/slots.h"

namespace fm::jobs {
namespace {

using quality::Check;
using quality::FindingLog;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::array<std::string_view, 4> kPrices{"open", "high", "low", "close"};

// A table's bars, one at a time.
class Bars {
 public:
  Bars(const table::Table& table, lake::RowCursor rows)
      : rows_(std::move(rows)),
        batch_(table),
        time_(table.column_index("ts_event")),
        symbol_(table.column_index("symbol")),
        volume_(table.column_index("volume")),
        is_spread_(table.find_column("is_spread")) {
    for (std::size_t i = 0; i < kPrices.size(); ++i) prices_[i] = table.column_index(kPrices[i]);
  }

  // Moves to the next outright's bar; false at the end.
  Result<bool> next() {
    do {
      if (++row_ < batch_.size()) continue;
      FM_ASSIGN(const bool more, rows_->next(batch_));
      if (!more) return false;
      row_ = 0;
    } while (is_spread_ && batch_.int8s(*is_spread_)[row_] != 0);
    return true;
  }

  [[nodiscard]] Second time() const { return batch_.int64s(time_)[row_] / kMicrosPerSecond; }
  [[nodiscard]] std::string_view symbol() const { return batch_.text(symbol_, row_); }
  [[nodiscard]] std::tuple<Second, std::string_view> key() const { return {time(), symbol()}; }
  // The first column in which the two differ, with both values; empty when they are equal.
  [[nodiscard]] std::string difference(const Bars& other) const {
    for (std::size_t i = 0; i < kPrices.size(); ++i) {
      const double mine = batch_.doubles(prices_[i])[row_];
      const double theirs = other.batch_.doubles(other.prices_[i])[other.row_];
      if (mine != theirs) return fmt::format("{} {}, historical {}", kPrices[i], mine, theirs);
    }
    const auto mine = batch_.int64s(volume_)[row_];
    const auto theirs = other.batch_.int64s(other.volume_)[other.row_];
    return mine == theirs ? "" : fmt::format("volume {}, historical {}", mine, theirs);
  }

 private:
  lake::RowCursor rows_;
  table::RowBatch batch_;
  std::size_t row_ = 0;
  std::size_t time_, symbol_, volume_;
  std::array<std::size_t, 4> prices_{};
  std::optional<std::size_t> is_spread_;
};

std::vector<std::string_view> columns_of(const table::Table& table) {
  return quality::audited_columns(table);
}

// The first (newest: the last) bar's time of a root.
Result<std::optional<Second>> edge(const lake::Lake& lake, const table::Table& table,
                                   const std::string& root, bool newest) {
  FM_ASSIGN(const auto manifests, lake.partitions(table, root));
  std::optional<Second> found;
  for (const lake::Manifest& manifest : manifests)
    for (const lake::DataFile& file : manifest.files) {
      const auto& at = newest ? file.last_second : file.first_second;
      if (at && (!found || (newest ? *at > *found : *at < *found))) found = at;
    }
  return found;
}

// Between the first live bar and the last historical one.
Status compare(Bars& live, Bars& history, Second from, Second to, FindingLog& findings,
               quality::Seam& seam) {
  FM_ASSIGN(bool live_there, live.next());
  FM_ASSIGN(bool history_there, history.next());
  const auto lone = [&](const Bars& bars, std::string_view who) {
    if (bars.time() < from || bars.time() > to) return;
    ++(&bars == &live ? seam.only_live : seam.only_history);
    findings.add(Check::kSeam, bars.time(), [&] {
      return fmt::format("{} {}: only {} has a bar", iso_second(bars.time()), bars.symbol(), who);
    });
  };
  while (live_there && history_there) {
    if (live.key() < history.key()) {
      lone(live, "live");
      FM_ASSIGN(live_there, live.next());
    } else if (history.key() < live.key()) {
      lone(history, "history");
      FM_ASSIGN(history_there, history.next());
    } else {
      const std::string text = live.difference(history);
      ++(text.empty() ? seam.equal : seam.different);
      if (!text.empty())
        findings.add(Check::kSeam, live.time(), [&] {
          return fmt::format("{} {}: {}", iso_second(live.time()), live.symbol(), text);
        });
      FM_ASSIGN(live_there, live.next());
      FM_ASSIGN(history_there, history.next());
    }
  }
  while (live_there) {
    lone(live, "live");
    FM_ASSIGN(live_there, live.next());
  }
  while (history_there) {
    lone(history, "history");
    FM_ASSIGN(history_there, history.next());
  }
  return {};
}

}  // namespace

Result<quality::Seam> note_seam(const lake::Lake& lake, const market::Calendar& calendar,
                                const table::Table& live, const table::Table& history,
                                quality::SeriesReport& series) {
  quality::Seam seam;
  seam.root = series.root;
  seam.table = series.table;
  FM_ASSIGN(const auto begins, edge(lake, live, series.root, false));
  FM_ASSIGN(const auto ends, edge(lake, history, series.root, true));
  seam.first_live = begins;
  seam.last_history = ends;
  if (!begins || !ends) return seam;
  FindingLog findings;
  const auto hours = calendar.template_of(series.root);
  const Date last_history = quality::trade_date_at(calendar, hours, *ends);
  const Date first_live = quality::trade_date_at(calendar, hours, *begins);
  for (Date date = calendar.next_trade_date(hours, last_history); date < first_live;
       date = calendar.next_trade_date(hours, date)) {
    findings.add(Check::kSeamHole, date.first_second(), [&] { return date.iso(); });
    ++seam.missing_dates;
  }
  if (*begins <= *ends) {
    const lake::ReadRange range{.root = series.root,
                                .from = Date::of_second(*begins),
                                .before = Date::of_second(*ends) + 1,
                                .columns = {}};
    lake::ReadRange live_range = range;
    live_range.columns = columns_of(live);
    lake::ReadRange history_range = range;
    history_range.columns = columns_of(history);
    FM_ASSIGN(lake::RowCursor live_rows, lake.read(live, live_range));
    FM_ASSIGN(lake::RowCursor history_rows, lake.read(history, history_range));
    Bars live_bars(live, std::move(live_rows));
    Bars history_bars(history, std::move(history_rows));
    FM_TRY(compare(live_bars, history_bars, *begins, *ends, findings, seam));
  }
  std::ranges::move(std::move(findings).take(), std::back_inserter(series.findings));
  return seam;
}

}  // namespace fm::jobs
