// The inputs of the benchmarks: generated sessions, made once and kept.
#pragma once

#include <cstdint>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "synth/options.h"

namespace fm::bench {

struct DataOptions {
  std::string directory;  // is created
  std::uint64_t records = 10'000'000;
  // Small runs still need the pace of busy days; 0 leaves it to the number of trades.
  std::uint32_t trades_per_active_second = 0;
};

// ES, NQ, CL and GC, each with two contracts and a roll: eight contracts and four spreads.
[[nodiscard]] synth::Options eight_contracts(const DataOptions& options);
// ES and NQ on busy days.
[[nodiscard]] synth::Options dense_days(const DataOptions& options);

// The path of the file with these records in the form of `ending` (".dbn", ".dbn.zst", ".jsonl"),
// which is made unless it is there. Its name carries a hash of its first records, so that data of
// another generator is not taken for it.
[[nodiscard]] Result<std::string> ensure_file(Env& env, const DataOptions& where,
                                              const synth::Options& what, const std::string& name,
                                              const std::string& ending);

}  // namespace fm::bench
