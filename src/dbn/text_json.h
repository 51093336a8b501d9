// Records and metadata as Databento's JSON, byte for byte as its own tools write it.
#pragma once

#include <string>
#include <string_view>

#include "dbn/metadata.h"
#include "dbn/record_view.h"
#include "dbn/text_options.h"

namespace fm::dbn {

// Appends one line with its line feed. `symbol` counts when symbols are mapped; an empty one is
// null. False, and nothing appended, for a record of unknown kind or length.
[[nodiscard]] bool append_json(RecordView record, const TextOptions& options,
                               std::string_view symbol, std::string& out);

// Appends the metadata as one line with its line feed.
void append_json(const Metadata& metadata, const TextOptions& options, std::string& out);

}  // namespace fm::dbn
