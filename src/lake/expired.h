// Partitions whose rows have gone because a retention said so. They stay as partitions without
// rows, so that whoever makes other tables from them, or compares them, knows that nothing was
// lost.
#pragma once

#include <string_view>

#include "lake/manifest.h"

namespace fm::lake {

// Of the manifest of such a partition.
inline constexpr std::string_view kExpiredParameters = R"({"expired":true})";

[[nodiscard]] inline bool is_expired(const Manifest& manifest) {
  return manifest.rows == 0 && manifest.parameters == kExpiredParameters;
}

}  // namespace fm::lake
