#include "capture/markers.h"

#include <charconv>
#include <string_view>

namespace fm::capture {
namespace {

constexpr std::string_view kSession = "frontmonth.session start=";
constexpr std::string_view kGap = "frontmonth.gap from=";
constexpr std::string_view kTo = " to=";
constexpr std::string_view kReason = " reason=";
constexpr std::string_view kNoReason = "unknown";

std::string text_of_marker(const Marker& marker) {
  if (const auto* session = std::get_if<SessionMarker>(&marker))
    return fmt::format("{}{}", kSession, session->start);
  const auto& gap = std::get<GapMarker>(marker);
  return fmt::format("{}{}{}{}{}{}", kGap, gap.from, kTo, gap.to, kReason,
                     gap.reason.empty() ? kNoReason : std::string_view(gap.reason));
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

bool take(std::string_view& text, Nanos& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

dbn::SystemMsg encode(const Marker& marker, Nanos now) {
  dbn::SystemMsg record{};
  record.header.length = dbn::kLengthOf<dbn::SystemMsg>;
  record.header.rtype = dbn::RType::kSystem;
  record.header.ts_event = now;
  record.code = static_cast<std::uint8_t>(dbn::SystemCode::kUnset);
  static_cast<void>(dbn::set_text(record.msg, text_of_marker(marker)));  // a long reason is cut
  return record;
}

std::optional<Marker> decode_marker(dbn::RecordView record) {
  const auto* system = record.get_if<dbn::SystemMsg>();
  if (system == nullptr || system->header.publisher_id != 0 ||
      system->code != static_cast<std::uint8_t>(dbn::SystemCode::kUnset))
    return std::nullopt;
  std::string_view text = dbn::text_of(system->msg);
  SessionMarker session;
  if (take(text, kSession)) {
    if (take(text, session.start) && text.empty()) return session;
    return std::nullopt;
  }
  GapMarker gap;
  if (take(text, kGap) && take(text, gap.from) && take(text, kTo) && take(text, gap.to) &&
      take(text, kReason) && !text.empty()) {
    gap.reason = text;
    return gap;
  }
  return std::nullopt;
}

}  // namespace fm::capture
