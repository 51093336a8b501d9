#include "baselines/psql_upsert.h"

#include <fmt/format.h>

#include "process.h"

namespace fm::bench {

Result<double> run_psql_upsert(const PsqlUpsert& upsert) {
  const std::string stage = fmt::format("CREATE TEMPORARY TABLE stage (LIKE {})", upsert.table);
  const std::string copy = fmt::format("\\copy stage FROM '{}' (FORMAT binary)", upsert.file);
  const std::string insert = fmt::format(
      "INSERT INTO {} AS t SELECT * FROM stage ON CONFLICT ({}) DO UPDATE SET {} WHERE {}",
      upsert.table, upsert.key, upsert.set, upsert.where);
  FM_ASSIGN(const ProcessCost cost, run_process({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c",
                                                 stage, "-c", copy, "-c", insert, upsert.uri}));
  return cost.seconds;
}

}  // namespace fm::bench
