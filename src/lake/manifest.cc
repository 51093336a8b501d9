#include "lake/manifest.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "base/assert.h"
#include "base/hash.h"
#include "lake/text.h"

namespace fm::lake {
namespace {

using table::LakeLayout;

constexpr std::int64_t kFormat = 1;
constexpr std::string_view kBegin = "{\"checksum\":\"";
constexpr std::string_view kMiddle = "\",\"manifest\":";
constexpr std::string_view kEnd = "}\n";
constexpr std::size_t kChecksumDigits = 32;
constexpr std::string_view kPartsHash = "parts-";

bool is_directory_name(std::string_view root) {
  return !root.empty() && root.size() <= 64 && std::ranges::all_of(root, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":", name);
  append_json_text(out, text);
}

std::string encode_body(const Manifest& manifest) {
  std::string out = fmt::format("{{\"format\":{}", kFormat);
  auto end = std::back_inserter(out);
  append_member(out, "table", manifest.table);
  append_member(out, "partition", manifest.partition);
  fmt::format_to(end, ",\"version\":{},\"rows\":{}", manifest.version, manifest.rows);
  if (manifest.generation > 0) fmt::format_to(end, ",\"generation\":{}", manifest.generation);
  append_member(out, "hash", manifest.hash);
  out += ",\"files\":[";
  for (const DataFile& file : manifest.files) {
    fmt::format_to(end, "{}{{\"name\":\"{}\",\"rows\":{},\"bytes\":{}",
                   &file == manifest.files.data() ? "" : ",", file.name, file.rows, file.bytes);
    append_member(out, "first_key", file.first_key);
    append_member(out, "last_key", file.last_key);
    if (file.first_second && file.last_second)
      fmt::format_to(end, ",\"first_second\":{},\"last_second\":{}", *file.first_second,
                     *file.last_second);
    if (!file.merged_from.empty())
      fmt::format_to(end, ",\"merged_from\":[\"{}\"]", fmt::join(file.merged_from, "\",\""));
    fmt::format_to(end, ",\"since\":{}}}", file.since);
  }
  out += "],\"supersedes\":[";
  for (const Superseded& file : manifest.supersedes)
    fmt::format_to(end, "{}{{\"name\":\"{}\",\"at\":{}}}",
                   &file == manifest.supersedes.data() ? "" : ",", file.name, file.at);
  out += ']';
  append_member(out, "sources", manifest.sources);
  append_member(out, "parameters", manifest.parameters);
  append_member(out, "engine_version", manifest.engine_version);
  if (manifest.final_to) fmt::format_to(end, ",\"final_to\":{}", *manifest.final_to);
  fmt::format_to(end, ",\"created\":{},\"began\":{},\"since\":{}}}", manifest.created,
                 manifest.began, manifest.since);
  return out;
}

// Throws simdjson_error where a member is absent or of another type: caught at decode_manifest.
std::string text_of(simdjson::dom::element object, std::string_view name) {
  return std::string(std::string_view(object[name]));
}
std::uint64_t count_of(simdjson::dom::element object, std::string_view name) {
  return std::uint64_t(object[name]);
}

std::optional<Second> optional_second(simdjson::dom::element object, std::string_view name) {
  std::int64_t second = 0;
  if (object[name].get(second) != simdjson::SUCCESS) return std::nullopt;
  return second;
}

// 0 where it is absent.
std::uint64_t optional_count(simdjson::dom::element object, std::string_view name) {
  std::uint64_t count = 0;
  return object[name].get(count) == simdjson::SUCCESS ? count : 0;
}

DataFile read_file(simdjson::dom::element element) {
  DataFile file{.name = text_of(element, "name"),
                .rows = count_of(element, "rows"),
                .bytes = count_of(element, "bytes"),
                .first_key = text_of(element, "first_key"),
                .last_key = text_of(element, "last_key"),
                .first_second = optional_second(element, "first_second"),
                .last_second = optional_second(element, "last_second")};
  file.since = optional_count(element, "since");
  simdjson::dom::array merged;
  if (element["merged_from"].get(merged) == simdjson::SUCCESS)
    for (const auto name : merged) file.merged_from.emplace_back(std::string_view(name));
  return file;
}

Manifest read_body(simdjson::dom::element body) {
  Manifest manifest{.table = text_of(body, "table"),
                    .partition = text_of(body, "partition"),
                    .version = count_of(body, "version"),
                    .files = {},
                    .generation = optional_count(body, "generation"),
                    .rows = count_of(body, "rows"),
                    .hash = text_of(body, "hash"),
                    .sources = text_of(body, "sources"),
                    .parameters = text_of(body, "parameters"),
                    .engine_version = text_of(body, "engine_version"),
                    .final_to = optional_second(body, "final_to"),
                    .supersedes = {},
                    .created = count_of(body, "created"),
                    .began = optional_count(body, "began"),
                    .since = optional_count(body, "since")};
  // Where it does not say what was there before this version, nobody can.
  if (manifest.since == 0) manifest.since = manifest.created;
  for (const auto file : body["files"].get_array()) manifest.files.push_back(read_file(file));
  for (const auto file : body["supersedes"].get_array())
    manifest.supersedes.push_back({.name = text_of(file, "name"), .at = count_of(file, "at")});
  return manifest;
}

}  // namespace

Date PartitionKey::first_day(const table::Table& table) const {
  switch (table.layout) {
    case LakeLayout::kRootDay:
      return date;
    case LakeLayout::kRootYear:
    case LakeLayout::kYear:
      return Date(date.year(), 1, 1);
    case LakeLayout::kMonth:
      return Date(date.year(), date.month(), 1);
  }
  FM_ASSERT(false);
}

Date PartitionKey::end_day(const table::Table& table) const {
  switch (table.layout) {
    case LakeLayout::kRootDay:
      return date + 1;
    case LakeLayout::kRootYear:
    case LakeLayout::kYear:
      return Date(date.year() + 1, 1, 1);
    case LakeLayout::kMonth:
      return date.month() == 12 ? Date(date.year() + 1, 1, 1)
                                : Date(date.year(), date.month() + 1, 1);
  }
  FM_ASSERT(false);
}

Result<std::string> PartitionKey::directory(const table::Table& table) const {
  const std::string day = first_day(table).iso();
  if (table.root_column.empty()) {
    if (!root.empty())
      return fail(Code::kInvalidArgument,
                  "{}.{} holds all roots in one partition; found root \"{}\"", table.dataset,
                  table.name, root);
    return table.layout == LakeLayout::kYear ? fmt::format("p_year={}", day.substr(0, 4))
                                             : fmt::format("p_month={}", day.substr(0, 7));
  }
  if (!is_directory_name(root))
    return fail(Code::kInvalidArgument,
                "root \"{}\" cannot name a directory; expected letters, digits, \"_\" and \"-\"",
                root);
  if (table.layout == LakeLayout::kRootDay) return fmt::format("p_root={}/p_day={}", root, day);
  return fmt::format("p_root={}/p_year={}", root, day.substr(0, 4));
}

PartitionKey Manifest::key() const {
  constexpr std::string_view kRoot = "p_root=";
  std::string_view rest = partition;
  PartitionKey key;
  if (rest.starts_with(kRoot)) {
    key.root = rest.substr(kRoot.size(), rest.find('/') - kRoot.size());
    rest.remove_prefix(rest.find('/') + 1);
  }
  std::string day(rest.substr(rest.find('=') + 1));
  while (day.size() < std::string_view("2025-06-16").size()) day += "-01";
  const auto date = Date::parse(day);
  FM_ASSERT(date.has_value());
  key.date = *date;
  return key;
}

std::uint64_t Manifest::bytes() const {
  std::uint64_t sum = 0;
  for (const DataFile& file : files) sum += file.bytes;
  return sum;
}

std::string Manifest::visible_name(const DataFile& file) const {
  if (generation == 0) return fmt::format("part-{}.parquet", file.name);
  return fmt::format("part-{}-{}.parquet", file.name, generation);
}

bool Manifest::has_content_hash() const { return !hash.starts_with(kPartsHash); }

std::string hash_of_parts(const std::vector<DataFile>& files) {
  Hasher hasher;
  for (const DataFile& file : files) hasher.add(fmt::format("{}\n", file.name));
  return fmt::format("{}{}", kPartsHash, hasher.digest().hex());
}

std::string encode(const Manifest& manifest) {
  const std::string body = encode_body(manifest);
  return fmt::format("{}{}{}{}{}", kBegin, hash_of(body).hex(), kMiddle, body, kEnd);
}

Result<Manifest> decode_manifest(std::string_view text, std::string_view name) {
  const std::size_t head = kBegin.size() + kChecksumDigits + kMiddle.size();
  if (text.size() < head + kEnd.size() || !text.starts_with(kBegin) || !text.ends_with(kEnd) ||
      text.substr(kBegin.size() + kChecksumDigits, kMiddle.size()) != kMiddle)
    return std::unexpected(
        Error(Code::kCorrupt, fmt::format("{}: is not a manifest of a lake partition", name))
            .hint("Write the partition again from its sources."));
  const std::string_view body = text.substr(head, text.size() - head - kEnd.size());
  const std::string_view checksum = text.substr(kBegin.size(), kChecksumDigits);
  if (hash_of(body).hex() != checksum)
    return std::unexpected(
        Error(Code::kCorrupt, fmt::format("{}: checksum {} of {} bytes; expected {}", name,
                                          hash_of(body).hex(), body.size(), checksum))
            .hint("The file is damaged; write the partition again from its sources."));
  try {
    simdjson::dom::parser parser;
    const simdjson::dom::element document = parser.parse(body.data(), body.size());
    const std::int64_t format = document["format"];
    if (format != kFormat)
      return fail(Code::kUnsupported, "{}: format {} of a manifest; this version reads {}", name,
                  format, kFormat);
    return read_body(document);
  } catch (const simdjson::simdjson_error& error) {
    return fail(Code::kCorrupt, "{}: {}", name, error.what());
  }
}

}  // namespace fm::lake
