#include "bars/roll.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/assert.h"

namespace fm::bars {
namespace {

// Open interest older than this many days says nothing of today.
constexpr int kOpenInterestDaysMax = 10;

constexpr Factor kFactorMax = kFactorOne * 10'000;
constexpr Factor kFactorMin = kFactorOne / 10'000;

// A contract and what it is ranked by: the most first, of equals the nearest delivery.
struct Ranked {
  ContractNumber contract = 0;
  std::int64_t amount = 0;
};

void rank(std::vector<Ranked>& contracts) {
  std::ranges::sort(contracts, [](const Ranked& one, const Ranked& other) {
    return std::tuple(-one.amount, one.contract) < std::tuple(-other.amount, other.contract);
  });
}

bool is_expired(const ContractFacts& facts, Date on) {
  return facts.last_trade_date && *facts.last_trade_date < on;
}

Result<Active> by_expiry(const ContractHistory& history, const RollRule& rule,
                         const TradeDates& dates) {
  struct Held {
    Date until;  // the last date of the contract in the series
    ContractNumber contract;
  };
  std::vector<Held> held;
  for (ContractNumber n = 0; n < history.contracts.size(); ++n)
    if (const auto& last = history.contracts[n].last_trade_date)
      held.push_back({dates.before(*last, rule.days), n});
  if (held.empty())
    return std::unexpected(
        Error(Code::kNotFound,
              fmt::format("{}: no contract has a definition and the registry has no rule for their "
                          "expiry, so nobody knows when they expire",
                          history.root))
            .hint("Load definitions (`frontmonth fetch --schema definition`, then `frontmonth "
                  "load`), or roll by volume."));
  std::ranges::sort(held, {}, [](const Held& h) { return std::pair(h.until, h.contract); });

  Active active(history.dates.size());
  for (std::size_t i = 0; i < active.size(); ++i) {
    const auto first = std::ranges::lower_bound(held, history.dates[i], {}, &Held::until);
    if (held.end() - first <= rule.rank) continue;
    const ContractNumber chosen = (first + rule.rank)->contract;
    // One whose expiry nobody knows and that delivers earlier might expire earlier.
    const bool is_sure = std::ranges::none_of(history.days[i], [&](const ContractDay& day) {
      return day.contract < chosen && !history.contracts[day.contract].last_trade_date;
    });
    if (is_sure) active[i] = chosen;
  }
  return active;
}

// Goes through the dates with what is known of each when its session opens.
template <class KnownAt>
Active by_amount(const ContractHistory& history, const RollRule& rule, KnownAt known_at) {
  Active active(history.dates.size());
  std::optional<ContractNumber> now;  // of rules that only go forward
  for (std::size_t i = 0; i < active.size(); ++i) {
    std::vector<Ranked> known = known_at(i);
    std::erase_if(known, [&](const Ranked& ranked) {
      return ranked.amount <= 0 || is_expired(history.contracts[ranked.contract], history.dates[i]);
    });
    rank(known);
    if (!rule.is_forward()) {
      if (known.size() > static_cast<std::size_t>(rule.rank))
        active[i] = known[static_cast<std::size_t>(rule.rank)].contract;
      continue;
    }
    const bool has_ended = now && is_expired(history.contracts[*now], history.dates[i]);
    const auto next = std::ranges::find_if(known, [&](const Ranked& ranked) {
      return !now || ranked.contract > *now || (ranked.contract == *now && !has_ended);
    });
    if (next != known.end()) now = next->contract;
    if (now && !is_expired(history.contracts[*now], history.dates[i])) active[i] = now;
  }
  return active;
}

Active by_volume(const ContractHistory& history, const RollRule& rule) {
  return by_amount(history, rule, [&](std::size_t i) {
    std::vector<Ranked> volumes;
    if (i == 0) return volumes;
    for (const ContractDay& day : history.days[i - 1])
      volumes.push_back({day.contract, day.volume});
    return volumes;
  });
}

Result<Active> by_open_interest(const ContractHistory& history, const RollRule& rule,
                                const TradeDates& dates, OpenInterestKnown open_interest) {
  if (open_interest.empty())
    return std::unexpected(
        Error(Code::kNotFound, fmt::format("{}: no open interest is loaded", history.root))
            .hint("Load statistics (`frontmonth fetch --schema statistics`, then `frontmonth "
                  "load`), or roll by volume."));
  return by_amount(history, rule, [&](std::size_t i) {
    const Date date = history.dates[i];
    const bool is_utc = history.days[i].front().basis_is_utc;
    const Second open = is_utc ? date.first_second() : dates.open_of(date);
    open_interest.advance_to(static_cast<Nanos>(open) * kNanosPerSecond);
    std::vector<Ranked> known;
    for (const auto& [symbol, quantity] : open_interest.values(date - kOpenInterestDaysMax))
      if (const auto contract = history.number_of(symbol, date))
        known.push_back({*contract, quantity});
    return known;
  });
}

// value · numerator / denominator, rounded to the nearest, halves away from zero.
Int128 scaled(Int128 value, Int128 numerator, Int128 denominator) {
  Int128 product = 0;
  // Only prices beyond anything that trades get here; they lose digits instead of meaning.
  if (__builtin_mul_overflow(value, numerator, &product)) return value / denominator * numerator;
  const Int128 half = denominator / 2;
  return (product + (product < 0 ? -half : half)) / denominator;
}

}  // namespace

Result<Active> choose_contracts(const ContractHistory& history, const RollRule& rule,
                                const TradeDates& dates, OpenInterestKnown open_interest) {
  if (rule.is_forward() && rule.rank > 0)
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("{}: has rank 0 alone, found rank {}", name(rule), rule.rank))
            .hint("Use volume, open_interest or calendar for the contracts behind the front."));
  switch (rule.method) {
    case RollMethod::kCalendar:
    case RollMethod::kDays:
      return by_expiry(history, rule, dates);
    case RollMethod::kVolume:
    case RollMethod::kVolumeForward:
      return by_volume(history, rule);
    case RollMethod::kOpenInterest:
    case RollMethod::kOpenInterestForward:
      return by_open_interest(history, rule, dates, std::move(open_interest));
  }
  FM_ASSERT(false);
}

std::vector<Stretch> stretches_of(const ContractHistory& history, const Active& active) {
  std::vector<Stretch> stretches;
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (!active[i] || (!stretches.empty() && stretches.back().contract == *active[i])) continue;
    Stretch stretch{.first_date = i, .contract = *active[i]};
    for (std::size_t back = 1; !stretches.empty() && back <= std::min(i, kGapDatesMax); ++back) {
      const ContractDay* before = history.find(i - back, stretches.back().contract);
      const ContractDay* after = history.find(i - back, *active[i]);
      if (before == nullptr || after == nullptr) continue;
      stretch.gap = Stretch::Gap{i - back, before->close, after->close};
      break;
    }
    stretches.push_back(stretch);
  }
  return stretches;
}

std::vector<std::optional<Price>> difference_adjustments(const std::vector<Stretch>& stretches) {
  std::vector<std::optional<Price>> adjustments(stretches.size());
  std::optional<Price> sum = 0;
  for (std::size_t i = stretches.size(); i-- > 0;) {
    adjustments[i] = sum;
    if (!sum || !stretches[i].gap) sum.reset();
    if (sum) *sum += stretches[i].gap->difference();
  }
  return adjustments;
}

std::vector<std::optional<Factor>> ratio_adjustments(const std::vector<Stretch>& stretches) {
  std::vector<std::optional<Factor>> adjustments(stretches.size());
  std::optional<Factor> product = kFactorOne;
  for (std::size_t i = stretches.size(); i-- > 0;) {
    adjustments[i] = product;
    const auto& gap = stretches[i].gap;
    if (!product || !gap || !gap->has_ratio()) {
      product.reset();
      continue;
    }
    product = scaled(*product, gap->after, gap->before);
    if (*product > kFactorMax || *product < kFactorMin) product.reset();
  }
  return adjustments;
}

Price times(Price price, Factor factor) {
  return static_cast<Price>(scaled(price, factor, kFactorOne));
}

}  // namespace fm::bars
