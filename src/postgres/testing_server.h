// A PostgreSQL server of the test program's own: made in a folder of its own on the first use, as
// an unprivileged user (the server refuses root), on a free port, gone when the program ends, even
// by a signal. Tests are skipped with a word where no server is installed.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "postgres/connection.h"

namespace fm::postgres {

class TestServer {
 public:
  // `folder_mount`: where the data lies; empty: a folder of its own under the usual one. Null when
  // no server is installed.
  [[nodiscard]] static std::unique_ptr<TestServer> start(const std::string& folder = "");
  // The one that the program's tests share; null when no server is installed.
  [[nodiscard]] static TestServer* shared();
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  // Ends the server without any goodbye, as the loss of its power would. It also ends with the
  // thread that started it (again), so that none outlives a test.
  void kill();
  // Starts it again, on the same port; returns when it takes connections.
  void start_again();

  // A new, empty database of this name.
  void make_database(const std::string& name);
  [[nodiscard]] std::string uri(std::string_view database, std::string_view password = "se@cret",
                                std::string_view user = "frontmonth") const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& data() const { return data_; }

 private:
  TestServer() = default;
  void launch();
  void await();

  std::string binaries_, folder_, data_;
  std::uint16_t port_ = 0;
  pid_t child_ = -1;
  bool owns_folder_ = false;
};

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
