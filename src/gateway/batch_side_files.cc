#include "gateway/batch_side_files.h"

#include <algorithm>
#include <map>

namespace fm::gateway {

void write_resolution(JsonWriter& json, const ResolveRequest& request,
                      const Resolution& resolution) {
  const bool finds_nothing = resolution.mappings.empty() && !resolution.not_found.empty();
  const bool is_partial = !resolution.partial.empty() || !resolution.not_found.empty();
  json.object([&] {
    json.object_field("result", [&] {
      for (const dbn::SymbolMapping& mapping : resolution.mappings)
        json.array_field(mapping.raw_symbol, [&] {
          for (const dbn::MappingInterval& interval : mapping.intervals)
            json.object([&] {
              json.field("d0", interval.start_date.iso());
              json.field("d1", interval.end_date.iso());
              json.field("s", interval.symbol);
            });
        });
    });
    json.field("symbols", request.symbols);
    json.field("stype_in", dbn::name(request.stype_in));
    json.field("stype_out", dbn::name(request.stype_out));
    json.field("start_date", request.start.iso());
    json.field("end_date", request.end.iso());
    json.field("partial", resolution.partial);
    json.field("not_found", resolution.not_found);
    json.field("message", finds_nothing ? "Not found" : is_partial ? "Partially resolved" : "OK");
    json.field("status", finds_nothing ? 2 : is_partial ? 1 : 0);
  });
}

void write_conditions(JsonWriter& json, const Archive& archive, std::string_view dataset,
                      Date first, Date last) {
  const TimeRange range = archive.range(dataset);
  std::map<Date, Date> modified;  // by the day that a file touches
  if (!range.empty()) {
    first = std::max(first, first_day(range.start));
    last = std::min(last, day_after(range.end) - 1);
  }
  for (const ArchiveFile& file : archive.files()) {
    if (file.dataset != dataset || file.start >= file.end) continue;
    const Date changed = Date::of_second(second_of(file.modified));
    const Date end = std::min(last + 1, day_after(file.end));
    for (Date day = std::max(first, first_day(file.start)); day < end; day = day + 1) {
      Date& known = modified.try_emplace(day, changed).first->second;
      known = std::max(known, changed);
    }
  }
  json.array([&] {
    for (Date day = first; !range.empty() && day <= last; day = day + 1)
      json.object([&] {
        const auto found = modified.find(day);
        json.field("date", day.iso());
        json.field("condition", found == modified.end() ? "missing" : "available");
        json.key("last_modified_date");
        if (found == modified.end())
          json.value(nullptr);
        else
          json.value(found->second.iso());
      });
  });
}

void write_file(JsonWriter& json, const JobFile& file, const std::string& url) {
  json.object([&] {
    json.field("filename", file.name);
    json.field("size", file.size_bytes);
    json.field("hash", "sha256:" + file.sha256);
    json.object_field("urls", [&] {
      json.field("https", url + file.name);
      // Clients ask for the key; nothing is served there.
      json.field("ftp", "ftp://localhost/" + file.name);
    });
  });
}

std::string condition_json(const Archive& archive, const DataRequest& request) {
  JsonWriter json(JsonWriter::Style::kIndented);
  write_conditions(json, archive, request.dataset, first_day(request.start),
                   day_after(request.end) - 1);
  return json.take();
}

std::string metadata_json(const JobPlan& plan) {
  const DataRequest& request = plan.data.request;
  JsonWriter json(JsonWriter::Style::kIndented);
  json.object([&] {
    json.field("version", 1);
    json.field("job_id", plan.id);
    json.object_field("query", [&] {
      json.field("dataset", request.dataset);
      json.field("schema", dbn::name(request.schema));
      json.field("symbols", request.symbols);
      json.field("stype_in", dbn::name(request.stype_in));
      json.field("stype_out", dbn::name(request.stype_out));
      json.field("start", request.start);
      json.field("end", request.end);
      json.field("limit", request.limit);
      json.field("encoding", name(request.encoding));
      json.field("compression", name(request.compression));
    });
    json.object_field("customizations", [&] {
      json.field("pretty_px", request.text.pretty_px);
      json.field("pretty_ts", request.text.pretty_ts);
      json.field("map_symbols", request.text.map_symbols);
      json.field("split_symbols", plan.split_symbols);
      json.key("split_duration");
      if (plan.split == Split::kNone)
        json.value(nullptr);
      else
        json.value(name(plan.split));
      json.field("split_size", nullptr);
      json.field("packaging", nullptr);
      json.field("delivery", "download");
    });
  });
  return json.take();
}

std::string symbology_json(const PreparedData& data) {
  JsonWriter json(JsonWriter::Style::kIndented);
  const DataRequest& request = data.request;
  write_resolution(json,
                   {.symbols = request.symbols,
                    .stype_in = request.stype_in,
                    .stype_out = request.stype_out,
                    .start = first_day(request.start),
                    .end = day_after(request.end)},
                   data.resolution);
  return json.take();
}

std::string manifest_json(const JobPlan& plan, std::span<const JobFile> files) {
  JsonWriter json(JsonWriter::Style::kIndented);
  json.object([&] {
    json.field("job_id", plan.id);
    json.array_field("files", [&] {
      for (const JobFile& file : files) write_file(json, file, plan.url);
    });
  });
  return json.take();
}

}  // namespace fm::gateway
