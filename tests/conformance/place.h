// A service under test, by its address: the double, or somebody else's emulator.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "cli/process.h"
#include "fakegcp/server.h"
#include "google/api.h"
#include "google/tokens.h"
#include "net/http_server.h"

namespace fm::conformance {

enum class Kind : std::uint8_t { kDouble, kFakeGcsServer, kBigqueryEmulator };

inline constexpr std::string_view kProject = "conformance";

class Place {
 public:
  // Nothing where there is no such service here: `why` says what would make one.
  [[nodiscard]] static std::unique_ptr<Place> open(Kind kind, std::string& why);

  [[nodiscard]] google::Api& api() { return *api_; }
  [[nodiscard]] const google::Endpoints& endpoints() const { return endpoints_; }

 private:
  explicit Place(std::string url);

  std::unique_ptr<fakegcp::Cloud> cloud_;
  std::unique_ptr<net::HttpServer> server_;
  google::Endpoints endpoints_;
  std::unique_ptr<google::Tokens> tokens_;
  std::unique_ptr<google::Api> api_;
};

}  // namespace fm::conformance
