// GET /api/candles: a root's candles, ready for a chart.
#include <fmt/format.h>

#include <array>

#include "base/json_text.h"
#include "server/api.h"
#include "server/candle_series.h"
#include "server/context.h"
#include "server/json_columns.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

constexpr std::size_t kRowsDefault = 5'000;
constexpr std::size_t kRowsMax = 200'000;
constexpr std::string_view kTimeZone = "America/Chicago";
constexpr std::array<std::string_view, 10> kChartColumns{
    "time", "open", "high", "low", "close", "volume", "vd", "cvd_close", "symbol", "trade_date"};

struct Resolution {
  std::string_view name;
  Second seconds;  // of a bar; 0: the trade date; -1: rolling
  const table::Table& (*table)();
};
constexpr std::array<Resolution, 6> kResolutions{{{"1s", -1, table::candles_1m},
                                                  {"1m", 60, table::candle_bars_1m},
                                                  {"5m", 300, table::candle_bars_5m},
                                                  {"15m", 900, table::candle_bars_15m},
                                                  {"1h", 3'600, table::candle_bars_1h},
                                                  {"1d", 0, table::candle_bars_1d}}};

Result<const Resolution*> find_resolution(const Arguments& arguments) {
  std::vector<std::string_view> names;
  for (const Resolution& one : kResolutions) names.push_back(one.name);
  FM_ASSIGN(const std::string_view name, arguments.word("resolution", names));
  for (const Resolution& one : kResolutions)
    if (one.name == name) return &one;
  return fail(Code::kInternal, "resolution {} is listed and not known", name);
}

Result<Stretch> find_stretch(const Arguments& arguments) {
  Stretch stretch;
  FM_ASSIGN(const auto limit, arguments.integer("limit", 1, kRowsMax));
  stretch.limit = static_cast<std::size_t>(limit.value_or(kRowsDefault));
  FM_ASSIGN(const auto from, arguments.moment("from"));
  FM_ASSIGN(const auto after, arguments.moment("after"));
  FM_ASSIGN(const auto to, arguments.moment("to"));
  FM_ASSIGN(const auto before, arguments.moment("before"));
  if (before && (from || after))
    return fail(Code::kInvalidArgument,
                "before= asks for the newest rows before a moment; from= and after= go forward");
  stretch.from = from;
  if (after) stretch.from = std::max(*after + 1, from.value_or(0));
  stretch.before = before ? before : to;
  return stretch;
}

Result<std::vector<std::size_t>> find_chosen(const Arguments& arguments,
                                             const table::Table& table) {
  const std::string_view text = arguments.text("columns").value_or("chart");
  if (text == "all") return every_column(table);
  if (text == "chart") return find_columns(table, kChartColumns);
  FM_ASSIGN(const auto names, arguments.list("columns"));
  return find_columns(table, names);
}

std::string to_json(const std::string& root, std::string_view resolution, const Series& series,
                    std::span<const std::size_t> columns) {
  std::optional<Second> next;
  if (series.has_later) next = series.frame.last_second(series.time_column);
  return fmt::format(
      R"({{"root":{},"resolution":"{}","source":"{}","timezone":"{}",{},"tail_from":null,"next":{},"earlier":{}}})",
      json_quoted(root), resolution, series.source, kTimeZone, json_columns(series.frame, columns),
      next ? fmt::format("\"{}\"", *next) : "null", series.has_earlier);
}

Result<Answer> candles(Context& context, const Arguments& arguments) {
  FM_ASSIGN(const std::string root, arguments.root());
  FM_ASSIGN(const Resolution* const resolution, find_resolution(arguments));
  FM_ASSIGN(const Stretch stretch, find_stretch(arguments));
  static constexpr std::array<std::string_view, 2> kFormats{"json", "csv"};
  FM_ASSIGN(const std::string_view format, arguments.word("format", kFormats));
  const table::Table& table = resolution->table();
  FM_ASSIGN(const auto columns, find_chosen(arguments, table));
  ColumnNames names;
  names.reserve(columns.size());
  for (const std::size_t column : columns) names.push_back(table.columns[column].name);

  FM_ASSIGN(const Series series,
            resolution->seconds < 0
                ? rolling_candles(context, root, stretch, names)
                : stored_bars(context, table, resolution->seconds, root, stretch, names));
  Answer answer{.response = net::ServerResponse::json(""), .made_from = series.made_from};
  if (format == "csv") {
    answer.response.content_type = "text/csv; charset=utf-8";
    answer.response.body = csv_rows(series.frame, columns);
  } else {
    answer.response.body = to_json(root, resolution->name, series, columns);
  }
  return answer;
}

}  // namespace

void add_candle_routes(Context& context, Routes& routes) {
  routes.push_back(
      {.method = "GET",
       .path = "/api/candles",
       .parameters = {"root", "resolution", "from", "to", "before", "after", "limit", "columns",
                      "format"},
       .handler = [&context](const Call& call) { return candles(context, call.arguments); }});
}

}  // namespace fm::server
