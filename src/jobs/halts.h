// When the exchange halted contracts of a root: out of the status records in the lake.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "lake/lake.h"
#include "quality/knowledge.h"

namespace fm::jobs {

// Of one root. Spreads do not count.
struct Halts {
  struct Open {
    Second since = 0;
    std::int32_t reason = 0;  // as the records have it; status_reason() says it in words
  };
  std::vector<quality::Interval> over;               // ended by a record; of any contract
  std::map<std::string, Open, std::less<>> running;  // by contract: no record has ended it
};

// By root; a root without status records is not in it. `from`: records of earlier dates (UTC) are
// not read. Errors: the lake's.
[[nodiscard]] Result<std::map<std::string, Halts, std::less<>>> read_halts(
    const lake::Lake& lake, std::optional<Date> from = std::nullopt);

// "market-wide circuit breaker"; "reason 99" of a reason that has no words here.
[[nodiscard]] std::string status_reason(std::int32_t reason);

}  // namespace fm::jobs
