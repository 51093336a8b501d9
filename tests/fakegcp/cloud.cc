#include "cloud.h"

#include <fmt/format.h>

#include <algorithm>

namespace fm::fakegcp {
namespace {

net::ServerResponse with_retry_after(net::ServerResponse response, std::uint64_t draw) {
  if (draw % 2 == 0) response.headers.emplace_back("Retry-After", std::to_string(1 + draw / 2 % 3));
  return response;
}

std::optional<int> digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

Result<std::string> decode_path(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    const auto high = i + 2 < path.size() ? digit(path[i + 1]) : std::nullopt;
    const auto low = i + 2 < path.size() ? digit(path[i + 2]) : std::nullopt;
    if (!high || !low) return fail(Code::kInvalidArgument, "{}: a broken escape", path);
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

// An object's name is one segment of a path: its own slashes are encoded.
bool has_bare_object_name(std::string_view path) {
  constexpr std::string_view kObjects = "/storage/v1/b/";
  if (!path.starts_with(kObjects)) return false;
  const std::size_t at = path.find("/o/", kObjects.size());
  return at != std::string_view::npos && path.substr(at + 3).contains('/');
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

}  // namespace

Cloud::Cloud(Env& env, CloudOptions options, std::unique_ptr<Blobs> blobs)
    : options_(std::move(options)),
      blobs_(std::move(blobs)),
      faults_(options_.seed, options_.fault_rate),
      tokens_(env),
      storage_(env, *blobs_),
      catalog_(env),
      jobs_(env, catalog_, storage_, *blobs_, faults_, options_.jobs),
      transfers_(env, jobs_, catalog_) {
  catalog_.quota().limits = options_.limits;
  tokens_.add_routes(routes_);
  storage_.add_routes(routes_);
  catalog_.add_routes(routes_);
  jobs_.add_routes(routes_);
  transfers_.add_routes(routes_);
  resource_manager_.add_routes(routes_);
}

Cloud::~Cloud() = default;

Result<std::unique_ptr<Cloud>> Cloud::create(Env& env, CloudOptions options) {
  FM_ASSIGN(auto blobs, Blobs::create(options.directory));
  return std::unique_ptr<Cloud>(new Cloud(env, std::move(options), std::move(blobs)));
}

const Route* Cloud::route_of(const net::ServerRequest& request,
                             std::vector<std::string>& parts) const {
  for (const Route& route : routes_) {
    auto found = match(route, request);
    if (!found) continue;
    parts = *std::move(found);
    return &route;
  }
  return nullptr;
}

Reply Cloud::answer(const net::ServerRequest& request) {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> parts;
  const Route* route = route_of(request, parts);
  ++requests_[route == nullptr ? "unknown" : route->kind];
  if (route == nullptr)
    return {respond(Refusal(
        404, "notFound", fmt::format("{} {} is not served here", request.method, request.path)))};
  Call call{request, std::move(parts), {}};
  return with_fault(*route, call, faults_.decide(route->kind));
}

net::ServerResponse Cloud::perform(const Route& route, Call& call) {
  catalog_.expire();
  jobs_.run_due();
  if (options_.check_tokens) {
    auto account = tokens_.check(call.request, route.need);
    if (!account) return respond(account.error());
    call.account = *std::move(account);
  }
  if (const auto known = check_parameters(route, call.request); !known)
    return respond(known.error());
  auto answer = route.handler(call);
  return answer ? *std::move(answer) : respond(answer.error());
}

Reply Cloud::with_fault(const Route& route, Call& call, FaultDecision decision) {
  const auto refusal = [&](int code, std::string_view reason, std::string_view message) {
    return respond(Refusal(code, std::string(reason), std::string(message)));
  };
  switch (decision.fault) {
    case Fault::kNone:
      break;
    case Fault::kRequestLost:
      return {{}, true};
    case Fault::kReplyLost:
      (void)perform(route, call);
      return {{}, true};
    case Fault::kTooMany:
      return {
          with_retry_after(refusal(429, "rateLimitExceeded", "Too many requests."), decision.draw)};
    case Fault::kInternal:
      return {refusal(500, "backendError", "Internal error encountered.")};
    case Fault::kBadGateway: {
      net::ServerResponse page{.status = 502, .content_type = "text/html; charset=UTF-8"};
      page.body = "<html><title>502 Server Error</title></html>";
      return {std::move(page)};
    }
    case Fault::kUnavailable:
      return {with_retry_after(refusal(503, "backendError", "The service is unavailable."),
                               decision.draw)};
    case Fault::kUnauthorized:
      if (route.need == Need::kNothing)
        return {refusal(503, "backendError", "The service is unavailable.")};
      tokens_.revoke_all();
      return {refusal(401, "authError", "Invalid Credentials")};
    case Fault::kRequestTimeout:
      return {refusal(408, "requestTimeout", "The request timed out.")};
    case Fault::kTimedOut:
      (void)perform(route, call);
      return {refusal(504, "backendError", "Deadline exceeded.")};
    case Fault::kSlowBody:
      return {perform(route, call), false, (1 + decision.draw % 30) * kNanosPerSecond};
    case Fault::kTwice:
      (void)perform(route, call);
      break;
    case Fault::kPartialChunk:
      if (route.kind == "storage.resumable.put" && storage_.keep_partially(call, decision.draw))
        return {{}, true};
      break;
    case Fault::kJobBackend:
    case Fault::kJobInternal:
    case Fault::kJobRateLimit:
      if (route.kind == "bigquery.jobs.insert") jobs_.set_fault(decision.fault);
      break;
  }
  Reply reply{perform(route, call)};
  jobs_.set_fault(Fault::kNone);
  return reply;
}

Result<Reply> Cloud::send(const net::HttpRequest& request) {
  const std::string_view url = request.url;
  const std::size_t scheme = url.find("://");
  const std::size_t path_at = scheme == std::string_view::npos ? scheme : url.find('/', scheme + 3);
  if (path_at == std::string_view::npos)
    return fail(Code::kInvalidArgument, "{}: is no URL with a path", url);
  std::string_view path = url.substr(path_at);
  net::ServerRequest out{.method = request.method, .body = request.body};
  out.host = url.substr(scheme + 3, path_at - scheme - 3);
  if (const std::size_t mark = path.find('?'); mark != std::string_view::npos) {
    FM_ASSIGN(out.query, net::parse_form(path.substr(mark + 1)));
    path = path.substr(0, mark);
  }
  FM_ASSIGN(out.path, decode_path(path));
  for (const auto& [name, value] : request.headers) out.headers.emplace_back(lower(name), value);
  if (request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
    const std::string type =
        request.content_type.empty() ? "application/x-www-form-urlencoded" : request.content_type;
    out.headers.emplace_back("content-type", type);
    if (type.starts_with("application/x-www-form-urlencoded") && request.method == "POST") {
      FM_ASSIGN(out.form, net::parse_form(request.body));
    }
  }
  if (request.range_first)
    out.headers.emplace_back(
        "range", fmt::format("bytes={}-{}", *request.range_first,
                             request.range_last ? std::to_string(*request.range_last) : ""));
  if (url.starts_with("https://")) out.headers.emplace_back("x-forwarded-proto", "https");
  if (has_bare_object_name(path))
    return Reply{respond(Refusal(404, "notFound", "An object's name is encoded in a path."))};
  return answer(out);
}

void Cloud::add_bucket(std::string name, std::string location) {
  const std::scoped_lock lock(mutex_);
  storage_.add_bucket(std::move(name), std::move(location));
}
void Cloud::add_account(ServiceAccount account) {
  const std::scoped_lock lock(mutex_);
  tokens_.service_accounts.push_back(std::move(account));
}
void Cloud::add_account(AuthorizedUser user) {
  const std::scoped_lock lock(mutex_);
  tokens_.authorized_users.push_back(std::move(user));
}
void Cloud::add_account(ExternalAccount account) {
  const std::scoped_lock lock(mutex_);
  tokens_.external_accounts.push_back(std::move(account));
}
void Cloud::set_metadata_server(bool there) {
  const std::scoped_lock lock(mutex_);
  tokens_.has_metadata_server = there;
}
void Cloud::add_token_uri(std::string uri) {
  const std::scoped_lock lock(mutex_);
  tokens_.token_uris.push_back(std::move(uri));
}

void Cloud::script(std::string kind, std::uint64_t n, Fault fault) {
  const std::scoped_lock lock(mutex_);
  faults_.script(std::move(kind), n, fault);
}
void Cloud::stop_faults() {
  const std::scoped_lock lock(mutex_);
  faults_.stop();
}
void Cloud::start_faults(std::uint64_t seed, double rate) {
  const std::scoped_lock lock(mutex_);
  faults_.start(seed, rate);
}
std::map<std::string, std::uint64_t, std::less<>> Cloud::faults_seen() const {
  const std::scoped_lock lock(mutex_);
  return faults_.seen();
}

std::uint64_t Cloud::requests(std::string_view kind) const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [name, count] : requests_)
    if (kind.empty() || name == kind) sum += count;
  return sum;
}
std::map<std::string, std::uint64_t, std::less<>> Cloud::requests_by_kind() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

std::vector<Object> Cloud::objects(const std::string& bucket) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Object> out;
  if (const auto found = storage_.buckets().find(bucket); found != storage_.buckets().end())
    for (const auto& [name, object] : found->second.objects) out.push_back(object);
  return out;
}

std::size_t Cloud::open_sessions() const {
  const std::scoped_lock lock(mutex_);
  return storage_.open_sessions();
}

std::optional<Table> Cloud::table(const TableName& name) const {
  const std::scoped_lock lock(mutex_);
  const auto in = catalog_.datasets().find(name.project + ":" + name.dataset);
  if (in == catalog_.datasets().end()) return std::nullopt;
  const auto found = in->second.tables.find(name.table);
  return found == in->second.tables.end() ? std::nullopt : std::optional(found->second);
}

std::vector<TableName> Cloud::tables() const {
  const std::scoped_lock lock(mutex_);
  std::vector<TableName> out;
  for (const auto& [key, dataset] : catalog_.datasets())
    for (const auto& [name, table] : dataset.tables) out.push_back(table.name);
  return out;
}

Result<SqlRows> Cloud::sql(const std::string& statement) {
  const std::scoped_lock lock(mutex_);
  auto duck = catalog_.duck();
  if (!duck) return fail(Code::kInternal, "{}", duck.error().message);
  jobs_.run_due();
  return (*duck)->query(statement);
}

std::string Cloud::table_sql(const TableName& name) {
  const std::scoped_lock lock(mutex_);
  (void)catalog_.duck();  // its name is part of the table's
  return catalog_.sql_of(name);
}

std::vector<Job> Cloud::jobs() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Job> out;
  for (const Job* job : jobs_.all()) out.push_back(*job);
  return out;
}

std::vector<TransferConfig> Cloud::transfer_configs() const {
  const std::scoped_lock lock(mutex_);
  std::vector<TransferConfig> out;
  for (const auto& [id, config] : transfers_.configs()) out.push_back(config);
  return out;
}

Nanos Cloud::next_job_end() const {
  const std::scoped_lock lock(mutex_);
  return jobs_.next_end();
}

std::int64_t Cloud::load_jobs_counted(const std::string& project) const {
  const std::scoped_lock lock(mutex_);
  return const_cast<Catalog&>(catalog_).quota().loads(project);
}

std::int64_t Cloud::table_changes_counted(const TableName& name) const {
  const std::scoped_lock lock(mutex_);
  return const_cast<Catalog&>(catalog_).quota().table_changes(name.text());
}

bool Cloud::project_grants(const std::string& project, std::string_view role,
                           std::string_view member) {
  const std::scoped_lock lock(mutex_);
  return resource_manager_.policy(project).grants(role, member);
}

}  // namespace fm::fakegcp
