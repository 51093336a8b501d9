#include "server/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/yaml.h"

namespace fm::server {
namespace {

constexpr Second kMomentMax = 18'000'000'000;  // in the year 2540: nanoseconds still hold it
constexpr std::size_t kListMax = 200;

// What a client sent, short enough for a message.
std::string shown(std::string_view value) {
  constexpr std::size_t kShownMax = 60;
  return value.size() <= kShownMax ? std::string(value)
                                   : fmt::format("{}…", value.substr(0, kShownMax));
}

Error wrong(std::string_view name, std::string_view value, std::string_view expected) {
  return Error(Code::kInvalidArgument,
               fmt::format("{}={}: expected {}", name, shown(value), expected));
}

bool all_of(std::string_view text, std::size_t most, std::string_view also) {
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, [&](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.contains(c);
  });
}

std::optional<Second> moment_of(std::string_view text) {
  Second seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error == std::errc() && stop == end) return seconds;
  if (const auto nanos = parse_iso_nanos(text)) return second_of(*nanos);
  if (text.contains('-'))
    if (const auto day = Date::parse(text)) return day->first_second();
  return std::nullopt;
}

}  // namespace

bool is_root_name(std::string_view text) { return all_of(text, 8, ""); }
bool is_symbol_name(std::string_view text) { return all_of(text, 40, "-: ."); }

Result<Arguments> Arguments::parse(const net::Parameters& query,
                                   std::span<const std::string_view> names) {
  Arguments arguments;
  for (const auto& [name, value] : query) {
    if (std::ranges::find(names, name) == names.end()) {
      Error error(Code::kInvalidArgument, fmt::format("unknown parameter \"{}\"", shown(name)));
      if (const auto close = nearest(name, names))
        return std::unexpected(std::move(error).hint(fmt::format("Did you mean \"{}\"?", *close)));
      return std::unexpected(std::move(error));
    }
    if (value.size() > kValueBytesMax)
      return fail(Code::kInvalidArgument, "{}: {} bytes; expected at most {}", name, value.size(),
                  kValueBytesMax);
    if (std::ranges::any_of(value, [](unsigned char c) { return c < ' ' || c == 0x7F; }))
      return fail(Code::kInvalidArgument, "{}: holds a control character", name);
    if (!arguments.values_.emplace(name, value).second)
      return fail(Code::kInvalidArgument, "{} is given twice", name);
  }
  return arguments;
}

std::optional<std::string_view> Arguments::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

Result<std::string_view> Arguments::required(std::string_view name) const {
  if (const auto value = text(name)) return *value;
  return fail(Code::kInvalidArgument, "the parameter \"{}\" is missing", name);
}

Result<std::optional<std::int64_t>> Arguments::integer(std::string_view name, std::int64_t least,
                                                       std::int64_t most) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = value->data() + value->size();
  const auto [stop, error] = std::from_chars(value->data(), end, number);
  if (value->empty() || error != std::errc() || stop != end || number < least || number > most)
    return std::unexpected(
        wrong(name, *value, fmt::format("a whole number from {} to {}", least, most)));
  return number;
}

Result<std::optional<Second>> Arguments::moment(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const std::optional<Second> moment = moment_of(*value);
  if (moment && *moment >= 0 && *moment <= kMomentMax) return *moment;
  return std::unexpected(
      wrong(name, *value,
            "seconds since 1970, 2025-06-16T13:30:00Z or 2025-06-16, in the years 1970 to 2540"));
}

Result<std::optional<Date>> Arguments::date(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto day = Date::parse(*value);
  if (!day) return std::unexpected(wrong(name, *value, "a date: 2025-06-16"));
  return *day;
}

Result<std::string_view> Arguments::word(std::string_view name,
                                         std::span<const std::string_view> words) const {
  const auto value = text(name);
  if (!value) return words.front();
  const auto found = std::ranges::find(words, *value);
  if (found != words.end()) return *found;
  return std::unexpected(wrong(name, *value, fmt::format("one of {}", fmt::join(words, ", "))));
}

Result<std::vector<std::string_view>> Arguments::list(std::string_view name) const {
  std::vector<std::string_view> items;
  const auto value = text(name);
  if (!value) return items;
  for (std::string_view rest = *value;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    items.push_back(rest.substr(0, comma));
    if (items.back().empty() || items.size() > kListMax)
      return std::unexpected(
          wrong(name, *value, fmt::format("at most {} words with commas between", kListMax)));
    if (comma == rest.size()) return items;
    rest.remove_prefix(comma + 1);
  }
}

Result<std::string> Arguments::root() const {
  FM_ASSIGN(const std::string_view value, required("root"));
  if (!is_root_name(value))
    return std::unexpected(
        wrong("root", value, "a root such as ES").hint("GET /api/roots lists them."));
  return std::string(value);
}

}  // namespace fm::server
