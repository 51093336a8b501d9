// What every request passes: an id, its parameters, the route, and what the answer says of itself
// (ETag, Cache-Control). Private to this room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http_server.h"
#include "server/api.h"
#include "server/context.h"

namespace fm::server {

// Registers every route with the HTTP server; both outlive it.
void open_routes(Context& context, const Routes& routes, net::HttpServer& http);

// The segments of "/api/parquet/{table}/{root}" that a request fills.
[[nodiscard]] std::string pattern_of(std::string_view path);

// Headers that go with every answer. CSP: the page is all there is, and everything it needs.
void add_common_headers(net::ServerResponse& response);

// Whether an If-None-Match header names this ETag.
[[nodiscard]] bool names_etag(std::string_view header, std::string_view etag);

}  // namespace fm::server
