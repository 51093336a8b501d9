// What makes a generated root look like itself. Invented round figures near what each market was in
// 2025: they shape test data and say nothing about any market.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/price.h"
#include "base/time.h"
#include "market/contract.h"

namespace fm::synth {

struct Profile {
  std::string_view root;
  std::string_view months;   // month letters in which a contract is listed
  Price price;               // of the first contract on the first day
  Price step;                // tick size where the registry knows none
  std::uint32_t weight;      // share of the trades among roots
  std::uint32_t level_size;  // typical contracts at the best price
  std::int32_t carry_ticks;  // price of the next contract less that of this one
};

// Any root has one; those without their own get a plain quarterly one.
[[nodiscard]] const Profile& profile_of(std::string_view root);

// The contract that trades most on `date`, by a rule of thumb: quarterly contracts hand over on the
// 8th of their delivery month, others on the 18th of the month before.
[[nodiscard]] market::YearMonth busiest_delivery(const Profile& profile, Date date);
[[nodiscard]] market::YearMonth next_delivery(const Profile& profile, market::YearMonth delivery);
// The first day on which `busiest_delivery` is later than `delivery`.
[[nodiscard]] Date handover_date(const Profile& profile, market::YearMonth delivery);

}  // namespace fm::synth
