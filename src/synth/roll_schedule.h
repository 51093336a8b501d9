// Which contracts a root trades on each of its trade dates, and in what proportion.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "market/contract.h"
#include "synth/profile.h"

namespace fm::synth {

// "ESM5": the exchange writes one digit of the year.
[[nodiscard]] std::string symbol_of(std::string_view root, market::YearMonth delivery);

struct Stage;

// The calendar spread: "ESM5-ESU5".
[[nodiscard]] std::string spread_symbol_of(std::string_view root, const Stage& stage);
// Depends on the symbol alone, so that a contract keeps its id from run to run.
[[nodiscard]] std::uint32_t instrument_id_of(std::string_view root, market::YearMonth delivery,
                                             bool is_spread);

// A pair of contracts: `near` is the front month until the roll, `next` after it.
struct Stage {
  market::YearMonth near;
  market::YearMonth next;
  std::size_t first_day = 0;  // indices into the trade dates
  std::size_t last_day = 0;
  std::size_t roll_day = 0;                       // may lie past last_day: no roll in this run
  std::array<std::uint32_t, 3> instrument_ids{};  // near, next, spread
  std::int64_t near_ticks = 0;  // price of the near contract less that of the root's first one
};

class RollSchedule {
 public:
  // With `roll`, the first roll is in the middle trade date and the following ones at their usual
  // time; without, one contract is the front month throughout. Requires a date.
  RollSchedule(std::string_view root, const Profile& profile, const std::vector<Date>& trade_dates,
               bool roll);

  [[nodiscard]] const std::vector<Stage>& stages() const { return stages_; }
  [[nodiscard]] const Stage& stage_of(std::size_t day) const;

  // The share of the outright trades, per 65,536, in the stage's next contract when `done` of
  // `whole` seconds of the day have passed.
  [[nodiscard]] static std::uint32_t next_share(const Stage& stage, std::size_t day,
                                                std::size_t done, std::size_t whole);

 private:
  std::vector<Stage> stages_;
};

}  // namespace fm::synth
