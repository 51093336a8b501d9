// A live gateway over small files, for tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "gateway/live_server.h"
#include "gateway/testing_archive.h"

namespace fm::gateway::testing {

class ServedFiles {
 public:
  [[nodiscard]] std::string file(std::string_view name) const { return directory_.file(name); }
  // Serves all files written so far on a free port; fails the test when it cannot.
  LiveServer& serve(LiveServerOptions options = {.speed = kSpeedMax});
  LiveServer& serve(std::vector<std::string> paths, LiveServerOptions options);
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] LiveServer& server() { return *server_; }

 private:
  TestDirectory directory_;
  std::unique_ptr<LiveServer> server_;
};

}  // namespace fm::gateway::testing
