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

Frame Frame::joined_with(const Frame& newer, std::size_t time_column) const {
  FM_ASSERT(newer.table_ == table_);
  Frame joined(*table_);
  joined.batches_ = batches_;
  joined.batches_.insert(joined.batches_.end(), newer.batches_.begin(), newer.batches_.end());
  const auto put = [&](std::size_t batch, std::size_t row) {
    if (!joined.runs_.empty()) {
      Run& last = joined.runs_.back();
      if (last.batch == batch && last.first + last.count == row) {
        ++last.count;
        ++joined.size_;
        return;
      }
    }
    joined.add_run({batch, row, 1});
  };
  struct Place {
    const Frame* frame;
    std::size_t run = 0;
    std::size_t row = 0;  // within the run
    [[nodiscard]] bool at_end() const { return run == frame->runs_.size(); }
    [[nodiscard]] std::size_t batch() const { return frame->runs_[run].batch; }
    [[nodiscard]] std::size_t line() const { return frame->runs_[run].first + row; }
    void step() {
      if (++row == frame->runs_[run].count) {
        ++run;
        row = 0;
      }
    }
  };
  const auto time_of = [&](const Place& place) {
    return place.frame->batch(place.batch()).int64s(time_column)[place.line()];
  };
  Place old{.frame = this}, fresh{.frame = &newer};
  while (!old.at_end() || !fresh.at_end()) {
    const bool takes_old = fresh.at_end() || (!old.at_end() && time_of(old) < time_of(fresh));
    if (takes_old) {
      put(old.batch(), old.line());
      old.step();
      continue;
    }
    while (!old.at_end() && time_of(old) == time_of(fresh)) old.step();
    put(fresh.batch() + batches_.size(), fresh.line());
    fresh.step();
  }
  return joined;
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
