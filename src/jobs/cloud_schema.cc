#include "jobs/cloud_schema.h"

#include "jobs/schema_job.h"

namespace fm::jobs {

Result<CloudSchemaReport> run_cloud_schema(Env& env, CloudPlace& place,
                                           const CloudSchemaOptions& options) {
  FM_TRY(google::check(options.principals));
  google::SchemaApplyOptions schema{.location = place.location,
                                    .expire_live_days = options.expire_live_days};
  if (options.table) {
    FM_ASSIGN(schema.tables, chosen_tables(options.table));
  }
  FM_ASSIGN(auto transport, place.transports());
  google::Api api(env, *place.tokens, std::move(transport));
  google::BigQuery bigquery(api, place.endpoints, place.destination.project, place.location);
  CloudSchemaReport report;
  if (!options.apply) {
    FM_ASSIGN(report.changes, google::schema_difference(bigquery, place.destination, schema));
    report.bindings = google::least_bindings(place.destination, options.principals);
    return report;
  }
  FM_ASSIGN(report.changes,
            google::apply_schema(bigquery, place.destination, schema, options.force));
  FM_ASSIGN(report.bindings,
            google::grant(api, bigquery, place.endpoints, place.destination, options.principals));
  return report;
}

std::string to_text(const CloudSchemaReport& report, const CloudPlace& place, bool applied) {
  std::string text;
  for (const google::SchemaChange& change : report.changes)
    text += fmt::format("{} {}: {}\n", google::name(change.kind), change.place, change.what);
  if (report.changes.empty())
    text += "Every dataset, table and view is there as the catalogue says\n";
  if (!report.bindings.empty())
    text += applied ? "\nGranted:\n" : "\nThe least that each account needs:\n";
  for (const google::Binding& binding : report.bindings)
    text += fmt::format("# {}\n{}\n", binding.why, google::command_of(binding, place.destination));
  return text;
}

}  // namespace fm::jobs
