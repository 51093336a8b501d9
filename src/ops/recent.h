// What happened lately: rows of ops.job_runs, ops.data_quality_events and ops.candle_rejects as a
// page, an alarm or a schedule asks for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace fm::ops {

enum class RunStatus : std::uint8_t { kRunning, kSuccess, kFailed };
[[nodiscard]] std::string_view name(RunStatus status);

struct StoredRun {
  std::string run_id = {};
  std::string job = {};
  RunStatus status = RunStatus::kRunning;  // kRunning: or its process died
  Nanos started_at = 0;                    // to the microsecond, as all here
  std::optional<Nanos> finished_at = {};
  std::optional<std::int64_t> rows_processed = {};
  std::optional<std::string> error_message = {};
  std::string parameters_json = {};
};

// Newest first. Empty or absent means any.
struct RunChoice {
  std::string job = {};
  std::string before = {};  // runs whose name sorts before it: the last one of a page
  std::optional<RunStatus> status = {};
  std::optional<Nanos> since = {};  // started then or later
  std::size_t rows_max = 100;
};

struct StoredEvent {
  std::string event_id = {};
  Nanos at = 0;
  std::string source = {};
  std::string dataset = {};
  std::optional<std::string> table_name = {};
  std::string severity = {};  // info, warning or error
  std::optional<std::string> check_type = {};
  std::string message = {};
  std::optional<std::string> payload_json = {};
};

// Newest first. Empty or absent means any.
struct EventChoice {
  // Of a page: those older than this one. Both or neither.
  std::optional<Nanos> before = {};
  std::string before_id = {};
  std::optional<Nanos> since = {};
  std::size_t rows_max = 100;
};

}  // namespace fm::ops
