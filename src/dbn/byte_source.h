// Where bytes come from: memory, files, zstd streams, and any of them read ahead on a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace fm::dbn {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // At least one byte and at most out.size(), which is not 0; returns 0 at the end only.
  // Errors: kIo; kCorrupt and kTruncated, with the place, from sources that decode.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
  // How many bytes of the underlying file had not been decoded when read() failed; reads to the
  // file's end. Bytes that read() would still give are not counted. For reports of what a damaged
  // file lost.
  [[nodiscard]] virtual Result<std::uint64_t> count_undecoded() { return 0; }
};

// Bytes that the caller keeps alive.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : rest_(bytes) {}
  Result<std::size_t> read(std::span<std::byte> out) override;

 private:
  std::span<const std::byte> rest_;
};

class FileSource final : public ByteSource {
 public:
  explicit FileSource(std::unique_ptr<ReadableFile> file) : file_(std::move(file)) {}
  Result<std::size_t> read(std::span<std::byte> out) override;

 private:
  std::unique_ptr<ReadableFile> file_;
};

// What a zstd stream of any number of frames holds, one after the other.
// Errors: kCorrupt for a damaged frame, kTruncated for one that does not end; both name the frame
// and the compressed byte. Everything decoded before is given out first. Frames that need more than
// 128 MiB of memory are refused as kCorrupt.
class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(std::unique_ptr<ByteSource> compressed);
  ~ZstdSource() override;
  Result<std::size_t> read(std::span<std::byte> out) override;
  Result<std::uint64_t> count_undecoded() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct ReadAheadOptions {
  std::size_t buffer_bytes = std::size_t{256} << 10;
  std::size_t buffer_count = 4;
};

// Reads another source on a thread of its own ("fm-read-ahead"), at most buffer_count buffers
// ahead, so that decompression and the work on the records use two cores. The bytes, and the error
// if there is one, come in the order in which the other source gives them.
class ReadAheadSource final : public ByteSource {
 public:
  explicit ReadAheadSource(std::unique_ptr<ByteSource> source, ReadAheadOptions options = {});
  ~ReadAheadSource() override;  // stops the thread; waits for the read in hand
  Result<std::size_t> read(std::span<std::byte> out) override;
  Result<std::uint64_t> count_undecoded() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What an input holds, told by its first bytes.
enum class Format {
  kDbn,          // metadata, then records
  kDbnFragment,  // records only; who reads them must know their version
  kJson,         // one object per line
  kCsv,          // a header row, then one row per record; commas or tabs
};

struct OpenedInput {
  std::unique_ptr<ByteSource> source;  // from the first byte, decompressed
  Format format = Format::kDbn;
  bool compressed = false;
  std::string name;  // the path, or "standard input"
};

struct InputOptions {
  bool read_ahead = false;  // decompress on a thread; without effect on uncompressed input
  bool fragment = false;    // input that is neither DBN nor text is a fragment, whatever its name
};

// `path` "-" is standard input. A fragment is recognised by ".frag" in its name, an empty file by
// its ending. Errors: those of Env; kUnsupported for the old DBZ format and for what is none of the
// formats; kTruncated for an empty DBN file.
[[nodiscard]] Result<OpenedInput> open_input(Env& env, const std::string& path,
                                             InputOptions options = {});
// The same of a file that was opened already.
[[nodiscard]] Result<OpenedInput> open_input(std::unique_ptr<ReadableFile> file,
                                             const std::string& path, InputOptions options = {});

}  // namespace fm::dbn
