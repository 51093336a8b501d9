// `frontmonth query --engine bigquery`: what it costs first, then the rows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "jobs/cloud.h"
#include "jobs/config.h"

namespace fm::jobs {

struct CloudQueryOptions {
  std::string format = "table";  // or csv, json
  bool dry_run = false;          // what it costs, and no more
  bool full_scan = false;        // partitioned tables without a condition on their partition column
  std::int64_t bytes_billed_max = 0;
  std::uint64_t rows_max = 0;  // 0: all
  // Told before anything is billed: bytes that will be read, and US dollars.
  std::function<void(std::int64_t, double)> on_estimate = {};
};

struct CloudQueryOutcome {
  std::int64_t bytes_estimated = 0;
  std::int64_t bytes_billed = 0;
  std::uint64_t rows = 0;
  bool is_cut = false;
};

// One SELECT. Its cost is estimated, said on standard error and bounded before it runs, and kept in
// ops.sqlite of `config`'s state folder. Errors: kInvalidArgument for another statement, and for a
// partitioned table whose partition column the statement does not name, without `full_scan`;
// kRefused with the service's words.
[[nodiscard]] Result<CloudQueryOutcome> run_cloud_query(Env& env, const Config& config,
                                                        CloudPlace& place, const std::string& sql,
                                                        const CloudQueryOptions& options,
                                                        WritableFile& out);

}  // namespace fm::jobs
