#include "google/transport.h"

#include <utility>

namespace fm::google {
namespace {

class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(std::unique_ptr<net::HttpClient> client) : client_(std::move(client)) {}
  Result<net::HttpResponse> send(const net::HttpRequest& request) override {
    return client_->send(request);
  }

 private:
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace

TransportFactory http_transports(Env& env, std::string ca_file) {
  return [&env, ca_file = std::move(ca_file)]() -> Result<std::unique_ptr<Transport>> {
    FM_ASSIGN(auto client, net::HttpClient::create(env, {.ca_file = ca_file}));
    return std::make_unique<HttpTransport>(std::move(client));
  };
}

}  // namespace fm::google
