#include "jobs/poll_rows.h"

#include <algorithm>

#include "table/row_batch.h"
#include "table/row_stream.h"

namespace fm::jobs {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;

const table::Table& bars_table() { return table::futures_ohlcv_1m_live(); }

// The columns by name, looked up once.
struct Columns {
  explicit Columns(const table::Table& t)
      : time(t.column_index("ts_event")),
        symbol(t.column_index("symbol")),
        instrument(t.column_index("instrument_id")),
        publisher(t.column_index("publisher_id")),
        open(t.column_index("open")),
        high(t.column_index("high")),
        low(t.column_index("low")),
        close(t.column_index("close")),
        volume(t.column_index("volume")) {}
  std::size_t time, symbol, instrument, publisher, open, high, low, close, volume;
};

LiveBar bar_at(const table::RowBatch& batch, const Columns& columns, std::size_t row) {
  return {.instrument_id = batch.int64s(columns.instrument)[row],
          .publisher_id = batch.int64s(columns.publisher)[row],
          .open = batch.doubles(columns.open)[row],
          .high = batch.doubles(columns.high)[row],
          .low = batch.doubles(columns.low)[row],
          .close = batch.doubles(columns.close)[row],
          .volume = batch.int64s(columns.volume)[row]};
}

void append(table::RowBatch& batch, std::string_view root, const BarKey& key, const LiveBar& bar) {
  table::RowAppender row(batch);
  row.timestamp(key.first * kMicrosPerSecond)
      .text(root)
      .text(key.second)
      .int64(bar.instrument_id)
      .int64(bar.publisher_id)
      .number(bar.open)
      .number(bar.high)
      .number(bar.low)
      .number(bar.close)
      .int64(bar.volume)
      .date(Date::of_second(key.first))
      .end();
}

}  // namespace

BarKey key_of(const PolledBar& bar) { return {second_of(bar.time), bar.symbol}; }

LiveBar row_of(const PolledBar& bar) {
  return {.instrument_id = bar.instrument_id,
          .publisher_id = bar.publisher_id,
          .open = to_double(bar.open),
          .high = to_double(bar.high),
          .low = to_double(bar.low),
          .close = to_double(bar.close),
          .volume = static_cast<std::int64_t>(bar.volume)};
}

Result<std::optional<Second>> newest_bar(const lake::Lake& lake, std::string_view root) {
  FM_ASSIGN(const auto manifest, lake.newest(bars_table(), root));
  std::optional<Second> newest;
  if (!manifest) return newest;
  for (const lake::DataFile& file : manifest->files)
    if (file.last_second) newest = std::max(newest.value_or(*file.last_second), *file.last_second);
  return newest;
}

Result<StoredBars> stored_bars(const lake::Lake& lake, std::string_view root, Second from,
                               Second to) {
  lake::ReadRange range;
  range.root = root;
  range.from = Date::of_second(from) - (kCloseDays - 1);
  range.before = Date::of_second(to) + 1;
  FM_ASSIGN(auto rows, lake.read(bars_table(), range));
  const Columns columns(bars_table());
  table::RowBatch batch(bars_table());
  StoredBars stored;
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return stored;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const Second minute = batch.int64s(columns.time)[row] / kMicrosPerSecond;
      const LiveBar bar = bar_at(batch, columns, row);
      std::string symbol(batch.text(columns.symbol, row));
      // In the order of the key: the last one stays.
      if (minute < from)
        stored.last_closes[std::move(symbol)] = bar.close;
      else
        stored.bars.insert_or_assign({minute, std::move(symbol)}, bar);
    }
  }
}

Status merge_bars(lake::Lake& lake, const std::string& root, const LiveBars& bars,
                  const lake::CommitInfo& info, LiveBars& stored, MergedBars& merged) {
  std::map<Date, LiveBars> days;
  for (const auto& [key, bar] : bars) {
    const auto known = stored.find(key);
    if (known == stored.end() || known->second != bar)
      days[Date::of_second(key.first)].emplace(key, bar);
  }
  for (const auto& [day, news] : days) {
    table::RowBatch batch(bars_table(), news.size());
    for (const auto& [key, bar] : news) append(batch, root, key, bar);
    table::BatchStream rows(batch);
    FM_ASSIGN(const lake::CommitReport report,
              lake.merge(bars_table(), {.root = root, .date = day}, rows, info));
    static_cast<void>(report);
    for (const auto& [key, bar] : news) {
      const bool added = stored.insert_or_assign(key, bar).second;
      ++(added ? merged.added : merged.corrected);
    }
  }
  return {};
}

}  // namespace fm::jobs
