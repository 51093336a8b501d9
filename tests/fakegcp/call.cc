#include "call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace fm::fakegcp {
namespace {

std::string_view status_name(int code) {
  switch (code) {
    case 400:
      return "INVALID_ARGUMENT";
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 409:
      return "ALREADY_EXISTS";
    case 412:
      return "FAILED_PRECONDITION";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 503:
      return "UNAVAILABLE";
    default:
      return code >= 500 ? "INTERNAL" : "FAILED_PRECONDITION";
  }
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

// What every API takes.
constexpr std::string_view kCommonParameters[] = {"alt", "fields", "prettyPrint", "quotaUser"};

}  // namespace

net::ServerResponse respond(const Json& body, int status) {
  return net::ServerResponse::json(body.dump(), status);
}

net::ServerResponse respond(const Refusal& refusal) {
  Json detail = Json::object();
  detail["reason"] = refusal.reason;
  detail["message"] = refusal.message;
  detail["domain"] = "global";
  Json error = Json::object();
  error["code"] = refusal.code;
  error["message"] = refusal.message;
  error["errors"].push(std::move(detail));
  error["status"] = status_name(refusal.code);
  Json body = Json::object();
  body["error"] = std::move(error);
  return respond(body, refusal.code);
}

std::string Call::query(std::string_view name) const {
  for (const auto& [key, value] : request.query)
    if (key == name) return value;
  return {};
}

bool Call::has_query(std::string_view name) const {
  return std::ranges::any_of(request.query, [&](const auto& pair) { return pair.first == name; });
}

Answer<std::optional<std::int64_t>> Call::number(std::string_view name) const {
  if (!has_query(name)) return std::nullopt;
  const std::string text = query(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    return refuse(400, "invalidParameter",
                  fmt::format("Invalid value for parameter {}: \"{}\"", name, text));
  return value;
}

Answer<Json> Call::body(std::span<const Field> fields) const {
  const std::string_view type = request.header("content-type");
  if (!type.starts_with("application/json"))
    return refuse(400, "invalid",
                  fmt::format("Content-Type \"{}\"; expected application/json", type));
  FM_ASSIGN(Json json, Json::parse(request.body));
  if (!json.is_object()) return refuse(400, "parseError", "the body is no JSON object");
  FM_TRY(check_fields(json, fields));
  return json;
}

std::optional<std::vector<std::string>> match(const Route& route,
                                              const net::ServerRequest& request) {
  if (route.method != request.method) return std::nullopt;
  const auto pattern = split(route.pattern, '/');
  const auto path = split(request.path, '/');
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (i >= path.size()) return std::nullopt;
    const std::string_view wanted = pattern[i];
    std::string_view found = path[i];
    if (wanted == "**") {
      const auto offset = static_cast<std::size_t>(found.data() - request.path.data());
      parts.emplace_back(request.path.substr(offset));
      if (parts.back().empty()) return std::nullopt;
      break;
    }
    if (wanted.starts_with('*')) {
      const std::string_view ending = wanted.substr(1);
      if (!found.ends_with(ending)) return std::nullopt;
      found.remove_suffix(ending.size());
      // "p:getIamPolicy" is a verb of p, not p's name.
      if (found.empty() || found.contains(':')) return std::nullopt;
      parts.emplace_back(found);
    } else if (wanted != found) {
      return std::nullopt;
    }
  }
  if (!route.pattern.ends_with("**") && path.size() != pattern.size()) return std::nullopt;
  if (route.when.empty()) return parts;
  const bool fits = std::ranges::any_of(request.query, [&](const auto& pair) {
    return pair.first + "=" + pair.second == route.when || pair.first + "=*" == route.when;
  });
  return fits ? std::optional(std::move(parts)) : std::nullopt;
}

Answer<void> check_parameters(const Route& route, const net::ServerRequest& request) {
  const auto known = split(route.parameters, ' ');
  for (const auto& [name, value] : request.query)
    if (std::ranges::find(known, name) == known.end() &&
        std::ranges::find(kCommonParameters, name) == std::end(kCommonParameters))
      return refuse(400, "invalidParameter",
                    fmt::format("Invalid JSON payload received. Unknown name \"{}\": Cannot bind "
                                "query parameter.",
                                name));
  return {};
}

Answer<Page> page_of(const Call& call, std::size_t items, std::size_t default_size) {
  FM_ASSIGN(const auto wanted, call.number("maxResults"));
  Page page;
  const std::string token = call.query("pageToken");
  if (!token.empty()) {
    const auto [end, error] = std::from_chars(token.data() + std::min<std::size_t>(token.size(), 1),
                                              token.data() + token.size(), page.first);
    if (error != std::errc() || end != token.data() + token.size() || token.front() != 'p')
      return refuse(400, "invalid", fmt::format("Invalid pageToken \"{}\"", token));
  }
  page.first = std::min(page.first, items);
  const std::size_t size = wanted && *wanted > 0
                               ? std::min(static_cast<std::size_t>(*wanted), default_size)
                               : default_size;
  page.last = std::min(items, page.first + size);
  if (page.last < items) page.next = fmt::format("p{}", page.last);
  return page;
}

std::string iso_millis(Nanos time) {
  std::string text = iso_nanos(time);
  return text.substr(0, 23) + "Z";
}

std::string millis_text(Nanos time) { return fmt::format("{}", time / 1'000'000); }

}  // namespace fm::fakegcp
