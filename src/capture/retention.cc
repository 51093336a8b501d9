// Log: removing what is older than it must be.
#include <algorithm>

#include "base/log.h"
#include "capture/log_reader.h"
#include "capture/log_state.h"

namespace fm::capture {
namespace {

Result<std::uint64_t> bytes_below(Env& env, const std::string& directory) {
  FM_ASSIGN(const auto names, env.list(directory));
  std::uint64_t total = 0;
  for (const std::string& name : names) {
    const auto info = env.info(join(directory, name));
    if (info) total += info->size_bytes;  // gone meanwhile: it was compressed
  }
  return total;
}

}  // namespace

Result<Retention> Log::remove_old_days(Date keep_from) {
  State& state = *state_;
  const std::string& directory = state.options.directory;
  const std::lock_guard no_compressing(state.compressing);
  FM_ASSIGN(const auto all, days(state.env, directory));
  std::vector<std::uint64_t> sizes;
  std::uint64_t total = 0;
  for (const Date day : all) {
    FM_ASSIGN(const std::uint64_t bytes, bytes_below(state.env, day_path(directory, day)));
    sizes.push_back(bytes);
    total += bytes;
  }
  Retention done;
  for (std::size_t i = 0; i + 1 < all.size() && all[i] < keep_from; ++i) {
    const bool old = all.back() - all[i] >= state.options.retention_days;
    if (!old && total <= state.options.retention_bytes) break;
    // In one step, so that no reader finds half a day.
    const std::string path = day_path(directory, all[i]);
    const std::string leaving = path + std::string(kRemoved);
    FM_TRY(state.env.rename(path, leaving));
    FM_TRY(remove_tree(state.env, leaving));
    FM_TRY(state.env.sync_directory(directory));
    log_info("capture: removed {} ({} bytes), which is older than {} days or beyond {} bytes", path,
             sizes[i], state.options.retention_days, state.options.retention_bytes);
    total -= sizes[i];
    done.days.push_back(all[i]);
    done.bytes += sizes[i];
  }
  const std::lock_guard guard(state.mutex);
  std::erase_if(state.uncompressed, [&](const SegmentName& name) {
    return std::ranges::find(done.days, name.day) != done.days.end();
  });
  return done;
}

}  // namespace fm::capture
