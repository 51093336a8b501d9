#include "server/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/log.h"
#include "server/page_answer.h"
#include "server/problem.h"

namespace fm::server {
namespace {

constexpr std::string_view kRequestId = "X-Request-Id";

std::string new_id(Env& env) { return fmt::format("{:016x}", env.random()); }

bool has_header(const net::ServerResponse& response, std::string_view name) {
  return std::ranges::any_of(response.headers,
                             [&](const net::Header& header) { return header.first == name; });
}

// The answer as it is sent, or 304 where the client has it already.
net::ServerResponse finish(Answer answer, const net::ServerRequest& request) {
  net::ServerResponse response = std::move(answer.response);
  if (!has_header(response, "Cache-Control"))
    response.headers.emplace_back("Cache-Control", answer.cache_control);
  const bool is_whole = response.status == 200 && !response.producer;
  if (request.method != "GET" && request.method != "HEAD") return response;
  if (!is_whole || answer.cache_control == "no-store") return response;
  const std::string etag = fmt::format("\"{}\"", hash_of(response.body).hex());
  response.headers.emplace_back("ETag", etag);
  if (!names_etag(request.header("if-none-match"), etag)) return response;
  response.status = 304;
  response.body.clear();
  return response;
}

net::ServerResponse answer(const Route& route, const net::ServerRequest& request,
                           std::string_view id) {
  const auto arguments = Arguments::parse(request.query, route.parameters);
  if (!arguments) return problem(arguments.error(), id);
  auto made = route.handler({.request = request, .arguments = *arguments, .id = id});
  if (made) return finish(*std::move(made), request);
  const int status = status_of(made.error().code());
  if (status == 500)
    log(LogLevel::kError, fmt::format("request {}: {} {}: {}", id, request.method, request.path,
                                      made.error().message()));
  return problem(made.error(), id);
}

// Whether a path is one of the pattern's.
bool fits(std::string_view pattern, std::string_view path) {
  for (;;) {
    if (pattern.empty() || path.empty()) return pattern.empty() && path.empty();
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    const std::string_view want = pattern.substr(0, pattern.find('/'));
    const std::string_view have = path.substr(0, path.find('/'));
    if (!want.starts_with('{') && want != have) return false;
    pattern.remove_prefix(want.size());
    path.remove_prefix(have.size());
  }
}

net::ServerResponse nothing_there(const Routes& routes, const net::ServerRequest& request,
                                  std::string_view id) {
  if (request.method == "GET" || request.method == "HEAD")
    if (auto page = page_answer(request)) return *std::move(page);
  std::string others;
  for (const Route& route : routes)
    if (fits(route.path, request.path))
      others += (others.empty() ? "" : ", ") + std::string(route.method);
  if (!others.empty()) {
    auto refusal = problem(405, fmt::format("{} is not answered here", request.method), "", id);
    refusal.headers.emplace_back("Allow", others);
    return refusal;
  }
  return problem(404, "there is nothing here", "GET /api/openapi.yaml lists what there is.", id);
}

}  // namespace

std::string pattern_of(std::string_view path) {
  std::string pattern;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    pattern += '/';
    pattern += path.starts_with('{') ? "*" : path.substr(0, end);
    path.remove_prefix(end);
  }
  return pattern;
}

bool names_etag(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    std::string_view one = header.substr(0, comma);
    header.remove_prefix(std::min(comma + 1, header.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    // What a cache on the way has compressed is weak; the content is the same.
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == etag) return true;
  }
  return false;
}

void add_common_headers(net::ServerResponse& response) {
  static const std::pair<const char*, const char*> kHeaders[] = {
      {"Content-Security-Policy",
       "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
       "object-src 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
  };
  for (const auto& [name, value] : kHeaders) response.headers.emplace_back(name, value);
}

void open_routes(Context& context, const Routes& routes, net::HttpServer& http) {
  for (const Route& route : routes)
    http.route(std::string(route.method), pattern_of(route.path),
               [&context, &route](const net::ServerRequest& request) {
                 const std::string id = new_id(context.env);
                 auto response = answer(route, request, id);
                 response.headers.emplace_back(kRequestId, id);
                 return response;
               });
  http.otherwise([&context, &routes](const net::ServerRequest& request) {
    const std::string id = new_id(context.env);
    auto response = nothing_there(routes, request, id);
    response.headers.emplace_back(kRequestId, id);
    return response;
  });
  http.before_sending([&context](const net::ServerRequest&, net::ServerResponse& response) {
    // Refusals of the HTTP server itself have none yet.
    if (!has_header(response, kRequestId))
      response.headers.emplace_back(kRequestId, new_id(context.env));
    add_common_headers(response);
  });
}

}  // namespace fm::server
