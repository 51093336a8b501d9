// The tests' double of Google Cloud, served on loopback by this process's other threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/error.h"
#include "fakegcp/server.h"
#include "google/api.h"
#include "google/endpoints.h"
#include "google/tokens.h"
#include "google/transport.h"

namespace fm::bench {

inline constexpr std::string_view kProject = "bench-project";
inline constexpr std::string_view kBucket = "bench-lake";

struct Cloud {
  std::unique_ptr<fakegcp::Cloud> cloud;
  std::unique_ptr<net::HttpServer> server;
  google::Endpoints endpoints;
  std::unique_ptr<google::Tokens> tokens;
  google::TransportFactory transports;

  Result<std::unique_ptr<google::Api>> api(Env& env) const {
    FM_ASSIGN(auto transport, transports());
    return std::make_unique<google::Api>(env, *tokens, std::move(transport));
  }
};

// With the bucket, and the dataset market_data in US. What it stores lies in `directory`.
[[nodiscard]] Result<std::shared_ptr<Cloud>> start_cloud(Env& env, const std::string& directory);

}  // namespace fm::bench
