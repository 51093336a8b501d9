#include "gateway/testing_live_server.h"

#include <gtest/gtest.h>

namespace fm::gateway::testing {

LiveServer& ServedFiles::serve(LiveServerOptions options) {
  return serve({directory_.path()}, std::move(options));
}

LiveServer& ServedFiles::serve(std::vector<std::string> paths, LiveServerOptions options) {
  options.port = 0;
  auto archive = Archive::open(Env::posix(), paths);
  EXPECT_TRUE(archive) << archive.error().message();
  auto server = LiveServer::start(Env::posix(), *archive, std::move(options));
  EXPECT_TRUE(server) << server.error().message();
  server_ = *std::move(server);
  return *server_;
}

}  // namespace fm::gateway::testing
