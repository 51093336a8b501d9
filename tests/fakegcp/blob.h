// The bytes of an object: in memory, or in a file where they are many.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/env.h"

namespace fm::fakegcp {

class Blob {
 public:
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Result<std::string> read(std::uint64_t first, std::uint64_t count) const;
  [[nodiscard]] Result<std::string> read_all() const { return read(0, size_); }
  // The file that has the bytes, and is removed with the last copy of this blob; empty: memory.
  [[nodiscard]] std::string file() const { return file_ ? *file_ : std::string(); }

 private:
  friend class Blobs;
  std::shared_ptr<const std::string> bytes_;
  std::shared_ptr<const std::string> file_;
  std::uint64_t size_ = 0;
};

// The folder of one fake: below `directory`, or below the system's for temporary files where that
// is empty. The folder goes with it. Real files, whatever Env the fake's clock comes from.
class Blobs {
 public:
  // From this size on bytes lie in files.
  static constexpr std::size_t kFileBytesMin = 1 << 20;

  [[nodiscard]] static Result<std::unique_ptr<Blobs>> create(const std::string& directory);
  ~Blobs();
  Blobs(const Blobs&) = delete;
  Blobs& operator=(const Blobs&) = delete;

  [[nodiscard]] Result<Blob> keep(std::string bytes);
  // The path of a file with the blob's bytes: DuckDB reads files. Made where there is none, and
  // then removed when what is returned goes.
  [[nodiscard]] Result<std::shared_ptr<const std::string>> on_disk(const Blob& blob);

 private:
  explicit Blobs(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Result<std::shared_ptr<const std::string>> write(std::string_view bytes);

  std::string folder_;
  std::uint64_t files_ = 0;
};

}  // namespace fm::fakegcp
