#include "capture/record_blocks.h"

#include <cstring>
#include <utility>

#include "dbn/record_scan.h"

namespace fm::capture {

Result<std::size_t> metadata_bytes(std::span<const std::byte> first_block) {
  if (first_block.size() < dbn::kPreludeBytes)
    return fail(Code::kCorrupt, "{} bytes are too few for DBN metadata", first_block.size());
  FM_ASSIGN(const dbn::Prelude prelude,
            dbn::decode_prelude(first_block.first<dbn::kPreludeBytes>()));
  const std::size_t size = dbn::kPreludeBytes + prelude.metadata_bytes;
  if (size > first_block.size())
    return fail(Code::kCorrupt, "the metadata ({} bytes) reach beyond the first block ({})", size,
                first_block.size());
  return size;
}

Result<dbn::Metadata> read_metadata(std::span<const std::byte> first_block) {
  FM_ASSIGN(const std::size_t size, metadata_bytes(first_block));
  return dbn::decode_metadata(std::to_integer<int>(first_block[3]),
                              first_block.first(size).subspan(dbn::kPreludeBytes));
}

std::optional<dbn::RecordBlock> AlignedRecords::next() {
  if (reinterpret_cast<std::uintptr_t>(rest_.data()) % alignof(std::uint64_t) != 0) {
    std::vector<std::uint64_t> copy(rest_.size() / sizeof(std::uint64_t) + 1);
    std::memcpy(copy.data(), rest_.data(), rest_.size());
    rest_ = std::as_bytes(std::span(copy)).first(rest_.size());
    aligned_ = std::move(copy);  // its memory does not move
  }
  const dbn::Scan scan = dbn::scan_records(rest_, 0, false);
  if (scan.bytes == 0) return std::nullopt;
  const dbn::RecordBlock block{.bytes = rest_.first(scan.bytes),
                               .record_count = scan.record_count,
                               .common_bytes = scan.common_bytes,
                               .common_rtype = scan.common_rtype};
  rest_ = rest_.subspan(scan.bytes);
  return block;
}

}  // namespace fm::capture
