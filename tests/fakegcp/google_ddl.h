// CREATE, DROP and ALTER of GoogleSQL, as `frontmonth schema --engine bigquery` prints them.
#pragma once

#include <string>

#include "bigquery_catalog.h"
#include "google_sql.h"

namespace fm::fakegcp {

struct DdlContext {
  Catalog& catalog;
  const Scope& scope;
  std::string project;
  std::string default_dataset;
  std::string location;  // of the job
  // Rows for CREATE TABLE … AS: runs the query into an existing table.
  std::function<Answer<void>(const TableName& table, Words query)> fill;
  // The columns and DuckDB's text of a query.
  std::function<Answer<std::string>(Words query, std::vector<Column>& columns)> look;
};

[[nodiscard]] bool is_ddl(Words statement);
// Returns the statement's type: "CREATE_TABLE", "DROP_VIEW", … Refused: invalidQuery, notFound,
// duplicate.
[[nodiscard]] Answer<std::string> run_ddl(const DdlContext& context, Words statement);

}  // namespace fm::fakegcp
