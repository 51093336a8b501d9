#include "server/frame.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace fm::server {

void Frame::append(Frame other) {
  FM_ASSERT(other.table_ == table_);
  const std::size_t shift = batches_.size();
  batches_.insert(batches_.end(), other.batches_.begin(), other.batches_.end());
  for (const Run& run : other.runs_) add_run({run.batch + shift, run.first, run.count});
}

void Frame::prepend(Frame other) {
  other.append(std::move(*this));
  *this = std::move(other);
}

void Frame::keep_first(std::size_t rows) {
  while (size_ > rows) {
    Run& last = runs_.back();
    const std::size_t cut = std::min(last.count, size_ - rows);
    last.count -= cut;
    size_ -= cut;
    if (last.count == 0) runs_.pop_back();
  }
}

void Frame::keep_last(std::size_t rows) {
  std::size_t cut = size_ > rows ? size_ - rows : 0;
  size_ -= cut;
  auto run = runs_.begin();
  for (; run != runs_.end() && run->count <= cut; ++run) cut -= run->count;
  runs_.erase(runs_.begin(), run);
  if (cut > 0) {
    runs_.front().first += cut;
    runs_.front().count -= cut;
  }
}

std::optional<Second> Frame::first_second(std::size_t column) const {
  if (runs_.empty()) return std::nullopt;
  return second_at(*batches_[runs_.front().batch], column, runs_.front().first);
}

std::optional<Second> Frame::last_second(std::size_t column) const {
  if (runs_.empty()) return std::nullopt;
  const Run& last = runs_.back();
  return second_at(*batches_[last.batch], column, last.first + last.count - 1);
}

}  // namespace fm::server
