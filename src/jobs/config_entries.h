// Each key of the configuration: its name, its default, and how its text is read. Private to
// config.cc.
#pragma once

#include <span>
#include <string_view>

#include "jobs/config.h"

namespace fm::jobs {

struct ConfigEntry {
  ConfigKey key;
  bool is_path;
  // Stores `text` in the config; false when it is not what the key expects.
  bool (*set)(Config&, std::string_view text);
};

[[nodiscard]] std::span<const ConfigEntry> config_entries();

}  // namespace fm::jobs
