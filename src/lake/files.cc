#include "lake/files.h"

namespace fm::lake {

Status ignore_missing(Status status) {
  if (!status && status.error().code() == Code::kNotFound) return {};
  return status;
}

Result<std::vector<std::string>> list_or_empty(Env& env, const std::string& directory) {
  auto names = env.list(directory);
  if (!names && names.error().code() == Code::kNotFound) return std::vector<std::string>{};
  return names;
}

Status make_durable_directories(Env& env, std::string_view top, const std::string& directory) {
  if (env.exists(directory)) return {};
  FM_TRY(env.make_directories(directory));
  for (std::string above = parent_of(directory); above.size() >= top.size();
       above = parent_of(above)) {
    FM_TRY(env.sync_directory(above));
    if (above == parent_of(above)) break;
  }
  return {};
}

}  // namespace fm::lake
