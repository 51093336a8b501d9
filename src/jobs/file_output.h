// One file (or standard output) of catalogue rows.
#pragma once

#include <cstdint>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "jobs/candles_job.h"
#include "table/row_stream.h"

namespace fm::jobs {

inline constexpr const char* kStandardOutput = "-";

struct FileTarget {
  std::string path;  // absolute, or kStandardOutput
  OutputFormat format = OutputFormat::kCsv;
};

// Parquet, CSV or JSON lines by the ending of `output` (.parquet .csv .json .jsonl .ndjson, text
// also with .zst), or as `format` says. Errors: kInvalidArgument.
[[nodiscard]] Result<FileTarget> file_target(const std::string& output,
                                             std::optional<OutputFormat> format);

// Writes all rows; what had the name is replaced in one step, and stays as it was after an error.
// Returns the file's size in bytes, 0 for standard output. Errors: kNoSpace, kPermission, kIo,
// those of `rows`.
[[nodiscard]] Result<std::uint64_t> write_file(Env& env, table::RowStream& rows,
                                               const FileTarget& target);

}  // namespace fm::jobs
