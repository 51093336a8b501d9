// GET /api/live-data: the newest bars of a root. Never blank: where nothing is new, it says why.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "jobs/freshness.h"
#include "server/api.h"
#include "server/candle_series.h"
#include "server/context.h"
#include "server/json_columns.h"
#include "server/roots.h"
#include "server/row_hub.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

constexpr Second kNewest =
    300;  // the bars of the last five minutes, or as many where there are none
constexpr std::size_t kBarsMin = 5;
// Rows are stored one to two minutes behind the market.
constexpr Second kFreshWithin = 180;

struct Market {
  std::string_view state;  // open, closed, holiday or halted
  std::string reason;
  std::optional<Second> next_open;
};

Market market_now(const market::Calendar& calendar, const std::string& root, Second now) {
  const market::TemplateId hours = calendar.template_of(root);
  if (calendar.span_at(hours, now)) return {.state = "open", .reason = "", .next_open = {}};
  const std::string why = calendar.closed_reason(hours, now);
  Market market{.state = "closed", .reason = why, .next_open = {}};
  if (why.starts_with("holiday")) market.state = "holiday";
  if (why == "pause") market.state = "halted";
  if (const auto next = calendar.next_span(hours, now)) {
    market.next_open = next->open;
    market.reason = fmt::format("closed until {} ({})", jobs::chicago_time(next->open), why);
  }
  return market;
}

// What the health report knows of the root's candles: its line judges by the feed's own clock while
// a feed replays the past, and knows how far a quiet root has been seen.
std::optional<jobs::HealthLine> line_of(const Context& context, const std::string& root) {
  jobs::HealthReport report = context.health().health();
  const auto found = std::ranges::find_if(report.lines, [&](const jobs::HealthLine& line) {
    return line.root == root && line.table == table::candles_1m().name;
  });
  if (found == report.lines.end()) return std::nullopt;
  return *std::move(found);
}

std::string_view expected(const Market& market, const std::optional<jobs::HealthLine>& line,
                          std::optional<Second> last_row, Second now) {
  if (market.state != "open") return "closed";
  if (line && line->expected == jobs::Expected::kFresh) return "fresh";
  if (line && line->expected == jobs::Expected::kLate) return "late";
  return last_row && now - *last_row <= kFreshWithin ? "fresh" : "late";
}

// The last rows of a series as objects.
void write_bars(JsonWriter& json, const Series& series) {
  static constexpr std::string_view kLeftOut = "ticker";
  const table::Table& table = series.frame.table();
  json.array_field("bars", [&] {
    for (const Frame::Run& run : series.frame.runs()) {
      const table::RowBatch& rows = series.frame.batch(run.batch);
      for (std::size_t row = run.first; row < run.first + run.count; ++row)
        json.object([&] {
          for (std::size_t column = 0; column < table.columns.size(); ++column) {
            if (table.columns[column].name == kLeftOut) continue;
            std::string cell;
            if (table.columns[column].type == table::Type::kTimestamp)
              cell = fmt::format("\"{}\"", iso_second(second_at(rows, column, row)));
            else
              append_cell(cell, rows, column, row);
            json.key(table.columns[column].name);
            json.raw(cell);
          }
        });
    }
  });
}

// Minutes: rolling candles where the second is a minute's last, else bars.
Result<Series> newest_bars(Context& context, const std::string& root) {
  CandleRequest request{.root = root, .stretch = {.limit = kNewest}};
  for (const Resolution& one : resolutions())
    if (one.name == "1s") request.resolution = &one;
  FM_ASSIGN(Series series, read_series(context, request));
  if (series.frame.empty()) {
    for (const Resolution& one : resolutions())
      if (one.name == "1m") request.resolution = &one;
    request.stretch.limit = kBarsMin;
    return read_series(context, request);
  }
  const Second newest = *series.frame.last_second(series.time_column);
  std::size_t recent = 0;
  const Frame last = series.frame.filtered([&](const table::RowBatch& rows, std::size_t row) {
    return second_at(rows, series.time_column, row) > newest - kNewest;
  });
  recent = last.size();
  series.frame.keep_last(std::max(recent, kBarsMin));
  return series;
}

Result<Answer> live_data(Context& context, const Arguments& arguments) {
  FM_ASSIGN(const std::string root, arguments.root());
  FM_ASSIGN(const Series series, newest_bars(context, root));
  const bool is_known = !series.frame.empty() || context.registry.universe().find(root) != nullptr;
  if (!is_known)
    return std::unexpected(Error(Code::kNotFound, fmt::format("there is no root {}", root))
                               .hint("GET /api/roots lists them."));
  const auto last_row = series.frame.last_second(series.time_column);
  const auto line = line_of(context, root);
  const Second now = line && line->last_row && line->age_s ? *line->last_row + *line->age_s
                                                           : second_of(context.env.now());
  Market market = market_now(context.registry.calendar(), root, now);
  if (market.state == "open" && line && line->expected == jobs::Expected::kClosed) {
    market.state = "halted";
    market.reason = line->reason;
  }
  std::optional<std::string> front;
  if (const std::string live = context.rows->front_month(root); !live.empty()) {
    front = live;
  } else {
    FM_ASSIGN(front, front_month(context, root));
  }

  const auto moment = [](std::optional<Second> second) {
    return second ? std::optional(iso_second(*second)) : std::nullopt;
  };
  JsonWriter json;
  json.object([&] {
    json.field("root", root);
    json.field("asof", iso_second(now));
    json.field("state", market.state);
    json.field("reason", market.reason);
    json.field("next_open", moment(market.next_open));
    json.field("last_row", moment(last_row));
    json.field("staleness_s",
               last_row ? std::optional(std::max<Second>(0, now - *last_row)) : std::nullopt);
    json.field("expected", expected(market, line, last_row, now));
    json.field("front_month", front);
    json.field("provisional", series.tail_from.has_value());
    json.field("source", series.source);
    write_bars(json, series);
  });
  return Answer{.response = net::ServerResponse::json(json.take()),
                .cache_control = market.state == "open" ? "max-age=1" : "s-maxage=300"};
}

}  // namespace

void add_live_data_routes(Context& context, Routes& routes) {
  routes.push_back(
      {.method = "GET",
       .path = "/api/live-data",
       .parameters = {"root"},
       .handler = [&context](const Call& call) { return live_data(context, call.arguments); }});
}

}  // namespace fm::server
