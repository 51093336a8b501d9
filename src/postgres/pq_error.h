// What the server says as an Error. Private to this room.
#pragma once

#include <string_view>

#include "base/error.h"

namespace fm::postgres {

// `state` is the SQLSTATE, five letters; empty: the connection's own failure.
[[nodiscard]] Error server_error(std::string_view place, std::string_view state,
                                 std::string_view message, std::string_view detail);

}  // namespace fm::postgres
