// One root's trade date as a picture: price, volume delta and cumulative volume delta over one time
// axis, as PNG and SVG. Knows nothing of lakes and files' contents: it draws what it is given.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"

namespace fm::app {

struct ChartBar {
  // UTC; in order of time, those without a trade left out. A bar goes to the next multiple of
  // Chart::bar_seconds or to the next bar, whichever is first.
  Second start = 0;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  std::int64_t volume_delta = 0;  // contracts bought less contracts sold by the aggressor
  std::int64_t cvd_close = 0;     // contracts
};

// From `start` on, `symbol` is the front month.
struct ChartStint {
  Second start = 0;
  std::string symbol;
};

struct Chart {
  std::string title;
  std::string subtitle;
  std::string footer;
  std::string price_unit;  // "index points"; may be empty
  std::string time_zone = "America/Chicago";
  int price_decimals = 2;
  Second begin = 0;  // of the time axis
  Second end = 0;
  Second bar_seconds = 300;
  std::vector<ChartBar> bars;
  std::vector<ChartStint> stints;
};

inline constexpr int kChartWidth = 1400;  // in the SVG's units; the PNG has twice as many pixels
inline constexpr int kChartHeight = 900;

// Requires bars, and begin < end. An existing file is replaced at once, never half. Errors:
// kNotFound when the system has no such time zone; kNoSpace, kPermission, kIo.
[[nodiscard]] Status write_png(Env& env, const Chart& chart, const std::string& path);
[[nodiscard]] Status write_svg(Env& env, const Chart& chart, const std::string& path);

// Round numbers about `count` of which fill [low, high]: the first, and the step (1, 2, 2.5 or 5
// times a power of ten).
struct Ticks {
  double first = 0;
  double step = 1;
};
[[nodiscard]] Ticks round_ticks(double low, double high, int count);

}  // namespace fm::app
