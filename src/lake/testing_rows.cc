#include "lake/testing_rows.h"

namespace fm::lake {

using table::RowAppender;
using table::RowBatch;

std::size_t rows_of_version(std::int64_t seed) { return 20 + static_cast<std::size_t>(seed % 7); }

RowBatch candle_rows(std::string_view root, Date date, std::int64_t seed) {
  const table::Table& table = table::candles_1m();
  RowBatch batch(table);
  const std::size_t rows = rows_of_version(seed);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    for (std::size_t row = 0; row < rows; ++row) {
      const auto n = static_cast<std::int64_t>(row);
      switch (table.columns[c].type) {
        case table::Type::kTimestamp:
          batch.int64s(c)[row] = (date.first_second() + n) * kMicrosPerSecond;
          break;
        case table::Type::kDate:
          batch.int32s(c)[row] = date.days_since_1970();
          break;
        case table::Type::kText:
          batch.set_text(c, row, table.columns[c].name == "ticker" ? root : "ESM5");
          break;
        case table::Type::kInt64:
          batch.int64s(c)[row] = table.columns[c].name == "volume" ? seed : n + seed;
          break;
        case table::Type::kInt32:
          batch.int32s(c)[row] = static_cast<std::int32_t>(n);
          break;
        case table::Type::kInt8:
        case table::Type::kBool:
          batch.int8s(c)[row] = static_cast<std::int8_t>(n % 2);
          break;
        case table::Type::kDouble:
          batch.doubles(c)[row] = 5000.25 + static_cast<double>(n) / 4;
          break;
      }
    }
  }
  batch.set_null(table.column_index("vd_ratio"), 1);
  batch.set_size(rows);
  return batch;
}

RowBatch session_row(std::string_view root, Date date, std::int64_t cvd_close,
                     std::int64_t created_us) {
  RowBatch batch(table::candle_sessions(), 64);
  const std::int64_t first_us = date.first_second() * kMicrosPerSecond;
  RowAppender row(batch);
  row.text(root).date(date).text("ESM5").text("ESM5").int32(0).text("[]").int64(100);
  row.text("{}").int64(500).timestamp(first_us).int64(first_us * 1000);
  row.timestamp(first_us + 1).int64(first_us * 1000 + 1001).int64(0).int64(cvd_close);
  row.int64(0).null().int64(10).int64(20).int32(60).int32(0).text("[]");
  row.boolean(true).boolean(false).text("{}").text("0").text("test").timestamp(created_us).end();
  return batch;
}

Result<CommitReport> write_version(Lake& lake, std::string_view root, Date date,
                                   std::int64_t seed) {
  const RowBatch batch = candle_rows(root, date, seed);
  table::BatchStream rows(batch);
  return lake.replace(table::candles_1m(), {.root = std::string(root), .date = date}, rows, {});
}

Result<std::int64_t> read_version(const Lake& lake, std::string_view root, Date date) {
  FM_ASSIGN(const auto cursor, lake.read(table::candles_1m(), {.root = std::string(root),
                                                               .from = date,
                                                               .before = date + 1,
                                                               .newest_first = false,
                                                               .rows_max = {}}));
  RowBatch batch(table::candles_1m());
  FM_ASSIGN(const bool more, cursor->next(batch));
  if (!more) return fail(Code::kNotFound, "no rows");
  const auto volumes = std::as_const(batch)
                           .int64s(table::candles_1m().column_index("volume"))
                           .subspan(0, batch.size());
  for (const std::int64_t volume : volumes)
    if (volume != volumes[0])
      return fail(Code::kCorrupt, "rows of versions {} and {}", volumes[0], volume);
  if (volumes.size() != rows_of_version(volumes[0]))
    return fail(Code::kCorrupt, "{} rows of version {}", volumes.size(), volumes[0]);
  return volumes[0];
}

RowBatch minute_rows(std::string_view root, Date date, std::int64_t minute, std::int64_t volume) {
  RowBatch batch = candle_rows(root, date, volume);
  const table::Table& table = batch.table();
  for (std::size_t row = 0; row < kRowsOfMinute; ++row)
    batch.int64s(table.column_index("time"))[row] =
        (date.first_second() + minute * 60 + static_cast<std::int64_t>(row) * 10) *
        kMicrosPerSecond;
  batch.set_size(kRowsOfMinute);
  return batch;
}

Result<CommitReport> append_minute(Lake& lake, std::string_view root, Date date,
                                   std::int64_t minute) {
  const RowBatch batch = minute_rows(root, date, minute);
  table::BatchStream rows(batch);
  CommitInfo info;
  info.final_to = date.first_second() + (minute + 1) * 60;
  std::optional<Second> expected;
  if (minute > 0) expected = date.first_second() + minute * 60;
  return lake.append(table::candles_1m(), {.root = std::string(root), .date = date}, rows, info,
                     expected);
}

Result<FeedState> read_feed(const Lake& lake, std::string_view root, Date date) {
  FM_ASSIGN(const auto cursor, lake.read(table::candles_1m(), {.root = std::string(root),
                                                               .from = date,
                                                               .before = date + 1,
                                                               .newest_first = false,
                                                               .rows_max = {}}));
  RowBatch batch(table::candles_1m(), 64);
  FeedState state;
  std::size_t rows = 0;
  for (;;) {
    FM_ASSIGN(const bool more, cursor->next(batch));
    if (!more) break;
    for (std::size_t row = 0; row < batch.size(); ++row, ++rows) {
      const auto expected = date.first_second() + static_cast<std::int64_t>(rows) * 10;
      const auto time = batch.int64s(0)[row] / kMicrosPerSecond;
      if (time != expected)
        return fail(Code::kCorrupt, "row {} is of {}; expected {}", rows, iso_second(time),
                    iso_second(expected));
      const auto volume = batch.int64s(table::candles_1m().column_index("volume"))[row];
      if (rows == 0) state.first_volume = volume;
      if (rows < kRowsOfMinute && volume != state.first_volume)
        return fail(Code::kCorrupt, "minute 0 has the volumes {} and {}", state.first_volume,
                    volume);
    }
  }
  if (rows % kRowsOfMinute != 0) return fail(Code::kCorrupt, "{} rows: part of a minute", rows);
  state.minutes = static_cast<std::int64_t>(rows / kRowsOfMinute);
  return state;
}

}  // namespace fm::lake
