// Processes that die, and what they leave. They are forked, not executed: DuckDB with one thread
// starts no others.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "lake/lake.h"

namespace fm::lake {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// The child ends with what `work` returns, and dies with this process.
[[nodiscard]] pid_t in_child(const std::function<int()>& work);
// The child's status, as of waitpid.
int wait_for(pid_t child);

// What a finished or mended commit leaves nothing of: drafts, and directories on their way in.
// Those that were visible and wait for their readers are none.
[[nodiscard]] std::vector<std::string> leftovers(const Lake& lake);

// Of the only partition of candles_1m. Errors: those of Lake::partitions_as_of().
[[nodiscard]] Result<std::vector<DataFile>> files_as_of(const Lake& lake, Nanos at);

// Where to die.
struct Point {
  std::uint64_t call;
  FaultEnv::Moment moment;
  std::string kind;
  bool in_commit;
};
// Every call of `calls` (those of one commit, as FaultEnv wrote them) that changes what is there,
// before and after.
[[nodiscard]] std::vector<Point> points_of(const std::vector<std::string>& calls);
// "rename before": for histograms.
[[nodiscard]] std::string name_of(const Point& point);

// A directory in memory, where there is such a disk: a thousand commits take seconds. The caller
// removes it.
[[nodiscard]] std::string fast_directory(const TestDirectory& dir);

}  // namespace fm::lake
