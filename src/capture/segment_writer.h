// One segment while it is written: data and index, each in a file that is preallocated ahead of
// what is written. The feed's thread writes and counts; the syncing thread commits. What both touch
// is guarded by the log's mutex, as each function says.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "capture/arrival.h"
#include "capture/block_maker.h"
#include "capture/index.h"
#include "capture/segment_files.h"

namespace fm::capture {

// Zeros are written in steps of this, small enough that a sync that finds them dirty is not late.
// At high rates most of the data overtakes them, and the file then grows as it is written.
inline constexpr std::uint64_t kDataStepBytes = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kIndexStepBytes = std::uint64_t{64} << 10;

class SegmentWriter {
 public:
  // Makes the files (in a day's directory that is there) and writes the prologue, which is counted
  // as blocks of their own. Errors: kNoSpace and other errors of Env, with nothing left behind.
  [[nodiscard]] static Result<std::shared_ptr<SegmentWriter>> create(
      Env& env, const std::string& directory, const SegmentName& name,
      std::span<const std::byte> metadata, std::span<const std::byte> mappings);

  [[nodiscard]] const SegmentName& name() const { return name_; }

  // --- The feed's thread, or with the mutex held ---
  [[nodiscard]] std::uint64_t end() const { return end_; }
  [[nodiscard]] bool holds_records() const { return end_ > prologue_bytes_; }
  [[nodiscard]] std::size_t block_count() const { return block_count_; }
  // Puts bytes at `at`; they do not count yet, and may be written over when this failed.
  [[nodiscard]] Status write(std::uint64_t at, std::span<const std::byte> bytes);
  // Removes the files of a segment that was created in vain.
  void discard();

  // --- With the mutex held ---
  // The bytes at end(), which were written, belong to the segment.
  void count(std::span<const std::byte> bytes, const Survey& survey);
  // Ends the open block and gives the blocks that are not durable.
  [[nodiscard]] std::vector<Block> take_pending();
  // … of which the first `count` are now.
  void forget_pending(std::size_t count);

  // --- The syncing thread, without the mutex ---
  // Makes data and then index entries durable, so that an index never names data that a power cut
  // can take. May be called again with the same blocks after an error.
  [[nodiscard]] Status commit(std::span<const Block> blocks);
  // Keeps zeros ahead of `written`. A full disk is no error here: writing will tell.
  [[nodiscard]] Status preallocate_ahead(std::uint64_t written);
  // Truncates the data to what is committed, writes the footer and closes. May be called again.
  [[nodiscard]] Status finish();
  [[nodiscard]] std::uint64_t committed() const { return committed_; }

 private:
  SegmentWriter(Env& env, const std::string& directory, const SegmentName& name);
  [[nodiscard]] Status begin(std::span<const std::byte> metadata,
                             std::span<const std::byte> mappings);
  [[nodiscard]] Status write_again(std::span<const Block> blocks);
  [[nodiscard]] Status put_entries(std::span<const Entry> entries);
  void end_block();

  Env* env_;
  std::string directory_;
  SegmentName name_;
  std::string data_path_;
  std::string index_path_;
  std::unique_ptr<WritableFile> data_;
  std::unique_ptr<WritableFile> index_;

  std::uint64_t end_ = 0;
  std::uint64_t prologue_bytes_ = 0;
  std::atomic<std::size_t> block_count_ = 0;  // read by the feed's thread without the mutex
  std::vector<Block> pending_;
  BlockMaker maker_;

  FooterMaker footer_;  // of what is committed
  std::uint64_t committed_ = 0;
  // Held while bytes or zeros are put behind the file's end: zeros must never lie over bytes.
  std::mutex extending_;
  std::uint64_t data_room_ = 0;   // preallocated
  std::uint64_t index_room_ = 0;  // preallocated
  std::size_t entries_ = 0;       // durable
  bool named_ = false;            // the files' names are durable
  bool data_suspect_ = false;     // a sync failed: what it was to write may be marked as written
  bool truncated_ = false;
  bool finished_ = false;
};

}  // namespace fm::capture
