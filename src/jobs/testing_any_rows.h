// Rows of any table with every value that its types have room for, for tests of what must agree on
// all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "table/row_batch.h"

namespace fm::jobs {

// Up to `rows` rows of different keys, of one root and of partition dates [from, before); equal
// seeds give equal rows.
[[nodiscard]] table::RowBatch any_rows(const table::Table& table, std::uint64_t seed,
                                       std::size_t rows, std::string_view root, Date from,
                                       Date before);

}  // namespace fm::jobs
