// SQL for whoever may ask the server: read-only statements over the lake and ops.sqlite, each in an
// engine of its own, within limits.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/error.h"
#include "lake/lake.h"
#include "lake/query.h"
#include "server/server.h"

namespace fm::server {

inline constexpr std::uint64_t kResultBytesMax = 64 << 20;

struct SqlRequest {
  std::string_view sql;
  lake::Format format = lake::Format::kJsonArrays;
  bool parquet = false;        // instead of `format`
  std::uint64_t rows_max = 0;  // at most that of the limits; 0: that
  // Whether nobody waits for the rows any more: asked many times a second, by another thread.
  std::function<bool()> is_gone = [] { return false; };
};

struct SqlResult {
  std::string body;
  std::uint64_t rows = 0;
  bool is_cut = false;
  Nanos elapsed = 0;
};

struct SqlFigures {
  std::uint64_t statements = 0;
  std::uint64_t failed = 0;
  std::uint64_t refused_busy = 0;
  int running = 0;
};

// For any threads.
class SqlService {
 public:
  // `lake` outlives the object. Removes the scratch files that killed processes left.
  SqlService(Env& env, const lake::Lake& lake, QueryLimits limits);

  // Errors: kBusy when `at_once_max` statements run; kUnsupported for a result over
  // kResultBytesMax; as lake::Query::run().
  [[nodiscard]] Result<SqlResult> run(const SqlRequest& request);
  [[nodiscard]] const QueryLimits& limits() const { return limits_; }
  [[nodiscard]] SqlFigures figures() const;

 private:
  [[nodiscard]] Result<SqlResult> run_alone(const SqlRequest& request);
  [[nodiscard]] Status add_state(lake::Query& query);
  [[nodiscard]] Result<SqlResult> to_parquet(lake::Query& query, std::string_view sql);

  Env& env_;
  const lake::Lake& lake_;
  const QueryLimits limits_;
  std::atomic<int> running_ = 0;
  std::atomic<std::uint64_t> statements_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
};

}  // namespace fm::server
