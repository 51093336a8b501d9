// What has become of a file that was to be loaded: rows of ops.databento_load_state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace fm::ops {

enum class LoadStatus : std::uint8_t {
  kRunning,  // or its process died
  kSuccess,  // its rows are durable
  kCopy,     // another file with the same bytes was loaded
  kRefused,  // not data that is loaded
  kFailed,
};
[[nodiscard]] std::string_view name(LoadStatus status);

struct LoadedFile {
  std::string path;
  std::string content_hash;  // of its bytes; empty where it could not be read
  std::uint64_t size_bytes = 0;
  Nanos modified = 0;
  std::uint64_t inode = 0;
  std::optional<std::string> job_id;
  std::optional<std::string> dataset;
  std::optional<std::string> schema;
  std::optional<std::string> roots;
  std::optional<Nanos> range_start;  // these three are kept to the microsecond
  std::optional<Nanos> range_end;
  std::optional<Nanos> published_at;
  std::uint64_t rows_read = 0;
  std::uint64_t rows_added = 0;
  std::uint64_t rows_corrected = 0;
  std::uint64_t rows_unchanged = 0;
  std::uint64_t rows_outdated = 0;
  std::uint64_t rows_rejected = 0;
  LoadStatus status = LoadStatus::kRunning;
  std::optional<std::string> error_message;
  Nanos started_at = 0;
  std::optional<Nanos> finished_at;
  std::string run_id;
  std::string engine_version = FM_VERSION;
  friend bool operator==(const LoadedFile&, const LoadedFile&) = default;
};

}  // namespace fm::ops
