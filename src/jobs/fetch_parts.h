// The files that a streamed request becomes. Private to the fetch job and its test.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "jobs/fetch.h"

namespace fm::jobs {

// More files than this are taken for a slip of the pen.
inline constexpr std::size_t kFetchPartsMax = 10'000;

struct FetchPart {
  databento::DataRequest request;
  std::string name;  // "glbx-mdp3-20250616.tbbo.dbn.zst"
};

// In the order of time. Errors: kInvalidArgument for too many.
[[nodiscard]] Result<std::vector<FetchPart>> parts_of(const FetchOptions& options);

struct Existing {
  enum class State {
    kMissing,
    kSame,     // whole, and of this request
    kDamaged,  // of nothing that could be kept
    kOther,    // whole, of another request, or of one that the file does not tell
  };
  State state = State::kMissing;
  std::string reason;  // kDamaged, kOther: for people
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;
};
// Reads the whole file. Errors: those of Env.
[[nodiscard]] Result<Existing> look_at(Env& env, const std::string& path, const FetchPart& part,
                                       databento::FileEncoding encoding);

}  // namespace fm::jobs
