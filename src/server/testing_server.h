// A server over a lake of generated trades, and a client of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing_fault_env.h"
#include "net/http_client.h"
#include "server/server.h"

namespace fm::server {

// A lake made once for the whole program: ES and ZL, two trade dates from 2025-06-09 on, candles
// and bars of them.
struct TestLake {
  [[nodiscard]] static const TestLake& get();
  [[nodiscard]] std::string path() const { return folder.file("lake"); }
  TestDirectory folder;
};

class TestServer {
 public:
  // Options without a lake get TestLake's; any free port.
  explicit TestServer(ServerOptions options = {}, Sources sources = {}, Env& env = Env::posix());

  [[nodiscard]] net::HttpResponse get(const std::string& target,
                                      std::vector<net::Header> headers = {});
  [[nodiscard]] net::HttpResponse send(net::HttpRequest request);
  // The body of a 200; fails the test otherwise.
  [[nodiscard]] std::string body(const std::string& target);
  [[nodiscard]] std::string url(std::string_view target = "/") const;
  [[nodiscard]] Server& server() { return *server_; }

 private:
  std::unique_ptr<Server> server_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace fm::server
