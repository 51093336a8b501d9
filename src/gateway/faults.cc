#include "gateway/faults.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/control_line.h"

namespace fm::gateway {
namespace {

struct KindName {
  std::string_view name;
  FaultKind kind;
};
constexpr std::array kKinds{
    KindName{"drop", FaultKind::kDrop},       KindName{"reset", FaultKind::kReset},
    KindName{"eof", FaultKind::kEof},         KindName{"half", FaultKind::kHalf},
    KindName{"stall", FaultKind::kStall},     KindName{"dup", FaultKind::kDuplicate},
    KindName{"corrupt", FaultKind::kCorrupt}, KindName{"error", FaultKind::kError},
    KindName{"refuse", FaultKind::kRefuse},   KindName{"auth", FaultKind::kAuth},
    KindName{"aged", FaultKind::kAged},
};
constexpr std::uint64_t kErrorCodeMax = 255;
constexpr std::uint64_t kCountMax = 1'000'000;
constexpr Nanos kStallMax = 24 * 3'600 * kNanosPerSecond;

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// "5s", "200ms", "24h"
std::optional<Nanos> parse_duration(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  if (!number || *number > 1'000'000'000) return std::nullopt;
  if (unit == "ms") return *number * 1'000'000;
  if (unit == "s") return *number * kNanosPerSecond;
  if (unit == "m") return *number * 60 * kNanosPerSecond;
  if (unit == "h" && *number <= 1'000'000) return *number * 3'600 * kNanosPerSecond;
  return std::nullopt;
}

struct Range {
  std::uint64_t from;
  std::uint64_t to;
};

std::optional<Range> parse_range(std::string_view text) {
  const std::size_t hyphen = text.find('-');
  const auto from = parse_number(text.substr(0, hyphen));
  const auto to = hyphen == std::string_view::npos ? from : parse_number(text.substr(hyphen + 1));
  if (!from || !to || *from > *to) return std::nullopt;
  return Range{*from, *to};
}

// The parts of one fault, as they stand in its text.
struct Parts {
  std::string_view kind;
  std::optional<std::string_view> at;
  std::optional<std::string_view> argument;
  std::optional<std::string_view> sessions;
};

std::optional<std::string_view> cut_off(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view tail = text.substr(at + 1);
  text = text.substr(0, at);
  return tail;
}

Parts split(std::string_view text) {
  Parts parts;
  parts.sessions = cut_off(text, '#');
  parts.argument = cut_off(text, ':');
  parts.at = cut_off(text, '@');
  parts.kind = text;
  return parts;
}

bool is_of_server(FaultKind kind) {
  return kind == FaultKind::kRefuse || kind == FaultKind::kAuth || kind == FaultKind::kAged;
}

std::unexpected<Error> bad(std::string_view text, std::string_view expected) {
  return std::unexpected(
      Error(Code::kInvalidArgument, fmt::format("fault {}: expected {}", text, expected))
          .hint("Faults look like drop@1000, half@50000, stall@60000:5s, dup@100:3, corrupt@7, "
                "error@10:6, eof@500, refuse:2, auth:1, aged:24h; #2 or #* chooses sessions."));
}

Status set_argument(std::string_view text, const Parts& parts, Fault& fault) {
  const std::string_view argument = parts.argument.value_or("");
  const auto number = parse_number(argument);
  switch (fault.kind) {
    case FaultKind::kStall: {
      const auto duration = parse_duration(argument);
      if (!duration || *duration > kStallMax) return bad(text, "a duration of at most 24h, as :5s");
      fault.duration = *duration;
      return {};
    }
    case FaultKind::kDuplicate:
      fault.count = parts.argument ? number.value_or(0) : 1;
      if (fault.count == 0 || fault.count > kDuplicatesMax)
        return bad(text, fmt::format(":1 to :{} records to repeat", kDuplicatesMax));
      return {};
    case FaultKind::kError:
      if (!number || *number == 0 || *number > kErrorCodeMax) return bad(text, "a code, as :6");
      fault.count = *number;
      return {};
    case FaultKind::kRefuse:
    case FaultKind::kAuth:
      if (!number || *number == 0 || *number > kCountMax) return bad(text, "how many, as :2");
      fault.count = *number;
      return {};
    case FaultKind::kAged: {
      if (const auto duration = parse_duration(argument)) {
        fault.duration = *duration;
        return {};
      }
      const auto moment = parse_moment(argument);
      if (!moment || *moment == 0) return bad(text, "a time or a duration, as :24h");
      fault.moment = *moment;
      return {};
    }
    default:
      if (parts.argument) return bad(text, "no argument");
      return {};
  }
}

Status set_sessions(std::string_view text, const Parts& parts, std::uint64_t position,
                    Fault& fault) {
  if (!parts.sessions) {
    if (!is_of_server(fault.kind)) fault.session_from = fault.session_to = position;
    return {};
  }
  if (fault.kind == FaultKind::kRefuse || fault.kind == FaultKind::kAuth)
    return bad(text, "no sessions: it counts connections");
  if (*parts.sessions == "*") return {};
  const auto range = parse_range(*parts.sessions);
  if (!range || range->from == 0) return bad(text, "sessions as #1, #2-4 or #*");
  fault.session_from = range->from;
  fault.session_to = range->to;
  return {};
}

// SplitMix64: one step from any number to a well-mixed one.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

}  // namespace

std::string_view name(FaultKind kind) {
  return std::ranges::find(kKinds, kind, &KindName::kind)->name;
}

Result<FaultSpec> FaultSpec::parse(std::string_view text) {
  FaultSpec spec;
  std::uint64_t position = 0;  // among the faults that belong to a session in turn
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    if (spec.faults_.size() == kFaultsMax)
      return fail(Code::kInvalidArgument, "more than {} faults", kFaultsMax);
    const Parts parts = split(item);
    const auto* const kind = std::ranges::find(kKinds, parts.kind, &KindName::name);
    if (kind == kKinds.end())
      return bad(item, "drop, reset, eof, half, stall, dup, corrupt, error, refuse, auth or aged");
    Fault fault;
    fault.kind = kind->kind;
    if (is_of_server(fault.kind) == parts.at.has_value())
      return bad(item, parts.at ? "no @" : "a record, as @1000");
    if (parts.at) {
      const auto range = parse_range(*parts.at);
      const bool needs_record = fault.kind == FaultKind::kCorrupt;
      if (!range || (needs_record && range->from == 0))
        return bad(item, "a record or a range of records, as @1000 or @500-90000");
      fault.at_from = range->from;
      fault.at_to = range->to;
      if (!parts.sessions) ++position;
    }
    FM_TRY(set_argument(item, parts, fault));
    FM_TRY(set_sessions(item, parts, position, fault));
    if (fault.kind == FaultKind::kRefuse) {
      spec.refusals_ += fault.count;
    } else if (fault.kind == FaultKind::kAuth) {
      spec.auth_failures_ += fault.count;
    } else {
      spec.faults_.push_back(fault);
    }
  }
  return spec;
}

std::vector<PlannedFault> FaultSpec::plan(std::uint64_t session, std::uint64_t seed) const {
  std::vector<PlannedFault> out;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    if (fault.kind == FaultKind::kAged || session < fault.session_from ||
        session > fault.session_to)
      continue;
    const std::uint64_t draw = mix(mix(mix(seed) + session) + i);
    const std::uint64_t width = fault.at_to - fault.at_from;
    const std::uint64_t step = width == ~std::uint64_t{0} ? draw : draw % (width + 1);
    out.push_back({fault.kind, fault.at_from + step, fault.count, fault.duration, mix(draw)});
  }
  std::ranges::stable_sort(out, {}, &PlannedFault::at);
  return out;
}

std::optional<Nanos> FaultSpec::oldest_start(std::uint64_t session, Nanos now) const {
  std::optional<Nanos> oldest;
  for (const Fault& fault : faults_) {
    if (fault.kind != FaultKind::kAged || session < fault.session_from ||
        session > fault.session_to)
      continue;
    const Nanos moment = fault.moment != 0 ? fault.moment : now - std::min(now, fault.duration);
    oldest = std::max(oldest.value_or(0), moment);
  }
  return oldest;
}

}  // namespace fm::gateway
