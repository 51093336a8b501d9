#include "gateway/control_line.h"

#include <algorithm>
#include <charconv>

namespace fm::gateway {
namespace {

constexpr std::size_t kQuotedMax = 64;
constexpr std::size_t kDigestDigits = 64;
constexpr std::size_t kBucketChars = 5;

// Of foreign text only what a line can carry back.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kQuotedMax))
    out += c >= ' ' && c < '\x7F' && c != '|' && c != '=' ? c : '?';
  if (text.size() > kQuotedMax) out += "...";
  return out;
}

template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

Result<bool> parse_flag(std::string_view key, std::string_view text) {
  if (text == "0" || text == "false" || text == "False") return false;
  if (text == "1" || text == "true" || text == "True") return true;
  return fail(Code::kInvalidArgument, "{} is {}, expected 0 or 1", key, quoted(text));
}

Status parse_credentials(std::string_view text, AuthRequest& request) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.size() != kDigestDigits + 1 + kBucketChars || text[kDigestDigits] != '-' ||
      !std::ranges::all_of(text.substr(0, kDigestDigits), is_hex))
    return fail(Code::kInvalidArgument,
                "auth must be 64 hex digits, a hyphen, and the last 5 characters of the key");
  request.digest = text.substr(0, kDigestDigits);
  request.bucket = text.substr(kDigestDigits + 1);
  return {};
}

Status set_auth(std::string_view key, std::string_view value, AuthRequest& request) {
  if (key == "auth") return parse_credentials(value, request);
  if (key == "dataset") {
    request.dataset = value;
  } else if (key == "client") {
    request.client = quoted(value);
  } else if (key == "encoding") {
    if (value != "dbn" && value != "json")
      return fail(Code::kInvalidArgument, "encoding is {}, expected dbn or json", quoted(value));
    request.encoding = value == "json" ? Encoding::kJson : Encoding::kDbn;
  } else if (key == "compression") {
    if (value != "none" && value != "zstd")
      return fail(Code::kInvalidArgument, "compression is {}, expected none or zstd",
                  quoted(value));
    request.zstd = value == "zstd";
  } else if (key == "slow_reader_behavior") {
    if (value != "warn" && value != "skip" && value != "drop")
      return fail(Code::kInvalidArgument, "slow_reader_behavior is {}, expected warn or skip",
                  quoted(value));
    request.slow_reader = value == "warn" ? SlowReader::kWarn : SlowReader::kSkip;
  } else if (key == "heartbeat_interval_s") {
    const auto seconds = parse_integer<int>(value);
    if (!seconds || *seconds < kHeartbeatIntervalMin_s || *seconds > kHeartbeatIntervalMax_s)
      return fail(Code::kInvalidArgument, "heartbeat_interval_s is {}, expected {} to {}",
                  quoted(value), kHeartbeatIntervalMin_s, kHeartbeatIntervalMax_s);
    request.heartbeat_interval_s = *seconds;
  } else if (key == "ts_out") {
    FM_ASSIGN(request.ts_out, parse_flag(key, value));
  } else if (key == "pretty_px") {
    FM_ASSIGN(request.pretty_px, parse_flag(key, value));
  } else if (key == "pretty_ts") {
    FM_ASSIGN(request.pretty_ts, parse_flag(key, value));
  }
  return {};
}

std::vector<std::string> split_symbols(std::string_view list) {
  std::vector<std::string> symbols;
  while (!list.empty()) {
    std::string_view symbol = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), symbol.size() + 1));
    while (symbol.starts_with(' ')) symbol.remove_prefix(1);
    while (symbol.ends_with(' ')) symbol.remove_suffix(1);
    if (!symbol.empty()) symbols.emplace_back(symbol);
  }
  return symbols;
}

Status set_subscribe(std::string_view key, std::string_view value, SubscribeRequest& request,
                     bool& has_schema) {
  if (key == "schema") {
    const auto schema = dbn::parse_schema(value);
    if (!schema) return fail(Code::kInvalidArgument, "Unknown schema {}", quoted(value));
    request.schema = *schema;
    has_schema = true;
  } else if (key == "stype_in") {
    const auto stype = dbn::parse_stype(value);
    if (!stype) return fail(Code::kInvalidArgument, "Unknown stype_in {}", quoted(value));
    request.stype_in = *stype;
  } else if (key == "symbols") {
    request.symbols = split_symbols(value);
  } else if (key == "start") {
    auto start = parse_moment(value);
    if (!start)
      return fail(Code::kInvalidArgument, "start is {}, expected nanoseconds or ISO 8601",
                  quoted(value));
    request.start = *start;
  } else if (key == "snapshot") {
    FM_ASSIGN(request.snapshot, parse_flag(key, value));
  } else if (key == "is_last") {
    FM_ASSIGN(request.is_last, parse_flag(key, value));
  } else if (key == "id") {
    request.id = parse_integer<std::uint32_t>(value);
    if (!request.id)
      return fail(Code::kInvalidArgument, "id is {}, expected a number of 32 bits", quoted(value));
  }
  return {};
}

std::unexpected<Error> bad_moment(std::string_view text) {
  return fail(Code::kInvalidArgument, "{} is no time, expected nanoseconds or ISO 8601",
              quoted(text));
}

// Cuts "Z", "+hh:mm" or "-hh:mm" off a time of day; minutes east of UTC.
std::optional<int> take_zone(std::string_view& text) {
  if (text.ends_with('Z') || text.ends_with('z')) {
    text.remove_suffix(1);
    return 0;
  }
  const std::size_t sign = text.find_first_of("+-");
  if (sign == std::string_view::npos) return 0;
  std::string_view zone = text.substr(sign + 1);
  const auto hours = parse_integer<unsigned>(zone.substr(0, 2));
  zone.remove_prefix(std::min<std::size_t>(zone.size(), 2));
  if (zone.starts_with(':')) zone.remove_prefix(1);
  const auto minutes = zone.empty() ? std::optional(0u) : parse_integer<unsigned>(zone);
  if (!hours || !minutes || *hours > 18 || *minutes > 59) return std::nullopt;
  const int east = static_cast<int>(*hours * 60 + *minutes);
  const bool is_west = text[sign] == '-';
  text = text.substr(0, sign);
  return is_west ? -east : east;
}

}  // namespace

Result<Pairs> parse_pairs(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  Pairs pairs;
  while (!line.empty()) {
    const std::string_view part = line.substr(0, line.find('|'));
    line.remove_prefix(std::min(line.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return fail(Code::kInvalidArgument, "{} is not of the form key=value", quoted(part));
    const std::string_view key = part.substr(0, equals);
    if (std::ranges::find(pairs, key, &Pairs::value_type::first) != pairs.end())
      return fail(Code::kInvalidArgument, "{} comes twice", quoted(key));
    pairs.emplace_back(key, part.substr(equals + 1));
  }
  return pairs;
}

Result<AuthRequest> parse_auth(std::string_view line) {
  FM_ASSIGN(const Pairs pairs, parse_pairs(line));
  AuthRequest request;
  for (const auto& [key, value] : pairs) FM_TRY(set_auth(key, value, request));
  if (request.digest.empty()) return fail(Code::kInvalidArgument, "auth is missing");
  if (request.dataset.empty()) return fail(Code::kInvalidArgument, "dataset is missing");
  return request;
}

Result<SubscribeRequest> parse_subscribe(std::string_view line) {
  FM_ASSIGN(const Pairs pairs, parse_pairs(line));
  SubscribeRequest request;
  bool has_schema = false;
  for (const auto& [key, value] : pairs) FM_TRY(set_subscribe(key, value, request, has_schema));
  if (!has_schema) return fail(Code::kInvalidArgument, "schema is missing");
  if (request.symbols.empty()) return fail(Code::kInvalidArgument, "symbols are missing");
  return request;
}

LineKind kind_of(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::string_view key = line.substr(0, line.find_first_of("=|"));
  return key == "start_session" ? LineKind::kStart : LineKind::kSubscribe;
}

Result<Nanos> parse_moment(std::string_view text) {
  const std::string_view all = text;
  if (const auto nanos = parse_integer<Nanos>(text); nanos && text.size() != 8) return *nanos;
  const std::size_t t = text.find_first_of("T ");
  const auto day = Date::parse(text.substr(0, t));
  if (!day || *day < Date()) return bad_moment(all);
  if (t == std::string_view::npos) return static_cast<Nanos>(day->first_second()) * kNanosPerSecond;
  text.remove_prefix(t + 1);
  const auto east = take_zone(text);
  if (!east) return bad_moment(all);
  const std::string seconds = text.size() == 5 ? ":00" : "";
  auto time = parse_iso_nanos(fmt::format("{}T{}{}Z", day->iso(), text, seconds));
  if (!time) return bad_moment(all);
  const Nanos shift = static_cast<Nanos>(*east < 0 ? -*east : *east) * 60 * kNanosPerSecond;
  if (*east > 0 && *time < shift) return bad_moment(all);
  return *east > 0 ? *time - shift : *time + shift;
}

}  // namespace fm::gateway
