#include "app/live_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/progress.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/price.h"

namespace fm::app {
namespace {

constexpr Second kLogEvery = 60;

double per_second(std::uint64_t now, std::uint64_t before, Second elapsed) {
  if (elapsed <= 0 || now < before) return 0;
  return static_cast<double>(now - before) / static_cast<double>(elapsed);
}

// Prices as people write them: no zeros behind the last digit that says something.
std::string short_price(Price price) {
  std::string text = format_price(price);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text += "00";
  return text;
}

// How far `newest` lies behind `now`; nothing tells of a stream that is years away.
std::string lag(Second now, Second newest) {
  if (newest == 0) return "-";
  const Second behind = now - newest;
  if (behind < 0) return "0 s";
  if (behind < 120) return fmt::format("{} s", behind);
  if (behind < 7'200) return fmt::format("{} min", behind / 60);
  if (behind < 172'800) return fmt::format("{} h", behind / 3'600);
  return iso_second(newest);
}

std::string lake_words(const jobs::LiveStatus& status) {
  const jobs::LakeFigures& lake = status.lake;
  std::string text =
      fmt::format("lake {} rows", short_count(static_cast<double>(lake.rows_stored)));
  if (lake.stored_to && status.clock)
    text += fmt::format(", {} behind the feed", lag(*status.clock, *lake.stored_to));
  if (!lake.last_error.empty()) text += fmt::format(" (not written: {})", lake.last_error);
  return text;
}

std::string database_words(const jobs::LiveStatus& status) {
  const jobs::DatabaseFigures& database = status.database;
  if (!database.is_on) return "";
  std::string text = fmt::format(
      "; {}: {} rows", database.place.empty() ? "PostgreSQL" : std::string_view(database.place),
      short_count(static_cast<double>(database.rows_sent)));
  // Rows that are final are stored a minute behind; the ones before that, within the second.
  if (database.stored_to && status.clock)
    text += fmt::format(", final {} behind the feed", lag(*status.clock, *database.stored_to));
  if (!database.last_error.empty()) text += fmt::format(" (not written: {})", database.last_error);
  return text;
}

std::string mirror_words(const jobs::LiveStatus& status) {
  const jobs::MirrorFigures& mirror = status.mirror;
  if (!mirror.is_on) return "";
  std::string text =
      fmt::format("; mirror: {} rows", short_count(static_cast<double>(mirror.rows_loaded)));
  if (mirror.oldest_waiting)
    text += fmt::format(", {} files waiting, {} behind", mirror.files_waiting,
                        lag(status.now, second_of(*mirror.oldest_waiting)));
  if (!mirror.last_error.empty()) text += fmt::format(" (not brought: {})", mirror.last_error);
  return text;
}

std::string mirror_json(const jobs::MirrorFigures& mirror) {
  if (!mirror.is_on) return "null";
  return fmt::format(R"({{"destination":{},"cycles":{},"rows_loaded":{},"files_waiting":{}}})",
                     json_quoted(mirror.destination), mirror.cycles, mirror.rows_loaded,
                     mirror.files_waiting);
}

std::string database_json(const jobs::DatabaseFigures& database) {
  if (!database.is_on) return "null";
  return fmt::format(
      R"({{"place":{},"rows_sent":{},"rows_changed":{},"commits":{},"failures":{}}})",
      json_quoted(database.place), database.rows_sent, database.rows_changed, database.commits,
      database.failures);
}

}  // namespace

LiveLine::LiveLine() : is_terminal_(standard_error_is_terminal()) {}

LiveLine::~LiveLine() {
  if (lines_drawn_ > 0) std::fflush(stderr);
}

void LiveLine::at(const jobs::LiveStatus& status) {
  if (is_terminal_) {
    draw(status);
  } else if (status.now - logged_ >= kLogEvery) {
    if (logged_ != 0) log_info("{}", feed_line(status, before_));
    logged_ = status.now;
    before_ = status;
  }
  if (is_terminal_) before_ = status;
}

void LiveLine::draw(const jobs::LiveStatus& status) {
  std::string text;
  if (lines_drawn_ > 0) text += fmt::format("\x1b[{}A\x1b[J", lines_drawn_);
  const std::string lines =
      fmt::format("{}\n{}", feed_line(status, before_), ticker_table(status, before_));
  text += lines;
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  lines_drawn_ = static_cast<std::size_t>(std::ranges::count(lines, '\n'));
}

std::string feed_line(const jobs::LiveStatus& status, const jobs::LiveStatus& before) {
  const jobs::FeedFigures& feed = status.feed;
  std::string text = std::string(jobs::name(feed.state));
  if (!feed.peer.empty()) text += fmt::format(" {}", feed.peer);
  text += fmt::format(
      ": {} records, {}/s", short_count(static_cast<double>(feed.records)),
      short_count(per_second(feed.records, before.feed.records, status.now - before.now)));
  if (feed.newest_arrival != 0)
    text += fmt::format(", newest {}", iso_second(second_of(feed.newest_arrival)));
  if (feed.sessions > 1) text += fmt::format(", {} sessions", feed.sessions);
  if (feed.gaps > 0) text += fmt::format(", {} gaps", feed.gaps);
  if (!feed.last_error.empty()) text += fmt::format(" ({})", feed.last_error);
  return text + "; " + lake_words(status) + database_words(status) + mirror_words(status);
}

std::string ticker_table(const jobs::LiveStatus& status, const jobs::LiveStatus& before) {
  std::string text;
  for (const jobs::TickerNow& now : status.tickers) {
    const auto same = std::ranges::find(before.tickers, now.ticker, &jobs::TickerNow::ticker);
    const std::uint64_t earlier = same == before.tickers.end() ? now.accepted : same->accepted;
    text += fmt::format("  {:<4} {:<7} {:>14}  CVD {:>9}  {:>7} trades/s  {}\n", now.ticker,
                        now.contract, now.last ? short_price(*now.last) : "-",
                        now.cvd ? grouped(*now.cvd) : "-",
                        short_count(per_second(now.accepted, earlier, status.now - before.now)),
                        lag(status.now, now.newest));
  }
  return text;
}

std::string to_text(const jobs::LiveStatus& report) {
  const jobs::FeedFigures& feed = report.feed;
  std::string text = fmt::format(
      "Records kept: {} in {} sessions, {} already held, {} gaps\nLog: {}, synced {} times, at "
      "most "
      "{:.1f} ms unsynced\nLake: {} rows, {} trade dates finished\n",
      grouped(static_cast<std::int64_t>(feed.records)), feed.sessions,
      grouped(static_cast<std::int64_t>(feed.dropped)), feed.gaps, short_bytes(report.log.bytes),
      grouped(static_cast<std::int64_t>(report.log.syncs)),
      static_cast<double>(report.log.loss_longest) / 1e6,
      grouped(static_cast<std::int64_t>(report.lake.rows_stored)), report.lake.sessions_stored);
  if (report.database.is_on)
    text += fmt::format("PostgreSQL: {} rows sent, {} new or corrected, in {} commits\n",
                        grouped(static_cast<std::int64_t>(report.database.rows_sent)),
                        grouped(static_cast<std::int64_t>(report.database.rows_changed)),
                        report.database.commits);
  if (report.mirror.is_on)
    text += fmt::format("Mirror: {} rows loaded into {}, {} files waiting\n",
                        grouped(static_cast<std::int64_t>(report.mirror.rows_loaded)),
                        report.mirror.destination, report.mirror.files_waiting);
  for (const jobs::TickerNow& now : report.tickers)
    text += fmt::format("  {:<4} {:<7} {:>14}  CVD {:>9}  {} trades\n", now.ticker, now.contract,
                        now.last ? short_price(*now.last) : "-", now.cvd ? grouped(*now.cvd) : "-",
                        grouped(static_cast<std::int64_t>(now.accepted)));
  return text;
}

std::string to_json(const jobs::LiveStatus& report) {
  const jobs::FeedFigures& feed = report.feed;
  std::string text = fmt::format(
      "{{\"records\":{},\"sessions\":{},\"dropped\":{},\"gaps\":{},\"bytes\":{},\"syncs\":{},"
      "\"loss_longest_ns\":{},\"rows_stored\":{},\"sessions_stored\":{},\"database\":{},"
      "\"mirror\":{},\"tickers\":[",
      feed.records, feed.sessions, feed.dropped, feed.gaps, report.log.bytes, report.log.syncs,
      report.log.loss_longest, report.lake.rows_stored, report.lake.sessions_stored,
      database_json(report.database), mirror_json(report.mirror));
  for (const jobs::TickerNow& now : report.tickers)
    text += fmt::format("{}{{\"ticker\":{},\"contract\":{},\"accepted\":{},\"cvd\":{}}}",
                        text.ends_with('[') ? "" : ",", json_quoted(now.ticker),
                        json_quoted(now.contract), now.accepted,
                        now.cvd ? std::to_string(*now.cvd) : std::string("null"));
  return text + "]}\n";
}

}  // namespace fm::app
