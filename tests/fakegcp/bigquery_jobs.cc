#include "bigquery_jobs.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto.h"

namespace fm::fakegcp {
namespace {

constexpr Field kReference[] = {
    {"projectId", FieldKind::kText}, {"jobId", FieldKind::kText}, {"location", FieldKind::kText}};
const Field kConfiguration[] = {{"load", FieldKind::kObject, false, kLoadFields},
                                {"query", FieldKind::kObject, false, kQueryFields},
                                {"dryRun", FieldKind::kBool},
                                {"jobTimeoutMs", FieldKind::kInt64},
                                {"labels", FieldKind::kLabels}};
const Field kJobFields[] = {{"jobReference", FieldKind::kObject, false, kReference},
                            {"configuration", FieldKind::kObject, true, kConfiguration}};
constexpr std::size_t kPageRows = 10'000;
constexpr std::size_t kJobIdMax = 1024;
// How long getQueryResults waits where nobody says.
constexpr std::int64_t kResultsTimeoutMs = 10'000;

bool is_job_id(std::string_view id) {
  return !id.empty() && id.size() <= kJobIdMax && std::ranges::all_of(id, [](unsigned char c) {
    return (std::isalnum(c) != 0 && c < 0x80) || c == '_' || c == '-';
  });
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

bool is_multi_region(std::string_view location) { return location == "US" || location == "EU"; }

Json error_of(const Refusal& refusal) {
  Json out = Json::object();
  out["reason"] = refusal.reason;
  out["message"] = refusal.message;
  return out;
}

std::string_view state_name(JobState state) {
  return state == JobState::kPending ? "PENDING" : state == JobState::kRunning ? "RUNNING" : "DONE";
}

}  // namespace

Jobs::Jobs(Env& env, Catalog& catalog, Storage& storage, Blobs& blobs, FaultSchedule& faults,
           JobOptions options)
    : env_(&env),
      catalog_(&catalog),
      loader_(env, catalog, storage, blobs),
      engine_(env, catalog),
      faults_(&faults),
      options_(options) {
  engine_.jobs = [this] { return all(); };
}

void Jobs::add_routes(std::vector<Route>& routes) {
  const auto add = [&](const std::string& kind, std::string method, std::string_view pattern,
                       std::string parameters, auto member) {
    routes.push_back({"bigquery." + kind, std::move(method),
                      "/bigquery/v2/projects/*" + std::string(pattern), Need::kBigquery,
                      std::move(parameters),
                      [this, member](const Call& call) { return (this->*member)(call); }});
  };
  add("jobs.insert", "POST", "/jobs", "", &Jobs::insert);
  add("jobs.list", "GET", "/jobs",
      "pageToken maxResults stateFilter allUsers projection minCreationTime maxCreationTime "
      "parentJobId",
      &Jobs::list);
  add("jobs.get", "GET", "/jobs/*", "location", &Jobs::get);
  add("jobs.cancel", "POST", "/jobs/*/cancel", "location", &Jobs::cancel);
  add("jobs.getQueryResults", "GET", "/queries/*",
      "location pageToken maxResults startIndex timeoutMs formatOptions.useInt64Timestamp",
      &Jobs::results);
}

std::vector<const Job*> Jobs::all() const {
  std::vector<const Job*> out;
  out.reserve(jobs_.size());
  for (const Job& job : jobs_) out.push_back(&job);
  return out;
}

const Job* Jobs::find(const std::string& id) const {
  for (const Job& job : jobs_)
    if (job.id == id) return &job;
  return nullptr;
}

Job& Jobs::keep(Job job) {
  Job& kept = jobs_.emplace_back(std::move(job));
  by_id_[kept.project + ":" + kept.id] = &kept;
  open_.push_back(&kept);
  return kept;
}

Json Jobs::resource(const Job& job, bool is_listed) const {
  Json out = Json::object();
  out["kind"] = "bigquery#job";
  out["id"] = fmt::format("{}:{}.{}", job.project, job.location, job.id);
  out["jobReference"]["projectId"] = job.project;
  out["jobReference"]["jobId"] = job.id;
  out["jobReference"]["location"] = job.location;
  out["user_email"] = job.account;
  if (!is_listed) {
    out["etag"] = base64(fmt::format("{}-{}", job.id, static_cast<int>(job.state)));
    out["configuration"] = job.configuration;
  }
  out["configuration"]["jobType"] = job.is_load ? "LOAD" : "QUERY";
  out["status"]["state"] = state_name(job.state);
  if (is_listed) out["state"] = state_name(job.state);
  if (job.error) {
    out["status"]["errorResult"] = error_of(*job.error);
    out["status"]["errors"].push(error_of(*job.error));
    if (is_listed) out["errorResult"] = error_of(*job.error);
  }
  out["statistics"] = job.statistics;
  out["statistics"]["creationTime"] = millis_text(job.created);
  if (job.state != JobState::kPending) out["statistics"]["startTime"] = millis_text(job.started);
  if (job.state == JobState::kDone) out["statistics"]["endTime"] = millis_text(job.ends);
  return out;
}

Answer<Job> Jobs::job_of(const Call& call, const Json& body) {
  Job job{.project = call.parts[0], .account = call.account};
  const Json& reference = body.at("jobReference");
  job.configuration = body.at("configuration");
  job.id = reference.at("jobId").text();
  job.location = upper(reference.at("location").text());
  job.is_load = job.configuration.has("load");
  if (job.is_load == job.configuration.has("query"))
    return refuse(400, "invalid", "Required parameter is missing: one of load and query");
  if (reference.has("projectId") && reference.at("projectId").text() != job.project)
    return refuse(400, "invalid", "jobReference.projectId is not the project of the path");
  if (reference.has("jobId") && !is_job_id(job.id))
    return refuse(400, "invalid",
                  fmt::format("Invalid job ID \"{}\". Requires a string that must be alphanumeric "
                              "(plus underscores and dashes) and no longer than 1024 characters.",
                              job.id));
  const Json& target = job.is_load ? job.configuration.at("load", "destinationTable")
                                   : job.configuration.at("query", "destinationTable");
  if (!target.is_null()) {
    const auto dataset =
        catalog_->dataset(target.at("projectId").text(), target.at("datasetId").text());
    if (!dataset) return std::unexpected(dataset.error());
    const std::string there = upper((*dataset)->location);
    if (job.location.empty()) job.location = there;
    if (job.location != there)
      return refuse(404, "notFound",
                    fmt::format("Not found: Dataset {}:{} was not found in location {}",
                                (*dataset)->project, (*dataset)->name, job.location));
  }
  if (job.location.empty()) job.location = "US";
  if (job.is_load) {
    FM_TRY(loader_.check(job.configuration.at("load")));
  } else if (!job.configuration.at("query").has("useLegacySql") ||
             job.configuration.at("query", "useLegacySql").boolean()) {
    return refuse(400, "invalidQuery", "Legacy SQL is not modelled: set useLegacySql to false.");
  }
  return job;
}

Answer<net::ServerResponse> Jobs::insert(const Call& call) {
  const Fault fault = std::exchange(next_fault_, Fault::kNone);
  FM_ASSIGN(const Json body, call.body(kJobFields));
  FM_ASSIGN(Job job, job_of(call, body));
  if (job.configuration.at("dryRun").boolean()) return dry_run(job);
  if (job.id.empty()) job.id = fmt::format("job_fake_{:016x}", faults_->draw());
  if (by_id_.contains(job.project + ":" + job.id))
    return refuse(409, "duplicate",
                  fmt::format("Already Exists: Job {}:{}.{}", job.project, job.location, job.id));
  job.created = env_->now();
  if (job.is_load) FM_TRY(catalog_->quota().load(job.project, job.created));
  const std::uint64_t wait = faults_->draw();
  const std::uint64_t work = faults_->draw();
  job.started = job.created + (options_.pending_max == 0 ? 0 : wait % options_.pending_max);
  job.ends = job.started + (options_.running_max == 0 ? 0 : work % options_.running_max);
  job.fault = fault;
  return respond(resource(keep(std::move(job)), false));
}

Answer<net::ServerResponse> Jobs::dry_run(const Job& job) {
  if (job.is_load) return refuse(400, "invalid", "Load jobs have no dry run here.");
  Job shown = job;
  FM_ASSIGN(const QueryResult cost,
            engine_.estimate(job.project, job.configuration.at("query"), job.location));
  shown.state = JobState::kDone;
  shown.created = shown.started = shown.ends = env_->now();
  Json& statistics = shown.statistics;
  statistics["totalBytesProcessed"] = std::to_string(cost.bytes_processed);
  statistics["query"]["totalBytesProcessed"] = std::to_string(cost.bytes_processed);
  statistics["query"]["totalBytesBilled"] = "0";
  statistics["query"]["cacheHit"] = false;
  statistics["query"]["statementType"] = cost.statement_type;
  if (!cost.columns.empty()) statistics["query"]["schema"] = schema_resource(cost.columns);
  for (const TableName& table : cost.tables) {
    Json reference = Json::object();
    reference["projectId"] = table.project;
    reference["datasetId"] = table.dataset;
    reference["tableId"] = table.table;
    statistics["query"]["referencedTables"].push(std::move(reference));
  }
  return respond(resource(shown, false));
}

Answer<Job*> Jobs::known(const Call& call, const std::string& id) {
  const auto found = by_id_.find(call.parts[0] + ":" + id);
  const std::string location = upper(call.query("location"));
  if (found == by_id_.end() || (location.empty() ? !is_multi_region(found->second->location)
                                                 : location != found->second->location))
    return refuse(404, "notFound", fmt::format("Not found: Job {}:{}", call.parts[0], id));
  return found->second;
}

Answer<net::ServerResponse> Jobs::get(const Call& call) {
  FM_ASSIGN(const Job* job, known(call, call.parts[1]));
  return respond(resource(*job, false));
}

Answer<net::ServerResponse> Jobs::list(const Call& call) {
  const std::string wanted = upper(call.query("stateFilter"));
  FM_ASSIGN(const auto from, call.number("minCreationTime"));
  std::vector<const Job*> found;
  for (const Job& job : jobs_)
    if (job.project == call.parts[0] && (wanted.empty() || wanted == state_name(job.state)) &&
        (!from || job.created / 1'000'000 >= static_cast<std::uint64_t>(*from)))
      found.push_back(&job);
  std::ranges::reverse(found);  // newest first
  FM_ASSIGN(const Page page, page_of(call, found.size(), 1'000));
  Json out = Json::object();
  out["kind"] = "bigquery#jobList";
  for (std::size_t i = page.first; i < page.last; ++i)
    out["jobs"].push(resource(*found[i], call.query("projection") != "full"));
  if (!page.next.empty()) out["nextPageToken"] = page.next;
  return respond(out);
}

Answer<net::ServerResponse> Jobs::cancel(const Call& call) {
  FM_ASSIGN(Job * job, known(call, call.parts[1]));
  if (job->state != JobState::kDone) {
    job->state = JobState::kDone;
    job->ends = env_->now();
    job->error =
        Refusal(400, "stopped", "Job execution was cancelled: User requested cancellation");
  }
  Json out = Json::object();
  out["kind"] = "bigquery#jobCancelResponse";
  out["job"] = resource(*job, false);
  return respond(out);
}

Answer<net::ServerResponse> Jobs::results(const Call& call) {
  FM_ASSIGN(Job * job, known(call, call.parts[1]));
  if (job->is_load) return refuse(400, "invalid", "The job is not a query job.");
  FM_ASSIGN(const auto timeout, call.number("timeoutMs"));
  const Nanos patience = static_cast<Nanos>(timeout.value_or(kResultsTimeoutMs)) * 1'000'000;
  if (job->state != JobState::kDone && job->ends > env_->now()) {
    env_->sleep_for(std::min(patience, job->ends - env_->now()));
    run_due();
  }
  Json out = Json::object();
  out["kind"] = "bigquery#getQueryResultsResponse";
  out["jobReference"]["projectId"] = job->project;
  out["jobReference"]["jobId"] = job->id;
  out["jobReference"]["location"] = job->location;
  out["jobComplete"] = job->state == JobState::kDone;
  if (job->state != JobState::kDone) return respond(out);
  if (job->error) return std::unexpected(*job->error);
  const QueryResult& result = job->result;
  FM_ASSIGN(const Page page, page_of(call, static_cast<std::size_t>(result.rows), kPageRows));
  out["totalBytesProcessed"] = std::to_string(result.bytes_processed);
  out["cacheHit"] = false;
  if (result.affected_rows >= 0) out["numDmlAffectedRows"] = std::to_string(result.affected_rows);
  if (result.relation.empty()) return respond(out);
  out["schema"] = schema_resource(result.columns);
  out["totalRows"] = std::to_string(result.rows);
  FM_ASSIGN(const auto wanted, call.number("maxResults"));
  if (wanted == 0) return respond(out);
  FM_ASSIGN(const auto start, call.number("startIndex"));
  const std::size_t first =
      call.has_query("pageToken") || !start ? page.first : static_cast<std::size_t>(*start);
  FM_ASSIGN(out["rows"],
            catalog_->rows(result.relation, result.columns, first, page.last - page.first,
                           call.query("formatOptions.useInt64Timestamp") == "true"));
  if (!page.next.empty()) out["pageToken"] = page.next;
  return respond(out);
}

Nanos Jobs::next_end() const {
  Nanos next = 0;
  for (const Job* job : open_)
    if (job->state != JobState::kDone && (next == 0 || job->ends < next)) next = job->ends;
  return next;
}

void Jobs::run_due() {
  const Nanos now = env_->now();
  std::vector<Job*> due;
  std::erase_if(open_, [](const Job* job) { return job->state == JobState::kDone; });
  for (Job* job : open_) {
    if (job->started <= now) job->state = JobState::kRunning;
    if (job->ends <= now) due.push_back(job);
  }
  std::ranges::stable_sort(due, {}, &Job::ends);
  for (Job* job : due) run(*job);
}

void Jobs::run(Job& job) {
  job.state = JobState::kDone;
  if (job.fault == Fault::kJobBackend)
    job.error = Refusal(503, "backendError",
                        "Error encountered during execution. Retrying may solve the problem.");
  else if (job.fault == Fault::kJobInternal)
    job.error = Refusal(500, "internalError",
                        "An internal error occurred and the request could not be completed.");
  else if (job.fault == Fault::kJobRateLimit)
    job.error = Refusal(403, "rateLimitExceeded",
                        "Exceeded rate limits: too many table update operations for this table.");
  if (job.error) return;
  const Answer<void> done = job.is_load ? run_load_job(job) : run_query_job(job);
  if (!done) job.error = done.error();
}

Answer<void> Jobs::run_load_job(Job& job) {
  FM_ASSIGN(const LoadResult loaded, loader_.run(job.configuration.at("load")));
  Json& load = job.statistics["load"];
  load["inputFiles"] = std::to_string(loaded.input_files);
  load["inputFileBytes"] = std::to_string(loaded.input_bytes);
  load["outputRows"] = std::to_string(loaded.output_rows);
  load["outputBytes"] = std::to_string(loaded.output_bytes);
  load["badRecords"] = "0";
  return {};
}

Answer<void> Jobs::run_query_job(Job& job) {
  FM_ASSIGN(job.result, engine_.run(job.project, job.configuration.at("query"), job.location));
  Json& statistics = job.statistics;
  const std::string processed = std::to_string(job.result.bytes_processed);
  const std::string billed = std::to_string(job.result.bytes_billed);
  statistics["totalBytesProcessed"] = processed;
  statistics["query"]["totalBytesProcessed"] = processed;
  statistics["query"]["totalBytesBilled"] = billed;
  statistics["query"]["cacheHit"] = false;
  statistics["query"]["statementType"] = job.result.statement_type;
  if (job.result.affected_rows >= 0)
    statistics["query"]["numDmlAffectedRows"] = std::to_string(job.result.affected_rows);
  return {};
}

Answer<void> Jobs::run_query(const std::string& project, const std::string& account,
                             const std::string& location, Json query) {
  Job job{.project = project,
          .id = fmt::format("scheduled_query_{:016x}", faults_->draw()),
          .location = upper(location),
          .account = account};
  job.configuration["query"] = std::move(query);
  job.created = job.started = job.ends = env_->now();
  Job& kept = keep(std::move(job));
  run(kept);
  if (kept.error) return std::unexpected(*kept.error);
  return {};
}

}  // namespace fm::fakegcp
