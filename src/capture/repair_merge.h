// One capture day's repairs on their way into its log.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "capture/record_multiset.h"
#include "capture/segment_cursor.h"

namespace fm::capture {

// Records of a day's repairs that are compared at once; 48 bytes each at worst.
inline constexpr std::uint64_t kRepairRecordsMax = std::uint64_t{1} << 23;

class RepairMerge {
 public:
  // Reads the repairs and, where their times overlap, the log itself. Nothing when the day has no
  // repair. Errors: kUnsupported beyond kRepairRecordsMax; damage to a repair; those of Env.
  [[nodiscard]] static Result<std::unique_ptr<RepairMerge>> begin(Env& env,
                                                                  const std::string& directory,
                                                                  Date day);

  // The block with the repairs' records that arrived before its own, in this object's memory where
  // there are any.
  [[nodiscard]] Result<dbn::RecordBlock> merge(const dbn::RecordBlock& block);
  // What is left, a part at a time; empty at the end.
  [[nodiscard]] Result<dbn::RecordBlock> rest();
  [[nodiscard]] std::uint64_t records_given() const { return records_given_; }

 private:
  struct Source {
    std::unique_ptr<SegmentCursor> cursor;
    dbn::RecordBlock block;
    std::size_t at = 0;  // in the block
    Nanos arrival = 0;   // of the record there; kUndefTime at the end
  };

  [[nodiscard]] Status learn(Env& env, const std::string& directory, Date day);
  [[nodiscard]] Status forget_kept(Env& env, const std::string& directory, Date day);
  [[nodiscard]] Status advance(Source& source);
  [[nodiscard]] Source& oldest();
  // Appends the repairs' records that arrived before `until` to out_.
  [[nodiscard]] Status take_before(Nanos until, std::size_t bytes_max);
  [[nodiscard]] dbn::RecordBlock block_of_out() const;

  std::vector<Source> sources_;
  RecordMultiset wanted_;
  Nanos first_arrival_ = kUndefTime;
  Nanos last_arrival_ = 0;
  Nanos newest_ = 0;  // of the log so far
  std::vector<std::uint64_t> out_words_;
  std::size_t out_bytes_ = 0;
  std::uint64_t out_records_ = 0;
  std::uint64_t records_given_ = 0;

  void put(std::span<const std::byte> record);
};

}  // namespace fm::capture
