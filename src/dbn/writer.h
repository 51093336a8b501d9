// Writing DBN, versions 1 to 3, raw or zstd.
//
//   FM_ASSIGN(auto sink, create_output(env, path));          // by the ending: .zst compresses
//   FM_ASSIGN(Writer writer, Writer::open(std::move(sink), metadata));
//   FM_TRY(writer.write(trade));
//   FM_TRY(writer.finish());
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "dbn/metadata.h"
#include "dbn/record_view.h"

namespace fm::dbn {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  [[nodiscard]] virtual Status write(std::span<const std::byte> bytes) = 0;
  // Hands on everything written so far, so that a reader of the other end can decode it.
  [[nodiscard]] virtual Status flush() { return {}; }
  // Ends the stream; nothing may follow. Without it the output is not complete.
  [[nodiscard]] virtual Status finish() { return {}; }
};

// Appends to bytes that the caller keeps.
class MemorySink final : public ByteSink {
 public:
  explicit MemorySink(std::vector<std::byte>& out) : out_(out) {}
  Status write(std::span<const std::byte> bytes) override;

 private:
  std::vector<std::byte>& out_;
};

class FileSink final : public ByteSink {
 public:
  explicit FileSink(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  Status write(std::span<const std::byte> bytes) override { return file_->write(bytes); }
  Status finish() override { return file_->close(); }

 private:
  std::unique_ptr<WritableFile> file_;
};

// One zstd frame with a content checksum.
class ZstdSink final : public ByteSink {
 public:
  explicit ZstdSink(std::unique_ptr<ByteSink> compressed, int level = 3);
  ~ZstdSink() override;
  Status write(std::span<const std::byte> bytes) override;
  Status flush() override;
  Status finish() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A new file, compressed when its name ends in ".zst". Errors: those of Env.
[[nodiscard]] Result<std::unique_ptr<ByteSink>> create_output(Env& env, const std::string& path,
                                                              Create how = Create::kTruncate);

class Writer {
 public:
  // Writes the metadata; records follow in the form of metadata.version. Errors: kInvalidArgument
  // when a name does not fit the version; the sink's.
  [[nodiscard]] static Result<Writer> open(std::unique_ptr<ByteSink> sink,
                                           const Metadata& metadata);
  // Records only.
  [[nodiscard]] static Writer fragment(std::unique_ptr<ByteSink> sink, int version,
                                       bool ts_out = false);

  // One record of any kind, byte by byte as it is. Errors: kInvalidArgument when it has the form of
  // another version, or no ts_out where the file's records have one, or the reverse; the sink's.
  [[nodiscard]] Status write(RecordView record);
  // All records of a block, under the same conditions.
  [[nodiscard]] Status write(const RecordBlock& block);
  // A record that the caller made. The length is set here, and ts_out added where the file's
  // records have one.
  template <class T>
    requires requires(const T& record) { record.header; }
  [[nodiscard]] Status write(const T& record, Nanos ts_out = kUndefTime) {
    return write_made({reinterpret_cast<const std::byte*>(&record), sizeof(T)}, ts_out);
  }

  [[nodiscard]] Status flush();
  // Must be called to learn of late errors. A Writer that is destroyed before leaves its output
  // unfinished.
  [[nodiscard]] Status finish();
  [[nodiscard]] std::uint64_t records_written() const { return records_written_; }

 private:
  Writer(std::unique_ptr<ByteSink> sink, int version, std::size_t tail_bytes);
  [[nodiscard]] Status check_form(const RecordHeader& header, std::size_t tail_bytes) const;
  [[nodiscard]] Status write_made(std::span<const std::byte> record, Nanos ts_out);
  [[nodiscard]] Status put(std::span<const std::byte> bytes);
  [[nodiscard]] Status drain();

  std::unique_ptr<ByteSink> sink_;
  std::vector<std::byte> buffer_;
  int version_;
  std::size_t tail_bytes_;
  std::uint64_t records_written_ = 0;
};

}  // namespace fm::dbn
