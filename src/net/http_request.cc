// What a request says: path, parameters, credentials, ranges. No library here, so that it can be
// fuzzed.
#include <algorithm>
#include <array>
#include <charconv>

#include "net/request_reader.h"

namespace fm::net {
namespace {

std::optional<unsigned char> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned char>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned char>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned char>(c - 'A' + 10);
  return std::nullopt;
}

// The byte that "%41" at `at` stands for.
std::optional<char> escaped(std::string_view text, std::size_t at) {
  const auto high = at + 2 < text.size() ? hex_digit(text[at + 1]) : std::nullopt;
  const auto low = at + 2 < text.size() ? hex_digit(text[at + 2]) : std::nullopt;
  if (!high || !low) return std::nullopt;
  return static_cast<char>(*high << 4 | *low);
}

Result<std::string> decode_component(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const auto byte = escaped(text, i);
      if (!byte)
        return fail(Code::kInvalidArgument, "parameters: '%' at byte {} begins no escape", i);
      out += *byte;
      i += 2;
    }
    if (out.back() == '\0') return fail(Code::kInvalidArgument, "parameters: NUL at byte {}", i);
  }
  return out;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xFFFFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xFF);
  }
  return out;
}

}  // namespace

Result<Target> parse_target(std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string_view raw = target.substr(0, mark);
  Target out{.path = {}, .query = target.substr(std::min(mark + 1, target.size()))};
  if (!raw.starts_with('/')) return fail(Code::kInvalidArgument, "path: expected a '/' first");
  out.path.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      const auto byte = escaped(raw, i);
      if (!byte) return fail(Code::kInvalidArgument, "path: '%' at byte {} begins no escape", i);
      c = *byte;
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return fail(Code::kInvalidArgument, "path: a control character at byte {}", i);
    out.path += c;
  }
  if (out.path.size() > kPathBytesMax)
    return fail(Code::kUnsupported, "path: longer than {} bytes", kPathBytesMax);
  for (std::size_t at = 0; at != std::string::npos; at = out.path.find('/', at + 1))
    if (const auto rest = std::string_view(out.path).substr(at + 1);
        rest == ".." || rest.starts_with("../"))
      return fail(Code::kInvalidArgument, "path: a segment '..'");
  return out;
}

Result<Parameters> parse_form(std::string_view text) {
  Parameters out;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (out.size() == kParametersMax)
      return fail(Code::kInvalidArgument, "parameters: more than {}", kParametersMax);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    FM_ASSIGN(std::string name, decode_component(pair.substr(0, equals)));
    FM_ASSIGN(std::string value, decode_component(pair.substr(std::min(equals + 1, pair.size()))));
    out.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

std::optional<std::string_view> ServerRequest::parameter(std::string_view name) const {
  for (const Parameters* const list : {&form, &query})
    for (const auto& [key, value] : *list)
      if (key == name) return value;
  return std::nullopt;
}

std::string_view ServerRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

std::optional<std::pair<std::string, std::string>> ServerRequest::basic_auth() const {
  constexpr std::string_view kScheme = "basic ";
  const std::string_view text = header("authorization");
  const bool is_basic = text.size() >= kScheme.size() &&
                        std::ranges::equal(text.substr(0, kScheme.size()), kScheme,
                                           [](char a, char b) { return (a | 0x20) == b; });
  if (!is_basic) return std::nullopt;
  const auto decoded = decode_base64(text.substr(kScheme.size()));
  if (!decoded) return std::nullopt;
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return std::pair(decoded->substr(0, colon), decoded->substr(colon + 1));
}

std::optional<ByteRange> parse_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = number(header.substr(0, dash));
  const auto last = number(header.substr(dash + 1));
  if (dash == 0) {  // the last so many bytes
    if (!last) return std::nullopt;
    const std::uint64_t count = std::min(*last, size);
    return ByteRange{size - count, count};
  }
  if (!first || (!last && dash + 1 != header.size())) return std::nullopt;
  if (last && *last < *first) return std::nullopt;
  if (*first >= size) return ByteRange{size, 0};
  const std::uint64_t end = last && *last < size ? *last + 1 : size;
  return ByteRange{*first, end - *first};
}

ServerResponse ServerResponse::json(std::string text, int status) {
  return {.status = status, .body = std::move(text)};
}

ServerResponse ServerResponse::events(StreamStart start) {
  return {.content_type = "text/event-stream",
          .headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}},
          .stream = std::move(start)};
}

ServerResponse ServerResponse::text(std::string text, int status) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(text)};
}

}  // namespace fm::net
