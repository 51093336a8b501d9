// Where the next block of a reader's buffer ends. The only place that judges record lengths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dbn/record.h"

namespace fm::dbn {

enum class ScanEnd {
  kPartial,     // fewer bytes are left than the next record needs
  kBadLength,   // the next record claims to be shorter than a header
  kSecondFile,  // metadata begin where a record should
  kUpgrade,     // the next record has an old form
  kMisaligned,  // the next record is sound, but does not lie on a multiple of 8
};

struct Scan {
  std::size_t bytes =
      0;  // whole records from the start, all in the form in which they may be given out
  std::uint64_t record_count = 0;
  std::size_t common_bytes = 0;  // as in RecordBlock
  RType common_rtype{};
  ScanEnd end = ScanEnd::kPartial;
};

// Reads `bytes` as records as far as they are sound and need no change. `stop_at_old_forms` ends it
// before a record that version 3 writes otherwise.
[[nodiscard]] Scan scan_records(std::span<const std::byte> bytes, std::size_t tail_bytes,
                                bool stop_at_old_forms);

}  // namespace fm::dbn
