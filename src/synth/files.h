// Generated sessions as files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "dbn/metadata.h"
#include "market/session.h"
#include "market/universe.h"
#include "synth/generator.h"

namespace fm::synth {

// What a file of these records says about itself: parent symbols ("ES.FUT"), each contract mapped
// under its raw symbol for all UTC days of the file. `version` is 1, 2 or 3.
[[nodiscard]] dbn::Metadata metadata_of(const Generator& generator,
                                        int version = dbn::kNewestVersion,
                                        dbn::Schema schema = dbn::Schema::kTbbo);

struct Written {
  std::uint64_t records = 0;
  Nanos start = 0;  // every arrival lies in [start, end)
  Nanos end = 0;
  std::vector<Date> trade_dates;
  std::vector<Instrument> instruments;
  std::vector<Roll> rolls;
};

struct FileOptions {
  int version = dbn::kNewestVersion;        // of DBN: 1, 2 or 3
  bool zstd = false;                        // compress, also where the ending does not say so
  dbn::Schema schema = dbn::Schema::kTbbo;  // or bars: see BarMaker
};

// Generates and writes everything. The path's ending chooses the form: .dbn (also for "-", standard
// output), or .jsonl and .json for one JSON object a line with readable prices and times and the
// symbol, as the vendor's downloads have them; ".zst" after either compresses. An existing file is
// replaced. Errors: those of Generator::create; kInvalidArgument for another ending, version or
// schema; those of Env.
[[nodiscard]] Result<Written> write_file(Env& env, const std::string& path,
                                         const market::Universe& universe,
                                         const market::Calendar& calendar, const Options& options,
                                         const FileOptions& file_options = {});

}  // namespace fm::synth
