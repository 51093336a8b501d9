// Bytes from one thread to another, in order, at most a bound of them under way.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "dbn/byte_source.h"

namespace fm::databento {

class BytePipe {
 public:
  explicit BytePipe(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // The writer's side. Waits for room; false when the reader has given up.
  [[nodiscard]] bool write(std::span<const std::byte> bytes);
  // Nothing more comes: the end, or what went wrong.
  void finish(Status how);

  // The reader's side: as ByteSource::read; the error of finish() once all bytes before it are
  // read.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> out);
  // Wakes the writer; its writes are refused from now on.
  void give_up();
  // Whether a write was refused.
  [[nodiscard]] bool was_refused();

 private:
  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<std::byte>> pieces_;  // guarded, as all below
  std::size_t first_at_ = 0;                   // bytes of the first piece that were read
  std::size_t bytes_ = 0;
  bool is_finished_ = false;
  bool is_given_up_ = false;
  bool was_refused_ = false;
  std::optional<Error> failure_;
};

// Reads a pipe that outlives it.
class PipeSource final : public dbn::ByteSource {
 public:
  explicit PipeSource(BytePipe& pipe) : pipe_(&pipe) {}
  Result<std::size_t> read(std::span<std::byte> out) override { return pipe_->read(out); }

 private:
  BytePipe* pipe_;
};

}  // namespace fm::databento
