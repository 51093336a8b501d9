#include "server/quarantine.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <vector>

#include "base/json_writer.h"

namespace fm::server {
namespace {

constexpr std::uint64_t kBytesMax = 4 << 20;  // read of one file
constexpr std::string_view kFolder = "quarantine";

// A name that a job has given, and not a way out of the folder.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && !name.starts_with('.') &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

std::string_view text_or_empty(const simdjson::dom::object& object, std::string_view key) {
  std::string_view text;
  return object[key].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::vector<std::string> candidates(const ops::StoredEvent& event, std::string_view root,
                                    std::string_view run) {
  std::vector<std::string> files;
  if (is_plain_name(run) && is_plain_name(event.source))
    files.push_back(fmt::format("{}/{}.jsonl", event.source, run));
  if (event.source == "poll" && is_plain_name(root))
    files.push_back(
        fmt::format("poll/{}/{}.jsonl", root, Date::of_second(second_of(event.at)).iso()));
  return files;
}

}  // namespace

EventDetails details_of(Context& context, const ops::StoredEvent& event) {
  EventDetails details;
  std::string_view run;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const simdjson::padded_string json(event.payload_json.value_or("{}"));
  if (parser.parse(json).get_object().get(object) != simdjson::SUCCESS) return details;
  details.root = text_or_empty(object, "root");
  if (details.root.empty()) details.root = text_or_empty(object, "ticker");
  run = text_or_empty(object, "run");
  // Counts by reason.
  for (const auto& [key, value] : object) {
    std::int64_t count = 0;
    if (value.get_int64().get(count) == simdjson::SUCCESS && !key.contains("_ns") && count >= 0)
      details.rows = details.rows.value_or(0) + count;
  }
  for (std::string& file : candidates(event, details.root, run))
    if (context.env.exists(join(join(context.lake->state_dir(), kFolder), file)))
      details.file = std::move(file);
  return details;
}

Result<std::string> lines_of(Context& context, const std::string& file) {
  const std::string path = join(join(context.lake->state_dir(), kFolder), file);
  FM_ASSIGN(const auto input, context.env.open(path));
  std::vector<std::byte> bytes(kBytesMax);
  std::size_t size = 0;
  while (size < bytes.size()) {
    FM_ASSIGN(const std::size_t got, input->read(std::span(bytes).subspan(size)));
    if (got == 0) break;
    size += got;
  }
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), size);
  simdjson::dom::parser parser;
  JsonWriter json;
  json.object([&] {
    std::size_t lines = 0;
    json.array_field("lines", [&] {
      for (; lines < kQuarantineLinesMax && rest.contains('\n'); ++lines) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        const simdjson::padded_string padded(line);
        if (parser.parse(padded).error() == simdjson::SUCCESS)
          json.raw(line);
        else
          json.value(line);
      }
    });
    json.field("truncated", !rest.empty() || size == kBytesMax);
  });
  return json.take();
}

}  // namespace fm::server
