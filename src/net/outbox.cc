#include "net/outbox.h"

#include <algorithm>
#include <utility>

namespace fm::net {

Outbox::Outbox(std::size_t bytes_max, std::function<void()> wake)
    : bytes_max_(bytes_max), wake_(std::move(wake)) {}

void Outbox::wake() {
  if (!std::exchange(is_awake_, true)) wake_();
}

void Outbox::put(Piece piece) {
  const std::lock_guard lock(mutex_);
  if (is_closed_ || piece.view().empty()) return;
  free_bytes_ += piece.view().size();
  pieces_.push_back(std::move(piece));
}

bool Outbox::write(std::string piece) {
  std::unique_lock lock(mutex_);
  // A piece larger than all room goes out alone.
  room_.wait(lock,
             [&] { return is_closed_ || bytes_ == 0 || bytes_ + piece.size() <= bytes_max_; });
  if (is_closed_) return false;
  if (piece.empty()) return true;
  bytes_ += piece.size();
  pieces_.push_back({.own = std::move(piece)});
  wake();
  return true;
}

bool Outbox::send(std::shared_ptr<const std::string> piece) {
  const std::lock_guard lock(mutex_);
  if (is_closed_ || is_finished_ || has_overflowed_) return false;
  if (piece->empty()) return true;
  if (bytes_ + piece->size() > bytes_max_) {
    has_overflowed_ = true;
    wake();
    return false;
  }
  bytes_ += piece->size();
  pieces_.push_back({.shared = std::move(piece)});
  wake();
  return true;
}

void Outbox::finish() {
  const std::lock_guard lock(mutex_);
  if (is_closed_ || std::exchange(is_finished_, true)) return;
  wake();
}

void Outbox::close() {
  std::deque<Piece> dropped;
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  dropped.swap(pieces_);
  room_.notify_all();
}

bool Outbox::take(Piece& out) {
  const std::lock_guard lock(mutex_);
  is_awake_ = false;
  if (pieces_.empty()) return false;
  out = std::move(pieces_.front());
  pieces_.pop_front();
  return true;
}

void Outbox::sent(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const std::size_t of_free = std::min(bytes, free_bytes_);
  free_bytes_ -= of_free;
  bytes_ -= std::min(bytes - of_free, bytes_);
  room_.notify_all();
}

std::size_t Outbox::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

bool Outbox::is_finished() const {
  const std::lock_guard lock(mutex_);
  return is_finished_;
}

bool Outbox::has_overflowed() const {
  const std::lock_guard lock(mutex_);
  return has_overflowed_;
}

bool Outbox::is_closed() const {
  const std::lock_guard lock(mutex_);
  return is_closed_;
}

void Outbox::set_bytes_max(std::size_t bytes_max) {
  const std::lock_guard lock(mutex_);
  bytes_max_ = bytes_max;
}

}  // namespace fm::net
