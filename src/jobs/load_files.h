// Which files a load looks at: what the user named, directories walked, and what the side files of
// a batch job say of the data beside them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "databento/historical_client.h"
#include "jobs/inputs.h"

namespace fm::jobs {

inline constexpr std::size_t kLoadFilesMax = 1'000'000;

// The folder of some files, with what its side files say; empty where it has none.
struct LoadFolder {
  std::string path;
  std::string job_id;  // "GLBX-20231226-…"
  std::string dataset;
  std::string schema;
  std::optional<Nanos> start;  // of what the job asked for
  std::optional<Nanos> end;    // excluded
  bool has_manifest = false;
  std::map<std::string, databento::BatchFile, std::less<>> manifest;  // by file name
  std::vector<databento::DayCondition> conditions;                    // by date
  std::string symbology;  // the file that says what instruments are called; empty where none does
  // The job's files that are not there; looked for where the folder was named or walked.
  std::vector<std::string> missing;
  std::optional<Error> damage;  // a side file cannot be read: nothing can be trusted then

  // The date in the job's name.
  [[nodiscard]] std::optional<Date> job_date() const;
};

struct LoadCandidate {
  std::string path;  // absolute
  FileInfo info;
  const LoadFolder* folder = nullptr;
  bool named = false;    // by the user, not found in a directory
  bool is_pipe = false;  // standard input, or a pipe with a name: it can be read once
};

struct LoadCandidates {
  std::vector<std::unique_ptr<LoadFolder>> folders;
  std::vector<LoadCandidate> files;  // by path, none twice
  std::vector<SkippedFile> skipped;
};

// What the user says of files of which nothing else says it.
struct LoadHints {
  std::string schema;              // of text whose lines name no rtype, or one of two schemas
  std::string symbology;           // a file
  std::optional<Nanos> published;  // of pipes; else: now
};

// Errors: kInvalidArgument when nothing is named and for more than kLoadFilesMax files; kNotFound,
// kPermission, kIo.
[[nodiscard]] Result<LoadCandidates> find_load_files(Env& env, std::span<const std::string> named,
                                                     const LoadHints& hints = {});

// When the vendor's data became what a file has, by the day of a row (decided by condition.json,
// else the job's date, else the file's own time), in microseconds since 1970.
class Published {
 public:
  Published(const LoadFolder& folder, const FileInfo& info);
  [[nodiscard]] std::int64_t at(Date day) const;

 private:
  const std::vector<databento::DayCondition>* conditions_;
  std::int64_t otherwise_;
};

// Days of a job that the vendor calls anything but available.
[[nodiscard]] std::vector<databento::DayCondition> bad_days(const LoadFolder& folder);

}  // namespace fm::jobs
