// A PostgreSQL server of the test program's own: made in a folder of its own on the first use, as
// an unprivileged user (the server refuses root), on a free port, gone when the program ends, even
// by a signal. The benchmark uses it, too.
#pragma once

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
  // Errors: kNotFound when no server is installed.
  [[nodiscard]] static Result<std::unique_ptr<TestServer>> start();
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  // Ends the server without any goodbye, as the loss of its power would. It also ends with the
  // thread that started it (again), so that none outlives a test.
  void kill();
  // Starts it again, on the same port; returns when it takes connections.
  [[nodiscard]] Status start_again();

  // A new, empty database of this name.
  [[nodiscard]] Status make_database(const std::string& name);
  [[nodiscard]] std::string uri(std::string_view database, std::string_view password = "se@cret",
                                std::string_view user = "frontmonth") const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& data() const { return data_; }

 private:
  TestServer() = default;
  void launch();
  [[nodiscard]] Status await();

  std::string binaries_, folder_, data_;
  std::uint16_t port_ = 0;
  pid_t child_ = -1;
};

}  // namespace fm::postgres
