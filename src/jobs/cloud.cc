#include "jobs/cloud.h"

#include <algorithm>
#include <utility>

#include "google/bigquery.h"
#include "google/credentials.h"
#include "jobs/schema_job.h"

namespace fm::jobs {

Result<CloudPlace> open_cloud(Env& env, const Variables& variables, const Config& config) {
  CloudPlace place;
  if (!config.google.endpoint.empty()) {
    FM_ASSIGN(place.endpoints, google::Endpoints::at(config.google.endpoint));
  }
  FM_ASSIGN(google::Credentials credentials,
            google::find_credentials(env, variables, config.google.key_file));
  place.destination = {
      .project = config.google.project.empty() ? credentials.project_id : config.google.project,
      .bucket = config.google.bucket,
      .prefix = config.google.prefix};
  if (!config.google.dataset.empty())
    place.destination.datasets.emplace("market_data", config.google.dataset);
  if (place.destination.project.empty())
    return std::unexpected(
        Error(Code::kInvalidConfig, "google.project: is empty; expected the project's id")
            .hint("Set it in frontmonth.yaml, or GOOGLE_CLOUD_PROJECT."));
  place.location = config.google.location;
  place.transports = google::http_transports(env);
  FM_ASSIGN(auto transport, place.transports());
  place.tokens =
      std::make_unique<google::Tokens>(env, std::move(credentials), std::move(transport),
                                       google::TokenOptions{.endpoints = place.endpoints});
  return place;
}

Result<CloudPlace> open_cloud_with_bucket(Env& env, const Variables& variables,
                                          const Config& config) {
  if (config.google.bucket.empty())
    return std::unexpected(
        Error(Code::kInvalidConfig, "google.bucket: is empty; expected a bucket's name")
            .hint("Set it in frontmonth.yaml, or --gcs-bucket."));
  FM_ASSIGN(CloudPlace place, open_cloud(env, variables, config));
  FM_TRY(google::check(place.destination));
  return place;
}

Result<std::string> location_of(google::Api& api, const CloudPlace& place) {
  const std::string name = place.destination.dataset_of(table::candles_1m());
  google::BigQuery bigquery(api, place.endpoints, place.destination.project, "");
  FM_ASSIGN(const auto dataset, bigquery.dataset(name));
  if (!dataset)
    return std::unexpected(Error(Code::kNotFound, fmt::format("dataset {}.{}: is not there",
                                                              place.destination.project, name))
                               .hint("`frontmonth schema --engine bigquery --apply` makes it."));
  return dataset->text("/location").value_or("US");
}

Result<std::vector<const table::Table*>> tables_to_copy(const lake::Lake& lake,
                                                        std::string_view names) {
  std::vector<const table::Table*> chosen;
  if (names.empty()) {
    for (const table::Table& table : table::all_tables()) {
      FM_ASSIGN(const auto newest, lake.newest(table, ""));
      if (newest) chosen.push_back(&table);
    }
    return chosen;
  }
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    if (name.empty()) continue;
    FM_ASSIGN(const auto found, chosen_tables(std::string(name)));
    if (std::ranges::find(chosen, found.front()) == chosen.end()) chosen.push_back(found.front());
  }
  return chosen;
}

}  // namespace fm::jobs
