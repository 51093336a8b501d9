// Queries: GoogleSQL that DuckDB runs after translation, what it would cost, and its rows.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "bigquery_catalog.h"
#include "call.h"
#include "google_sql.h"

namespace fm::fakegcp {

struct QueryResult {
  std::string statement_type = {};  // "SELECT", "MERGE", "SCRIPT" …
  std::int64_t bytes_processed = 0;
  std::int64_t bytes_billed = 0;
  std::int64_t affected_rows = -1;  // of DML
  std::string relation = {};        // where a SELECT's rows lie; empty: it has none
  std::vector<Column> columns = {};
  std::int64_t rows = 0;
  std::vector<TableName> tables = {};  // that it reads, each once
};

struct Job;

class QueryEngine {
 public:
  QueryEngine(Env& env, Catalog& catalog);

  // Refused: invalidQuery and whatever a job may end with. `configuration` is configuration.query.
  [[nodiscard]] Answer<QueryResult> run(const std::string& project, const Json& configuration,
                                        const std::string& location);
  [[nodiscard]] Answer<QueryResult> estimate(const std::string& project, const Json& configuration,
                                             const std::string& location);
  // For INFORMATION_SCHEMA.JOBS_BY_PROJECT.
  std::function<std::vector<const Job*>()> jobs;

 private:
  // One job on its way.
  struct Run;
  [[nodiscard]] Answer<Run> prepare(const std::string& project, const Json& configuration,
                                    const std::string& location);
  [[nodiscard]] Answer<void> run_statement(Run& run, Words statement);
  [[nodiscard]] Answer<void> run_select(Run& run, Translator& translator, Words statement);
  [[nodiscard]] Answer<void> run_change(Run& run, Translator& translator, Words statement);
  [[nodiscard]] Answer<void> check_merge(Run& run, Words statement);
  [[nodiscard]] Answer<void> charge(Run& run, const Translator& translator, Words statement);
  [[nodiscard]] Answer<void> to_destination(Run& run, const Json& configuration);
  [[nodiscard]] Answer<std::string> look(const Scope& scope, Words query,
                                         std::vector<Column>& columns);
  [[nodiscard]] Answer<std::vector<Column>> columns_of(const std::string& select);

  Env* env_;
  Catalog* catalog_;
  std::uint64_t results_ = 0;
};

extern const std::span<const Field> kQueryFields;

}  // namespace fm::fakegcp
