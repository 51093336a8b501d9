// Load jobs: Parquet objects into a table, in one atomic step.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "bigquery_catalog.h"
#include "blob.h"
#include "storage.h"

namespace fm::fakegcp {

struct LoadResult {
  std::int64_t input_files = 0, input_bytes = 0, output_rows = 0, output_bytes = 0;
};

// A file's columns as BigQuery reads them.
struct FileColumn {
  std::string name;
  const ColumnType* type;
  bool is_required;
  bool is_nanos;  // a timestamp in nanoseconds, which is read as a whole number
};

class Loader {
 public:
  Loader(Env& env, Catalog& catalog, Storage& storage, Blobs& blobs)
      : env_(&env), catalog_(&catalog), storage_(&storage), blobs_(&blobs) {}

  // What jobs.insert refuses at once. `load` is configuration.load.
  [[nodiscard]] Answer<void> check(const Json& load) const;
  // Refused: what the job ends with.
  [[nodiscard]] Answer<LoadResult> run(const Json& load);

 private:
  struct Target;
  struct Input;
  [[nodiscard]] Answer<Input> read_input(const Json& load, const Dataset& dataset);
  [[nodiscard]] Answer<std::vector<FileColumn>> columns_of_file(const std::string& path,
                                                                const std::string& name);
  [[nodiscard]] Answer<Target> prepare(const Json& load, const Input& input);
  [[nodiscard]] Answer<void> match_columns(const Json& load, const Input& input, Target& target);
  [[nodiscard]] Answer<void> match_table(const Json& load, const Input& input, Target& target);
  [[nodiscard]] Answer<void> check_partitions(const Input& input, const Target& target);
  [[nodiscard]] Answer<LoadResult> write(const Input& input, Target& target);

  Env* env_;
  Catalog* catalog_;
  Storage* storage_;
  Blobs* blobs_;
  std::int64_t rows_since_compressed_ = 0;
};

extern const std::span<const Field> kLoadFields;

}  // namespace fm::fakegcp
