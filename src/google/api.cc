#include "google/api.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"

namespace fm::google {
namespace {

constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kAlreadyThere = 409;
constexpr int kPreconditionFailed = 412;

// A token that was fetched for nothing is better than one that is asked for again and again.
constexpr int kTokensMax = 3;

std::string_view advice_for(const Refusal& refusal) {
  if (refusal.status == kUnauthorized)
    return "The token was refused: is the key still valid, and this machine's clock right?";
  if (refusal.reason == "quotaExceeded")
    return "A daily quota is used up; it will be free again within 24 hours. See IAM & Admin > "
           "Quotas in the console.";
  if (refusal.reason == "billingNotEnabled")
    return "The project has no billing account: Billing > Link a billing account.";
  if (refusal.reason == "accessNotConfigured" || refusal.reason == "SERVICE_DISABLED")
    return "The API is not enabled in this project: APIs & Services > Enable APIs.";
  if (refusal.status == kForbidden)
    return "The account lacks a role: docs/bigquery.md lists them, and `frontmonth schema --engine "
           "bigquery` prints the bindings.";
  return {};
}

}  // namespace

bool is_passing_reason(std::string_view reason) {
  constexpr std::array<std::string_view, 9> kPassing = {
      "rateLimitExceeded", "userRateLimitExceeded", "backendError",     "internalError",
      "badGateway",        "jobBackendError",       "jobInternalError", "jobRateLimitExceeded",
      "tableUnavailable"};
  return std::ranges::find(kPassing, reason) != kPassing.end();
}

Error Refusal::error(std::string_view what) const {
  Code code = Code::kRefused;
  if (status == kNotFound) code = Code::kNotFound;
  if (status == kAlreadyThere || status == kPreconditionFailed) code = Code::kConflict;
  const bool passes = net::is_retryable_status(status) || is_passing_reason(reason);
  if (passes) code = Code::kDisconnected;
  auto error = Error(code, fmt::format("{}: HTTP {}{}{}{}", what, status, reason.empty() ? "" : " ",
                                       reason, message.empty() ? "" : ": " + message));
  if (passes) return std::move(error).retryable();
  if (const auto advice = advice_for(*this); !advice.empty()) return std::move(error).hint(advice);
  return error;
}

Refusal refusal_of(const net::HttpResponse& answer) {
  Refusal refusal{.status = answer.status, .reason = {}, .message = {}};
  const auto json = Json::parse(answer.body);
  if (!json) return refusal;
  refusal.reason = json->text("/error/errors/0/reason")
                       .value_or(json->text("/error/details/0/reason")
                                     .value_or(json->text("/error/status").value_or("")));
  refusal.message = json->text("/error/message").value_or("");
  return refusal;
}

Api::Api(Env& env, Tokens& tokens, std::unique_ptr<Transport> transport, ApiOptions options)
    : env_(&env),
      tokens_(&tokens),
      transport_(std::move(transport)),
      options_(std::move(options)) {}

bool Api::is_stopped() const { return options_.is_stopped && options_.is_stopped(); }

// With a fresh token after a 401. The token goes to the request's own host only.
Result<net::HttpResponse> Api::send_once(net::HttpRequest& request) {
  const std::size_t own = request.headers.size();
  for (int token = 1;; ++token) {
    FM_ASSIGN(const Secret bearer, tokens_->bearer());
    request.headers.emplace_back("Authorization", std::string(bearer.reveal()));
    if (const auto& quota = tokens_->credentials().quota_project)
      request.headers.emplace_back("x-goog-user-project", *quota);
    ++requests_;
    auto answer = transport_->send(request);
    request.headers.resize(own);
    if (!answer || answer->status != kUnauthorized || token == kTokensMax) return answer;
    tokens_->reject(bearer);
  }
}

Result<net::HttpResponse> Api::try_once(net::HttpRequest& request, std::string_view what) {
  auto answer = send_once(request);
  if (!answer) return std::unexpected(std::move(answer).error().in(what));
  return answer;
}

Result<net::HttpResponse> Api::send(net::HttpRequest request, std::string_view what) {
  net::Backoff backoff(*env_, options_.retries, options_.is_stopped);
  for (;;) {
    auto answer = send_once(request);
    std::optional<Nanos> asked;
    std::string why;
    if (answer) {
      if (answer->status < 400) return answer;
      const Refusal refusal = refusal_of(*answer);
      if (!net::is_retryable_status(answer->status) && !is_passing_reason(refusal.reason))
        return answer;
      asked = net::parse_retry_after(answer->header("retry-after"), env_->now());
      why = fmt::format("HTTP {} {}", answer->status, refusal.reason);
    } else {
      if (!answer.error().can_retry()) return std::unexpected(std::move(answer).error().in(what));
      why = answer.error().message();
    }
    if (!backoff.wait(asked)) {
      if (answer) return answer;
      return std::unexpected(std::move(answer).error().in(what));
    }
    log_info("{}: {}; trying again ({} of {})", what, why, backoff.failures() + 1,
             options_.retries.attempts_max);
  }
}

Result<net::HttpResponse> Api::expect(net::HttpRequest request, std::string_view what,
                                      const std::set<int>& also) {
  FM_ASSIGN(net::HttpResponse answer, send(std::move(request), what));
  if (answer.status < 400 || also.contains(answer.status)) return answer;
  return std::unexpected(refusal_of(answer).error(what));
}

Result<Json> Api::call(std::string_view method, std::string url, std::string_view what,
                       std::string body) {
  FM_ASSIGN(const net::HttpResponse answer, expect({.method = std::string(method),
                                                    .url = std::move(url),
                                                    .body = std::move(body),
                                                    .content_type = "application/json"},
                                                   what));
  auto json = Json::parse(answer.body.empty() ? std::string_view("{}") : answer.body);
  if (!json) return std::unexpected(std::move(json).error().in(what));
  return json;
}

Result<std::optional<Json>> Api::find(std::string url, std::string_view what) {
  FM_ASSIGN(const net::HttpResponse answer, expect({.url = std::move(url)}, what, {kNotFound}));
  if (answer.status == kNotFound) return std::nullopt;
  auto json = Json::parse(answer.body);
  if (!json) return std::unexpected(std::move(json).error().in(what));
  return *std::move(json);
}

}  // namespace fm::google
