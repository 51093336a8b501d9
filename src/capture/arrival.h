// When records arrived, and what a run of them holds.
#pragma once

#include <cstdint>
#include <span>

#include "base/time.h"
#include "capture/index.h"
#include "dbn/record_view.h"

namespace fm::capture {

// The stream's clock at a record: its ts_recv, or the ts_event of a bar. kUndefTime for records
// that have none (mappings, system and error records, those of publisher 0) and where ts_recv
// cannot be: undefined, marked as unreliable, or of a trade or quote and a day past its ts_event.
[[nodiscard]] Nanos arrival_of(dbn::RecordView record);

// Whether a gateway would send it again on a replay, byte for byte.
[[nodiscard]] constexpr bool is_replayable(dbn::RType rtype) {
  return rtype != dbn::RType::kSymbolMapping && rtype != dbn::RType::kSystem &&
         rtype != dbn::RType::kError;
}

// A ts_event up to this much later than the arrival is a clock's error; more is no time to go by.
inline constexpr Nanos kEventSkewMax = kNanosPerSecond;

struct Survey {
  std::uint64_t record_count = 0;
  std::uint16_t holds = 0;  // as in Block
  Nanos first_arrival = kUndefTime;
  Nanos last_arrival = 0;
  // Of records with an arrival and a ts_event that may be gone by; 0 when there is none.
  Nanos newest_event = 0;

  void add(dbn::RecordView record);
  void add(const Survey& other);
};

// Whole records without a ts_out.
[[nodiscard]] Survey survey(const dbn::RecordBlock& block);

}  // namespace fm::capture
