#include "server/row_events.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <vector>

#include "base/json_text.h"
#include "server/json_columns.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

std::vector<std::size_t> all_but_ticker() {
  const table::Table& table = table::candles_1m();
  std::vector<std::size_t> columns{table.column_index("time"), table.column_index("symbol")};
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    const auto name = table.columns[column].name;
    if (name != "time" && name != "symbol" && name != "ticker") columns.push_back(column);
  }
  return columns;
}

void append_row(std::string& out, const table::RowBatch& rows, std::size_t row,
                std::span<const std::size_t> columns) {
  char before = '[';
  for (const std::size_t column : columns) {
    out += before;
    append_cell(out, rows, column, row);
    before = ',';
  }
  out += ']';
}

}  // namespace

std::span<const std::size_t> chart_event_columns() {
  static const std::vector<std::size_t> columns = [] {
    static constexpr std::array<std::string_view, 9> kNames{
        "time", "symbol", "open", "high", "low", "close", "volume", "vd", "cvd_close"};
    return find_columns(table::candles_1m(), kNames).value();
  }();
  return columns;
}

std::span<const std::size_t> all_event_columns() {
  static const std::vector<std::size_t> columns = all_but_ticker();
  return columns;
}

std::string event_text(std::string_view kind, std::string_view data, std::string_view id) {
  if (id.empty()) return fmt::format("event: {}\ndata: {}\n\n", kind, data);
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, kind, data);
}

std::string row_event(const RowEvent& event, std::span<const std::size_t> columns) {
  std::string data = fmt::format(R"({{"root":{})", json_quoted(event.root));
  if (event.names_columns) {
    data += ",\"columns\":";
    char before = '[';
    for (const std::size_t column : columns) {
      data += before;
      data += json_quoted(table::candles_1m().columns[column].name);
      before = ',';
    }
    data += ']';
  }
  data += ",\"rows\":[";
  const std::size_t rows = event.rows == nullptr ? 0 : event.rows->size();
  for (std::size_t row = 0; row < rows; ++row) {
    if (row > 0) data += ',';
    append_row(data, *event.rows, row, columns);
  }
  data += "],\"final_to\":";
  data += event.final_to ? std::to_string(*event.final_to) : "null";
  data += '}';
  return event_text("rows", data, event.id);
}

std::optional<EventId> parse_event_id(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  EventId id{.epoch = text.substr(0, dash)};
  const std::string_view digits = text.substr(dash + 1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, id.sequence);
  if (digits.empty() || error != std::errc() || stop != end) return std::nullopt;
  return id;
}

}  // namespace fm::server
