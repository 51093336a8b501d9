#include "bars/utc_days.h"

#include <map>
#include <string>
#include <utility>

namespace fm::bars {
namespace {

constexpr unsigned kSunday = 0;
constexpr unsigned kSaturday = 6;

// Saturdays have no session; a stray bar there is treated as Sunday's.
int days_to_monday(Date date) {
  if (date.weekday() == kSunday) return 1;
  return date.weekday() == kSaturday ? 2 : 0;
}

}  // namespace

Result<std::vector<UtcDayBar>> utc_days(table::RowStream& rows, std::string_view root,
                                        DateRange dates) {
  const table::Table& table = rows.table();
  const auto at = [&](std::string_view name) { return table.column_index(name); };
  std::map<std::pair<Date, std::string>, UtcDayBar> days;
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows.next(batch));
    if (!more) break;
    const table::RowBatch& in = batch;
    for (std::size_t row = 0; row < in.size(); ++row) {
      if (in.text(at("root"), row) != root) continue;
      const std::int64_t time = in.int64s(at("ts_event"))[row];
      const Date utc = Date::of_second(time / kMicrosPerSecond);
      const int shift = days_to_monday(utc);
      const Date date = utc + shift;
      if (!dates.contains(date)) continue;
      const std::string symbol(in.text(at("symbol"), row));
      UtcDayBar& day = days[{date, symbol}];
      day.day.date = date;
      day.day.symbol = symbol;
      day.merged_sunday = day.merged_sunday || shift > 0;
      day.day.bar.add({.price_volume = 0,
                       .first_us = time,
                       .last_us = time,
                       .open = in.doubles(at("open"))[row],
                       .high = in.doubles(at("high"))[row],
                       .low = in.doubles(at("low"))[row],
                       .close = in.doubles(at("close"))[row],
                       .volume = in.int64s(at("volume"))[row],
                       .instrument_id = in.int64s(at("instrument_id"))[row],
                       .publisher_id = in.int64s(at("publisher_id"))[row],
                       .bars = 1});
    }
  }
  std::vector<UtcDayBar> all;
  all.reserve(days.size());
  for (auto& [key, day] : days) all.push_back(std::move(day));
  return all;
}

}  // namespace fm::bars
