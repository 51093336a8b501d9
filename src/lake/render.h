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

// All rows. `wrote` becomes true as soon as anything was written.
[[nodiscard]] Status render(Rows& rows, Format format, WritableFile& out, bool& wrote);

}  // namespace fm::lake
