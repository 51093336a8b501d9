#include "cloud.h"

#include <fmt/format.h>

#include <utility>

#include "fakegcp/crypto.h"
#include "google/bigquery.h"
#include "google/table_resource.h"

namespace fm::bench {
namespace {

constexpr std::string_view kEmail = "bench@bench-project.iam.gserviceaccount.com";

}  // namespace

Result<std::shared_ptr<Cloud>> start_cloud(Env& env, const std::string& directory) {
  auto made = std::make_shared<Cloud>();
  FM_TRY(env.make_directories(directory));
  FM_ASSIGN(made->cloud, fakegcp::Cloud::create(env, {.directory = directory}));
  made->cloud->add_bucket(std::string(kBucket), "US");
  FM_ASSIGN(const fakegcp::KeyPair key, fakegcp::generate_key());
  made->cloud->add_account(fakegcp::ServiceAccount{std::string(kEmail), key.public_pem});
  FM_ASSIGN(made->server, fakegcp::serve(env, *made->cloud, 0));
  FM_ASSIGN(made->endpoints,
            google::Endpoints::at(fmt::format("http://127.0.0.1:{}", made->server->port())));
  made->transports = google::http_transports(env);
  FM_ASSIGN(google::Credentials credentials,
            google::parse_credentials(
                fakegcp::service_account_json(kEmail, key.private_pem,
                                              "https://oauth2.googleapis.com/token", kProject),
                "bench"));
  FM_ASSIGN(auto transport, made->transports());
  made->tokens =
      std::make_unique<google::Tokens>(env, std::move(credentials), std::move(transport),
                                       google::TokenOptions{.endpoints = made->endpoints});
  FM_ASSIGN(const auto api, made->api(env));
  google::BigQuery bigquery(*api, made->endpoints, std::string(kProject), "US");
  FM_TRY(
      bigquery.create_dataset("market_data", google::dataset_json(kProject, "market_data", "US")));
  return made;
}

}  // namespace fm::bench
