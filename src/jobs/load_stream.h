// The bytes of one input of a load: counted as they are read; of a pipe, which can be read only
// once, also hashed, and its beginning kept, so that it can be looked at before it is loaded.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/hash.h"

namespace fm::jobs {

// How many bytes of a file have been read; from any thread.
using ByteCount = std::atomic<std::uint64_t>;
[[nodiscard]] std::unique_ptr<ReadableFile> counted(std::unique_ptr<ReadableFile> file,
                                                    std::shared_ptr<ByteCount> count);

class LoadStream : public std::enable_shared_from_this<LoadStream> {
 public:
  // What may be read before seal(): the metadata of a file that names 100,000 instruments is 15 MB.
  static constexpr std::size_t kHeadBytesMax = std::size_t{64} << 20;

  LoadStream(Env& env, std::string path) : env_(env), path_(std::move(path)) {}

  // From the first byte. Before seal() any number of times, one behind the other; after it once.
  // Errors of reading: kIo; kUnsupported when more than kHeadBytesMax are read before seal().
  [[nodiscard]] std::unique_ptr<ReadableFile> open();
  // Looked at: what is read from now on is not kept.
  void seal();

  // Of all bytes read so far.
  [[nodiscard]] Hash128 hash() const;
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  class Handle;
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t byte, std::span<std::byte> out);

  Env& env_;
  std::string path_;
  mutable std::mutex mutex_;
  std::unique_ptr<ReadableFile> file_;
  std::vector<std::byte> head_;
  bool is_sealed_ = false;
  Hasher hasher_;
  std::atomic<std::uint64_t> bytes_ = 0;
};

}  // namespace fm::jobs
