#include "capture/segment_files.h"

#include <charconv>
#include <map>
#include <optional>

#include "capture/log_reader.h"

namespace fm::capture {
namespace {

constexpr std::string_view kRepairPrefix = "repair-";
constexpr std::size_t kNumberDigits = 4;  // at least

struct ParsedName {
  bool repair = false;
  std::uint32_t number = 0;
  std::string_view ending;
};

std::optional<ParsedName> parse_name(std::string_view text) {
  ParsedName name;
  name.repair = text.starts_with(kRepairPrefix);
  if (name.repair) text.remove_prefix(kRepairPrefix.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), name.number);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || digits < kNumberDigits || name.number == 0) return std::nullopt;
  name.ending = text.substr(digits);
  return name;
}

}  // namespace

std::string day_path(std::string_view directory, Date day) { return join(directory, day.iso()); }

std::string path_of(std::string_view directory, const SegmentName& name, std::string_view ending) {
  return join(day_path(directory, name.day),
              fmt::format("{}{:04}{}", name.repair ? kRepairPrefix : "", name.number, ending));
}

Result<std::vector<SegmentFiles>> list_segments(Env& env, const std::string& directory, Date day) {
  const auto names = env.list(day_path(directory, day));
  if (!names && names.error().code() == Code::kNotFound) return std::vector<SegmentFiles>{};
  if (!names) return std::unexpected(names.error());
  std::map<SegmentName, SegmentFiles> found;
  for (const std::string& text : *names) {
    const auto parsed = parse_name(text);
    if (!parsed) continue;
    const SegmentName name{.day = day, .repair = parsed->repair, .number = parsed->number};
    SegmentFiles files{.name = name};
    if (const auto known = found.find(name); known != found.end()) files = known->second;
    if (parsed->ending == kData)
      files.data = true;
    else if (parsed->ending == kCompressed)
      files.compressed = true;
    else if (parsed->ending == kIndex)
      files.index = true;
    else
      continue;
    found[name] = files;
  }
  std::vector<SegmentFiles> segments;
  segments.reserve(found.size());
  for (const auto& [name, files] : found) segments.push_back(files);
  return segments;
}

Result<std::vector<Date>> days(Env& env, const std::string& directory) {
  FM_ASSIGN(const auto names, env.list(directory));
  std::vector<Date> found;
  for (const std::string& name : names) {
    const auto day = Date::parse(name);
    if (day && day->iso() == name) found.push_back(*day);
  }
  return found;
}

}  // namespace fm::capture
