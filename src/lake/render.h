// Results as text: an aligned table, CSV, or an object per line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "lake/duckdb.h"
#include "lake/query.h"

namespace fm::lake {

// True for types whose values render() writes itself. Others are to be cast to text in SQL.
[[nodiscard]] bool is_plain_type(int type);

// All rows, or the first `rows_max` where it is not 0. `wrote` becomes true as soon as anything was
// written.
[[nodiscard]] Result<QueryOutcome> render(Rows& rows, Format format, std::uint64_t rows_max,
                                          WritableFile& out, bool& wrote);

}  // namespace fm::lake
