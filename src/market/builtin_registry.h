// The registries of config/ as this binary was built with them.
#pragma once

#include <string_view>

namespace fm::market {

extern const std::string_view kUniverseYaml;
extern const std::string_view kSessionsYaml;

}  // namespace fm::market
