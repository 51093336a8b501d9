// One root's bars of one length, accounted for and checked.
//
//   BarAudit audit(table, options, knowledge);
//   for each batch of the table's rows, in order of the key: audit.take(batch);
//   const SeriesReport report = audit.finish();
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "market/session.h"
#include "market/universe.h"
#include "quality/bar_checks.h"
#include "quality/coverage.h"
#include "table/row_batch.h"

namespace fm::quality {

// What is audited together: the rows of one root in one table.
struct SeriesReport {
  std::string root;
  std::string timeframe;  // "1m"
  std::string table;      // "databento_futures_ohlcv_1m"
  Second slot_seconds = 0;
  std::uint64_t rows = 0;
  std::uint64_t spread_rows = 0;
  std::uint64_t contracts = 0;  // outrights
  std::optional<Second> first;  // bar
  std::optional<Second> last;
  bool coverage_known = false;  // which files cover what: else every time counts as covered
  bool halts_known = false;
  std::vector<DayCoverage> days;  // first … last, by date
  std::vector<Finding> findings;

  [[nodiscard]] std::uint64_t count(SlotState state) const;
  [[nodiscard]] std::uint64_t expected() const;
};

struct BarAuditOptions {
  std::string root;
  std::string timeframe;
  Second slot_seconds = 60;
  // The trade dates to account for, `to` included.
  Date from;
  Date to;
  // What lies before the first bar, or behind the last one, is nobody's loss.
  bool first_bar_begins = true;
  bool last_bar_ends = true;
};

// The columns that BarAudit reads, of those that the table has.
[[nodiscard]] std::vector<std::string_view> audited_columns(const table::Table& table);

class BarAudit {
 public:
  // All but `options` and `knowledge` outlive the object.
  BarAudit(const table::Table& table, const market::Universe& universe,
           const market::Calendar& calendar, BarAuditOptions options, const Knowledge& knowledge);

  void take(const table::RowBatch& batch) {
    for (std::size_t row = 0; row < batch.size(); ++row) take(batch, row);
  }
  // One of its rows.
  void take(const table::RowBatch& batch, std::size_t row);
  [[nodiscard]] SeriesReport finish();

 private:
  BarAuditOptions options_;
  SeriesReport report_;
  CoverageBuilder coverage_;
  BarChecks checks_;
  std::size_t time_, symbol_, open_, high_, low_, close_, volume_;  // columns
  std::optional<std::size_t> is_spread_;
};

}  // namespace fm::quality
