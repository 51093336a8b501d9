// What the archive must know of each schema's records: where their times lie, and how long a
// schema's intervals are. Private to the room.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "dbn/record.h"
#include "dbn/record_view.h"
#include "gateway/archive.h"

namespace fm::gateway {

inline constexpr std::size_t kSchemaCount = 20;

// One record type within a file, as the reading loops use it.
struct RecordFacts {
  dbn::Schema schema{};
  bool wanted = false;          // false: records of this type are passed over
  std::uint8_t size_min = 4;    // in words, as the record's length byte
  std::uint16_t index_at = 8;   // byte of the index time
  std::uint16_t filter_at = 8;  // byte of the time that [from, to) is held against
  Nanos arrival_shift = 0;      // from index time to arrival, where the order asks for it
  Nanos filter_shift = 0;
};
using RecordTable = std::array<RecordFacts, 256>;  // by rtype

// `schemas` are those of the file that are wanted.
[[nodiscard]] RecordTable record_table(std::span<const dbn::Schema> schemas, Filter filter,
                                       Order order);

// The schema of a record in a mixed file; nothing for what is no market data. rtype 0x01 is tbbo.
[[nodiscard]] std::optional<dbn::Schema> schema_of(dbn::RType rtype);

[[nodiscard]] inline Nanos load_time(const std::byte* record, std::size_t at) {
  Nanos time = 0;
  std::memcpy(&time, record + at, sizeof time);
  return time;
}

// No step beyond the end of time.
[[nodiscard]] constexpr Nanos plus(Nanos time, Nanos step) {
  return time > kUndefTime - step ? kUndefTime : time + step;
}

}  // namespace fm::gateway
