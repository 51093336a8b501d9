#include "market/front_month.h"

#include "base/assert.h"

namespace fm::market {

std::string_view name(FrontMonthRule rule) {
  switch (rule) {
    case FrontMonthRule::kFiveMinuteVolume:
      return "five_minute_volume";
    case FrontMonthRule::kPreviousSessionVolume:
      return "previous_session_volume";
  }
  return "";
}

Result<FrontMonthRule> parse_front_month_rule(std::string_view text) {
  for (const FrontMonthRule rule :
       {FrontMonthRule::kFiveMinuteVolume, FrontMonthRule::kPreviousSessionVolume}) {
    if (text == name(rule)) return rule;
  }
  return fail(Code::kInvalidArgument,
              "'{}' is not a front-month rule; there are five_minute_volume and "
              "previous_session_volume",
              text);
}

std::optional<ContractIndex> most_volume(std::span<const ContractVolume> volumes,
                                         std::optional<ContractIndex> active) {
  const ContractVolume* best = nullptr;
  for (const ContractVolume& candidate : volumes) {
    if (candidate.volume == 0) continue;
    const bool is_more = best == nullptr || candidate.volume > best->volume;
    const bool wins_tie = !is_more && candidate.volume == best->volume &&
                          best->contract != active &&
                          (candidate.contract == active || candidate.expiry < best->expiry);
    if (is_more || wins_tie) best = &candidate;
  }
  if (best == nullptr) return std::nullopt;
  return best->contract;
}

void FrontMonth::begin_trade_date() {
  challenger_.reset();
  wins_ = 0;
}

void FrontMonth::start(ContractIndex contract, std::int64_t minute) {
  FM_ASSERT(!last_evaluated_);
  if (!active_) active_ = contract;
  last_evaluated_ = minute;
}

bool FrontMonth::evaluate(std::int64_t minute, std::span<const ContractVolume> volumes) {
  FM_ASSERT(active_ && due(minute));
  last_evaluated_ = minute;
  const std::optional<ContractIndex> winner = most_volume(volumes, active_);
  if (!winner) return false;
  if (winner == active_) {
    begin_trade_date();
    return false;
  }
  wins_ = winner == challenger_ ? wins_ + 1 : 1;
  challenger_ = winner;
  if (wins_ < confirm_) return false;
  active_ = winner;
  begin_trade_date();
  return true;
}

bool FrontMonth::choose(std::span<const ContractVolume> volumes, ContractIndex contract) {
  const std::optional<ContractIndex> before = active_;
  active_ = most_volume(volumes, active_).value_or(contract);
  return active_ != before;
}

}  // namespace fm::market
