#include "server/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/log.h"
#include "net/gzip.h"
#include "server/page_answer.h"
#include "server/problem.h"

namespace fm::server {
namespace {

constexpr std::string_view kRequestId = "X-Request-Id";
constexpr std::size_t kGzipBytesMin = 1'000;
// Larger bodies are for charts on this machine or near: time counts for more than bytes.
constexpr std::size_t kGzipFastBytes = 256 << 10;

std::string new_id(Env& env) { return fmt::format("{:016x}", env.random()); }

bool has_header(const net::ServerResponse& response, std::string_view name) {
  return std::ranges::any_of(response.headers,
                             [&](const net::Header& header) { return header.first == name; });
}

bool reads(const net::ServerRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

bool is_compressible(std::string_view content_type) {
  return content_type.starts_with("application/json") || content_type.starts_with("text/") ||
         content_type.starts_with("application/yaml");
}

std::string cache_key(const net::ServerRequest& request, bool gzip) {
  auto query = request.query;
  std::ranges::sort(query);
  return fmt::format("{}?{}{}", request.path, net::encode_form(query), gzip ? " gzip" : "");
}

// `etag` is without the mark of a compressed form.
void not_modified(net::ServerResponse& response) {
  response.status = 304;
  response.body.clear();
  response.shared_body = nullptr;
  response.producer = {};
  response.length = std::nullopt;
}

net::ServerResponse again(const CachedAnswer& kept, const net::ServerRequest& request) {
  net::ServerResponse response{.content_type = kept.content_type, .headers = kept.headers};
  response.headers.emplace_back("Cache-Control", kept.cache_control);
  response.headers.emplace_back("ETag", kept.etag);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (kept.is_gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  response.shared_body = kept.body;
  if (names_etag(request.header("if-none-match"), kept.etag)) not_modified(response);
  return response;
}

// One request on its way.
class Passage {
 public:
  Passage(Context& context, const Route& route, const net::ServerRequest& request)
      : context_(context),
        route_(route),
        request_(request),
        id_(new_id(context.env)),
        began_(context.env.monotonic()),
        gzip_(net::accepts_gzip(request.header("accept-encoding"))) {}

  net::ServerResponse run() { return finished(answer()); }

  // What was kept of an earlier answer, for who may have it; asks no file and waits for nobody.
  std::optional<net::ServerResponse> at_hand() {
    if (!reads(request_) || !context_.access->check_origin(request_)) return std::nullopt;
    if (route_.needs_token && !context_.access->has_access_at_hand(request_)) return std::nullopt;
    const auto kept = context_.cache.find(cache_key(request_, gzip_));
    if (!kept) return std::nullopt;
    if (judge(*kept, context_.index, *context_.rows, began_) != Validity::kValid)
      return std::nullopt;
    context_.cache.count(true);
    return finished(again(*kept, request_));
  }

 private:
  net::ServerResponse finished(net::ServerResponse response) {
    response.headers.emplace_back(kRequestId, id_);
    const Nanos took = context_.env.monotonic() - began_;
    context_.figures.add(route_.path, response.status, took);
    log(LogLevel::kDebug,
        fmt::format("request {}: {} {}: {} in {:.1f} ms", id_, request_.method, request_.path,
                    response.status, static_cast<double>(took) / 1e6));
    return response;
  }

  net::ServerResponse answer() {
    if (const Status ours = context_.access->check_origin(request_); !ours)
      return refusal(ours.error(), id_);
    if (route_.needs_token)
      if (const Status may = context_.access->check(request_); !may)
        return refusal(may.error(), id_);
    if (!reads(request_)) return anew("");
    const std::string key = cache_key(request_, gzip_);
    const ResponseCache::Turn turn(context_.cache, key);
    if (const auto kept = find(key)) return again(*kept, request_);
    return anew(key);
  }

  std::shared_ptr<const CachedAnswer> find(const std::string& key) {
    auto kept = context_.cache.find(key);
    if (!kept) return nullptr;
    const Nanos now = context_.env.monotonic();
    Validity validity = judge(*kept, context_.index, *context_.rows, now);
    if (validity == Validity::kUnknown) {
      // What is fresh now and no longer when the others have been looked at is fresh enough.
      for (const CachedAnswer::Source& source : kept->sources)
        if (!context_.index.look(*source.rows.table)) return nullptr;
      validity = judge(*kept, context_.index, *context_.rows, now);
    }
    context_.cache.count(validity == Validity::kValid);
    if (validity == Validity::kValid) return kept;
    context_.cache.remove(key);
    return nullptr;
  }

  net::ServerResponse anew(const std::string& key) {
    const auto arguments = Arguments::parse(request_.query, route_.parameters);
    if (!arguments) return problem(arguments.error(), id_);
    const std::uint64_t generation = context_.index.generation();
    auto made = route_.handler({.request = request_, .arguments = *arguments, .id = id_});
    if (!made) return failed(made.error());
    // What was read may be older than what the index has come to know meanwhile.
    const bool may_keep = !key.empty() && generation == context_.index.generation();
    return finish(*std::move(made), may_keep ? key : "");
  }

  net::ServerResponse failed(const Error& error) {
    if (status_of(error.code()) == 500)
      log(LogLevel::kError, fmt::format("request {}: {} {}: {}", id_, request_.method,
                                        request_.path, error.message()));
    return problem(error, id_);
  }

  net::ServerResponse finish(Answer made, const std::string& key) {
    net::ServerResponse response = std::move(made.response);
    if (!has_header(response, "Cache-Control"))
      response.headers.emplace_back("Cache-Control", made.cache_control);
    if (!reads(request_) || response.stream || made.cache_control == "no-store" ||
        (response.status != 200 && response.status != 206))
      return response;
    if (response.producer) {
      response.headers.emplace_back("ETag", made.etag);
      if (names_etag(request_.header("if-none-match"), made.etag)) not_modified(response);
      return response;
    }
    const bool packs =
        gzip_ && response.body.size() >= kGzipBytesMin && is_compressible(response.content_type);
    const auto kept = pack(made, response, packs);
    if (!key.empty() && (!made.made_from.empty() || made.valid_for > 0))
      context_.cache.put(key, kept);
    return again(*kept, request_);
  }

  std::shared_ptr<const CachedAnswer> pack(const Answer& made, const net::ServerResponse& response,
                                           bool packs) {
    auto kept = std::make_shared<CachedAnswer>();
    kept->content_type = response.content_type;
    for (const net::Header& header : response.headers)
      if (header.first != "Cache-Control") kept->headers.push_back(header);
    kept->cache_control = made.cache_control;
    const std::string hash = hash_of(response.body).hex();
    kept->etag = fmt::format("\"{}{}\"", hash, packs ? "-gzip" : "");
    kept->is_gzip = packs;
    kept->body = std::make_shared<const std::string>(
        packs ? net::gzip(response.body, response.body.size() > kGzipFastBytes ? 1 : 6)
              : response.body);
    for (const MadeFrom& rows : made.made_from)
      kept->sources.push_back({.rows = rows, .stamp = stamp_of(context_.index, rows)});
    kept->live_root = made.live_root;
    kept->live_version = made.live_version;
    if (made.valid_for > 0) kept->until = context_.env.monotonic() + made.valid_for;
    return kept;
  }

  Context& context_;
  const Route& route_;
  const net::ServerRequest& request_;
  const std::string id_;
  const Nanos began_;
  const bool gzip_;
};

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

net::ServerResponse elsewhere(Context& context, const Routes& routes,
                              const net::ServerRequest& request, std::string_view id) {
  if (const Status ours = context.access->check_origin(request); !ours)
    return refusal(ours.error(), id);
  // The page itself is no secret; but whoever may not ask the API is better led to the login.
  if (reads(request) && (request.path == "/" || request.path == "/index.html") &&
      !context.access->check(request)) {
    net::ServerResponse to_login{.status = 303, .content_type = "text/plain"};
    to_login.headers = {{"Location", "/login"}, {"Cache-Control", "no-store"}};
    return to_login;
  }
  if (reads(request))
    if (auto page = page_answer(request)) return *std::move(page);
  std::string others;
  for (const Route& route : routes)
    if (fits(route.path, request.path))
      others += (others.empty() ? "" : ", ") + std::string(route.method);
  if (!others.empty()) {
    auto refused = problem(405, fmt::format("{} is not answered here", request.method), "", id);
    refused.headers.emplace_back("Allow", others);
    return refused;
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
  const auto plain = [](std::string_view one) {
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    // What a cache on the way has compressed is weak; the content is the same.
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one.starts_with('"') && one.ends_with('"') && one.size() >= 2)
      one = one.substr(1, one.size() - 2);
    constexpr std::string_view kGzip = "-gzip";
    if (one.ends_with(kGzip)) one.remove_suffix(kGzip.size());
    return one;
  };
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    const std::string_view one = plain(header.substr(0, comma));
    header.remove_prefix(std::min(comma + 1, header.size()));
    if (one == "*" || one == plain(etag)) return true;
  }
  return false;
}

void add_common_headers(net::ServerResponse& response) {
  static const std::pair<const char*, const char*> kHeaders[] = {
      {"Content-Security-Policy",
       "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
       "object-src 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      // With less, browsers would not say where the login's form comes from.
      {"Referrer-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
  };
  for (const auto& [name, value] : kHeaders) response.headers.emplace_back(name, value);
}

void open_routes(Context& context, const Routes& routes, net::HttpServer& http) {
  for (const Route& route : routes) {
    net::RouteOptions options;
    options.at_hand = [&context, &route](const net::ServerRequest& request) {
      return Passage(context, route, request).at_hand();
    };
    http.route(
        std::string(route.method), pattern_of(route.path),
        [&context, &route](const net::ServerRequest& request) {
          return Passage(context, route, request).run();
        },
        std::move(options));
  }
  http.otherwise([&context, &routes](const net::ServerRequest& request) {
    const std::string id = new_id(context.env);
    auto response = elsewhere(context, routes, request, id);
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
