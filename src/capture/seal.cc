#include "capture/seal.h"

#include <zstd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "capture/index.h"
#include "capture/segment_reader.h"

namespace fm::capture {
namespace {

constexpr int kLevel = 3;
constexpr std::uint64_t kFrameBytesLeast = std::uint64_t{1} << 20;

// Puts another block at the end of one that becomes a frame.
void join_blocks(Block& frame, const Block& block) {
  if (frame.length == 0) frame.offset = block.offset;
  frame.length += block.length;
  frame.record_count += block.record_count;
  frame.holds |= block.holds;
  frame.first_arrival = std::min(frame.first_arrival, block.first_arrival);
  frame.last_arrival = std::max(frame.last_arrival, block.last_arrival);
}

class Compressor {
 public:
  explicit Compressor(std::unique_ptr<WritableFile> out)
      : out_(std::move(out)), context_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
    FM_ASSERT(context_ != nullptr);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }

  Status add(const Block& block, std::span<const std::byte> bytes) {
    join_blocks(open_, block);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return open_.length >= kFrameBytesLeast ? end_frame() : Status{};
  }

  Status end_frame() {
    if (open_.length == 0) return {};
    compressed_.resize(ZSTD_compressBound(bytes_.size()));
    const std::size_t size = ZSTD_compress2(context_.get(), compressed_.data(), compressed_.size(),
                                            bytes_.data(), bytes_.size());
    if (ZSTD_isError(size) != 0)
      return fail(Code::kInternal, "cannot compress: {}", ZSTD_getErrorName(size));
    FM_TRY(out_->write(std::span(compressed_).first(size)));
    open_.hash = block_hash(bytes_);
    open_.compressed_offset = at_;
    open_.compressed_length = size;
    at_ += size;
    frames_.push_back(open_);
    open_ = Block{};
    bytes_.clear();
    return {};
  }

  Status finish() {
    FM_TRY(end_frame());
    FM_TRY(out_->sync());
    return out_->close();
  }
  [[nodiscard]] const std::vector<Block>& frames() const { return frames_; }

 private:
  std::unique_ptr<WritableFile> out_;
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context_;
  Block open_;
  std::vector<std::byte> bytes_;
  std::vector<std::byte> compressed_;
  std::vector<Block> frames_;
  std::uint64_t at_ = 0;
};

// Every block was held against its hash by the reader; a stop gives no frames.
Result<std::vector<Block>> compress(SegmentReader& segment, std::unique_ptr<WritableFile> out,
                                    const std::atomic<bool>& stop) {
  Compressor compressor(std::move(out));
  const auto& blocks = segment.index().blocks;
  for (std::size_t number = 0; number < blocks.size();) {
    if (stop) return std::vector<Block>{};
    FM_ASSIGN(const auto run, segment.load(number));
    for (std::size_t i = 0; i < run.block_count; ++i, ++number)
      FM_TRY(compressor.add(blocks[number], run.bytes.subspan(blocks[number].offset - run.offset,
                                                              blocks[number].length)));
  }
  FM_TRY(compressor.finish());
  return compressor.frames();
}

Status check(Env& env, const std::string& path, std::span<const Block> frames) {
  FM_ASSIGN(auto file, env.open(path));
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                        ZSTD_freeDCtx);
  FM_ASSERT(context != nullptr);
  std::vector<std::byte> compressed;
  std::vector<std::byte> bytes;
  for (const Block& frame : frames) {
    compressed.resize(frame.compressed_length);
    bytes.resize(frame.length);
    for (std::size_t filled = 0; filled < compressed.size();) {
      FM_ASSIGN(const std::size_t got, file->read(std::span(compressed).subspan(filled)));
      if (got == 0) break;
      filled += got;
    }
    const std::size_t made = ZSTD_decompressDCtx(context.get(), bytes.data(), bytes.size(),
                                                 compressed.data(), compressed.size());
    if (made != bytes.size() || block_hash(bytes) != frame.hash)
      return fail(Code::kCorrupt, "{}: the frame at byte {} does not read back as it was written",
                  path, frame.compressed_offset);
  }
  return {};
}

Status write_index(Env& env, const std::string& path, const IndexHeader& header,
                   std::span<const Block> blocks) {
  std::vector<Entry> entries{encode(header)};
  for (const Block& block : blocks) entries.push_back(encode(block));
  entries.push_back(encode(footer_of(blocks)));
  FM_ASSIGN(auto file, env.create(path, Create::kTruncate));
  FM_TRY(file->write(std::as_bytes(std::span(entries))));
  FM_TRY(file->sync());
  return file->close();
}

IndexHeader header_of(const SegmentReader& segment) {
  if (segment.index().header) return *segment.index().header;
  return {
      .day = segment.name().day, .segment = segment.name().number, .repair = segment.name().repair};
}

}  // namespace

Status seal_segment(Env& env, const std::string& directory, const SegmentName& name,
                    const std::atomic<bool>& stop) {
  const std::string data = path_of(directory, name, kData);
  const std::string compressed = path_of(directory, name, kCompressed);
  const std::string index = path_of(directory, name, kIndex);
  const std::string data_draft = compressed + std::string(kDraft);
  const std::string index_draft = index + std::string(kDraft);
  const auto write = [&]() -> Result<bool> {
    FM_ASSIGN(auto segment, SegmentReader::open(env, directory, name));
    if (!segment->index().footer)
      return fail(Code::kCorrupt, "{}: its index has no end; the segment is not closed", data);
    FM_ASSIGN(auto out, env.create(data_draft, Create::kTruncate));
    FM_ASSIGN(const auto frames, compress(*segment, std::move(out), stop));
    if (frames.empty()) return false;
    FM_TRY(check(env, data_draft, frames));
    FM_TRY(write_index(env, index_draft, header_of(*segment), frames));
    return true;
  };
  const Result<bool> written = write();
  if (!written || !*written) {
    static_cast<void>(env.remove(data_draft));
    static_cast<void>(env.remove(index_draft));
    return written ? Status{} : std::unexpected(written.error());
  }
  // From the next line on there are both forms; either index names the uncompressed bytes rightly.
  FM_TRY(env.rename(data_draft, compressed));
  FM_TRY(env.rename(index_draft, index));
  FM_TRY(env.sync_directory(day_path(directory, name.day)));
  FM_TRY(env.remove(data));
  return env.sync_directory(day_path(directory, name.day));
}

}  // namespace fm::capture
