// A file that is summed up while it is written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dbn/writer.h"

namespace fm::gateway {

struct FileSummary {
  std::uint64_t size_bytes = 0;
  std::string sha256;  // 64 lower-case digits
  std::uint32_t crc32 = 0;
};

class HashingSink final : public dbn::ByteSink {
 public:
  // `summary` is filled by finish() and outlives the sink.
  HashingSink(std::unique_ptr<WritableFile> file, FileSummary& summary);
  ~HashingSink() override;
  Status write(std::span<const std::byte> bytes) override;
  Status finish() override;

 private:
  struct State;
  std::unique_ptr<WritableFile> file_;
  FileSummary& summary_;
  std::unique_ptr<State> state_;
};

}  // namespace fm::gateway
