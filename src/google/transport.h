// How requests get to the services: by HTTP, or in a test to a double of them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "net/http_client.h"

namespace fm::google {

// One request at a time; each thread has its own.
class Transport {
 public:
  virtual ~Transport() = default;
  // A status is an answer. Errors: as net::HttpClient::send().
  [[nodiscard]] virtual Result<net::HttpResponse> send(const net::HttpRequest& request) = 0;
};

using TransportFactory = std::function<Result<std::unique_ptr<Transport>>()>;

// By net::HttpClient: certificates are always checked, redirects never followed, answers bounded.
// `ca_file`: PEM with the authorities to trust; empty: the system's.
[[nodiscard]] TransportFactory http_transports(Env& env, std::string ca_file = {});

}  // namespace fm::google
