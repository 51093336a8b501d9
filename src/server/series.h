// Rows of one root in the order of time, out of whichever tables have them: candles, seconds, bars.
// A stretch of the newest rows, or of those from a moment on. Private to this room.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "server/api.h"
#include "server/context.h"
#include "server/frame.h"

namespace fm::server {

// Which rows of a series: with `from`, the first `limit` of [from, before); without, the last ones.
struct Stretch {
  std::optional<Second> from = {};
  std::optional<Second> before = {};
  std::size_t limit = 0;

  [[nodiscard]] bool is_forward() const { return from.has_value(); }
  [[nodiscard]] bool takes(Second second) const {
    return (!from || second >= *from) && (!before || second < *before);
  }
};

// A span of days, [from, before).
struct Days {
  Date from;
  Date before;
  friend bool operator==(const Days&, const Days&) = default;
};

struct Series {
  explicit Series(const table::Table& table) : frame(table) {}
  Frame frame;
  std::string source;  // the table that the rows are of, or were made from
  std::size_t time_column = 0;
  bool has_earlier = false;  // rows before the first
  bool has_later = false;    // rows behind the last, and still within the stretch
  std::optional<Days> read;  // what was looked at
  std::vector<MadeFrom> made_from;
  std::optional<Second> tail_from;  // rows from here on are in no lake yet, and may change
  std::uint64_t live_version = 0;   // of RowHub, where rows may be from there
  std::string position;             // of its events; empty where they may not
};

// Takes spans of days one by one, in the order of the stretch, until it has its rows. `days` is in
// order of time; `read` gives the rows of a span that the stretch takes, in order of time.
template <class Read>
[[nodiscard]] Status gather(const Stretch& stretch, const std::vector<Days>& days, const Read& read,
                            Series& series) {
  const std::size_t wanted = stretch.limit + 1;  // one more tells whether there are more
  for (std::size_t i = 0; i < days.size() && series.frame.size() < wanted; ++i) {
    const Days& span = stretch.is_forward() ? days[i] : days[days.size() - 1 - i];
    if (!series.read) series.read = span;
    series.read =
        Days{std::min(series.read->from, span.from), std::max(series.read->before, span.before)};
    FM_ASSIGN(Frame rows, read(span));
    if (stretch.is_forward())
      series.frame.append(std::move(rows));
    else
      series.frame.prepend(std::move(rows));
  }
  const bool has_more = series.frame.size() > stretch.limit;
  if (stretch.is_forward()) {
    series.has_later = has_more;
    series.frame.keep_first(stretch.limit);
  } else {
    series.has_earlier = has_more;
    series.frame.keep_last(stretch.limit);
  }
  return {};
}

// Partitions of a table of days that may hold rows of the stretch.
[[nodiscard]] std::vector<Days> days_of(const RootIndex* index, const Stretch& stretch);
// What an answer depends on: days that were read, and later ones that would have been.
[[nodiscard]] MadeFrom depends_on(const table::Table& table, const std::string& root,
                                  const Stretch& stretch, const Series& series);
// Whether the index has rows before `second`.
[[nodiscard]] bool has_rows_before(const RootIndex* index, Second second);

}  // namespace fm::server
