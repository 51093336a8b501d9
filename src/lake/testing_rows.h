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

}  // namespace fm::lake
