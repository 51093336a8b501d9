// Which files a run reads: what the user named, directories walked, side files left out, sorted by
// path.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/hash.h"
#include "dbn/enums.h"

namespace fm::jobs {

inline constexpr std::string_view kStandardInput = "-";

struct InputFile {
  std::string path;  // absolute, or kStandardInput
  std::uint64_t size_bytes = 0;
  bool from_directory = false;  // found, not named: may be left out when it holds something else
};

struct SkippedFile {
  std::string path;
  std::string why;
};

struct InputList {
  std::vector<InputFile> files;  // sorted by path; no path twice
  std::vector<SkippedFile> skipped;
};

// Side files of batch downloads (manifest.json, metadata.json, condition.json, symbology.*) are
// skipped wherever they turn up; in directories also hidden files, endings that are no data, and
// names with another schema
// ("glbx-mdp3-20231225.ohlcv-1m.csv").
// Errors: kInvalidArgument when nothing is named, kNotFound, kPermission, kIo.
[[nodiscard]] Result<InputList> find_inputs(Env& env, std::span<const std::string> named);

// True for the names that every batch download has beside its data.
[[nodiscard]] bool is_side_file(std::string_view name);

// "glbx-mdp3-20231225.ohlcv-1m.csv.zst" → ohlcv-1m.
[[nodiscard]] std::optional<dbn::Schema> schema_in_name(std::string_view name);

[[nodiscard]] std::string absolute_path(std::string_view path);

// XXH3 of the file's bytes as they lie on disk.
[[nodiscard]] Result<Hash128> hash_file(Env& env, const std::string& path);

// Leaves out second copies: files of the same size and content as one before them.
[[nodiscard]] Status drop_copies(Env& env, InputList& list);

}  // namespace fm::jobs
