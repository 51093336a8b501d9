// `frontmonth schema --engine bigquery`: the catalogue in BigQuery, and who may do what there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "google/iam.h"
#include "google/schema_apply.h"
#include "jobs/cloud.h"

namespace fm::jobs {

struct CloudSchemaOptions {
  std::optional<std::string> table;  // none: all, and the views
  bool apply = false;
  bool force = false;  // also what replaces a view
  int expire_live_days = 0;
  google::Principals principals = {};
};

struct CloudSchemaReport {
  std::vector<google::SchemaChange> changes;  // made with `apply`, else to be made
  std::vector<google::Binding> bindings;  // granted with `apply`, else the least that are needed
};

// Errors: kNotFound for a table that the catalogue has not; those of google::apply_schema() and
// google::grant().
[[nodiscard]] Result<CloudSchemaReport> run_cloud_schema(Env& env, CloudPlace& place,
                                                         const CloudSchemaOptions& options);
[[nodiscard]] std::string to_text(const CloudSchemaReport& report, const CloudPlace& place,
                                  bool applied);

}  // namespace fm::jobs
