// Rows as server-sent events. Private to this room.
//
//   id: 5f0c21aa-17
//   event: rows
//   data: {"root":"ES","columns":["time","symbol",…],"rows":[[1750080600,"ESU5",…]],"final_to":…}
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "table/row_batch.h"

namespace fm::server {

// Places in candles_1m, in the order of an event's rows.
[[nodiscard]] std::span<const std::size_t> chart_event_columns();
[[nodiscard]] std::span<const std::size_t> all_event_columns();  // all but the ticker

struct RowEvent {
  std::string_view id = {};  // empty: none
  std::string_view root;
  const table::RowBatch* rows = nullptr;  // nullptr: none
  bool names_columns = false;             // the first one of a root tells what its rows are made of
  std::optional<Second> final_to = {};    // rows of earlier seconds are final
};
[[nodiscard]] std::string row_event(const RowEvent& event, std::span<const std::size_t> columns);

// An event of any kind; `data` is one line.
[[nodiscard]] std::string event_text(std::string_view kind, std::string_view data,
                                     std::string_view id = "");

// The parts of "5f0c21aa-17". Nothing for any other text.
struct EventId {
  std::string_view epoch;
  std::uint64_t sequence = 0;
};
[[nodiscard]] std::optional<EventId> parse_event_id(std::string_view text);

}  // namespace fm::server
