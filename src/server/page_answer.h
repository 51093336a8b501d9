// The page's files as answers. Private to this room.
#pragma once

#include <optional>

#include "net/http_server.h"

namespace fm::server {

// Nothing where the page has no such file.
[[nodiscard]] std::optional<net::ServerResponse> page_answer(const net::ServerRequest& request);

}  // namespace fm::server
