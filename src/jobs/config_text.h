// The configuration in force as text: to be shown, and to be compared with another one. It holds no
// secret: those lie in files that it names.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "jobs/config.h"

namespace fm::jobs {

// A configuration with what each key was given, as it would stand in a file.
struct ConfigText {
  Config config;
  std::map<std::string, std::string, std::less<>> values;
};

// As load_config().
[[nodiscard]] Result<ConfigText> load_config_text(Env& env, const ConfigSources& sources);

// A file that says the same.
[[nodiscard]] std::string to_yaml(const ConfigText& config);
// The keys whose values differ, lists included, in the order of the sample.
[[nodiscard]] std::vector<std::string> differences(const ConfigText& one, const ConfigText& other);

// The same but for where it stands in the file.
[[nodiscard]] bool is_same(JobConfig one, JobConfig other);
[[nodiscard]] bool is_same(TargetConfig one, TargetConfig other);

}  // namespace fm::jobs
