#include "synth/roll_schedule.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace fm::synth {
namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
// Two rolls of one root are at least this many trade dates apart.
constexpr std::size_t kDaysBetweenRollsMin = 8;

// The roll that is asked for may come this many days after the usual one: ESM5 still trades on 10
// June.
constexpr int kDaysBehindUsualRoll = 10;

std::size_t first_day_from(const std::vector<Date>& trade_dates, Date date) {
  return static_cast<std::size_t>(std::lower_bound(trade_dates.begin(), trade_dates.end(), date) -
                                  trade_dates.begin());
}

}  // namespace

std::string symbol_of(std::string_view root, market::YearMonth delivery) {
  std::string symbol(root);
  symbol += market::letter_of_month(delivery.month);
  symbol += static_cast<char>('0' + delivery.year % 10);
  return symbol;
}

std::string spread_symbol_of(std::string_view root, const Stage& stage) {
  return symbol_of(root, stage.near) + '-' + symbol_of(root, stage.next);
}

std::uint32_t instrument_id_of(std::string_view root, market::YearMonth delivery, bool is_spread) {
  constexpr std::uint32_t kLetters = 37;
  constexpr std::uint32_t kIdsPerRoot = 4'000;
  FM_ASSERT(root.size() <= 3 && delivery.year >= 2000 && delivery.year < 2150);
  std::uint32_t code = 0;
  for (const char letter : root) {
    const bool digit = letter >= '0' && letter <= '9';
    code =
        code * kLetters + 1 + static_cast<std::uint32_t>(digit ? letter - '0' : letter - 'A' + 10);
  }
  const auto months = static_cast<std::uint32_t>((delivery.year - 2000) * 12 + delivery.month);
  return code * kIdsPerRoot + months * 2 + (is_spread ? 1 : 0);
}

RollSchedule::RollSchedule(std::string_view root, const Profile& profile,
                           const std::vector<Date>& trade_dates, bool roll) {
  FM_ASSERT(!trade_dates.empty());
  const std::size_t days = trade_dates.size();
  const std::size_t middle = (days - 1) / 2;
  Stage stage;
  stage.near = roll ? busiest_delivery(profile, trade_dates[middle] - kDaysBehindUsualRoll)
                    : busiest_delivery(profile, trade_dates[days - 1]);
  stage.roll_day = roll ? middle : kNever;
  while (true) {
    stage.next = next_delivery(profile, stage.near);
    stage.last_day = days - 1;
    stage.instrument_ids = {instrument_id_of(root, stage.near, false),
                            instrument_id_of(root, stage.next, false),
                            instrument_id_of(root, stage.near, true)};
    stages_.push_back(stage);
    if (stage.roll_day == kNever) break;
    const std::size_t following =
        std::max(first_day_from(trade_dates, handover_date(profile, stage.next)),
                 stage.roll_day + kDaysBetweenRollsMin);
    if (following >= days) break;
    // Half-way between two rolls the contract that is gone makes room for the one to come.
    stages_.back().last_day = (stage.roll_day + following) / 2;
    stage = {.near = stage.next,
             .next = {},
             .first_day = stages_.back().last_day + 1,
             .last_day = 0,
             .roll_day = following,
             .instrument_ids = {},
             .near_ticks = stage.near_ticks + profile.carry_ticks};
  }
}

const Stage& RollSchedule::stage_of(std::size_t day) const {
  for (const Stage& stage : stages_) {
    if (day <= stage.last_day) return stage;
  }
  return stages_.back();
}

std::uint32_t RollSchedule::next_share(const Stage& stage, std::size_t day, std::size_t done,
                                       std::size_t whole) {
  // Per cent of the volume by tenths of the day. The step in the middle is what makes it one roll
  // and not ten: traders follow each other.
  static constexpr std::uint32_t kRollDay[] = {3, 4, 5, 8, 14, 86, 92, 95, 96, 97};
  constexpr std::uint32_t kBefore = 3;
  std::uint32_t percent = kBefore;
  if (day == stage.roll_day) {
    percent = kRollDay[std::min<std::size_t>(9, done * 10 / std::max<std::size_t>(1, whole))];
  } else if (stage.roll_day != kNever && day > stage.roll_day) {
    percent = 100 - kBefore;
  }
  return percent * 65'536 / 100;
}

}  // namespace fm::synth
