// Records and logs for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/testing_fault_env.h"
#include "capture/log.h"
#include "capture/log_reader.h"
#include "dbn/record.h"
#include "dbn/testing_records.h"

namespace fm::capture::testing {

using dbn::testing::Bytes;
using dbn::testing::bytes_of;
using dbn::testing::operator+;

// 2025-06-16 14:00:00 UTC, 9:00 in Chicago: within the capture day of that name.
inline constexpr Nanos kMorning = 1'750'082'400ULL * kNanosPerSecond;
inline constexpr std::string_view kDataset = "GLBX.MDP3";

// A trade that arrived then, a millisecond behind its event.
[[nodiscard]] dbn::Mbp1Msg trade(std::uint32_t sequence, Nanos arrival);
// `count` of them, a millisecond apart, numbered from `first`.
[[nodiscard]] Bytes trades(std::uint32_t first, std::size_t count, Nanos arrival);
[[nodiscard]] dbn::SymbolMappingMsg mapping(std::uint32_t instrument, std::string_view asked,
                                            std::string_view raw, Nanos end = kUndefTime);

// The bytes, which must be whole records, as a block in the caller's memory.
[[nodiscard]] dbn::RecordBlock block_of(const Bytes& bytes, std::size_t tail_bytes = 0);
[[nodiscard]] dbn::Metadata session_metadata(Nanos start = kMorning);

// No threads; nothing is made durable before sync() or close().
[[nodiscard]] LogOptions by_hand(const std::string& directory);

struct ReadLog {
  Bytes records;  // without mappings and markers
  std::vector<Damage> damages;
  std::optional<Error> error;
  std::uint64_t repaired = 0;
};
[[nodiscard]] ReadLog read_log(Env& env, const std::string& directory,
                               LogReaderOptions options = {});
// Every record of a DBN file or .zst, with dbn::open_input and dbn::Reader.
[[nodiscard]] Bytes read_segment(const std::string& path);
// Without mappings and markers.
[[nodiscard]] Bytes data_only(const Bytes& records);

// Names in a day's directory.
[[nodiscard]] std::vector<std::string> files_of(const std::string& directory, Date day);
void flip(const std::string& path, std::uint64_t byte);
[[nodiscard]] std::uint64_t size_of(const std::string& path);

// Temporary files in memory where the system has a place for that: kills and power cuts are made by
// the hundred, and real syncs would take minutes.
void keep_files_in_memory();

inline const Date kMonday(2025, 6, 16);

}  // namespace fm::capture::testing
