// Rows out of the files of manifests.
#pragma once

#include <string>
#include <vector>

#include "lake/lake.h"
#include "lake/store.h"

namespace fm::lake {

// "read_parquet([…], …)" over exactly the manifests' files, or a relation of the table's columns
// without rows.
[[nodiscard]] std::string relation_of(const Store& store, const table::Table& table,
                                      const std::vector<Manifest>& manifests);

// The first rows are read at once, so that a vanished file shows here. Errors: kNotFound then; else
// kQuery, kIo.
[[nodiscard]] Result<RowCursor> read_files(const Store& store, const table::Table& table,
                                           const std::vector<Manifest>& manifests,
                                           const ReadRange& range);

}  // namespace fm::lake
