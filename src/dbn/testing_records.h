// Small DBN files for tests, and sources that behave badly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dbn/byte_source.h"
#include "dbn/metadata.h"
#include "dbn/reader.h"
#include "dbn/record_v1.h"

namespace fm::dbn::testing {

using Bytes = std::vector<std::byte>;

// The bytes of a record that the test made, with the length field set.
template <class T>
[[nodiscard]] Bytes bytes_of(T record) {
  record.header.length = kLengthOf<T>;
  const auto* begin = reinterpret_cast<const std::byte*>(&record);
  return {begin, begin + sizeof record};
}
[[nodiscard]] Bytes operator+(Bytes left, const Bytes& right);
[[nodiscard]] Bytes first_of(const Bytes& bytes, std::size_t count);

// One symbol asked for and mapped: ESH1 was 5482 on 2020-12-28.
[[nodiscard]] Metadata sample_metadata(int version, Schema schema = Schema::kTbbo);
[[nodiscard]] Mbp1Msg sample_tbbo(std::uint32_t sequence);
// A record of a type that nobody knows; size_bytes is a multiple of 4 from 16 to 1020.
[[nodiscard]] Bytes unknown_record(std::size_t size_bytes, std::uint8_t fill = 7);
// A file of `count` sample_tbbo records; more than fit one block when `count` is large.
[[nodiscard]] Bytes tbbo_file(int version, std::size_t count);

[[nodiscard]] Bytes compress(const Bytes& bytes);
[[nodiscard]] Bytes read_file(const std::string& path);  // decompressed

// Gives at most `step` bytes per read.
class TrickleSource final : public ByteSource {
 public:
  TrickleSource(Bytes bytes, std::size_t step)
      : bytes_(std::move(bytes)), rest_(bytes_), step_(step) {}
  Result<std::size_t> read(std::span<std::byte> out) override {
    return rest_.read(out.first(std::min(out.size(), step_)));
  }

 private:
  Bytes bytes_;
  MemorySource rest_;
  std::size_t step_;
};

// Fails with kIo once its bytes are used up.
class FailingSource final : public ByteSource {
 public:
  explicit FailingSource(Bytes bytes) : bytes_(std::move(bytes)), rest_(bytes_) {}
  Result<std::size_t> read(std::span<std::byte> out) override;

 private:
  Bytes bytes_;
  MemorySource rest_;
};

// Everything that a reader gave, and how it ended.
struct ReadOut {
  Metadata metadata;
  Bytes records;
  std::uint64_t record_count = 0;
  std::uint64_t block_count = 0;
  std::optional<Error> error;  // of open or next
  std::optional<Loss> loss;
};

// Reads to the end or the first error, and checks what every block promises: aligned whole records,
// numbered and placed one behind the other.
[[nodiscard]] ReadOut read_out(std::unique_ptr<ByteSource> source, ReaderOptions options = {});
[[nodiscard]] ReadOut read_out(const Bytes& bytes, ReaderOptions options = {});

}  // namespace fm::dbn::testing
