#include "databento/historical_json.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>

namespace fm::databento::json {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kShownBytes = 200;
constexpr std::size_t kNameBytesMax = 200;

std::string shown(std::string_view text) {
  std::string out(text.substr(0, kShownBytes));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return out;
}

std::unexpected<Error> not_a(std::string_view what, std::string_view body) {
  return fail(Code::kCorrupt, "found \"{}\", expected {}", shown(body), what);
}

// A body, parsed; views into it live as long.
class Document {
 public:
  static Result<std::unique_ptr<Document>> read(std::string_view body, std::string_view expected) {
    auto document = std::unique_ptr<Document>(new Document(body));
    if (document->parser_.parse(document->text_).get(document->root_)) return not_a(expected, body);
    return document;
  }
  [[nodiscard]] dom::element root() const { return root_; }

 private:
  explicit Document(std::string_view body) : text_(body) {}
  simdjson::padded_string text_;
  dom::parser parser_;
  dom::element root_;
};

// Fields that may be missing or null.
std::string text_or_empty(const dom::object& object, std::string_view key) {
  std::string_view text;
  return object[key].get_string().get(text) ? std::string() : std::string(text);
}

std::optional<std::uint64_t> count_or_none(const dom::object& object, std::string_view key) {
  std::uint64_t value = 0;
  if (object[key].get_uint64().get(value)) return std::nullopt;
  return value;
}

std::optional<double> number_of(const dom::element& element) {
  double value = 0;
  if (element.get_double().get(value) || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Date> date_of(const dom::object& object, std::string_view key) {
  std::string_view text;
  if (object[key].get_string().get(text)) return std::nullopt;
  const auto date = Date::parse(text.substr(0, 10));
  if (!date) return std::nullopt;
  return *date;
}

// "2010-06-06T00:00:00.000000000Z", also with an offset of zero, or a day alone.
std::optional<Nanos> time_of(const dom::object& object, std::string_view key) {
  std::string_view text;
  if (object[key].get_string().get(text)) return std::nullopt;
  std::string iso(text);
  if (iso.ends_with("+00:00")) iso.replace(iso.size() - 6, 6, "Z");
  if (iso.size() == 10) iso += "T00:00:00Z";
  if (!iso.ends_with('Z')) iso += 'Z';
  const auto time = parse_iso_nanos(iso);
  if (!time) return std::nullopt;
  return *time;
}

// Every element of an array of objects through `read`, which returns false for what it cannot be.
template <class T, class Read>
Result<std::vector<T>> read_objects(std::string_view body, std::string_view expected, Read read) {
  FM_ASSIGN(const auto document, Document::read(body, expected));
  dom::array array;
  if (document->root().get_array().get(array)) return not_a(expected, body);
  std::vector<T> out;
  for (const dom::element element : array) {
    dom::object object;
    T one{};
    if (element.get_object().get(object) || !read(object, one)) return not_a(expected, body);
    out.push_back(std::move(one));
  }
  return out;
}

// A missing or null list is an empty one.
bool read_texts(const simdjson::simdjson_result<dom::element>& element,
                std::vector<std::string>& out) {
  if (element.error() == simdjson::NO_SUCH_FIELD) return true;
  dom::element list;
  if (element.get(list)) return false;
  if (list.is_null()) return true;
  dom::array array;
  if (list.get_array().get(array)) return false;
  for (const dom::element one : array) {
    std::string_view text;
    if (one.get_string().get(text)) return false;
    out.emplace_back(text);
  }
  return true;
}

bool read_intervals(const dom::element& element, std::vector<dbn::MappingInterval>& out) {
  dom::array array;
  if (element.get_array().get(array)) return false;
  for (const dom::element one : array) {
    dom::object object;
    std::string_view symbol;
    if (one.get_object().get(object) || object["s"].get_string().get(symbol)) return false;
    const auto from = date_of(object, "d0");
    const auto to = date_of(object, "d1");
    if (!from || !to) return false;
    out.push_back({*from, *to, std::string(symbol)});
  }
  return true;
}

bool fill_job(const dom::object& object, BatchJob& job) {
  job.id = text_or_empty(object, "id");
  job.state = text_or_empty(object, "state");
  job.dataset = text_or_empty(object, "dataset");
  job.schema = text_or_empty(object, "schema");
  dom::element cost;
  if (!object["cost_usd"].get(cost)) job.cost_dollars = number_of(cost);
  job.record_count = count_or_none(object, "record_count");
  job.billed_bytes = count_or_none(object, "billed_size");
  job.package_bytes = count_or_none(object, "package_size");
  job.progress_percent = count_or_none(object, "progress");
  job.received = text_or_empty(object, "ts_received");
  job.expires = text_or_empty(object, "ts_expiration");
  return is_plain_name(job.id) && !job.state.empty();
}

bool is_sha256(std::string_view hex) {
  return hex.size() == 64 && std::ranges::all_of(hex, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// "https://host/path" → "/path": the key goes to the service's own host, whatever a link says.
std::string path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return url.starts_with('/') ? std::string(url) : "";
  const std::size_t slash = url.find('/', scheme + 3);
  return slash == std::string_view::npos ? "" : std::string(url.substr(slash));
}

bool fill_name_size_hash(const dom::object& object, BatchFile& file) {
  file.name = text_or_empty(object, "filename");
  const auto size = count_or_none(object, "size");
  const std::string hash = text_or_empty(object, "hash");
  constexpr std::string_view kHashKind = "sha256:";
  if (!size || !hash.starts_with(kHashKind)) return false;
  file.size_bytes = *size;
  file.sha256 = hash.substr(kHashKind.size());
  return is_plain_name(file.name) && is_sha256(file.sha256);
}

bool fill_file(const dom::object& object, BatchFile& file) {
  dom::object urls;
  if (!fill_name_size_hash(object, file) || object["urls"].get_object().get(urls)) return false;
  file.path = path_of(text_or_empty(urls, "https"));
  return !file.path.empty();
}

}  // namespace

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax || name.front() == '.') return false;
  return std::ranges::all_of(
      name, [](char c) { return c > 0x20 && c < 0x7F && c != '/' && c != '\\' && c != ':'; });
}

Result<std::uint64_t> read_count(std::string_view body) {
  constexpr std::string_view kExpected = "a whole number";
  FM_ASSIGN(const auto document, Document::read(body, kExpected));
  std::uint64_t value = 0;
  if (document->root().get_uint64().get(value)) return not_a(kExpected, body);
  return value;
}

Result<double> read_number(std::string_view body) {
  constexpr std::string_view kExpected = "a number";
  FM_ASSIGN(const auto document, Document::read(body, kExpected));
  const auto value = number_of(document->root());
  if (!value) return not_a(kExpected, body);
  return *value;
}

Result<std::vector<std::string>> read_names(std::string_view body) {
  constexpr std::string_view kExpected = "a list of names";
  FM_ASSIGN(const auto document, Document::read(body, kExpected));
  std::vector<std::string> names;
  if (!document->root().is_array() || !read_texts(document->root(), names))
    return not_a(kExpected, body);
  return names;
}

Result<std::vector<Field>> read_fields(std::string_view body) {
  return read_objects<Field>(body, "a list of fields", [](const dom::object& object, Field& one) {
    one.name = text_or_empty(object, "name");
    // Older answers call it so.
    one.type = text_or_empty(object, "type");
    if (one.type.empty()) one.type = text_or_empty(object, "type_name");
    return !one.name.empty();
  });
}

Result<std::vector<Publisher>> read_publishers(std::string_view body) {
  return read_objects<Publisher>(body, "a list of publishers",
                                 [](const dom::object& object, Publisher& one) {
                                   const auto id = count_or_none(object, "publisher_id");
                                   if (!id || *id > std::numeric_limits<std::uint16_t>::max())
                                     return false;
                                   one.id = static_cast<std::uint16_t>(*id);
                                   one.dataset = text_or_empty(object, "dataset");
                                   one.venue = text_or_empty(object, "venue");
                                   one.description = text_or_empty(object, "description");
                                   return true;
                                 });
}

Result<std::vector<UnitPrices>> read_unit_prices(std::string_view body) {
  return read_objects<UnitPrices>(
      body, "a list of prices by mode", [](const dom::object& object, UnitPrices& one) {
        dom::object prices;
        one.mode = text_or_empty(object, "mode");
        if (one.mode.empty() || object["unit_prices"].get_object().get(prices)) return false;
        for (const auto& field : prices) {
          const auto price = number_of(field.value);
          if (!price) return false;
          one.dollars_per_gib.emplace(field.key, *price);
        }
        return true;
      });
}

Result<DatasetRange> read_dataset_range(std::string_view body) {
  constexpr std::string_view kExpected = "a dataset's start and end";
  FM_ASSIGN(const auto document, Document::read(body, kExpected));
  dom::object object;
  if (document->root().get_object().get(object)) return not_a(kExpected, body);
  const auto start = time_of(object, "start");
  const auto end = time_of(object, "end");
  if (!start || !end) return not_a(kExpected, body);
  DatasetRange range{*start, *end, {}};
  dom::object schemas;
  if (object["schema"].get_object().get(schemas)) return range;
  for (const auto& field : schemas) {
    dom::object one;
    if (field.value.get_object().get(one)) return not_a(kExpected, body);
    const auto from = time_of(one, "start");
    const auto to = time_of(one, "end");
    if (!from || !to) return not_a(kExpected, body);
    range.schemas.emplace(field.key, std::pair(*from, *to));
  }
  return range;
}

Result<std::vector<DayCondition>> read_conditions(std::string_view body) {
  return read_objects<DayCondition>(body, "a list of days and their condition",
                                    [](const dom::object& object, DayCondition& one) {
                                      const auto date = date_of(object, "date");
                                      if (!date) return false;
                                      one.date = *date;
                                      one.condition = text_or_empty(object, "condition");
                                      one.last_modified = date_of(object, "last_modified_date");
                                      return !one.condition.empty();
                                    });
}

Result<Resolution> read_resolution(std::string_view body) {
  constexpr std::string_view kExpected = "symbols and what they resolve to";
  FM_ASSIGN(const auto document, Document::read(body, kExpected));
  dom::object object;
  dom::object result;
  if (document->root().get_object().get(object) || object["result"].get_object().get(result))
    return not_a(kExpected, body);
  Resolution resolution;
  for (const auto& field : result) {
    dbn::SymbolMapping mapping{std::string(field.key), {}};
    if (!read_intervals(field.value, mapping.intervals)) return not_a(kExpected, body);
    resolution.mappings.push_back(std::move(mapping));
  }
  if (!read_texts(object["partial"], resolution.partial) ||
      !read_texts(object["not_found"], resolution.not_found))
    return not_a(kExpected, body);
  return resolution;
}

Result<BatchJob> read_job(std::string_view body) {
  constexpr std::string_view kExpected = "a batch job";
  FM_ASSIGN(const auto document, Document::read(body, kExpected));
  dom::object object;
  BatchJob job;
  if (document->root().get_object().get(object) || !fill_job(object, job))
    return not_a(kExpected, body);
  return job;
}

Result<std::vector<BatchJob>> read_jobs(std::string_view body) {
  return read_objects<BatchJob>(body, "a list of batch jobs", fill_job);
}

Result<std::vector<BatchFile>> read_files(std::string_view body) {
  return read_objects<BatchFile>(body, "a list of files with size, SHA-256 and URL", fill_file);
}

Result<JobManifest> read_manifest(std::string_view body) {
  constexpr std::string_view kExpected = "a job's files with size and SHA-256";
  FM_ASSIGN(const auto document, Document::read(body, kExpected));
  dom::object object;
  dom::array files;
  if (document->root().get_object().get(object) || object["files"].get_array().get(files))
    return not_a(kExpected, body);
  JobManifest manifest{text_or_empty(object, "job_id"), {}};
  for (const dom::element element : files) {
    dom::object one;
    BatchFile file;
    if (element.get_object().get(one) || !fill_name_size_hash(one, file))
      return not_a(kExpected, body);
    manifest.files.push_back(std::move(file));
  }
  return manifest;
}

Result<JobMetadata> read_job_metadata(std::string_view body) {
  constexpr std::string_view kExpected = "what a batch job was asked for";
  FM_ASSIGN(const auto document, Document::read(body, kExpected));
  dom::object object;
  dom::object query;
  if (document->root().get_object().get(object) || object["query"].get_object().get(query))
    return not_a(kExpected, body);
  JobMetadata job{.job_id = text_or_empty(object, "job_id"),
                  .dataset = text_or_empty(query, "dataset"),
                  .schema = text_or_empty(query, "schema"),
                  .start = {},
                  .end = {}};
  dom::element limit;
  const bool is_whole = query["limit"].get(limit) || limit.is_null();
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  if (is_whole && !query["start"].get_uint64().get(start) && !query["end"].get_uint64().get(end) &&
      start < end) {
    job.start = start;
    job.end = end;
  }
  return job;
}

std::vector<std::string> read_warnings(std::string_view header) {
  if (header.empty()) return {};
  std::vector<std::string> warnings;
  const auto document = Document::read(header, "warnings");
  if (!document || !(*document)->root().is_array() || !read_texts((*document)->root(), warnings))
    return {shown(header)};
  for (std::string& warning : warnings) warning = shown(warning);
  return warnings;
}

ServiceError read_error(std::string_view body) {
  const auto document = Document::read(body, "an error");
  dom::object object;
  dom::element detail;
  if (!document || (*document)->root().get_object().get(object) || object["detail"].get(detail))
    return {"", body.empty() ? "it gave no reason" : shown(body), ""};
  std::string_view text;
  if (!detail.get_string().get(text)) return {"", shown(text), ""};
  dom::object fields;
  if (detail.get_object().get(fields)) return {"", shown(body), ""};
  return {shown(text_or_empty(fields, "case")), shown(text_or_empty(fields, "message")),
          shown(text_or_empty(fields, "docs"))};
}

}  // namespace fm::databento::json
