// The JSON texts of symbology answers and of a job's side files.
#pragma once

#include <span>
#include <string>

#include "base/json_writer.h"
#include "gateway/batch_files.h"

namespace fm::gateway {

// {"result": {name: [{"d0", "d1", "s"}]}, "symbols", …, "message", "status"}
void write_resolution(JsonWriter& json, const ResolveRequest& request,
                      const Resolution& resolution);
// [{"date", "condition", "last_modified_date"}], one for each UTC day of [first, last]: available
// where a file touches the day, else missing, as far as the dataset's range goes.
void write_conditions(JsonWriter& json, const Archive& archive, std::string_view dataset,
                      Date first, Date last);
// {"filename", "size", "hash", "urls"}; `url` stands in front of the name.
void write_file(JsonWriter& json, const JobFile& file, const std::string& url);

[[nodiscard]] std::string condition_json(const Archive& archive, const DataRequest& request);
[[nodiscard]] std::string metadata_json(const JobPlan& plan);
[[nodiscard]] std::string symbology_json(const PreparedData& data);
[[nodiscard]] std::string manifest_json(const JobPlan& plan, std::span<const JobFile> files);

}  // namespace fm::gateway
