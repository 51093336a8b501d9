// The user's place in Google Cloud: who we are there, where it is, what is copied to it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "google/api.h"
#include "google/destination.h"
#include "google/endpoints.h"
#include "google/tokens.h"
#include "google/transport.h"
#include "jobs/config.h"
#include "lake/lake.h"

namespace fm::jobs {

struct CloudPlace {
  google::Endpoints endpoints;
  google::Destination destination;
  std::string location;  // of datasets that are made
  google::TransportFactory transports;
  std::unique_ptr<google::Tokens> tokens;
};

// Needs google.project, which a service account's key names, too. Speaks to nobody yet. Errors:
// kInvalidConfig for what is missing or cannot be; those of google::find_credentials().
[[nodiscard]] Result<CloudPlace> open_cloud(Env& env, const Variables& variables,
                                            const Config& config);
// The same for what needs a bucket.
[[nodiscard]] Result<CloudPlace> open_cloud_with_bucket(Env& env, const Variables& variables,
                                                        const Config& config);

// Where the dataset of market_data is: the place of its jobs. Errors: kNotFound; those of Api.
[[nodiscard]] Result<std::string> location_of(google::Api& api, const CloudPlace& place);

// Those named, with commas between them; without a name, those that hold rows in the lake. Errors:
// kNotFound for a table that the catalogue has not, naming the nearest.
[[nodiscard]] Result<std::vector<const table::Table*>> tables_to_copy(const lake::Lake& lake,
                                                                      std::string_view names);

}  // namespace fm::jobs
