// The server's own way to write rows that may be there already, with nothing of frontmonth in it:
// psql, COPY of a binary file into a table without indexes, and one INSERT … ON CONFLICT.
#pragma once

#include <string>

#include "base/error.h"

namespace fm::bench {

struct PsqlUpsert {
  std::string uri;
  std::string file;   // as COPY … TO (FORMAT binary) wrote it
  std::string table;  // "market_data"."candles_1m"
  std::string key;    // "ticker", "time", …
  std::string set;    // "open" = excluded."open", …
  std::string where;  // (t."open", …) IS DISTINCT FROM (excluded."open", …)
};

// Seconds from the start of psql to its end.
[[nodiscard]] Result<double> run_psql_upsert(const PsqlUpsert& upsert);

}  // namespace fm::bench
