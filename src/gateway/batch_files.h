// The files of a batch job, named and laid out as the vendor's downloads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/data_request.h"

namespace fm::gateway {

enum class Split { kNone, kDay, kWeek, kMonth, kYear };
[[nodiscard]] std::string_view name(Split split);
[[nodiscard]] std::optional<Split> parse_split(std::string_view text);

struct JobFile {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::string sha256;  // 64 lower-case digits
  std::uint32_t crc32 = 0;
  bool is_data = false;
};

struct JobPlan {
  std::string id;
  PreparedData data;
  Split split = Split::kDay;
  bool split_symbols = false;
  std::string url;          // in front of file names in the manifest: "http://…/JOB/"
  bool wrong_hash = false;  // of data files in the manifest
};

struct JobResult {
  std::vector<JobFile> files;  // side files first
  std::uint64_t records = 0;
  std::uint64_t billed_bytes = 0;
  std::uint64_t data_bytes = 0;  // of the data files on disk
};

struct JobProgress {
  std::function<void(int percent)> report;
  std::function<bool()> is_stopping;
};

// Fills the directory, which is there and empty. Parts without a record get no file. Errors: those
// of reading and of Env; kBusy when stopped.
[[nodiscard]] Result<JobResult> write_job(Env& env, const Archive& archive, const JobPlan& plan,
                                          const std::string& directory,
                                          const JobProgress& progress);

// A stretch of a request that becomes one file (for each symbol).
struct JobPart {
  Nanos start = 0;
  Nanos end = 0;
  Date first_day;
  Date last_day;  // inclusive
};
// Cut at UTC midnights; weeks begin on Sunday.
[[nodiscard]] std::vector<JobPart> split_range(Nanos start, Nanos end, Split split);
// "glbx-mdp3-20240602-20250601.ohlcv-1m.dbn.zst"; `symbol` may be empty.
[[nodiscard]] std::string data_file_name(const DataRequest& request, Split split,
                                         const JobPart& part, std::string_view symbol);
// The mappings as far as they touch [first, last].
[[nodiscard]] std::vector<dbn::SymbolMapping> clip(const std::vector<dbn::SymbolMapping>& mappings,
                                                   Date first, Date last);

}  // namespace fm::gateway
