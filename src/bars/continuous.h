// Continuous series, roll calendar and curve of one root, from the lake into the lake.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bars/contract_history.h"
#include "bars/roll_rule.h"
#include "base/error.h"
#include "lake/lake.h"
#include "market/session.h"
#include "market/universe.h"

namespace fm::bars {

// How these tables are made; one more whenever the same sources would make other rows.
inline constexpr int kContinuousVersion = 2;

struct ContinuousRequest {
  std::string root;
  const market::Root* facts = nullptr;  // the registry's; null: it has none of this root
  // Beside those that are stored already, which are kept up to date.
  std::vector<RollRule> rules;
  bool only_these = false;                         // the stored ones go
  std::function<bool(const table::Table&)> wants;  // which tables to make
  bool dry_run = false;
};

struct MadePartition {
  const table::Table* table = nullptr;
  int year = 0;
  std::uint64_t rows = 0;
  bool changed = false;
};

struct SeriesReport {
  std::string cont_id;  // unadjusted
  std::size_t rolls = 0;
  std::size_t dates = 0;
  std::size_t dates_without_choice = 0;
  std::size_t dates_without_bar = 0;
  std::size_t rolls_without_gap = 0;  // the adjusted series begin behind the last of them
};

struct ContinuousReport {
  std::vector<SeriesReport> series;
  std::vector<MadePartition> partitions;  // that were due
};

// The tables that make_continuous() makes.
[[nodiscard]] std::vector<const table::Table*> continuous_tables();

// Makes the partitions (of one root and year) whose rows would be others. Errors: kNotFound where
// there are no day bars of the root, or a rule lacks the facts it needs; kInvalidArgument for rules
// that cannot be; the lake's. Partitions change one by one, each in one step.
[[nodiscard]] Result<ContinuousReport> make_continuous(lake::Lake& lake,
                                                       const market::Calendar& calendar,
                                                       const Expirations& expirations,
                                                       const ContinuousRequest& request);

}  // namespace fm::bars
