#include "app/session_chart.h"

#include <charconv>
#include <string_view>
#include <vector>

#include "app/progress.h"
#include "base/assert.h"
#include "base/text_file.h"
#include "jobs/query_job.h"

namespace fm::app {
namespace {

constexpr Second kBarSeconds = 300;

using Cells = std::vector<std::string>;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    parts.emplace_back(part);
  }
  return parts;
}

// Rows without the header. Every column asked for here is a number or a contract's name: no cell
// needs quotes.
Result<std::vector<Cells>> rows_of(Env& env, const jobs::Config& config, const std::string& sql) {
  TextFile out;
  FM_TRY(jobs::run_query(env, config, sql, {.format = "csv"}, out));
  std::vector<Cells> rows;
  for (const auto& line : split(out.text(), '\n')) rows.push_back(split(line, ','));
  if (!rows.empty()) rows.erase(rows.begin());
  return rows;
}

template <class Number>
Number number(const std::string& cell) {
  Number value{};
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  FM_ASSERT(code == std::errc());
  return value;
}

// The front months of the date in order; each holds from its first second to the next one's, the
// first from the start.
std::string stints_sql(const std::string& root, Date trade_date) {
  return fmt::format(R"sql(
WITH listed AS (
  SELECT unnest(CAST(CAST(stints AS JSON) AS JSON[])) AS stint
  FROM candle_sessions WHERE ticker = '{}' AND trade_date = DATE '{}'),
stints AS (
  SELECT CAST(stint->>0 AS BIGINT) AS first_second, stint->>1 AS symbol, CAST(stint->>2 AS BIGINT) AS cvd_offset
  FROM listed))sql",
                     root, trade_date.iso());
}

// A bar that a switch cuts is two bars: contracts are never pooled.
std::string bars_sql(const std::string& root, Date trade_date) {
  return fmt::format(R"sql({},
spans AS (
  SELECT symbol, cvd_offset,
    CASE WHEN row_number() OVER by_time = 1 THEN 0 ELSE first_second END AS from_second,
    coalesce(lead(first_second) OVER by_time, 9223372036854775807) AS to_second
  FROM stints WINDOW by_time AS (ORDER BY first_second)),
seconds AS (
  SELECT c.*, CAST(epoch(c.time) AS BIGINT) AS second FROM candles_1s c
  WHERE c.ticker = '{}' AND c.trade_date = DATE '{}')
SELECT greatest(second // {} * {}, from_second) AS start, arg_min(open, second), max(high), min(low), arg_max(close, second),
  CAST(sum(ask_volume - bid_volume) AS BIGINT), arg_max(delta_close + cvd_offset, second)
FROM seconds JOIN spans ON seconds.symbol = spans.symbol AND second >= from_second AND second < to_second
GROUP BY start ORDER BY start)sql",
                     stints_sql(root, trade_date), root, trade_date.iso(), kBarSeconds,
                     kBarSeconds);
}

int decimals_of(Price tick) {
  int decimals = 9;
  while (decimals > 0 && tick % 10 == 0) {
    tick /= 10;
    --decimals;
  }
  return decimals;
}

std::string day_in_words(Date date) {
  static constexpr const char* kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
  static constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
  return fmt::format("{} {} {} {}", kDays[date.weekday()], date.day(), kMonths[date.month() - 1],
                     date.year());
}

// "ESM5", "ESM5 then ESU5", "ESM5 to ESU5 in 3 switches"
std::string stints_in_words(const std::vector<ChartStint>& stints) {
  if (stints.empty()) return "none";
  if (stints.size() == 1) return stints[0].symbol;
  if (stints.size() == 2) return fmt::format("{} then {}", stints[0].symbol, stints[1].symbol);
  return fmt::format("{} to {} in {} switches", stints.front().symbol, stints.back().symbol,
                     stints.size() - 1);
}

}  // namespace

Result<Chart> session_chart(Env& env, const jobs::Config& config, const market::Universe& universe,
                            const market::Calendar& calendar, const std::string& root,
                            Date trade_date) {
  Chart chart;
  chart.bar_seconds = kBarSeconds;
  FM_ASSIGN(const auto bars, rows_of(env, config, bars_sql(root, trade_date)));
  for (const auto& cell : bars) {
    FM_ASSERT(cell.size() == 7);
    chart.bars.push_back({number<Second>(cell[0]), number<double>(cell[1]), number<double>(cell[2]),
                          number<double>(cell[3]), number<double>(cell[4]),
                          number<std::int64_t>(cell[5]), number<std::int64_t>(cell[6])});
  }
  if (chart.bars.empty())
    return fail(Code::kNotFound, "{}: no candles of {} on {}", config.lake, root, trade_date.iso());
  FM_ASSIGN(const auto stints, rows_of(env, config,
                                       stints_sql(root, trade_date) +
                                           " SELECT first_second, symbol FROM stints ORDER BY 1"));
  for (const auto& cell : stints) chart.stints.push_back({number<Second>(cell[0]), cell[1]});

  const auto spans = calendar.spans_of(calendar.template_of(root), trade_date);
  chart.begin = spans.empty() ? chart.bars.front().start : spans.front().open;
  chart.end = spans.empty() ? chart.bars.back().start + kBarSeconds : spans.back().close;
  chart.title = fmt::format("{} \u00b7 {}", root, day_in_words(trade_date));
  if (const auto* known = universe.find(root)) {
    chart.title =
        fmt::format("{} \u00b7 {} \u00b7 {}", root, known->description, day_in_words(trade_date));
    chart.price_unit = known->quote;
    if (const auto tick = known->tick_size(trade_date)) chart.price_decimals = decimals_of(*tick);
  }
  chart.subtitle =
      fmt::format("5-minute bars of the front month, {}", stints_in_words(chart.stints));
  chart.footer = fmt::format("frontmonth {}", FM_VERSION);
  return chart;
}

}  // namespace fm::app
