// What every request passes: an id, whether it may ask at all, its parameters, what is kept of
// earlier answers, the route; and what the answer says of itself. Private to this room.
#pragma once

#include <string>
#include <string_view>

#include "net/http_server.h"
#include "server/api.h"
#include "server/context.h"

namespace fm::server {

// Registers every route with the HTTP server; all three outlive it.
void open_routes(Context& context, const Routes& routes, net::HttpServer& http);

// "/api/parquet/{table}/{root}" as a pattern of the HTTP server: "/api/parquet/*/*".
[[nodiscard]] std::string pattern_of(std::string_view path);

// Headers that go with every answer. CSP: the page is all there is, and everything it needs.
void add_common_headers(net::ServerResponse& response);

// Whether an If-None-Match header names this ETag, in any form of the content.
[[nodiscard]] bool names_etag(std::string_view header, std::string_view etag);

}  // namespace fm::server
