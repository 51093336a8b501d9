#include "databento/byte_pipe.h"

#include <algorithm>
#include <cstring>

namespace fm::databento {

bool BytePipe::write(std::span<const std::byte> bytes) {
  if (bytes.empty()) return true;
  std::vector<std::byte> piece(bytes.begin(), bytes.end());
  std::unique_lock lock(mutex_);
  // A piece larger than the bound passes alone.
  changed_.wait(lock,
                [&] { return is_given_up_ || bytes_ == 0 || bytes_ + bytes.size() <= bytes_max_; });
  if (is_given_up_) {
    was_refused_ = true;
    return false;
  }
  bytes_ += piece.size();
  pieces_.push_back(std::move(piece));
  changed_.notify_all();
  return true;
}

void BytePipe::finish(Status how) {
  const std::scoped_lock lock(mutex_);
  is_finished_ = true;
  if (!how) failure_ = std::move(how).error();
  changed_.notify_all();
}

Result<std::size_t> BytePipe::read(std::span<std::byte> out) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return is_finished_ || !pieces_.empty(); });
  if (pieces_.empty()) {
    if (failure_) return std::unexpected(*failure_);
    return std::size_t{0};
  }
  const std::vector<std::byte>& first = pieces_.front();
  const std::size_t given = std::min(out.size(), first.size() - first_at_);
  std::memcpy(out.data(), first.data() + first_at_, given);
  first_at_ += given;
  bytes_ -= given;
  if (first_at_ == first.size()) {
    pieces_.pop_front();
    first_at_ = 0;
  }
  changed_.notify_all();
  return given;
}

void BytePipe::give_up() {
  const std::scoped_lock lock(mutex_);
  is_given_up_ = true;
  changed_.notify_all();
}

bool BytePipe::was_refused() {
  const std::scoped_lock lock(mutex_);
  return was_refused_;
}

}  // namespace fm::databento
