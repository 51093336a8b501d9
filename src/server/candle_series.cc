#include "server/candle_series.h"

#include <algorithm>

#include "table/catalogue.h"

namespace fm::server {
namespace {

ColumnNames with_time(ColumnNames columns, std::string_view time) {
  if (!columns.empty() && std::ranges::find(columns, time) == columns.end())
    columns.push_back(time);
  return columns;
}

Result<Frame> read_days(Context& context, const table::Table& table, const std::string& root,
                        const Days& days, const Stretch& stretch, const ColumnNames& columns) {
  FM_ASSIGN(
      const auto rows,
      context.lake->read(
          table, {.root = root, .from = days.from, .before = days.before, .columns = columns}));
  Frame frame(table);
  const std::size_t time = table.column_index("time");
  FM_TRY(frame.read(*rows, [&](const table::RowBatch& batch, std::size_t row) {
    return stretch.takes(second_at(batch, time, row));
  }));
  return frame;
}

// Years cut into spans that hold about as many bars as are asked for.
std::vector<Days> cut(const std::vector<Days>& years, Second bar_seconds, std::size_t limit) {
  constexpr Second kSessionSeconds = 82'800;
  const std::size_t bars_a_day =
      bar_seconds == 0 ? 1 : static_cast<std::size_t>(kSessionSeconds / bar_seconds);
  const int span = static_cast<int>(std::clamp<std::size_t>(limit / bars_a_day + 3, 4, 366));
  std::vector<Days> spans;
  for (const Days& year : years)
    for (Date day = year.from; day < year.before; day = day + span)
      spans.push_back({day, std::min(day + span, year.before)});
  return spans;
}

void tell_ends(const RootIndex* index, Series& series) {
  if (const auto first = series.frame.first_second(series.time_column))
    series.has_earlier |= has_rows_before(index, *first);
}

}  // namespace

Result<Series> rolling_candles(Context& context, const std::string& root, const Stretch& stretch,
                               const ColumnNames& columns) {
  const table::Table& table = table::candles_1m();
  FM_TRY(context.index.look(table));
  const auto index = context.index.find(table, root);
  const auto names = with_time(columns, "time");
  Series series(table);
  series.source = table.name;
  series.time_column = table.column_index("time");
  FM_TRY(gather(
      stretch, days_of(index.get(), stretch),
      [&](const Days& days) -> Result<Frame> {
        series.made_from.push_back({&table, root, days.from, days.before});
        return read_days(context, table, root, days, stretch, names);
      },
      series));
  tell_ends(index.get(), series);
  return series;
}

Result<Series> stored_bars(Context& context, const table::Table& table, Second bar_seconds,
                           const std::string& root, const Stretch& stretch,
                           const ColumnNames& columns) {
  FM_TRY(context.index.look(table));
  const auto index = context.index.find(table, root);
  const auto names = with_time(columns, "time");
  Series series(table);
  series.source = table.name;
  series.time_column = table.column_index("time");
  FM_TRY(gather(
      stretch, cut(days_of(index.get(), stretch), bar_seconds, stretch.limit),
      [&](const Days& days) -> Result<Frame> {
        series.made_from.push_back({&table, root, days.from, days.before});
        return read_days(context, table, root, days, stretch, names);
      },
      series));
  tell_ends(index.get(), series);
  return series;
}

}  // namespace fm::server
