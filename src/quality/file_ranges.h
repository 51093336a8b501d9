// What loaded files cover, where they overlap, and what is still to be downloaded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "market/session.h"
#include "market/universe.h"
#include "quality/knowledge.h"

namespace fm::quality {

// A loaded file as the load state has it.
struct FileRange {
  std::string path;
  std::string schema;              // "ohlcv-1m"
  std::vector<std::string> roots;  // whose rows it has
  Interval range;
};

// Of the files with rows of this root and schema.
[[nodiscard]] std::vector<Interval> covered_times(const std::vector<FileRange>& files,
                                                  std::string_view root, std::string_view schema);

struct FileOverlap {
  std::string path;   // begins no earlier than
  std::string other;  // this one, and before it ends
  Interval both;
};
// Each file against the one before it that reaches furthest, by time.
[[nodiscard]] std::vector<FileOverlap> overlaps(const std::vector<FileRange>& files,
                                                std::string_view root, std::string_view schema);

// A schema of bars.
struct PlannedSchema {
  std::string name;  // "ohlcv-1m"
  Second slot_seconds = 60;
};

struct PlanOptions {
  std::vector<std::string> roots;
  std::vector<PlannedSchema> schemas;
  Date from;  // of data
  Date to;    // excluded
};

// How many rows of a root and schema stand in an expected slot, where some are there.
struct Density {
  std::string root;
  std::string schema;
  double records_per_slot = 0;
};

// One request to the vendor's historical service: UTC dates [from, to) of a schema, for the
// parents of `roots`.
struct DownloadRequest {
  std::string schema;
  std::vector<std::string> roots;
  Date from;
  Date to;
  // By the density of what is there; nothing where there is nothing to go by.
  std::optional<std::uint64_t> estimated_records;
  std::optional<std::uint64_t> estimated_bytes;  // uncompressed DBN
  std::optional<double> cost_usd;                // as the vendor says, when it was asked
};

// Roots with the same missing range of a schema share a request; by schema, then time. A range
// without a session is not asked for, nor is what lies before a product's first date.
[[nodiscard]] std::vector<DownloadRequest> missing_downloads(const std::vector<FileRange>& files,
                                                             const PlanOptions& options,
                                                             const market::Universe& universe,
                                                             const market::Calendar& calendar,
                                                             const std::vector<Density>& densities);

}  // namespace fm::quality
