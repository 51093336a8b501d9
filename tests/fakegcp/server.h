// A Cloud on a port of this machine.
#pragma once

#include <memory>

#include "base/env.h"
#include "cloud.h"
#include "net/http_server.h"

namespace fm::fakegcp {

// `cloud` must outlive the server. Port 0: any free one. A lost reply is an answer that breaks off
// before its first byte.
[[nodiscard]] Result<std::unique_ptr<net::HttpServer>> serve(Env& env, Cloud& cloud,
                                                             std::uint16_t port);

}  // namespace fm::fakegcp
