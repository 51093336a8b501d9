// The operating system's sockets; only Env::posix() calls these. Errors as Env::connect and
// Env::listen say.
#pragma once

#include "base/socket.h"

namespace fm {

[[nodiscard]] Result<std::unique_ptr<Socket>> connect_posix(const std::string& host,
                                                            std::uint16_t port, Nanos patience);
[[nodiscard]] Result<std::unique_ptr<Listener>> listen_posix(const std::string& host,
                                                             std::uint16_t port);

}  // namespace fm
