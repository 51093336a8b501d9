// `frontmonth dump`: the records of a DBN file as Databento's own JSON lines or CSV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/error.h"

namespace fm::jobs {

struct DumpOptions {
  std::string input;      // DBN or a fragment of it, raw or zstd; "-" is standard input
  bool csv = false;       // else JSON, one object per line
  bool pretty = false;    // prices as decimals and times as ISO 8601; else raw integers
  bool symbols = false;   // a last field with each record's symbol, where the input knows it
  bool metadata = false;  // the header in place of the records
  bool upgrade = false;   // records of versions 1 and 2 as those of version 3
  bool salvage = false;   // end quietly before damage
  std::uint64_t limit = ~std::uint64_t{0};   // records
  std::optional<int> fragment_version = {};  // the version of an input without a header
};

struct DumpReport {
  std::uint64_t records = 0;          // written
  std::uint64_t unknown = 0;          // left out: of a kind that has no text form
  std::optional<std::string> damage;  // what salvaging met
};

// Errors: those of dbn::open_input and dbn::Reader, kUnsupported for text input and for several
// kinds of record in CSV (which has one header), and those of `out`.
[[nodiscard]] Result<DumpReport> dump(Env& env, const DumpOptions& options, WritableFile& out);

}  // namespace fm::jobs
