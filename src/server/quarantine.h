// The rows that a job left out, as the files beside the lake list them. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "ops/recent.h"
#include "server/context.h"

namespace fm::server {

struct EventDetails {
  std::string root;                  // empty: none is named
  std::optional<std::int64_t> rows;  // how many records it speaks of
  std::optional<std::string> file;   // within STATE/quarantine; nothing where there is none
};
[[nodiscard]] EventDetails details_of(Context& context, const ops::StoredEvent& event);

// The first lines of such a file, {"lines":[…],"truncated":…}: each is a JSON value already; one
// that is not, a text. Errors: kNotFound, and those of the file.
inline constexpr std::size_t kQuarantineLinesMax = 500;
[[nodiscard]] Result<std::string> lines_of(Context& context, const std::string& file);

}  // namespace fm::server
