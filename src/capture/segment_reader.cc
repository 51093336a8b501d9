#include "capture/segment_reader.h"

#include <zstd.h>

#include <algorithm>

#include "base/assert.h"

namespace fm::capture {
namespace {

constexpr std::size_t kRunBytes = std::size_t{1} << 20;
constexpr std::size_t kIndexStepBytes = std::size_t{64} << 10;

Result<std::size_t> read_fully(ReadableFile& file, std::span<std::byte> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    FM_ASSIGN(const std::size_t got, file.read(out.subspan(filled)));
    if (got == 0) break;
    filled += got;
  }
  return filled;
}

}  // namespace

void SegmentReader::FreeContext::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

SegmentReader::SegmentReader(Env& env, const std::string& directory, const SegmentName& name)
    : env_(&env), directory_(directory), name_(name) {}

Result<std::unique_ptr<SegmentReader>> SegmentReader::open(Env& env, const std::string& directory,
                                                           const SegmentName& name) {
  std::unique_ptr<SegmentReader> reader(new SegmentReader(env, directory, name));
  // Data before the index: when the data are gone because they were compressed meanwhile, the index
  // that is read next describes the frames.
  FM_TRY(reader->open_data());
  FM_TRY(reader->open_index());
  return reader;
}

Status SegmentReader::open_data() {
  for (const bool compressed : {false, true}) {
    path_ = path_of(directory_, name_, compressed ? kCompressed : kData);
    auto file = env_->open(path_);
    if (!file && file.error().code() == Code::kNotFound && !compressed) continue;
    if (!file) return std::unexpected(std::move(file).error());
    data_ = *std::move(file);
    compressed_ = compressed;
    break;
  }
  if (!compressed_) return {};
  context_.reset(ZSTD_createDCtx());
  FM_ASSERT(context_ != nullptr);
  return {};
}

Status SegmentReader::open_index() {
  const std::string path = path_of(directory_, name_, kIndex);
  auto file = env_->open(path);
  if (!file && file.error().code() == Code::kNotFound) {
    if (!compressed_) return {};
    return std::unexpected(
        Error(Code::kNotFound, fmt::format("{}: has no index ({})", path_, path))
            .hint("The file itself is DBN: `frontmonth candles` and `dump` read it as it is."));
  }
  if (!file) return std::unexpected(std::move(file).error());
  index_file_ = *std::move(file);
  return refresh();
}

Status SegmentReader::refresh() {
  if (!index_file_) {
    auto file = env_->open(path_of(directory_, name_, kIndex));
    if (!file && file.error().code() == Code::kNotFound) return {};
    if (!file) return std::unexpected(std::move(file).error());
    index_file_ = *std::move(file);
  }
  if (index_.footer) return {};
  FM_TRY(index_file_->seek(index_.entries * kEntryBytes));
  std::vector<std::byte> bytes;
  for (;;) {
    const std::size_t had = bytes.size();
    bytes.resize(had + kIndexStepBytes);
    FM_ASSIGN(const std::size_t got, read_fully(*index_file_, std::span(bytes).subspan(had)));
    bytes.resize(had + got);
    if (got < kIndexStepBytes) break;
  }
  read_on(index_, bytes);
  return {};
}

std::size_t SegmentReader::block_at(std::uint64_t byte) const {
  const auto found = std::ranges::upper_bound(index_.blocks, byte, {}, &Block::end);
  return static_cast<std::size_t>(found - index_.blocks.begin());
}

Result<std::size_t> SegmentReader::read_at(std::uint64_t byte, std::span<std::byte> out) {
  if (data_at_ != byte) FM_TRY(data_->seek(byte));
  data_at_ = ~std::uint64_t{0};  // not known while it may fail
  FM_ASSIGN(const std::size_t got, read_fully(*data_, out));
  data_at_ = byte + got;
  return got;
}

Result<std::size_t> SegmentReader::read_unchecked(std::uint64_t byte, std::span<std::byte> out) {
  FM_ASSERT(!compressed_);
  return read_at(byte, out);
}

std::span<std::byte> SegmentReader::room(std::size_t bytes) {
  memory_.resize(std::max(memory_.size(), bytes / sizeof(std::uint64_t) + 1));
  return std::as_writable_bytes(std::span(memory_)).first(bytes);
}

Error SegmentReader::damage(Code code, std::size_t block, std::string_view what) const {
  const Block& entry = index_.blocks[block];
  return Error(code, fmt::format("{}: block {} (bytes {} to {}): {}", path_, block, entry.offset,
                                 entry.end(), what))
      .hint(
          "The other blocks are sound and can be read; `frontmonth repair` fetches the lost "
          "records again.");
}

Result<SegmentReader::Run> SegmentReader::load(std::size_t first, std::size_t most) {
  FM_ASSERT(first < index_.blocks.size());
  if (index_.blocks[first].lost)
    return std::unexpected(damage(Code::kCorrupt, first, "its entry in the index is damaged"));
  return compressed_ ? load_frame(first) : load_data(first, most);
}

Result<SegmentReader::Run> SegmentReader::load_data(std::size_t first, std::size_t most) {
  const auto& blocks = index_.blocks;
  std::size_t last = first + 1;  // behind
  while (last < blocks.size() && last - first < most && !blocks[last].lost &&
         blocks[last].end() - blocks[first].offset <= kRunBytes)
    ++last;
  const std::uint64_t offset = blocks[first].offset;
  const auto bytes = room(blocks[last - 1].end() - offset);
  FM_ASSIGN(const std::size_t got, read_at(offset, bytes));
  Run run{.bytes = {}, .offset = offset, .block_count = 0};
  for (std::size_t number = first; number < last; ++number) {
    const Block& block = blocks[number];
    const std::size_t end = block.end() - offset;
    const bool cut = end > got;
    const bool sound =
        !cut && block_hash(bytes.subspan(block.offset - offset, block.length)) == block.hash;
    if (!sound && number == first)
      return std::unexpected(
          cut ? damage(Code::kTruncated, number,
                       fmt::format("the file ends at byte {}", offset + got))
              : damage(Code::kCorrupt, number, "the bytes are not the ones that were written"));
    if (!sound) break;
    run.bytes = bytes.first(end);
    ++run.block_count;
  }
  return run;
}

Result<SegmentReader::Run> SegmentReader::load_frame(std::size_t number) {
  const Block& block = index_.blocks[number];
  if (block.compressed_length == 0 || block.compressed_length > ZSTD_compressBound(kBlockBytesMax))
    return std::unexpected(damage(Code::kCorrupt, number, "the index does not know its frame"));
  frame_.resize(block.compressed_length);
  FM_ASSIGN(const std::size_t got, read_at(block.compressed_offset, frame_));
  if (got < frame_.size())
    return std::unexpected(
        damage(Code::kTruncated, number,
               fmt::format("the file ends at compressed byte {}", block.compressed_offset + got)));
  const auto bytes = room(block.length);
  const std::size_t made =
      ZSTD_decompressDCtx(context_.get(), bytes.data(), bytes.size(), frame_.data(), frame_.size());
  if (ZSTD_isError(made) != 0)
    return std::unexpected(damage(Code::kCorrupt, number,
                                  fmt::format("zstd frame from compressed byte {}: {}",
                                              block.compressed_offset, ZSTD_getErrorName(made))));
  if (made != bytes.size() || block_hash(bytes) != block.hash)
    return std::unexpected(
        damage(Code::kCorrupt, number, "the bytes are not the ones that were written"));
  return Run{.bytes = bytes, .offset = block.offset, .block_count = 1};
}

}  // namespace fm::capture
