// What `frontmonth verify` asks of a copy of the lake, wherever it lies. Inside.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/time.h"
#include "jobs/mirror.h"
#include "lake/lake.h"
#include "quality/verify_sums.h"
#include "table/catalogue.h"
#include "table/row_stream.h"

namespace fm::jobs {

// How far a table's copy has come, where it is behind the lake: what is not there yet is nobody's
// difference.
struct CopyProgress {
  // Rows of earlier seconds are there: of all roots, or of one.
  std::optional<Second> final_to = {};
  std::map<std::string, Second> root_final_to = {};
  // Partitions of the lake that are brought anew as a whole: "p_root=ES/p_day=2025-06-16".
  std::set<std::string> waiting_partitions = {};
  std::uint64_t waiting_files = 0;
  std::uint64_t waiting_rows = 0;
};

using Dates = std::pair<Date, Date>;  // the first and the last

class VerifyCopy {
 public:
  virtual ~VerifyCopy() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  // in sentences: "postgres"
  [[nodiscard]] virtual std::string place() const = 0;      // "market on db.example:5432"

  [[nodiscard]] virtual Result<bool> holds_rows(const table::Table& table) = 0;
  // Of the rows of partition dates [from, before). Errors: also kNotFound where there is no such
  // table.
  [[nodiscard]] virtual Result<std::optional<Dates>> dates(const table::Table& table, Date from,
                                                           Date before) = 0;
  // `manifests` are all of the table's.
  [[nodiscard]] virtual Result<CopyProgress> progress(
      const table::Table& table, const std::vector<lake::Manifest>& manifests) = 0;
  // Of every root that has rows there. From any thread, while nothing else is asked.
  [[nodiscard]] virtual Result<quality::SumsByRoot> sums(const table::Table& table,
                                                         const quality::SumsScope& scope) = 0;
  // In the order of the table's sort columns. The copy is asked for nothing else meanwhile.
  [[nodiscard]] virtual Result<std::unique_ptr<table::RowStream>> rows(
      const table::Table& table, const quality::SumsRange& range) = 0;
  // Makes these partitions what the lake has, whose rows `lake_rows` gives.
  using LakeRows =
      std::function<Result<std::unique_ptr<table::RowStream>>(const quality::SumsRange&)>;
  [[nodiscard]] virtual Status repair(const table::Table& table,
                                      const std::vector<quality::SumsRange>& partitions,
                                      const LakeRows& lake_rows) = 0;

  // So far.
  [[nodiscard]] virtual std::uint64_t rows_sent() const = 0;
  [[nodiscard]] virtual std::uint64_t rows_removed() const = 0;
  [[nodiscard]] virtual std::optional<std::uint64_t> bytes_billed() const { return std::nullopt; }
};

// Errors: those of the connection.
[[nodiscard]] Result<std::unique_ptr<VerifyCopy>> open_postgres_copy(Env& env, const Secret& uri);

// `mirror` says whose state tells how far the copy has come, and what a query may be billed.
// Everything given outlives the copy. Errors: kNotFound for a dataset that is not there; those of
// the state and of the service.
[[nodiscard]] Result<std::unique_ptr<VerifyCopy>> open_bigquery_copy(Env& env,
                                                                     const lake::Lake& lake,
                                                                     const MirrorJobOptions& mirror,
                                                                     CloudPlace& place);

}  // namespace fm::jobs
