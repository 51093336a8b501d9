// What went wrong, as a client reads it: application/problem+json (RFC 9457).
//
//   {"type":"about:blank","title":"Not Found","status":404,"detail":"there is no root \"XX\"",
//    "hint":"GET /api/roots lists them.","instance":"5f0c…"}
#pragma once

#include <string_view>

#include "base/error.h"
#include "net/http_server.h"

namespace fm::server {

// The status that tells a client whose fault an error is, and whether to try again.
[[nodiscard]] int status_of(Code code);
[[nodiscard]] std::string_view title_of(int status);

// `instance` is the request's id. An empty hint is left out.
[[nodiscard]] net::ServerResponse problem(int status, std::string_view detail,
                                          std::string_view hint, std::string_view instance);
[[nodiscard]] net::ServerResponse problem(const Error& error, std::string_view instance);

}  // namespace fm::server
