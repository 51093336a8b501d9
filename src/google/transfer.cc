#include "google/transfer.h"

#include <utility>

#include "base/json_text.h"
#include "net/retry.h"

namespace fm::google {
namespace {

constexpr int kPagesMax = 100;
constexpr int kCreationsMax = 5;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string body_of(const ScheduledQuery& query) {
  return fmt::format(R"({{"displayName":{},"dataSourceId":"scheduled_query","schedule":{},)"
                     R"("disabled":false,"params":{{"query":{}}}}})",
                     json_quoted(query.display_name), json_quoted(query.schedule),
                     json_quoted(query.sql));
}

}  // namespace

Transfers::Transfers(Api& api, const Endpoints& endpoints, std::string_view project,
                     std::string_view location)
    : api_(&api),
      base_(endpoints.transfer + "/v1/"),
      parent_(fmt::format("projects/{}/locations/{}", net::percent_encode(project),
                          net::percent_encode(lower(location)))) {}

Result<std::vector<ScheduledQuery>> Transfers::find(std::string_view display_name) {
  std::vector<ScheduledQuery> found;
  std::string token;
  for (int page = 0; page < kPagesMax; ++page) {
    net::Parameters query{{"dataSourceIds", "scheduled_query"}, {"pageSize", "100"}};
    if (!token.empty()) query.emplace_back("pageToken", token);
    FM_ASSIGN(const Json json, api_->call("GET",
                                          fmt::format("{}{}/transferConfigs?{}", base_, parent_,
                                                      net::encode_form(query)),
                                          "scheduled queries"));
    for (const Json& one : json.list("/transferConfigs")) {
      if (one.text("/displayName") != display_name) continue;
      found.push_back({.name = one.text("/name").value_or(""),
                       .display_name = std::string(display_name),
                       .schedule = one.text("/schedule").value_or(""),
                       .sql = one.text("/params/query").value_or(""),
                       .disabled = one.boolean("/disabled").value_or(false)});
    }
    token = json.text("/nextPageToken").value_or("");
    if (token.empty()) return found;
  }
  return fail(Code::kUnsupported, "scheduled queries: more than {} pages of them", kPagesMax);
}

// A creation that is repeated makes another one. So it is sent once, and after an error that leaves
// open what became of it one looks first.
Status Transfers::create(const ScheduledQuery& query) {
  net::Backoff backoff(api_->env(), {.attempts_max = kCreationsMax},
                       [this] { return api_->is_stopped(); });
  const std::string what = fmt::format("scheduled query \"{}\"", query.display_name);
  for (;;) {
    net::HttpRequest request{.method = "POST",
                             .url = fmt::format("{}{}/transferConfigs", base_, parent_),
                             .body = body_of(query),
                             .content_type = "application/json"};
    const auto answer = api_->try_once(request, what);
    if (answer && answer->status < 400) return {};
    Error error = answer ? refusal_of(*answer).error(what) : answer.error();
    if (!error.can_retry() || !backoff.wait()) return std::unexpected(std::move(error));
    FM_ASSIGN(const auto there, find(query.display_name));
    if (!there.empty()) return {};
  }
}

Status Transfers::update(const std::string& name, const ScheduledQuery& query) {
  const net::Parameters mask{{"updateMask", "params,schedule,disabled"}};
  FM_ASSIGN(const Json json,
            api_->call("PATCH", fmt::format("{}{}?{}", base_, name, net::encode_form(mask)),
                       fmt::format("scheduled query \"{}\"", query.display_name), body_of(query)));
  static_cast<void>(json);
  return {};
}

Result<Scheduled> Transfers::put(const ScheduledQuery& query) {
  FM_ASSIGN(const auto there, find(query.display_name));
  if (there.size() > 1)
    return std::unexpected(
        Error(Code::kConflict, fmt::format("scheduled query \"{}\": {} have this name",
                                           query.display_name, there.size()))
            .hint("Delete all but one in the console: BigQuery > Scheduled queries."));
  if (there.empty()) {
    FM_TRY(create(query));
    return Scheduled::kCreated;
  }
  const ScheduledQuery& one = there.front();
  if (one.sql == query.sql && one.schedule == query.schedule && !one.disabled)
    return Scheduled::kUnchanged;
  FM_TRY(update(one.name, query));
  return Scheduled::kUpdated;
}

}  // namespace fm::google
