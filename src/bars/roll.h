// Which contract a continuous series follows on each date, and what its rolls do to older prices.
// Pure functions of the history; a date's contract depends on nothing that was known later than the
// open of its session.
#pragma once

#include <optional>
#include <vector>

#include "bars/contract_history.h"
#include "bars/roll_rule.h"
#include "bars/statistics.h"
#include "bars/trade_dates.h"
#include "base/error.h"

namespace fm::bars {

// The contract of each of history.dates; nothing where the rule has no answer: on the first date,
// where the rule looks at the date before; where fewer contracts than `rank` + 1 are known; where a
// contract that trades and might be the nearest has an unknown expiry. `open_interest` is read from
// its beginning, and needed by those rules alone. Errors: kNotFound, with advice, when the root has
// not one of the facts that the rule needs; kInvalidArgument for a rule that goes only forward with
// another rank than 0.
using Active = std::vector<std::optional<ContractNumber>>;
[[nodiscard]] Result<Active> choose_contracts(const ContractHistory& history, const RollRule& rule,
                                              const TradeDates& dates,
                                              OpenInterestKnown open_interest);

// A stretch of a series on one contract.
struct Stretch {
  std::size_t first_date = 0;  // place in history.dates
  ContractNumber contract = 0;
  // How the contract before it compares, at the last close before the roll that both have, at most
  // kGapDatesMax dates earlier. Nothing for the first stretch, or where there is no such close.
  struct Gap {
    std::size_t date = 0;
    Price before = 0;  // close of the old contract
    Price after = 0;   // of the new one
    [[nodiscard]] Price difference() const { return after - before; }
    // Ratios make sense of positive prices alone.
    [[nodiscard]] bool has_ratio() const { return before > 0 && after > 0; }
  };
  std::optional<Gap> gap = {};
};
inline constexpr std::size_t kGapDatesMax = 10;

// Dates on which the chosen contract did not trade belong to its stretch; the first date of the
// series is the first with a choice.
[[nodiscard]] std::vector<Stretch> stretches_of(const ContractHistory& history,
                                                const Active& active);

// A factor in units of 1e-18.
using Factor = Int128;
inline constexpr Factor kFactorOne = 1'000'000'000'000'000'000;

// What to do to the prices of each stretch so that they meet those of the next at every roll. The
// last stretch stays as it is. Nothing where a later gap is not known (or, of ratios, a price in it
// was not positive, or the product leaves [1e-4, 1e4]): such a stretch has no adjusted prices.
[[nodiscard]] std::vector<std::optional<Price>> difference_adjustments(
    const std::vector<Stretch>& stretches);
[[nodiscard]] std::vector<std::optional<Factor>> ratio_adjustments(
    const std::vector<Stretch>& stretches);

// Rounded to the nearest 1e-9, halves away from zero: the same on every machine.
[[nodiscard]] Price times(Price price, Factor factor);

}  // namespace fm::bars
