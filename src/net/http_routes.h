// Which handler answers a request, and what it says.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_server.h"

namespace fm::net {

class Routes {
 public:
  struct Match {
    const Handler* handler = nullptr;  // null: nothing fits
    RouteOptions options = {.on_loop = true, .at_hand = {}};
    std::vector<std::string> parts = {};
    std::string allowed = {};  // the methods that fit the path, when this one does not: "GET, HEAD"
  };

  void add(std::string method, std::string_view pattern, Handler handler, RouteOptions options);
  void set_otherwise(Handler handler, RouteOptions options);
  // `path`: decoded, begins with a slash.
  [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> pattern;
    Handler handler;
    RouteOptions options;
  };
  std::vector<Route> routes_;
  Handler otherwise_;
  RouteOptions otherwise_options_;
};

// Reads the parameters and asks the handler; 400 where they are none, 500 where the handler throws.
[[nodiscard]] ServerResponse answer_with(const Routes::Match& match, ServerRequest& request,
                                         std::string_view raw_query);

// What RouteOptions::at_hand says, if anything.
[[nodiscard]] std::optional<ServerResponse> answer_at_hand(const Routes::Match& match,
                                                           ServerRequest& request,
                                                           std::string_view raw_query);

// How a reader knows where an answer's body ends.
enum class Framing { kNone, kLength, kChunked, kUntilClose };
// The head of an answer with its empty line. Headers whose name or value could not stand in one
// line are left out, with a warning; so are those of framing, which is the server's own business.
[[nodiscard]] std::string response_head(const ServerResponse& response, Framing framing,
                                        std::uint64_t length, bool closes);

}  // namespace fm::net
