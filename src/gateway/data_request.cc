#include "gateway/data_request.h"

#include <algorithm>

#include "gateway/request_values.h"

namespace fm::gateway {
namespace {

using net::ServerRequest;

std::unexpected<ApiError> bad_value(std::string_view name, std::string_view message) {
  return refuse(422, "request_invalid", "`{}`: {}", name, message);
}

Answer<bool> flag(const ServerRequest& request, std::string_view name, bool otherwise) {
  const auto text = optional(request, name);
  if (!text) return otherwise;
  const auto value = parse_flag(*text);
  if (!value) return bad_value(name, value.error().message());
  return *value;
}

Answer<WrittenTime> moment(std::string_view name, std::string_view text) {
  const auto value = parse_written_time(text);
  if (!value) return bad_value(name, value.error().message());
  return *value;
}

std::unexpected<ApiError> out_of_range(std::string_view which, std::string_view side,
                                       std::string_view dataset, TimeRange asked, TimeRange has) {
  return std::unexpected(
      ApiError(422, std::string(which),
               fmt::format("The `{}` of the query is outside the data of {}, which has [{}, {})",
                           side, dataset, iso_nanos(has.start), iso_nanos(has.end)),
               {{"dataset", std::string(dataset)},
                {"start", iso_nanos(asked.start)},
                {"end", iso_nanos(asked.end)},
                {"available_start", iso_nanos(has.start)},
                {"available_end", iso_nanos(has.end)}}));
}

// [start, end) of a request. Without an end, as much as the start's text names, as far as there is
// data.
Answer<TimeRange> parse_range(const ServerRequest& request, const Archive& archive,
                              std::string_view dataset) {
  const TimeRange has = available(archive, dataset);
  TimeRange range = has;
  Nanos forward_end = has.end;
  if (const auto text = optional(request, "start")) {
    FM_ASSIGN(const WrittenTime start, moment("start", *text));
    range.start = start.at;
    if (start.length > 0) forward_end = start.end();
  }
  const auto end_text = optional(request, "end");
  if (end_text) {
    FM_ASSIGN(const WrittenTime end, moment("end", *end_text));
    range.end = end.at;
  } else {
    range.end = std::min(forward_end, has.end);
  }
  if (range.start < has.start || range.start >= has.end)
    return out_of_range(range.start < has.start ? "data_start_before_available_start"
                                                : "data_start_after_available_end",
                        "start", dataset, range, has);
  if (range.end > has.end)
    return out_of_range("data_end_after_available_end", "end", dataset, range, has);
  if (range.empty())
    return refuse(422, "data_time_range_start_on_or_after_end", "`start` {} is not before `end` {}",
                  iso_nanos(range.start), iso_nanos(range.end));
  return range;
}

Answer<std::vector<std::string>> symbols_of(const ServerRequest& request) {
  const auto text = optional(request, "symbols");
  if (!text) return std::vector{std::string(kAllSymbols)};
  auto symbols = parse_symbols(*text);
  if (!symbols) return bad_value("symbols", symbols.error().message());
  if (symbols->size() > 1 && std::ranges::find(*symbols, kAllSymbols) != symbols->end())
    return bad_value("symbols", "ALL_SYMBOLS stands alone");
  return *std::move(symbols);
}

// Whether the names fit a DBN file.
Status check(const dbn::Metadata& metadata) {
  if (auto bytes = dbn::encode(metadata); !bytes) return std::unexpected(std::move(bytes).error());
  return {};
}

Answer<TextForm> text_form(const ServerRequest& request, Encoding encoding) {
  TextForm form;
  FM_ASSIGN(form.pretty_px, flag(request, "pretty_px", false));
  FM_ASSIGN(form.pretty_ts, flag(request, "pretty_ts", false));
  FM_ASSIGN(form.map_symbols, flag(request, "map_symbols", encoding != Encoding::kDbn));
  return form;
}

}  // namespace

std::string_view name(Encoding encoding) {
  return encoding == Encoding::kDbn ? "dbn" : encoding == Encoding::kCsv ? "csv" : "json";
}

std::string_view name(Compression compression) {
  return compression == Compression::kZstd ? "zstd" : "none";
}

std::optional<std::string_view> optional(const ServerRequest& request, std::string_view name) {
  const auto value = request.parameter(name);
  return value && !value->empty() ? value : std::nullopt;
}

Answer<std::string> required(const ServerRequest& request, std::string_view name) {
  const auto value = optional(request, name);
  if (!value) return bad_value(name, "is missing");
  return std::string(*value);
}

Answer<std::string> parse_dataset(const ServerRequest& request, const Archive& archive) {
  FM_ASSIGN(std::string dataset, required(request, "dataset"));
  if (archive.has(dataset)) return dataset;
  std::string known;
  for (const std::string& one : archive.datasets()) known += (known.empty() ? "" : ", ") + one;
  return bad_value("dataset",
                   fmt::format("'{}' is not here, only {}", dataset.substr(0, 64), known));
}

Answer<dbn::Schema> parse_schema_word(std::string_view text) {
  const auto schema = dbn::parse_schema(text);
  if (!schema) return bad_value("schema", fmt::format("'{}' is no schema", text.substr(0, 64)));
  return *schema;
}

Answer<dbn::SType> parse_stype_word(std::string_view text) {
  const auto stype = dbn::parse_stype(text);
  if (!stype)
    return bad_value("stype", fmt::format("'{}' is no symbology type", text.substr(0, 64)));
  return *stype;
}

Date first_day(Nanos start) { return Date::of_second(second_of(start)); }
Date day_after(Nanos end) { return Date::of_second(second_of(end - 1)) + 1; }

TimeRange whole_days(TimeRange range) {
  if (range.empty()) return range;
  return {.start = static_cast<Nanos>(first_day(range.start).first_second()) * kNanosPerSecond,
          .end = static_cast<Nanos>(day_after(range.end).first_second()) * kNanosPerSecond};
}

TimeRange available(const Archive& archive, std::string_view dataset) {
  return whole_days(archive.range(dataset));
}

Answer<DataRequest> parse_data_request(const ServerRequest& request, const Archive& archive) {
  DataRequest out;
  FM_ASSIGN(out.dataset, parse_dataset(request, archive));
  FM_ASSIGN(out.schema, parse_schema_word(optional(request, "schema").value_or("trades")));
  if (const auto here = archive.schemas(out.dataset);
      std::ranges::find(here, out.schema) == here.end())
    return refuse(422, "data_schema_not_available", "{} has no {} here", out.dataset,
                  dbn::name(out.schema));
  FM_ASSIGN(out.symbols, symbols_of(request));
  FM_ASSIGN(out.stype_in, parse_stype_word(optional(request, "stype_in").value_or("raw_symbol")));
  FM_ASSIGN(out.stype_out,
            parse_stype_word(optional(request, "stype_out").value_or("instrument_id")));
  FM_ASSIGN(const TimeRange range, parse_range(request, archive, out.dataset));
  out.start = range.start;
  out.end = range.end;
  if (const auto text = optional(request, "limit")) {
    const auto limit = parse_count(*text);
    if (!limit) return bad_value("limit", limit.error().message());
    if (*limit > 0) out.limit = *limit;
  }
  const std::string_view encoding = optional(request, "encoding").value_or("dbn");
  if (encoding != "dbn" && encoding != "csv" && encoding != "json")
    return bad_value("encoding", "expected dbn, csv or json");
  out.encoding = encoding == "dbn"   ? Encoding::kDbn
                 : encoding == "csv" ? Encoding::kCsv
                                     : Encoding::kJson;
  const std::string_view compression = optional(request, "compression").value_or("none");
  if (compression != "none" && compression != "zstd")
    return bad_value("compression", "expected none or zstd");
  out.compression = compression == "zstd" ? Compression::kZstd : Compression::kNone;
  FM_ASSIGN(out.text, text_form(request, out.encoding));
  return out;
}

ReadRequest PreparedData::read() const {
  return {.dataset = request.dataset,
          .schemas = {request.schema},
          .from = request.start,
          .to = request.end,
          .selection = selection};
}

std::string PreparedData::warning() const {
  std::string names;
  std::size_t count = 0;
  constexpr std::size_t kNamesMax = 10;
  for (const auto* const list : {&resolution.not_found, &resolution.partial})
    for (const std::string& symbol : *list)
      if (++count <= kNamesMax) names += (names.empty() ? "" : ", ") + symbol;
  if (count == 0) return "";
  if (count > kNamesMax) names += fmt::format(" and {} more", count - kNamesMax);
  return fmt::format("Warning: not all symbols resolved for all of the days: {}", names);
}

Answer<PreparedData> prepare(const Archive& archive, DataRequest request) {
  PreparedData out;
  out.request = std::move(request);
  const DataRequest& asked = out.request;
  FM_ASSIGN(out.symbology, archive.symbology(asked.dataset));
  dbn::Metadata& metadata = out.metadata;
  metadata.dataset = asked.dataset;
  metadata.schema = asked.schema;
  metadata.start = asked.start;
  metadata.end = asked.end;
  metadata.limit = asked.limit;
  metadata.stype_in = asked.stype_in;
  metadata.stype_out = asked.stype_out;
  metadata.symbols = asked.symbols;
  if (asked.symbols.front() == kAllSymbols) {
    out.selection = Selection::all();
    return out;
  }
  ResolveRequest resolve{.symbols = asked.symbols,
                         .stype_in = asked.stype_in,
                         .stype_out = asked.stype_out,
                         .start = first_day(asked.start),
                         .end = day_after(asked.end)};
  FM_ASSIGN(out.resolution, out.symbology->resolve(resolve));
  resolve.stype_out = dbn::SType::kInstrumentId;
  FM_ASSIGN(const Resolution ids, out.symbology->resolve(resolve));
  if (ids.mappings.empty()) {
    std::string why;
    for (const auto& [symbol, reason] : ids.reasons)
      if (why.size() < 300) why += fmt::format(" {}: {}.", symbol, reason);
    return refuse(422, "symbology_invalid_request", "None of the symbols could be resolved.{}",
                  why);
  }
  out.selection = Selection::of(ids);
  metadata.partial = out.resolution.partial;
  metadata.not_found = out.resolution.not_found;
  metadata.mappings = out.resolution.mappings;
  FM_TRY(check(metadata));
  return out;
}

}  // namespace fm::gateway
