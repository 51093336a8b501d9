#include <zstd.h>

#include "base/assert.h"
#include "dbn/writer.h"

namespace fm::dbn {

struct ZstdSink::State {
  State(std::unique_ptr<ByteSink> sink, int level)
      : compressed(std::move(sink)), context(ZSTD_createCCtx()), buffer(ZSTD_CStreamOutSize()) {
    FM_ASSERT(context != nullptr);
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  }
  ~State() { ZSTD_freeCCtx(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Status run(std::span<const std::byte> bytes, ZSTD_EndDirective directive);

  std::unique_ptr<ByteSink> compressed;
  ZSTD_CCtx* context;
  std::vector<std::byte> buffer;
};

Status ZstdSink::State::run(std::span<const std::byte> bytes, ZSTD_EndDirective directive) {
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer output{buffer.data(), buffer.size(), 0};
    const std::size_t result = ZSTD_compressStream2(context, &output, &input, directive);
    if (ZSTD_isError(result) != 0)
      return fail(Code::kInternal, "cannot compress: {}", ZSTD_getErrorName(result));
    if (output.pos != 0) FM_TRY(compressed->write(std::span(buffer).first(output.pos)));
    const bool done = directive == ZSTD_e_continue ? input.pos == input.size : result == 0;
    if (done) return {};
  }
}

ZstdSink::ZstdSink(std::unique_ptr<ByteSink> compressed, int level)
    : state_(std::make_unique<State>(std::move(compressed), level)) {}
ZstdSink::~ZstdSink() = default;

Status ZstdSink::write(std::span<const std::byte> bytes) {
  return state_->run(bytes, ZSTD_e_continue);
}

Status ZstdSink::flush() {
  FM_TRY(state_->run({}, ZSTD_e_flush));
  return state_->compressed->flush();
}

Status ZstdSink::finish() {
  FM_TRY(state_->run({}, ZSTD_e_end));
  return state_->compressed->finish();
}

Result<std::unique_ptr<ByteSink>> create_output(Env& env, const std::string& path, Create how) {
  FM_ASSIGN(auto file, env.create(path, how));
  std::unique_ptr<ByteSink> sink = std::make_unique<FileSink>(std::move(file));
  if (path.ends_with(".zst")) sink = std::make_unique<ZstdSink>(std::move(sink));
  return sink;
}

}  // namespace fm::dbn
