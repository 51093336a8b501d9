// One segment for reading: its index, and its blocks from the data or from zstd frames, checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "capture/index.h"
#include "capture/segment_files.h"

struct ZSTD_DCtx_s;

namespace fm::capture {

class SegmentReader {
 public:
  // The index may be missing (a segment just begun): then it is empty, and refresh() looks again.
  // Errors: kNotFound when there are no data; those of Env.
  [[nodiscard]] static Result<std::unique_ptr<SegmentReader>> open(Env& env,
                                                                   const std::string& directory,
                                                                   const SegmentName& name);

  [[nodiscard]] const SegmentName& name() const { return name_; }
  [[nodiscard]] const std::string& path() const { return path_; }  // of the data
  [[nodiscard]] bool compressed() const { return compressed_; }
  [[nodiscard]] const Index& index() const { return index_; }
  // Reads what the index gained since.
  [[nodiscard]] Status refresh();
  // The block that holds this byte; block_count when none does.
  [[nodiscard]] std::size_t block_at(std::uint64_t byte) const;

  struct Run {
    std::span<const std::byte> bytes;  // from an address that is a multiple of 8
    std::uint64_t offset = 0;          // in the uncompressed segment
    std::size_t block_count = 0;
  };
  // Blocks from `first` on, one at least and up to a megabyte, in the reader's memory until the
  // next call. A damaged one behind the first ends the run. Errors: kCorrupt, kTruncated with file,
  // block and bytes.
  [[nodiscard]] Result<Run> load(std::size_t first, std::size_t most = ~std::size_t{0});
  // Bytes of the data as they lie there, unchecked, as many as there are. Only when not compressed.
  [[nodiscard]] Result<std::size_t> read_unchecked(std::uint64_t byte, std::span<std::byte> out);

 private:
  struct FreeContext {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  SegmentReader(Env& env, const std::string& directory, const SegmentName& name);
  [[nodiscard]] Status open_data();
  [[nodiscard]] Status open_index();
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t byte, std::span<std::byte> out);
  [[nodiscard]] Result<Run> load_data(std::size_t first, std::size_t most);
  [[nodiscard]] Result<Run> load_frame(std::size_t number);
  [[nodiscard]] Error damage(Code code, std::size_t block, std::string_view what) const;
  [[nodiscard]] std::span<std::byte> room(std::size_t bytes);

  Env* env_;
  std::string directory_;
  SegmentName name_;
  std::string path_;
  bool compressed_ = false;
  std::unique_ptr<ReadableFile> data_;
  std::uint64_t data_at_ = 0;  // where the file stands
  std::unique_ptr<ReadableFile> index_file_;
  Index index_;
  std::vector<std::uint64_t> memory_;  // of words, so that records are aligned
  std::vector<std::byte> frame_;
  std::unique_ptr<ZSTD_DCtx_s, FreeContext> context_;
};

}  // namespace fm::capture
