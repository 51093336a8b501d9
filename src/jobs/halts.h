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

// Halts that no record has ended yet, of contracts; spreads do not count.
class RunningHalts {
 public:
  struct Halt {
    Second since = 0;
    std::int32_t reason = 0;  // as the records have it; status_reason() says it in words
  };
  using ByContract = std::map<std::string, Halt, std::less<>>;

  // A status record, in the order of their times. Returns the halt that it ended.
  std::optional<quality::Interval> add(std::string_view contract, Second at, std::int32_t action,
                                       std::int32_t reason);
  // By root, then by contract; a root whose last halt is over is not in it.
  [[nodiscard]] const std::map<std::string, ByContract, std::less<>>& by_root() const {
    return by_root_;
  }

 private:
  std::map<std::string, ByContract, std::less<>> by_root_;
};

struct Halts {
  RunningHalts running;
  // Of any contract of the root; empty for a root whose status records know of no halt that ended.
  std::map<std::string, std::vector<quality::Interval>, std::less<>> over;
};

// `from`: records of earlier dates (UTC) are not read. Errors: the lake's.
[[nodiscard]] Result<Halts> read_halts(const lake::Lake& lake,
                                       std::optional<Date> from = std::nullopt);

// "market-wide halt, level 2"; "reason 99" of a reason that has no words here.
[[nodiscard]] std::string status_reason(std::int32_t reason);

}  // namespace fm::jobs
