// The records of one segment in order, as a LogReader gives them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "capture/log_reader.h"
#include "capture/record_blocks.h"
#include "capture/segment_reader.h"

namespace fm::capture {

// What a step of a cursor met besides records.
enum class Met {
  kRecords,
  kNothingYet,  // all that may be read has been
  kEnd,         // the segment is closed and has been read
  kDamage,      // see damage(); goes on behind it when called again
};

class SegmentCursor {
 public:
  // `with_mappings`: the mappings with which the segment begins are given too.
  SegmentCursor(std::unique_ptr<SegmentReader> segment, bool with_mappings);

  struct Step {
    Met met = Met::kNothingYet;
    dbn::RecordBlock block;  // until the next call
  };
  // `limit`: how far an open segment may be read, unchecked; none: as far as its index goes,
  // checked. Errors: those of Env.
  [[nodiscard]] Result<Step> next(std::optional<std::uint64_t> limit);

  [[nodiscard]] const SegmentReader& segment() const { return *segment_; }
  [[nodiscard]] std::uint64_t byte() const { return byte_; }  // behind what was given
  [[nodiscard]] const dbn::Metadata& metadata() const { return metadata_; }
  [[nodiscard]] const Error& damage_error() const { return *error_; }
  [[nodiscard]] Damage damage() const;

 private:
  [[nodiscard]] Result<bool> fill(std::optional<std::uint64_t> limit);
  [[nodiscard]] Result<bool> fill_unchecked(std::uint64_t limit);
  [[nodiscard]] Result<bool> fill_checked();
  [[nodiscard]] Result<bool> take(std::span<const std::byte> bytes);
  [[nodiscard]] Status begin(std::span<const std::byte> bytes);
  [[nodiscard]] Error not_a_record() const;
  [[nodiscard]] Result<Step> pass_over(Error error);

  std::unique_ptr<SegmentReader> segment_;
  bool with_mappings_;
  bool begun_ = false;      // metadata are known, or lost
  std::uint64_t byte_ = 0;  // behind what was given
  std::uint64_t filled_from_ = 0;
  bool checked_ = false;  // what records_ holds
  std::optional<AlignedRecords> records_;
  dbn::Metadata metadata_;
  std::vector<std::uint64_t> memory_;
  std::optional<Error> error_;
  std::size_t damaged_block_ = 0;
  std::uint64_t record_number_ = 0;
};

}  // namespace fm::capture
