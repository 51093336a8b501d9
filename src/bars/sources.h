// What a partition was made from, and reading it in order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lake/lake.h"
#include "table/row_stream.h"

namespace fm::bars {

// How roll-ups work; one more whenever the same sources would make other rows.
inline constexpr int kRollUpVersion = 1;

// Partitions that others are made from, with the hashes of their content. A partition whose
// manifest names the same sources needs no work.
class Sources {
 public:
  void add(const lake::Manifest& manifest) {
    add(manifest.table, manifest.partition, manifest.hash);
  }
  void add(std::string_view table, std::string_view partition, std::string_view hash);
  [[nodiscard]] bool empty() const { return json_.empty(); }
  // [{"table":…,"partition":…,"hash":…}, …] in the order in which they were added.
  [[nodiscard]] std::string json() const { return "[" + json_ + "]"; }

 private:
  std::string json_;
};

// The partition was made from these, in the way in which it would be made now.
[[nodiscard]] bool is_current(const std::optional<lake::Manifest>& stored,
                              const lake::CommitInfo& info);

// Rows of one table in the order of its key, of dates in [from, before), from one partition after
// the other: for layouts by year. `root` is passed to the lake where the table has roots of its
// own.
[[nodiscard]] std::unique_ptr<table::RowStream> read_years(const lake::Lake& lake,
                                                           const table::Table& table,
                                                           std::string_view root, Date from,
                                                           Date before,
                                                           std::vector<std::string_view> columns);

// The year or day of a partition: "p_root=ES/p_year=2025" → 2025-01-01.
[[nodiscard]] Date date_of(const lake::Manifest& manifest);
// "p_root=ES/p_year=2025" → "ES"; empty for tables of all roots.
[[nodiscard]] std::string root_of(const lake::Manifest& manifest);

}  // namespace fm::bars
