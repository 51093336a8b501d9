// A historical server over a small archive: trades of ESH4 and NQH4 on three days.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/testing_fault_env.h"
#include "gateway/historical_server.h"
#include "net/http_client.h"

namespace fm::gateway::testing {

[[nodiscard]] bool contains(std::string_view text, std::string_view part);

class HistoricalTest : public ::testing::Test {
 protected:
  HistoricalTest();

  // With options_; again with others when called again.
  void start();
  [[nodiscard]] std::string url(std::string_view method) const;
  // Errors of the transfer fail the test.
  [[nodiscard]] net::HttpResponse get(std::string_view method, const net::Parameters& query);
  [[nodiscard]] net::HttpResponse post(std::string_view method, const net::Parameters& form);
  [[nodiscard]] net::HttpResponse fetch(const std::string& url);
  // The dataset, and what more there is to say.
  [[nodiscard]] static net::Parameters with(const net::Parameters& more);

  TestDirectory dir_;
  std::shared_ptr<const Archive> archive_;
  HistoricalOptions options_;
  std::unique_ptr<HistoricalServer> server_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace fm::gateway::testing
