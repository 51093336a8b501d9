// Golden text as DBN and CSV, with instrument ids made up per symbol.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dbn/record.h"

namespace fm::jobs {

struct SymbolRecord {
  dbn::Mbp1Msg record;
  std::string symbol;  // empty: none
};

// The records of a file of JSON lines; fails the test at a line that is none.
[[nodiscard]] std::vector<SymbolRecord> records_of(const std::string& json_path);

enum class Mappings { kInMetadata, kAsRecords };

// Writes DBN, zstd when the name ends so. Without a start in its metadata, coverage begins with the
// first record.
void write_dbn(const std::string& path, const std::vector<SymbolRecord>& records, int version,
               Mappings mappings, Nanos start = 0, std::optional<Nanos> end = {});
// The UTC days of ts_recv, one file each, as the vendor cuts them; their paths in order.
[[nodiscard]] std::vector<std::string> write_day_files(const std::string& folder,
                                                       const std::vector<SymbolRecord>& records);
void write_csv(const std::string& path, const std::vector<SymbolRecord>& records, bool pretty);

}  // namespace fm::jobs
