// The least that any reader of DBN must do: step from record to record by the length in each
// header, in memory that already holds the bytes. Nothing is copied, checked, looked up or kept but
// a count and one sum. Lines are asked for in advance: left to itself the processor waits for
// memory half of the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fm::bench {

// How far in front of the walk memory is asked for. From 2 to 16 KiB it makes little difference.
inline constexpr std::size_t kWalkAhead = 4096;

struct Walked {
  std::uint64_t records = 0;
  std::uint64_t type_sum = 0;  // keeps the walk from being optimised away
};

// `records` are whole records, one behind the other.
[[nodiscard]] inline Walked walk_headers(std::span<const std::byte> records) {
  Walked walked;
  const std::byte* at = records.data();
  const std::byte* const end = at + records.size();
  while (at < end) {
    __builtin_prefetch(at + kWalkAhead);
    walked.type_sum += static_cast<std::uint64_t>(at[1]);
    ++walked.records;
    at += static_cast<std::size_t>(at[0]) * 4;
  }
  return walked;
}

}  // namespace fm::bench
