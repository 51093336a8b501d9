// The service's JSON answers, and the JSON files of a batch job's folder, as plain structs. For
// HistoricalClient and for who reads such folders. Every function takes a whole body and fails with
// kCorrupt, saying what it found, when that is not what the call gives.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "databento/historical_client.h"

namespace fm::databento::json {

[[nodiscard]] Result<std::uint64_t> read_count(std::string_view body);
[[nodiscard]] Result<double> read_number(std::string_view body);
[[nodiscard]] Result<std::vector<std::string>> read_names(std::string_view body);
[[nodiscard]] Result<std::vector<Field>> read_fields(std::string_view body);
[[nodiscard]] Result<std::vector<Publisher>> read_publishers(std::string_view body);
[[nodiscard]] Result<std::vector<UnitPrices>> read_unit_prices(std::string_view body);
[[nodiscard]] Result<DatasetRange> read_dataset_range(std::string_view body);
[[nodiscard]] Result<std::vector<DayCondition>> read_conditions(std::string_view body);
[[nodiscard]] Result<Resolution> read_resolution(std::string_view body);
[[nodiscard]] Result<BatchJob> read_job(std::string_view body);
[[nodiscard]] Result<std::vector<BatchJob>> read_jobs(std::string_view body);
// Names that could lead out of a folder are kCorrupt.
[[nodiscard]] Result<std::vector<BatchFile>> read_files(std::string_view body);

// manifest.json of a job's folder: the files beside it. Names as in read_files(); a URL is not
// needed.
struct JobManifest {
  std::string job_id;
  std::vector<BatchFile> files;
};
[[nodiscard]] Result<JobManifest> read_manifest(std::string_view body);

// metadata.json of a job's folder: what was asked for. Absent members stay empty.
struct JobMetadata {
  std::string job_id;
  std::string dataset;
  std::string schema;
  std::optional<Nanos> start;  // of what was asked for; nothing where it is not said, or limited
  std::optional<Nanos> end;    // excluded
};
[[nodiscard]] Result<JobMetadata> read_job_metadata(std::string_view body);

// An X-Warning header; a text that is no JSON is one warning.
[[nodiscard]] std::vector<std::string> read_warnings(std::string_view header);

// What an error's body says, in either of its shapes.
struct ServiceError {
  std::string kind;  // "data_end_after_available_end"; empty where the service does not say
  std::string message;
  std::string docs;  // a link, or empty
};
[[nodiscard]] ServiceError read_error(std::string_view body);

// Whether a name is one file or folder, here: no separators, no way up, nothing that hides or
// cannot be printed.
[[nodiscard]] bool is_plain_name(std::string_view name);

}  // namespace fm::databento::json
