#include "transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "google_words.h"

namespace fm::fakegcp {
namespace {

constexpr Field kParams[] = {{"query", FieldKind::kText},
                             {"destination_table_name_template", FieldKind::kText},
                             {"write_disposition", FieldKind::kText}};
constexpr Field kConfigFields[] = {
    {"name", FieldKind::kText},         {"displayName", FieldKind::kText},
    {"dataSourceId", FieldKind::kText}, {"destinationDatasetId", FieldKind::kText},
    {"schedule", FieldKind::kText},     {"params", FieldKind::kObject, false, kParams},
    {"disabled", FieldKind::kBool}};
constexpr Field kRunFields[] = {{"requestedRunTime", FieldKind::kText}};
constexpr std::int64_t kMinutesMin = 5;

std::string name_of(const TransferConfig& config) {
  return fmt::format("projects/{}/locations/{}/transferConfigs/{}", config.project, config.location,
                     config.id);
}

}  // namespace

Answer<std::int64_t> schedule_minutes(const std::string& schedule) {
  const auto wrong = [&](std::string_view why) {
    return refuse(400, "invalid", fmt::format("Invalid schedule \"{}\": {}", schedule, why));
  };
  if (!schedule.starts_with("every ")) return wrong("expected \"every …\"");
  const std::string_view rest = std::string_view(schedule).substr(6);
  if (rest == "day" || rest.starts_with("day ")) {
    const std::string_view at = rest.size() > 4 ? rest.substr(4) : "00:00";
    const bool is_time = at.size() == 5 && at[2] == ':' && at.substr(0, 2) < "24" &&
                         at.substr(3) < "60" &&
                         std::isdigit(static_cast<unsigned char>(at[1])) != 0;
    if (!is_time) return wrong("expected \"every day HH:MM\"");
    return 24 * 60;
  }
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
  const std::string_view unit(end, static_cast<std::size_t>(rest.data() + rest.size() - end));
  if (error != std::errc() || count <= 0) return wrong("expected a number");
  std::int64_t minutes = 0;
  if (unit == " minutes" || unit == " mins") minutes = count;
  if (unit == " hours") minutes = count * 60;
  if (minutes == 0) return wrong("expected minutes or hours");
  if (minutes < kMinutesMin) return wrong("the shortest period is 5 minutes");
  return minutes;
}

void Transfers::add_routes(std::vector<Route>& routes) {
  const auto add = [&](const std::string& kind, std::string method, std::string_view pattern,
                       std::string parameters, auto member) {
    routes.push_back({"transfer." + kind, std::move(method),
                      "/v1/projects/*/locations/*/transferConfigs" + std::string(pattern),
                      Need::kBigquery, std::move(parameters),
                      [this, member](const Call& call) { return (this->*member)(call); }});
  };
  add("create", "POST", "", "serviceAccountName authorizationCode versionInfo", &Transfers::create);
  add("list", "GET", "", "pageToken pageSize dataSourceIds", &Transfers::list);
  add("startManualRuns", "POST", "/*:startManualRuns", "", &Transfers::start_runs);
  add("get", "GET", "/*", "", &Transfers::get);
  add("patch", "PATCH", "/*", "updateMask serviceAccountName", &Transfers::patch);
  add("delete", "DELETE", "/*", "", &Transfers::remove);
}

Json Transfers::resource(const TransferConfig& config) const {
  Json out = Json::object();
  out["name"] = name_of(config);
  out["displayName"] = config.display_name;
  out["dataSourceId"] = "scheduled_query";
  if (!config.dataset.empty()) out["destinationDatasetId"] = config.dataset;
  out["schedule"] = config.schedule;
  out["params"]["query"] = config.query;
  out["disabled"] = config.is_disabled;
  out["updateTime"] = iso_millis(config.updated);
  out["datasetRegion"] = config.location;
  out["state"] = config.runs > 0 ? "SUCCEEDED" : "PENDING";
  return out;
}

Answer<void> Transfers::apply(const Json& body, TransferConfig& config) const {
  if (body.has("schedule")) {
    FM_TRY(schedule_minutes(body.at("schedule").text()));
    config.schedule = body.at("schedule").text();
  }
  if (body.has("displayName")) config.display_name = body.at("displayName").text();
  if (body.has("disabled")) config.is_disabled = body.at("disabled").boolean();
  if (body.has("destinationDatasetId")) {
    config.dataset = body.at("destinationDatasetId").text();
    FM_TRY(catalog_->dataset(config.project, config.dataset));
  }
  if (body.has("params")) {
    if (body.at("params").has("destination_table_name_template"))
      return refuse(400, "invalid",
                    "A destination table of a scheduled query is not modelled: "
                    "its query writes by MERGE or INSERT.");
    config.query = body.at("params", "query").text();
    FM_TRY(words_of(config.query));
  }
  return {};
}

Answer<net::ServerResponse> Transfers::create(const Call& call) {
  FM_ASSIGN(const Json body, call.body(kConfigFields));
  if (body.at("dataSourceId").text() != "scheduled_query")
    return refuse(400, "invalid", "Only dataSourceId scheduled_query is modelled.");
  for (const std::string_view needed : {"displayName", "params"})
    if (!body.has(needed))
      return refuse(400, "required", fmt::format("Required parameter is missing: {}", needed));
  TransferConfig made{.project = call.parts[0],
                      .location = call.parts[1],
                      .id = fmt::format("{:08x}-0000-2000-8000-fa4e00000000", made_ + 1),
                      .display_name = {},
                      .schedule = "every 24 hours",
                      .dataset = {},
                      .query = {},
                      .service_account = call.query("serviceAccountName")};
  FM_TRY(apply(body, made));
  if (made.query.empty())
    return refuse(400, "required", "Required parameter is missing: params.query");
  ++made_;
  made.updated = env_->now();
  const std::string id = made.id;
  return respond(resource(configs_[id] = std::move(made)));
}

Answer<TransferConfig*> Transfers::config(const Call& call) {
  const auto found = configs_.find(call.parts[2]);
  if (found == configs_.end() || found->second.project != call.parts[0] ||
      found->second.location != call.parts[1])
    return refuse(404, "notFound", "Requested entity was not found.");
  return &found->second;
}

Answer<net::ServerResponse> Transfers::list(const Call& call) {
  std::vector<const TransferConfig*> found;
  for (const auto& [id, config] : configs_)
    if (config.project == call.parts[0] && config.location == call.parts[1])
      found.push_back(&config);
  FM_ASSIGN(const auto size, call.number("pageSize"));
  FM_ASSIGN(Page page, page_of(call, found.size(), 1'000));
  if (size && *size > 0 && page.first + static_cast<std::size_t>(*size) < page.last) {
    page.last = page.first + static_cast<std::size_t>(*size);
    page.next = fmt::format("p{}", page.last);
  }
  Json out = Json::object();
  for (std::size_t i = page.first; i < page.last; ++i)
    out["transferConfigs"].push(resource(*found[i]));
  if (!page.next.empty()) out["nextPageToken"] = page.next;
  return respond(out);
}

Answer<net::ServerResponse> Transfers::get(const Call& call) {
  FM_ASSIGN(const TransferConfig* found, config(call));
  return respond(resource(*found));
}

Answer<net::ServerResponse> Transfers::patch(const Call& call) {
  FM_ASSIGN(TransferConfig * found, config(call));
  FM_ASSIGN(const Json body, call.body(kConfigFields));
  const std::string mask = call.query("updateMask");
  if (mask.empty()) return refuse(400, "required", "Required parameter: updateMask");
  Json masked = Json::object();
  for (std::string_view rest = mask; !rest.empty();) {
    std::string name(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    std::string json_name = name == "display_name" ? "displayName" : name;
    json_name = json_name.substr(0, json_name.find('.'));
    if (std::ranges::find(kConfigFields, json_name, &Field::name) == std::end(kConfigFields))
      return refuse(400, "invalid", fmt::format("Invalid updateMask: {}", name));
    if (body.has(json_name)) masked[json_name] = body.at(json_name);
  }
  TransferConfig changed = *found;
  FM_TRY(apply(masked, changed));
  changed.updated = env_->now();
  *found = std::move(changed);
  return respond(resource(*found));
}

Answer<net::ServerResponse> Transfers::remove(const Call& call) {
  FM_ASSIGN(const TransferConfig* found, config(call));
  configs_.erase(std::string(found->id));
  return respond(Json::object());
}

// The query runs at once, with its parameters run_time and run_date.
Answer<net::ServerResponse> Transfers::start_runs(const Call& call) {
  FM_ASSIGN(TransferConfig * found, config(call));
  FM_ASSIGN(const Json body, call.body(kRunFields));
  const std::string& requested = body.at("requestedRunTime").text();
  if (requested.empty())
    return refuse(400, "required", "Required parameter is missing: requestedRunTime");
  FM_ASSIGN(const Nanos time, parse_iso_nanos(requested));
  if (time > env_->now()) return refuse(400, "invalid", "requestedRunTime is in the future.");
  const auto parameter = [](std::string_view name, std::string_view type, std::string value) {
    Json out = Json::object();
    out["name"] = name;
    out["parameterType"]["type"] = type;
    out["parameterValue"]["value"] = std::move(value);
    return out;
  };
  Json query = Json::object();
  query["query"] = found->query;
  query["useLegacySql"] = false;
  if (!found->dataset.empty()) query["defaultDataset"]["datasetId"] = found->dataset;
  query["queryParameters"].push(parameter("run_time", "TIMESTAMP", iso_second(second_of(time))));
  query["queryParameters"].push(
      parameter("run_date", "DATE", Date::of_second(second_of(time)).iso()));
  ++found->runs;
  const Answer<void> done = jobs_->run_query(found->project, call.account, found->location, query);
  Json run = Json::object();
  run["name"] = fmt::format("{}/runs/{}", name_of(*found), found->runs);
  run["runTime"] = requested;
  run["state"] = done ? "SUCCEEDED" : "FAILED";
  if (!done) run["errorStatus"]["message"] = done.error().message;
  Json out = Json::object();
  out["runs"].push(std::move(run));
  return respond(out);
}

}  // namespace fm::fakegcp
