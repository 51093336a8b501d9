// Tests with a database of their own; skipped with a word where no server is installed.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/secret.h"
#include "postgres/connection.h"
#include "postgres/testing_server.h"

namespace fm::postgres {

// The one that the program's tests share; null when no server is installed. A server that is
// installed and does not start fails the test.
[[nodiscard]] TestServer* shared_server();

// kTimescale: a server with the extension, which FRONTMONTH_TEST_TIMESCALE_URL names
// (postgresql://owner:password@host/any); tests with it are skipped where it is not set.
enum class Server { kPlain, kTimescale };

// A test with a database of its own.
class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  [[nodiscard]] virtual Server server() const { return Server::kPlain; }
  [[nodiscard]] static ConnectionOptions quick();
  [[nodiscard]] Connection connect(const ConnectionOptions& options = quick()) const;
  // The first cell.
  [[nodiscard]] std::string ask(const std::string& statement) const;
  [[nodiscard]] Secret uri() const { return Secret(uri_); }

  TestServer* server_ = nullptr;  // the program's own; null for another
  std::string database_;
  std::string uri_;

 private:
  void make_on(const std::string& url);
  std::string other_server_;
};

}  // namespace fm::postgres
