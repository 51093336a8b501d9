// Every SQL text that frontmonth can send to BigQuery or prints for it, from the same functions, so
// that an engine that is not ours may judge it.
#pragma once

#include <string>
#include <vector>

namespace fm::jobs {

struct NamedStatement {
  std::string name;  // its kind first: "merge market_data.candles_1m"
  std::string sql;
};

[[nodiscard]] std::vector<NamedStatement> bigquery_statements();

// {"schema":{"market_data.candles_1m":{"ticker":"STRING",…},…},"statements":[{"name","sql"},…]}
[[nodiscard]] std::string bigquery_statements_json();

}  // namespace fm::jobs
