// gzip, for answers whose reader takes it.
#pragma once

#include <string>
#include <string_view>

namespace fm::net {

// `level`: 1 (fast) to 9 (small). The same bytes for the same text: no time, no name in it.
[[nodiscard]] std::string gzip(std::string_view text, int level = 6);
// Whether an Accept-Encoding header takes gzip: "gzip, br" does, "gzip;q=0" and "" do not.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace fm::net
