#include <zstd.h>

#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "dbn/byte_source.h"

namespace fm::dbn {

struct ZstdSource::State {
  explicit State(std::unique_ptr<ByteSource> source)
      : compressed(std::move(source)),
        context(ZSTD_createDCtx()),
        buffer_bytes(ZSTD_DStreamInSize()),
        buffer(std::make_unique_for_overwrite<std::byte[]>(buffer_bytes)) {
    FM_ASSERT(context != nullptr);
    wanted_bytes = ZSTD_initDStream(context);
  }
  ~State() { ZSTD_freeDCtx(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<std::size_t> decode(std::span<std::byte> out);
  Result<bool> fetch();
  Result<std::size_t> step(std::span<std::byte> out);
  [[nodiscard]] std::uint64_t place() const { return first_byte + at; }

  std::unique_ptr<ByteSource> compressed;
  ZSTD_DCtx* context;
  std::size_t buffer_bytes;
  std::unique_ptr<std::byte[]> buffer;  // compressed bytes [at, filled) wait to be decoded
  std::size_t at = 0;
  std::size_t filled = 0;
  std::uint64_t first_byte = 0;  // of the buffer, in the compressed file
  std::size_t wanted_bytes = 0;  // what the decoder wants next
  bool in_frame = false;
  bool may_hold_output = false;
  std::uint64_t frame = 0;
  std::uint64_t frame_first_byte = 0;
  std::optional<Error> failure;
};

// One block at most, and none before the last one has been given out: when a block is damaged, zstd
// forgets what the same call gave out before it. What zstd asks for includes the next block's
// header, which may be the damaged one.
Result<std::size_t> ZstdSource::State::step(std::span<std::byte> out) {
  if (!in_frame && at < filled) {
    in_frame = true;
    ++frame;
    frame_first_byte = place();
  }
  constexpr std::size_t kBlockHeaderBytes = 3;
  const std::size_t block_bytes =
      wanted_bytes > kBlockHeaderBytes ? wanted_bytes - kBlockHeaderBytes : wanted_bytes;
  const std::size_t given = may_hold_output ? 0 : std::min(filled - at, block_bytes);
  ZSTD_inBuffer input{buffer.get() + at, given, 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  const std::size_t result = ZSTD_decompressStream(context, &output, &input);
  if (ZSTD_isError(result) != 0)
    return fail(Code::kCorrupt,
                "zstd frame {} (from compressed byte {}) is damaged near compressed byte {}: {}",
                frame, frame_first_byte, place(), ZSTD_getErrorName(result));
  at += input.pos;
  if (result == 0) in_frame = false;
  wanted_bytes = result == 0 ? ZSTD_initDStream(context) : result;
  may_hold_output = in_frame && output.pos == out.size();
  return output.pos;
}

// Returns false at the end of the compressed input.
Result<bool> ZstdSource::State::fetch() {
  first_byte += filled;
  at = filled = 0;
  FM_ASSIGN(filled, compressed->read({buffer.get(), buffer_bytes}));
  return filled != 0;
}

Result<std::size_t> ZstdSource::State::decode(std::span<std::byte> out) {
  for (;;) {
    if (at == filled && !may_hold_output) {
      FM_ASSIGN(const bool more, fetch());
      if (!more && !in_frame) return 0;
      if (!more)
        return fail(Code::kTruncated,
                    "zstd frame {} (from compressed byte {}) is not finished: the file ends at "
                    "compressed byte {}",
                    frame, frame_first_byte, place());
    }
    FM_ASSIGN(const std::size_t count, step(out));
    if (count != 0) return count;
  }
}

ZstdSource::ZstdSource(std::unique_ptr<ByteSource> compressed)
    : state_(std::make_unique<State>(std::move(compressed))) {}
ZstdSource::~ZstdSource() = default;

Result<std::size_t> ZstdSource::read(std::span<std::byte> out) {
  if (state_->failure) return std::unexpected(*state_->failure);
  auto count = state_->decode(out);
  if (!count) state_->failure = count.error();
  return count;
}

Result<std::uint64_t> ZstdSource::count_undecoded() {
  std::uint64_t total = 0;
  for (bool more = true; more;) {
    total += state_->filled - state_->at;
    FM_ASSIGN(more, state_->fetch());
  }
  return total;
}

}  // namespace fm::dbn
