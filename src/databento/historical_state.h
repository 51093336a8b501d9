// What the parts of HistoricalClient share. Private to them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "databento/historical_client.h"
#include "net/http_client.h"
#include "net/retry.h"

namespace fm::databento {

struct HistoricalClient::State {
  Env* env = nullptr;
  HistoricalOptions options;
  std::unique_ptr<net::HttpClient> http;

  [[nodiscard]] std::string url_of(std::string_view method) const;

  // The body of an answer that is not an error; tries again while that may help.
  [[nodiscard]] Result<std::string> get(std::string_view method, const net::Parameters& query = {});
  [[nodiscard]] Result<std::string> post(std::string_view method, const net::Parameters& form);
  [[nodiscard]] Result<std::string> call(std::string_view method, const net::HttpRequest& request);

  // Waits before the next try and says so; false when there is none.
  [[nodiscard]] bool wait_to_retry(net::Backoff& backoff, std::string_view what,
                                   const Result<net::HttpResponse>& answer);
};

// Errors: kInvalidArgument.
[[nodiscard]] Status check(const DataRequest& request);
// The parameters that all calls about data share.
[[nodiscard]] net::Parameters parameters_of(const DataRequest& request);
[[nodiscard]] std::string joined(const std::vector<std::string>& symbols);

// The error that an answer with a status ≥ 300 is.
[[nodiscard]] Error error_of(const net::HttpResponse& answer);
// Logs and returns what the service warns of.
std::vector<std::string> take_warnings(const net::HttpResponse& answer);

}  // namespace fm::databento
