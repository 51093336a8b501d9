// Which contract of a root is the front month: the one that candles and continuous series follow.
//
//   FrontMonth front(FrontMonthRule::kFiveMinuteVolume, 5);
//   front.start(first_trade_contract, minute);            // at the very first trade
//   if (front.due(minute)) front.evaluate(minute, volumes_of_the_last_five_minutes);
//
// It decides and remembers; the caller counts the volumes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "market/contract.h"

namespace fm::market {

enum class FrontMonthRule {
  // The most volume over the five minutes before, `confirm` times in a row.
  kFiveMinuteVolume,
  // For a whole trade date, the most volume in the last trade date that had trades.
  kPreviousSessionVolume,
};

// "five_minute_volume", "previous_session_volume".
[[nodiscard]] std::string_view name(FrontMonthRule rule);
// Errors: kInvalidArgument, naming the rules there are.
[[nodiscard]] Result<FrontMonthRule> parse_front_month_rule(std::string_view text);

inline constexpr int kFrontMonthConfirm = 5;
inline constexpr std::int64_t kFrontMonthMinutes = 5;  // how far back an evaluation looks

// The caller's number for a contract of the root.
using ContractIndex = std::uint32_t;

struct ContractVolume {
  ContractIndex contract;
  std::int64_t volume;
  Contract expiry;  // orders equals: nearest first
};

// The contract with the most volume; among equals `active`, then the nearest expiry, then symbol
// order. Nothing when nobody traded.
[[nodiscard]] std::optional<ContractIndex> most_volume(std::span<const ContractVolume> volumes,
                                                       std::optional<ContractIndex> active);

// One root's front month under either rule.
class FrontMonth {
 public:
  // Requires confirm ≥ 1.
  explicit FrontMonth(int confirm) : confirm_(confirm) {}

  [[nodiscard]] std::optional<ContractIndex> active() const { return active_; }
  // Carries the front month over from an earlier run.
  void resume(ContractIndex active) { active_ = active; }

  // A minute (since 1970) has yet to be evaluated: its first trade is here.
  [[nodiscard]] bool due(std::int64_t minute) const {
    return !last_evaluated_ || minute > *last_evaluated_;
  }
  // Challengers do not live beyond their trade date.
  void begin_trade_date();

  // The first trade of all, of `contract` in `minute`: it becomes active unless one is carried
  // over.
  void start(ContractIndex contract, std::int64_t minute);
  // `volumes` of the five minutes before `minute`. Returns whether another contract became active,
  // from `minute` on. Requires due(minute) and an active contract.
  bool evaluate(std::int64_t minute, std::span<const ContractVolume> volumes);
  // The other rule, at the first trade (of `contract`) of a trade date: `volumes` of the last one.
  // Returns whether another contract became active.
  bool choose(std::span<const ContractVolume> volumes, ContractIndex contract);

 private:
  int confirm_;
  int wins_ = 0;  // evaluations that the challenger has won in a row
  std::optional<ContractIndex> active_;
  std::optional<ContractIndex> challenger_;
  std::optional<std::int64_t> last_evaluated_;
};

}  // namespace fm::market
