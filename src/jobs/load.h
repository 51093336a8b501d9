// `frontmonth load`: the vendor's files into the lake's databento_… tables, each row once however
// often and in whatever order files are loaded.
//
// What a run does, file by file and row by row: README.md of this room, "Loading".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "databento/historical_client.h"
#include "jobs/inputs.h"
#include "jobs/load_files.h"
#include "jobs/load_sort.h"
#include "jobs/load_source.h"
#include "jobs/progress.h"

namespace fm::jobs {

struct LoadOptions {
  std::vector<std::string> inputs;  // files and directories
  std::string lake;
  std::string state_dir;       // empty: beside the lake
  std::int64_t keep_days = 0;  // see LakePlace
  std::string dataset = "GLBX.MDP3";
  bool dry_run = false;   // look, and change nothing
  bool test_one = false;  // one file of each root and schema
  bool rehash = false;    // read also files that look unchanged
  bool again = false;     // as if nothing had been loaded
  LoadHints hints;
  LoadMemory memory;
};

struct LoadedFileReport {
  std::string path;
  LoadAction action{};
  bool named = false;
  std::string schema;  // empty where it is not known
  std::string roots;
  std::optional<Nanos> from;  // of the rows; before they are read, of the request
  std::optional<Nanos> to;
  std::string why;
  std::string advice;
  bool can_retry = false;
  std::uint64_t rows_read = 0;
  std::uint64_t added = 0;
  std::uint64_t corrected = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t outdated = 0;
  std::map<std::string, std::uint64_t, std::less<>> rejected;  // by reason
};

struct LoadedFolderReport {
  std::string path;
  std::string job_id;
  std::vector<databento::DayCondition> bad_days;  // degraded, pending or missing
  std::vector<std::string> missing;               // files that manifest.json names
};

enum class LoadVerdict {
  kOk,
  kProblems,  // all that is there was loaded, but files of a job are missing
  kRetry,     // files failed with what may succeed later
  kFailed,    // files failed, or what the user named was refused
};

struct LoadReport {
  bool dry_run = false;
  std::vector<LoadedFileReport> files;      // by path
  std::vector<SkippedFile> skipped;         // no data, by their names
  std::vector<LoadedFolderReport> folders;  // those with something to say
  std::uint64_t partitions = 0;             // that were merged into
  std::uint64_t partitions_changed = 0;
  std::uint64_t withdrawn = 0;  // stored trades that went, because newer files do not have them
  std::uint64_t spilled_bytes = 0;
  std::string quarantine;  // the file, when anything was left out
  double seconds = 0;

  [[nodiscard]] std::uint64_t count(LoadAction action) const;
  [[nodiscard]] LoadVerdict verdict() const;
};

// Errors: kInvalidArgument for inputs that cannot be; kBusy (retry) while another load works on the
// lake; those of the lake and of ops::State. What is wrong with a file is in the report instead.
// After any of them the lake is whole, and running again goes on where it stopped.
[[nodiscard]] Result<LoadReport> run_load(Env& env, const LoadOptions& options, Progress& progress);

[[nodiscard]] std::string to_text(const LoadReport& report);
[[nodiscard]] std::string to_json(const LoadReport& report);

}  // namespace fm::jobs
