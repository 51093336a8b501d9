#include "app/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace fm::app {
namespace {

// Often enough to look alive, too seldom to cost anything.
constexpr Nanos kRedrawAfter = 100'000'000;

constexpr const char* kWipeLine = "\r\x1b[K";

}  // namespace

TerminalProgress::TerminalProgress(Env& env, std::string verb)
    : env_(env),
      verb_(std::move(verb)),
      shown_(standard_error_is_terminal()),
      started_(env.monotonic()) {}

TerminalProgress::~TerminalProgress() { wipe(); }

void TerminalProgress::at(const jobs::ProgressPoint& point) {
  if (!shown_) return;
  const Nanos now = env_.monotonic();
  if (now - drawn_ < kRedrawAfter) return;
  drawn_ = now;
  const double seconds = static_cast<double>(now - started_) / 1e9;
  std::string line = fmt::format("{}{}: ", kWipeLine, verb_);
  if (*point.stage) line += fmt::format("{} ", point.stage);
  if (point.bytes_total > 0)
    line += fmt::format(
        "{:3.0f} %  {} of {}  ",
        100.0 * static_cast<double>(point.bytes_read) / static_cast<double>(point.bytes_total),
        short_bytes(point.bytes_read), short_bytes(point.bytes_total));
  else if (point.bytes_read > 0)
    line += fmt::format("{}  ", short_bytes(point.bytes_read));
  line += fmt::format("{} records", short_count(static_cast<double>(point.records)));
  if (seconds > 0.5)
    line += fmt::format(", {}/s", short_count(static_cast<double>(point.records) / seconds));
  if (point.rows_out > 0)
    line += fmt::format(", {} rows", short_count(static_cast<double>(point.rows_out)));
  if (const double left = seconds_left(point, now); left > 0)
    line += fmt::format(", {} left", short_time(left));
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  dirty_ = true;
}

// As long as the rest of the bytes takes at the stage's pace so far; 0 where that says nothing.
double TerminalProgress::seconds_left(const jobs::ProgressPoint& point, Nanos now) {
  if (stage_ != point.stage) {
    stage_ = point.stage;
    stage_started_ = now;
    stage_begin_bytes_ = point.bytes_read;
  }
  const double seconds = static_cast<double>(now - stage_started_) / 1e9;
  if (seconds < 1 || point.bytes_read <= stage_begin_bytes_ ||
      point.bytes_read >= point.bytes_total)
    return 0;
  return seconds * static_cast<double>(point.bytes_total - point.bytes_read) /
         static_cast<double>(point.bytes_read - stage_begin_bytes_);
}

void TerminalProgress::wipe() {
  if (!dirty_) return;
  std::fputs(kWipeLine, stderr);
  std::fflush(stderr);
  dirty_ = false;
}

std::string short_count(double count) {
  if (count < 1'000) return fmt::format("{:.0f}", count);
  constexpr const char* kUnits[] = {"k", "M", "G", "T"};
  int unit = -1;
  while (count >= 999.5 && unit < 3) {
    count /= 1'000;
    ++unit;
  }
  const int decimals = count < 9.995 ? 2 : count < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", count, decimals, kUnits[unit]);
}

std::string short_time(double seconds) {
  constexpr double kMinute = 60;
  constexpr double kHour = 60 * kMinute;
  if (seconds < 99.5) return fmt::format("{:.0f} s", seconds);
  if (seconds < 99.5 * kMinute) return fmt::format("{:.0f} min", seconds / kMinute);
  return fmt::format("{:.0f} h", seconds / kHour);
}

std::string short_bytes(std::uint64_t bytes) {
  if (bytes < 1'024) return fmt::format("{} B", bytes);
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  int unit = -1;
  while (size >= 1'023.5 && unit < 3) {
    size /= 1'024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", size, size < 9.95 ? 1 : 0, kUnits[unit]);
}

std::string grouped(std::int64_t value) {
  const std::string digits = std::to_string(value < 0 ? -static_cast<std::uint64_t>(value)
                                                      : static_cast<std::uint64_t>(value));
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return value < 0 ? "-" + out : out;
}

bool standard_error_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

}  // namespace fm::app
