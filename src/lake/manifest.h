// The truth about one partition: a small JSON file that names its data files. Byte by byte in
// docs/formats/lake.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "table/catalogue.h"

namespace fm::lake {

// One partition of a table. `date` may be any day of the partition's day, year or month; `root` is
// empty for tables of all roots.
struct PartitionKey {
  std::string root;
  Date date;

  // The first day of the partition, and the first after it.
  [[nodiscard]] Date first_day(const table::Table& table) const;
  [[nodiscard]] Date end_day(const table::Table& table) const;
  // "p_root=ES/p_day=2025-06-16". Errors: kInvalidArgument for a root that is no plain directory
  // name.
  [[nodiscard]] Result<std::string> directory(const table::Table& table) const;
};

struct DataFile {
  std::string name;  // in the store: the content hash of its rows
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string first_key;  // JSON array of the key's columns as text
  std::string last_key;
  // Of the key's timestamp, over all rows; absent for tables without one.
  std::optional<Second> first_second = {};
  std::optional<Second> last_second = {};
  // The parts whose rows these are, where it was merged from parts: a mirror that holds them holds
  // this one, too.
  std::vector<std::string> merged_from = {};
  Nanos since = 0;  // when it entered the partition
  friend bool operator==(const DataFile&, const DataFile&) = default;
};

// A file that the partition no longer uses, and since when.
struct Superseded {
  std::string name;
  Nanos at = 0;
  friend bool operator==(const Superseded&, const Superseded&) = default;
};

struct Manifest {
  std::string table;          // "market_data.candles_1m"
  std::string partition;      // "p_root=ES/p_day=2025-06-16"
  std::uint64_t version = 0;  // 1 for the first commit of a partition, then one more each time
  std::vector<DataFile> files;
  // One more each time some of the files left and some stayed; part of their visible names.
  std::uint64_t generation = 0;
  std::uint64_t rows = 0;
  // Of the cells of all rows; of the files' names where there are several: see has_content_hash().
  std::string hash;
  std::string sources = "[]";
  std::string parameters = "{}";
  std::string engine_version;
  std::optional<Second> final_to;
  std::vector<Superseded> supersedes;
  Nanos created = 0;  // later than the version's before, also where a clock was set back
  Nanos began = 0;    // `created` of version 1
  Nanos since = 0;    // when files last left the partition; else `began`

  // Which partition it is, by its first day.
  [[nodiscard]] PartitionKey key() const;
  [[nodiscard]] std::uint64_t bytes() const;
  // In the visible directory: "part-<name>.parquet", "part-<name>-<generation>.parquet".
  [[nodiscard]] std::string visible_name(const DataFile& file) const;
  // False for several files, whose hash begins with "parts-": equal ones still mean equal rows, but
  // the same rows in other files have another.
  [[nodiscard]] bool has_content_hash() const;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// The hash of a partition of several files.
[[nodiscard]] std::string hash_of_parts(const std::vector<DataFile>& files);

[[nodiscard]] std::string encode(const Manifest& manifest);
// `name` stands for the file in errors. Errors: kCorrupt, kUnsupported for a later format.
[[nodiscard]] Result<Manifest> decode_manifest(std::string_view text, std::string_view name);

}  // namespace fm::lake
