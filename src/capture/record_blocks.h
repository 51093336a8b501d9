// Records in verified bytes of a segment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "dbn/metadata.h"
#include "dbn/record_view.h"

namespace fm::capture {

// How many bytes of a segment's first block are metadata. Errors: kCorrupt.
[[nodiscard]] Result<std::size_t> metadata_bytes(std::span<const std::byte> first_block);
// … decoded.
[[nodiscard]] Result<dbn::Metadata> read_metadata(std::span<const std::byte> first_block);

// The records of `bytes`, which begin with a record, as blocks whose records are aligned: mostly
// one, as it lies there. What lies behind one of an odd length is copied.
class AlignedRecords {
 public:
  explicit AlignedRecords(std::span<const std::byte> bytes) : rest_(bytes) {}
  // Nothing at the end, or where the next record is not whole and sound. In the caller's memory or
  // in this object's until the next call.
  [[nodiscard]] std::optional<dbn::RecordBlock> next();
  // What has not been given.
  [[nodiscard]] std::size_t rest() const { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
  std::vector<std::uint64_t> aligned_;
};

}  // namespace fm::capture
