#include "server/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fm::server {
namespace {

constexpr std::string_view kCookie = "frontmonth_session";

// As long for a wrong text as for a right one.
bool same_text(std::string_view given, std::string_view expected) {
  unsigned different = given.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i)
    different |= static_cast<unsigned>(static_cast<unsigned char>(given[i]) ^
                                       static_cast<unsigned char>(expected[i % expected.size()]));
  return different == 0;
}

// "127.0.0.1:51234" → "127.0.0.1"; "[::1]:51234" → "[::1]".
std::string_view without_port(std::string_view address) {
  if (address.starts_with('[')) return address.substr(0, address.find(']') + 1);
  return address.substr(0, address.find(':'));
}

// "[::1]" → "::1"
std::string_view bare(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

bool is_address(std::string_view host) {
  host = bare(host);
  if (host.contains(':')) return host.find_first_not_of("0123456789abcdefABCDEF:.") == host.npos;
  return !host.empty() && host.find_first_not_of("0123456789.") == host.npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view cookie_of(const net::ServerRequest& request) {
  std::string_view rest = request.header("cookie");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    std::string_view one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(kCookie) && one.substr(kCookie.size()).starts_with('='))
      return one.substr(kCookie.size() + 1);
  }
  return {};
}

}  // namespace

bool is_loopback(std::string_view host) {
  host = bare(host);
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && is_address(host));
}

Result<Secret> Access::read_token(Env& env, const std::string& file) {
  FM_ASSIGN(const auto info, env.info(file));
  if ((info.mode & 077) != 0)
    return std::unexpected(
        Error(Code::kPermission,
              fmt::format("{}: holds a secret and has mode {:04o}, expected 0600", file, info.mode))
            .hint(fmt::format("chmod 600 {}", file)));
  FM_ASSIGN(std::string text, read_text(env, file, 4'096));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.pop_back();
  if (text.size() < kTokenBytesMin)
    return std::unexpected(Error(Code::kInvalidConfig,
                                 fmt::format("{}: a token of {} characters; expected at least {}",
                                             file, text.size(), kTokenBytesMin))
                               .hint("openssl rand -hex 32 makes one."));
  return Secret(std::move(text));
}

Result<std::unique_ptr<Access>> Access::create(Env& env, AccessOptions options) {
  if (!options.token && !is_loopback(options.host))
    return std::unexpected(
        Error(Code::kInvalidConfig,
              fmt::format("server.listen is {}, which other machines reach, and there is no token",
                          options.host))
            .hint("Name a file of mode 0600 that holds one by server.token_file, or listen on "
                  "127.0.0.1."));
  return std::unique_ptr<Access>(new Access(env, std::move(options)));
}

Status Access::check_origin(const net::ServerRequest& request) const {
  const std::string host = lower(without_port(request.host));
  const bool is_ours = is_address(host) || host == "localhost" || host == lower(options_.host) ||
                       std::ranges::any_of(options_.host_names, [&](const std::string& name) {
                         return lower(name) == host;
                       });
  if (!is_ours)
    return std::unexpected(Error(Code::kRefused, "the Host header names another server")
                               .hint("Ask by address, or list the name in server.host_names."));
  const std::string_view site = request.header("sec-fetch-site");
  const bool is_api = request.path.starts_with("/api/") || request.method != "GET";
  if (is_api && (site == "cross-site" || site == "same-site"))
    return fail(Code::kRefused, "a page of another site asks");
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return {};
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos || lower(origin.substr(scheme + 3)) != lower(request.host))
    return fail(Code::kRefused, "a page of another site asks");
  return {};
}

bool Access::is_token(std::string_view text) const {
  return options_.token && same_text(text, options_.token->reveal());
}

bool Access::has_session(std::string_view cookie) {
  if (cookie.empty()) return false;
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(cookie);
  if (found == sessions_.end()) return false;
  if (env_.monotonic() < found->second) return true;
  sessions_.erase(found);
  return false;
}

Status Access::may_try(const std::string& address) {
  const Nanos now = env_.monotonic();
  const std::lock_guard lock(mutex_);
  const auto found = failures_.find(address);
  if (found == failures_.end()) return {};
  std::erase_if(found->second, [&](Nanos at) { return now >= at + kFailureAge; });
  if (found->second.size() < kFailuresMax) {
    if (found->second.empty()) failures_.erase(found);
    return {};
  }
  const Nanos wait = found->second.front() + kFailureAge - now;
  return std::unexpected(
      Error(Code::kBusy, "too many wrong tokens").hint(std::to_string(wait / kNanosPerSecond + 1)));
}

void Access::note_failure(const std::string& address) {
  const Nanos now = env_.monotonic();
  const std::lock_guard lock(mutex_);
  if (failures_.size() >= kAddressesMax && !failures_.contains(address)) {
    std::erase_if(failures_,
                  [&](const auto& one) { return now >= one.second.back() + kFailureAge; });
    // So many at once: whoever comes first is forgotten.
    if (failures_.size() >= kAddressesMax) failures_.erase(failures_.begin());
  }
  failures_[address].push_back(now);
}

Status Access::try_token(std::string_view token, const net::ServerRequest& request) {
  const std::string address(without_port(request.remote));
  FM_TRY(may_try(address));
  if (is_token(token)) return {};
  note_failure(address);
  return fail(Code::kPermission, "the token is wrong");
}

bool Access::has_access_at_hand(const net::ServerRequest& request) {
  return !needs_token() || has_session(cookie_of(request));
}

Status Access::check(const net::ServerRequest& request) {
  if (has_access_at_hand(request)) return {};
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view header = request.header("authorization");
  if (header.starts_with(kBearer)) return try_token(header.substr(kBearer.size()), request);
  return std::unexpected(Error(Code::kPermission, "this server asks for a token")
                             .hint("POST /login, or send Authorization: Bearer TOKEN."));
}

std::string Access::cookie(std::string_view value, Nanos age) const {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", kCookie, value,
                     age / kNanosPerSecond, options_.is_tls ? "; Secure" : "");
}

Result<std::string> Access::login(std::string_view token, const net::ServerRequest& request) {
  if (!needs_token()) return fail(Code::kNotFound, "this server asks for no token");
  FM_TRY(try_token(token, request));
  std::string session;
  for (int i = 0; i < 4; ++i) session += fmt::format("{:016x}", env_.random());
  const Nanos now = env_.monotonic();
  const std::lock_guard lock(mutex_);
  std::erase_if(sessions_, [&](const auto& one) { return now >= one.second; });
  if (sessions_.size() >= kSessionsMax)
    sessions_.erase(
        std::ranges::min_element(sessions_, {}, [](const auto& one) { return one.second; }));
  sessions_.emplace(session, now + kSessionAge);
  return cookie(session, kSessionAge);
}

std::string Access::logout(const net::ServerRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(cookie_of(request));
  if (found != sessions_.end()) sessions_.erase(found);
  return cookie("", 0);
}

}  // namespace fm::server
