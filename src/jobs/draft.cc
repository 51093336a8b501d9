#include "jobs/draft.h"

#include "base/log.h"
#include "jobs/run_store.h"

namespace fm::jobs {

Draft::Draft(Env& env, std::string path)
    : env_(env),
      path_(std::move(path)),
      draft_path_(fmt::format("{}.{:016x}{}", path_, env.random(), kDraftEnding)) {}

Draft::~Draft() {
  if (!published_ && env_.exists(draft_path_)) static_cast<void>(env_.remove(draft_path_));
}

Result<std::unique_ptr<dbn::ByteSink>> Draft::create() {
  FM_ASSIGN(auto file, env_.create(draft_path_, Create::kNew));
  std::unique_ptr<dbn::ByteSink> sink = std::make_unique<dbn::FileSink>(std::move(file));
  if (path_.ends_with(".zst")) sink = std::make_unique<dbn::ZstdSink>(std::move(sink));
  return sink;
}

Status Draft::publish() {
  FM_TRY(env_.sync_file(draft_path_));
  FM_TRY(env_.rename(draft_path_, path_));
  published_ = true;
  return env_.sync_directory(parent_of(path_));
}

void clean_leftovers(Env& env, const std::string& output) {
  const std::string directory = parent_of(output);
  const std::string prefix = std::string(base_name(output)) + ".";
  const auto names = env.list(directory);
  if (!names) return;  // the run itself will say what is wrong with the folder
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix)) continue;
    if (!name.ends_with(kDraftEnding) && !name.ends_with(kSpillEnding)) continue;
    const std::string path = join(directory, name);
    const auto info = env.info(path);
    // A younger one may belong to a run that is still going.
    if (!info || info->modified + kNanosPerDay > env.now()) continue;
    if (env.remove(path)) log_info("removed {}, left behind by a run that was killed", path);
  }
}

}  // namespace fm::jobs
