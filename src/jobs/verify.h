// `frontmonth verify`: whether a copy of the lake's tables holds the same cells, computed from them
// on both sides; and what differs, row by row.
//
//   lake ─▶ rows ─▶ quality::RowSums ───────────────────────────────┐
//   copy ─▶ quality::sums_statement in PostgreSQL, or in BigQuery ──┴▶ quality::compare ─▶ rows of
//                                                                      what differs
//
// The lake is right: --repair sends its rows of a partition that differs, and removes what is only
// in the copy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/time.h"
#include "jobs/cloud.h"
#include "jobs/mirror.h"
#include "jobs/progress.h"
#include "quality/verify_rows.h"

namespace fm::jobs {

struct VerifyOptions {
  std::string lake;
  std::string state_dir;  // empty: beside the lake
  // Empty: those of market_data that hold rows in the copy.
  std::vector<std::string> tables = {};
  std::optional<Date> from = {};
  std::optional<Date> to = {};  // included
  bool repair = false;
};

inline constexpr std::size_t kPartitionsShown = 100;  // with their columns, of a table
inline constexpr std::size_t kPartitionsRead = 10;    // row by row, of a table
inline constexpr std::size_t kRowsShown = 20;         // of a partition

struct PartitionDifference {
  std::string root;  // empty for tables of all roots
  Date partition;    // its first day
  std::string lake_rows, other_rows;
  std::vector<std::string> columns;  // that differ, where both sides have rows
  quality::RowDifferences rows;      // likewise
  bool repaired = false;
};

struct TableVerdict {
  std::string table;
  std::uint64_t partitions = 0;                  // that one side has at least
  std::uint64_t rows = 0;                        // of the lake
  std::uint64_t different = 0;                   // partitions
  std::uint64_t repaired = 0;                    // of these
  std::vector<PartitionDifference> differences;  // the first ones
  std::optional<Second> final_to;  // only rows of earlier seconds were compared: of the newest root
  // Of the lake, and on their way to the copy: not compared.
  std::uint64_t waiting_files = 0;
  std::uint64_t waiting_rows = 0;
};

struct VerifyReport {
  std::string copy;   // "postgres", "bigquery"
  std::string place;  // "market on db.example:5432"
  std::vector<TableVerdict> tables;
  std::vector<std::string> left_out;              // tables without rows in the copy
  std::uint64_t rows_sent = 0, rows_removed = 0;  // by the repair
  std::optional<std::uint64_t> bytes_billed;      // of copies that cost something
  // After the repair, where there was one.
  [[nodiscard]] bool equal() const;
};

// Errors: kNotFound for a table that is not in the catalogue or the copy, and a lake that is not
// there; kCheckFailed when a repaired partition still differs; those of lake and copy.
[[nodiscard]] Result<VerifyReport> run_verify(Env& env, const VerifyOptions& options,
                                              const Secret& uri, Progress& progress);
// Against BigQuery. `mirror` is how the copy is made: its state says what is not there yet, and a
// repair is a cycle of it.
[[nodiscard]] Result<VerifyReport> run_verify(Env& env, const VerifyOptions& options,
                                              CloudPlace& place, const MirrorJobOptions& mirror,
                                              Progress& progress);

[[nodiscard]] std::string to_text(const VerifyReport& report);
[[nodiscard]] std::string to_json(const VerifyReport& report);

}  // namespace fm::jobs
