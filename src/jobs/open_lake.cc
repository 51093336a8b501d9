#include "jobs/open_lake.h"

#include "jobs/config.h"
#include "jobs/inputs.h"

namespace fm::jobs {
namespace {

constexpr Nanos kDay = 86'400 * kNanosPerSecond;

}  // namespace

Result<std::unique_ptr<lake::Lake>> open_lake(Env& env, const LakePlace& place) {
  const std::string directory = absolute_path(place.directory);
  lake::LakeOptions options;
  options.state_dir =
      place.state_dir.empty() ? default_state_dir(directory) : absolute_path(place.state_dir);
  options.keep = static_cast<Nanos>(place.keep_days) * kDay;
  FM_ASSIGN(auto lake, lake::Lake::open(env, directory, options));
  FM_TRY(env.make_directories(options.state_dir));
  return lake;
}

}  // namespace fm::jobs
