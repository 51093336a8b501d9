// What a load is to do with each file, decided before any row is read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "jobs/load.h"
#include "jobs/load_files.h"
#include "jobs/load_source.h"
#include "jobs/progress.h"
#include "lake/lake.h"
#include "ops/load_state.h"

namespace fm::jobs {

using LoadSources = std::vector<std::unique_ptr<LoadSource>>;

// What earlier runs know of files.
class LoadsKnown {
 public:
  explicit LoadsKnown(std::vector<ops::LoadedFile> loads);
  // The newest account of a path; of a content, one that was loaded. Null where there is none.
  [[nodiscard]] const ops::LoadedFile* of_path(std::string_view path) const;
  [[nodiscard]] const ops::LoadedFile* of_content(std::string_view hash) const;

 private:
  std::vector<ops::LoadedFile> loads_;
  std::unordered_map<std::string_view, const ops::LoadedFile*> by_path_;
  std::unordered_map<std::string_view, const ops::LoadedFile*> by_hash_;
};

// Without those of tables that are empty: a lake that was deleted, while its state folder stayed,
// holds nothing of what was loaded. Errors: those of the lake.
[[nodiscard]] Result<std::vector<ops::LoadedFile>> loads_in_lake(
    const lake::Lake& lake, std::vector<ops::LoadedFile> loads);

// Held while a load works on the lake. Errors: kBusy (retry) while another one does.
[[nodiscard]] Result<std::unique_ptr<FileLock>> lock_load(Env& env, const lake::Lake& lake);
// What a run leaves out.
[[nodiscard]] std::string load_quarantine_file(const lake::Lake& lake, std::string_view run);

// In the order of `found`. Files that are to be loaded have been read once, for their content.
[[nodiscard]] LoadSources plan_load(Env& env, const LoadOptions& options,
                                    const LoadCandidates& found, const LoadsKnown& known,
                                    Progress& progress);

}  // namespace fm::jobs
