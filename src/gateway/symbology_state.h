// What a Symbology is made of. Private to the room.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/symbology.h"
#include "gateway/symbology_builder.h"

namespace fm::gateway {

// What each instrument had on a day: traded volume, or the open interest known at its end.
using DailyAmounts = std::map<Date, std::unordered_map<std::uint32_t, std::uint64_t>>;

enum class Amount { kVolume, kOpenInterest };

struct Symbology::State {
  std::vector<Listing> listings;  // sorted by symbol, then from
  std::map<std::string, std::vector<RequestedSpan>> requested;
  std::multimap<std::uint32_t, std::size_t> by_id;                     // into listings
  std::map<std::string, std::vector<std::size_t>, std::less<>> roots;  // into listings
  // Reads the amounts from the archive's files; called once for each kind, when first needed.
  std::function<Result<DailyAmounts>(Amount)> read_amounts;

  std::mutex mutex;
  std::map<Amount, DailyAmounts> amounts;

  // Of all instruments; lives as long as this. Errors: those of reading.
  [[nodiscard]] Result<const DailyAmounts*> amounts_of(Amount amount);
};

// "ES.c.0"
struct ContinuousName {
  std::string root;
  char rule = 'c';  // c calendar, v volume, n open interest
  std::size_t rank = 0;
};
// Errors: kInvalidArgument.
[[nodiscard]] Result<ContinuousName> parse_continuous(std::string_view text);

// The id on each day of [from, to), in one span as long as it stays the same; days on which the
// name stands for nothing are left out. `reason` says why in that case.
[[nodiscard]] Result<std::vector<RequestedSpan>> resolve_continuous(Symbology::State& state,
                                                                    const ContinuousName& name,
                                                                    DaySpan days,
                                                                    std::string& reason);

}  // namespace fm::gateway
