// Files that appear whole or not at all: written under another name, renamed at the end, removed
// when the run fails.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "dbn/writer.h"

namespace fm::jobs {

inline constexpr const char* kDraftEnding = ".frontmonth-draft";

class Draft {
 public:
  // `path` is the name it will have. Nothing is created yet.
  Draft(Env& env, std::string path);
  ~Draft();  // removes it, unless it was published
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& draft_path() const { return draft_path_; }

  // For writers that are not libraries with I/O of their own. Compressed when `path` ends in
  // ".zst".
  [[nodiscard]] Result<std::unique_ptr<dbn::ByteSink>> create();
  // Makes the draft durable and gives it its name, replacing what had it in one step.
  [[nodiscard]] Status publish();

 private:
  Env& env_;
  std::string path_;
  std::string draft_path_;
  bool published_ = false;
};

// Removes drafts and spill files that runs for this output left behind when they were killed more
// than a day ago.
void clean_leftovers(Env& env, const std::string& output);

}  // namespace fm::jobs
