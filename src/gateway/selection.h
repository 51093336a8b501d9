// Which instruments a request is for, each for its own stretch of time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"

namespace fm::gateway {

struct Resolution;

class Selection {
 public:
  Selection() = default;  // nothing
  [[nodiscard]] static Selection all(Nanos from = 0);
  // Every id of a resolution to instrument_id, for its days.
  [[nodiscard]] static Selection of(const Resolution& resolution);

  // Also the instrument in [from, to).
  void add(std::uint32_t instrument_id, Nanos from = 0, Nanos to = kUndefTime);
  // Also every instrument from then on.
  void add_all(Nanos from);

  [[nodiscard]] bool matches(std::uint32_t instrument_id, Nanos time) const {
    if (time >= all_from_) return true;
    if (slots_.empty()) return false;
    return finds(instrument_id, time);
  }
  // Whether everything from `time` on matches.
  [[nodiscard]] bool is_all(Nanos time = 0) const { return all_from_ <= time; }
  [[nodiscard]] bool is_empty() const { return all_from_ == kUndefTime && spans_.empty(); }

 private:
  struct Span {
    std::uint32_t instrument_id;
    std::uint32_t next;  // of the same instrument; kNone at the end
    Nanos from;
    Nanos to;
  };
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  [[nodiscard]] std::size_t slot_of(std::uint32_t instrument_id) const;
  [[nodiscard]] bool finds(std::uint32_t instrument_id, Nanos time) const;
  void grow();

  Nanos all_from_ = kUndefTime;
  std::vector<Span> spans_;
  std::vector<std::uint32_t> slots_;  // open addressing: the first span of an instrument
  std::size_t instruments_ = 0;
};

}  // namespace fm::gateway
