// Rows out of the files of manifests.
#pragma once

#include <string>
#include <vector>

#include "lake/lake.h"
#include "lake/store.h"

namespace fm::lake {

// "read_parquet([…], …)" over exactly these files, or a relation of the table's columns without
// rows.
[[nodiscard]] std::string relation_of(const Store& store, const table::Table& table,
                                      const std::vector<DataFile>& files);
[[nodiscard]] std::vector<DataFile> files_of(const std::vector<Manifest>& manifests);

// The first rows are read at once, so that a vanished file shows here. Errors: kNotFound then; else
// kQuery, kIo.
[[nodiscard]] Result<RowCursor> read_files(const Store& store, const table::Table& table,
                                           const std::vector<Manifest>& manifests,
                                           const ReadRange& range);

// The same rows handed over. Errors: those of `take`, too.
[[nodiscard]] Status scan_files(const Store& store, const table::Table& table,
                                const std::vector<Manifest>& manifests, const ReadRange& range,
                                const Lake::TakeRows& take);

// All rows of one partition in the order of the key, however many files they lie in; one batch of
// each in memory. Errors: as read_files(); kCorrupt when they hold other than the rows they should.
[[nodiscard]] Result<RowCursor> read_in_order(const Store& store, const table::Table& table,
                                              const std::vector<DataFile>& files);

}  // namespace fm::lake
