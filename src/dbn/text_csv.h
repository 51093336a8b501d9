// Records as Databento's CSV or TSV, byte for byte as its own tools write it. A file holds records
// of one kind and version.
#pragma once

#include <string>
#include <string_view>

#include "dbn/record_view.h"
#include "dbn/text_options.h"

namespace fm::dbn {

struct CsvOptions {
  TextOptions text;
  char delimiter = ',';  // or a tab
};

// Appends the header row for records like this one. False, and nothing appended, for a record of
// unknown kind or length.
[[nodiscard]] bool append_csv_header(RecordView record, const CsvOptions& options,
                                     std::string& out);
// As above, for a file that may have no records.
[[nodiscard]] bool append_csv_header(RType rtype, int version, bool ts_out,
                                     const CsvOptions& options, std::string& out);

// Appends one row with its line feed. `symbol` counts when symbols are mapped.
[[nodiscard]] bool append_csv(RecordView record, const CsvOptions& options, std::string_view symbol,
                              std::string& out);

}  // namespace fm::dbn
