// The names of a log's files.
//
//   <directory>/format, lock
//   <directory>/2025-06-16/0001.dbn       a segment while it is written, and until it is compressed
//                          0001.dbn.zst   after that
//                          0001.idx
//                          repair-0001.dbn.zst, repair-0001.idx, repair.lock
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"

namespace fm::capture {

struct SegmentName {
  Date day;
  bool repair = false;
  std::uint32_t number = 0;
  friend auto operator<=>(const SegmentName&, const SegmentName&) = default;
};

inline constexpr std::string_view kData = ".dbn";
inline constexpr std::string_view kCompressed = ".dbn.zst";
inline constexpr std::string_view kIndex = ".idx";
inline constexpr std::string_view kDraft = ".draft";          // behind another ending
inline constexpr std::string_view kUnindexed = ".unindexed";  // behind kData: set aside
inline constexpr std::string_view kRemoved = ".removed";      // behind a day: on its way out

[[nodiscard]] std::string day_path(std::string_view directory, Date day);
[[nodiscard]] std::string path_of(std::string_view directory, const SegmentName& name,
                                  std::string_view ending);

// Which of a segment's files are there.
struct SegmentFiles {
  SegmentName name;
  bool data = false;
  bool compressed = false;
  bool index = false;
};

// Of one day, in order; repairs come behind segments. Nothing for a day that is not there.
[[nodiscard]] Result<std::vector<SegmentFiles>> list_segments(Env& env,
                                                              const std::string& directory,
                                                              Date day);

}  // namespace fm::capture
