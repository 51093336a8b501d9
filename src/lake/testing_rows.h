// Small partitions whose every row says which version of the partition it belongs to.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "lake/lake.h"
#include "table/row_batch.h"

namespace fm::lake {

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;

// Rows of candles_1m for one root and date: version `seed` has rows_of_version(seed) rows, each
// with volume = seed.
[[nodiscard]] std::size_t rows_of_version(std::int64_t seed);
[[nodiscard]] table::RowBatch candle_rows(std::string_view root, Date date, std::int64_t seed);

// Rows of candle_sessions.
[[nodiscard]] table::RowBatch session_row(std::string_view root, Date date, std::int64_t cvd_close,
                                          std::int64_t created_us);

[[nodiscard]] Result<CommitReport> write_version(Lake& lake, std::string_view root, Date date,
                                                 std::int64_t seed);
// The version that the partition holds. Errors: kCorrupt when its rows are not all of one version.
[[nodiscard]] Result<std::int64_t> read_version(const Lake& lake, std::string_view root, Date date);

// The live feed's minutes of candles_1m: kRowsOfMinute rows each, from the date's first second on,
// volume = `volume`.
inline constexpr std::size_t kRowsOfMinute = 6;
[[nodiscard]] table::RowBatch minute_rows(std::string_view root, Date date, std::int64_t minute,
                                          std::int64_t volume = 1);
// Appends minute number `minute`, expecting those before it.
[[nodiscard]] Result<CommitReport> append_minute(Lake& lake, std::string_view root, Date date,
                                                 std::int64_t minute);

struct FeedState {
  std::int64_t minutes = 0;
  std::int64_t first_volume = 0;  // of the rows of minute 0
  friend bool operator==(const FeedState&, const FeedState&) = default;
};
// What a partition of such minutes holds. Errors: kCorrupt when its rows are not all rows of
// minutes 0 to n - 1, each once, in order, or minute 0 has rows of two volumes.
[[nodiscard]] Result<FeedState> read_feed(const Lake& lake, std::string_view root, Date date);

}  // namespace fm::lake
