// GET /api/candles: a root's candles, ready for a chart.
#include <fmt/format.h>

#include <array>

#include "base/json_text.h"
#include "market/contract.h"
#include "server/api.h"
#include "server/candle_series.h"
#include "server/context.h"
#include "server/json_columns.h"

namespace fm::server {
namespace {

constexpr std::int64_t kRowsDefault = 5'000;
constexpr std::int64_t kRowsMax = 200'000;
constexpr std::int64_t kRankMax = 3;
constexpr std::string_view kTimeZone = "America/Chicago";
constexpr std::array<std::string_view, 10> kChartColumns{
    "time", "open", "high", "low", "close", "volume", "vd", "cvd_close", "symbol", "trade_date"};
constexpr std::array<std::string_view, 2> kFormats{"json", "csv"};

Result<const Resolution*> find_resolution(const Arguments& arguments) {
  std::vector<std::string_view> names;
  names.reserve(resolutions().size());
  for (const Resolution& one : resolutions()) names.push_back(one.name);
  FM_ASSIGN(const std::string_view name, arguments.word("resolution", names));
  for (const Resolution& one : resolutions())
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

Result<Which> find_which(const Arguments& arguments) {
  Which which;
  FM_ASSIGN(const auto rank, arguments.integer("rank", 0, kRankMax));
  which.rank = static_cast<int>(rank.value_or(0));
  const auto symbol = arguments.text("symbol");
  if (!symbol) return which;
  if (rank) return fail(Code::kInvalidArgument, "symbol= names a contract, rank= chooses one");
  if (!market::is_outright(*symbol))
    return fail(Code::kInvalidArgument, "symbol={}: expected a contract such as ESM5", *symbol);
  which.symbol = std::string(*symbol);
  return which;
}

// What to read: names that the table in question lacks are complained of once it is known.
ColumnNames to_read(const CandleRequest& request, const std::vector<std::string_view>& names) {
  const table::Table& table =
      request.resolution->stored == nullptr ? second_bar_table() : request.resolution->stored();
  ColumnNames known;
  for (const std::string_view name : names)
    if (table.find_column(name)) known.push_back(name);
  if (known.empty()) known.emplace_back("time");
  return known;
}

std::string nullable(const std::optional<Second>& second) {
  return second ? std::to_string(*second) : "null";
}

std::string to_json(const CandleRequest& request, const Series& series,
                    std::span<const std::size_t> columns) {
  std::optional<Second> next;
  if (series.has_later) next = series.frame.last_second(series.time_column);
  return fmt::format(
      R"({{"root":{},"resolution":"{}","source":"{}","timezone":"{}",{},"tail_from":{},"stream":{},"next":{},"earlier":{}}})",
      json_quoted(request.root), request.resolution->name, series.source, kTimeZone,
      json_columns(series.frame, columns), nullable(series.tail_from),
      series.position.empty() ? "null" : json_quoted(series.position),
      next ? fmt::format("\"{}\"", *next) : "null", series.has_earlier);
}

Result<Answer> candles(Context& context, const Arguments& arguments) {
  CandleRequest request;
  FM_ASSIGN(request.root, arguments.root());
  FM_ASSIGN(request.resolution, find_resolution(arguments));
  FM_ASSIGN(request.which, find_which(arguments));
  FM_ASSIGN(request.stretch, find_stretch(arguments));
  FM_ASSIGN(const std::string_view format, arguments.word("format", kFormats));
  const std::string_view chosen = arguments.text("columns").value_or("chart");
  std::vector<std::string_view> names(kChartColumns.begin(), kChartColumns.end());
  if (chosen != "chart" && chosen != "all") {
    FM_ASSIGN(names, arguments.list("columns"));
  }
  if (chosen != "all") request.columns = to_read(request, names);

  FM_ASSIGN(const Series series, read_series(context, request));
  std::vector<std::size_t> columns = every_column(series.frame.table());
  if (chosen != "all") {
    FM_ASSIGN(columns, find_columns(series.frame.table(), names));
  }
  Answer answer{.response = net::ServerResponse::json(""),
                .made_from = series.made_from,
                .live_root = request.root,
                .live_version = series.live_version};
  if (format == "csv") {
    answer.response.content_type = "text/csv; charset=utf-8";
    answer.response.body = csv_rows(series.frame, columns);
  } else {
    answer.response.body = to_json(request, series, columns);
  }
  return answer;
}

}  // namespace

void add_candle_routes(Context& context, Routes& routes) {
  routes.push_back(
      {.method = "GET",
       .path = "/api/candles",
       .parameters = {"root", "resolution", "symbol", "rank", "from", "to", "before", "after",
                      "limit", "columns", "format"},
       .handler = [&context](const Call& call) { return candles(context, call.arguments); }});
}

}  // namespace fm::server
