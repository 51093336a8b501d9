#include "net/http_routes.h"

#include <algorithm>
#include <exception>
#include <optional>

#include "base/log.h"
#include "net/request_reader.h"

namespace fm::net {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    out.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

// What stood for the stars, when the path fits.
std::optional<std::vector<std::string>> match(const std::vector<std::string>& pattern,
                                              const std::vector<std::string>& path) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == "**") {
      std::string rest;
      for (std::size_t k = i; k < path.size(); ++k) {
        if (k > i) rest += '/';
        rest += path[k];
      }
      parts.push_back(std::move(rest));
      return parts;
    }
    if (i >= path.size()) return std::nullopt;
    if (pattern[i] == "*")
      parts.push_back(path[i]);
    else if (pattern[i] != path[i])
      return std::nullopt;
  }
  return pattern.size() == path.size() ? std::optional(std::move(parts)) : std::nullopt;
}

Status read_parameters(ServerRequest& request, std::string_view raw_query) {
  if (!raw_query.empty()) {
    FM_ASSIGN(request.query, parse_form(raw_query));
  }
  if (request.header("content-type").starts_with("application/x-www-form-urlencoded")) {
    FM_ASSIGN(request.form, parse_form(request.body));
  }
  return {};
}

bool is_token(std::string_view text) {
  constexpr std::string_view kBesides = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kBesides.find(c) != std::string_view::npos;
  });
}

bool is_one_line(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  });
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return x == y || ((x ^ y) == 0x20 && (x | 0x20) >= 'a' && (x | 0x20) <= 'z');
  });
}

void put_header(std::string& out, std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_one_line(value)) {
    log_warning("a header of an answer is left out: its name or value cannot stand in one line");
    return;
  }
  for (const std::string_view own : {"Content-Length", "Transfer-Encoding", "Connection"})
    if (equal_but_for_case(name, own)) return;
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

}  // namespace

void Routes::add(std::string method, std::string_view pattern, Handler handler,
                 RouteOptions options) {
  routes_.push_back(
      {std::move(method), segments_of(pattern), std::move(handler), std::move(options)});
}

void Routes::set_otherwise(Handler handler, RouteOptions options) {
  otherwise_ = std::move(handler);
  otherwise_options_ = std::move(options);
}

Routes::Match Routes::find(std::string_view method, std::string_view path) const {
  const auto segments = segments_of(path);
  Match out;
  for (const Route& route : routes_) {
    auto parts = match(route.pattern, segments);
    if (!parts) continue;
    if (route.method == method || (route.method == "GET" && method == "HEAD"))
      return {.handler = &route.handler, .options = route.options, .parts = *std::move(parts)};
    if (!out.allowed.empty()) out.allowed += ", ";
    out.allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (otherwise_) {
    out.handler = &otherwise_;
    out.options = otherwise_options_;
  }
  return out;
}

ServerResponse answer_with(const Routes::Match& match, ServerRequest& request,
                           std::string_view raw_query) {
  if (const Status status = read_parameters(request, raw_query); !status)
    return ServerResponse::text(status.error().message(), 400);
  request.parts = match.parts;
  if (match.handler == nullptr) {
    if (match.allowed.empty()) return ServerResponse::text("Not Found", 404);
    ServerResponse refusal = ServerResponse::text("Method Not Allowed", 405);
    refusal.headers.emplace_back("Allow", match.allowed);
    return refusal;
  }
  try {
    return (*match.handler)(request);
  } catch (const std::exception& error) {
    // What a library threw past its room's wall ends one answer, not the server.
    log(LogLevel::kError, fmt::format("{} {}: {}", request.method, request.path, error.what()));
    return ServerResponse::text("Internal Server Error", 500);
  }
}

std::optional<ServerResponse> answer_at_hand(const Routes::Match& match, ServerRequest& request,
                                             std::string_view raw_query) {
  if (!match.options.at_hand) return std::nullopt;
  // What is wrong with the parameters is said where the handler would be asked.
  if (!read_parameters(request, raw_query)) return std::nullopt;
  request.parts = match.parts;
  try {
    return match.options.at_hand(request);
  } catch (const std::exception& error) {
    log(LogLevel::kError, fmt::format("{} {}: {}", request.method, request.path, error.what()));
    return ServerResponse::text("Internal Server Error", 500);
  }
}

std::string response_head(const ServerResponse& response, Framing framing, std::uint64_t length,
                          bool closes) {
  std::string out;
  out.reserve(256);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
                 reason_phrase(response.status));
  for (const auto& [name, value] : response.headers) put_header(out, name, value);
  if (framing != Framing::kNone && !response.content_type.empty())
    put_header(out, "Content-Type", response.content_type);
  if (framing == Framing::kLength)
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", length);
  if (framing == Framing::kChunked) out += "Transfer-Encoding: chunked\r\n";
  out += closes ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  return out;
}

}  // namespace fm::net
