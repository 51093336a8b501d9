// Any bytes as a list of faults: refused with advice, or plans that hold what they promise.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "gateway/faults.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace gateway = fm::gateway;
  if (size > 256) return -1;
  const auto spec =
      gateway::FaultSpec::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!spec) {
    FM_ASSERT(spec.error().code() == fm::Code::kInvalidArgument);
    return 0;
  }
  for (std::uint64_t session = 1; session <= 3; ++session) {
    const auto plan = spec->plan(session, size);
    FM_ASSERT(std::ranges::is_sorted(plan, {}, &gateway::PlannedFault::at));
    for (const gateway::PlannedFault& fault : plan) {
      FM_ASSERT(!name(fault.kind).empty());
      FM_ASSERT(fault.kind != gateway::FaultKind::kDuplicate ||
                (fault.count >= 1 && fault.count <= gateway::kDuplicatesMax));
    }
    if (const auto oldest = spec->oldest_start(session, fm::kNanosPerDay))
      FM_ASSERT(spec->oldest_start(session, 2 * fm::kNanosPerDay) >= *oldest);
  }
  return 0;
}
