#include "google/bigquery.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"

namespace fm::google {
namespace {

constexpr int kNotFound = 404;
constexpr int kAlreadyThere = 409;

// Between two looks at a job: short at first, because small loads take seconds.
constexpr Nanos kFirstLook = kNanosPerSecond / 2;
constexpr Nanos kLooksMax = 15 * kNanosPerSecond;
constexpr int kAnswerWithinMs = 10'000;

Result<Job> job_of(const Json& json) {
  Job job;
  const auto id = json.text("/jobReference/jobId");
  const auto state = json.text("/status/state");
  if (!id || !state) return fail(Code::kCorrupt, "a job without id or state");
  job.id = *id;
  job.state = *state;
  if (json.has("/status/errorResult")) {
    job.error_reason = json.text("/status/errorResult/reason").value_or("unknown");
    job.error_message = json.text("/status/errorResult/message").value_or("");
  }
  if (json.has("/statistics/load")) {
    job.rows = json.integer("/statistics/load/outputRows").value_or(0);
    job.bytes = json.integer("/statistics/load/inputFileBytes").value_or(0);
    job.input_files = json.integer("/statistics/load/inputFiles").value_or(0);
  } else {
    job.rows = json.integer("/statistics/query/numDmlAffectedRows").value_or(0);
    job.bytes = json.integer("/statistics/query/totalBytesProcessed")
                    .value_or(json.integer("/statistics/totalBytesProcessed").value_or(0));
    job.bytes_billed = json.integer("/statistics/query/totalBytesBilled").value_or(0);
  }
  return job;
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) {
    if (!list.empty()) list += ',';
    list += json_quoted(text);
  }
  return "[" + list + "]";
}

std::string query_configuration(const QueryJob& query) {
  return fmt::format(R"({{"query":{{"query":{},"useLegacySql":false,"maximumBytesBilled":"{}"}}}})",
                     json_quoted(query.sql), query.bytes_billed_max);
}

}  // namespace

std::string TableName::text() const { return fmt::format("{}.{}.{}", project, dataset, table); }

std::string TableName::json() const {
  return fmt::format(R"({{"projectId":{},"datasetId":{},"tableId":{}}})", json_quoted(project),
                     json_quoted(dataset), json_quoted(table));
}

bool Job::may_run_again() const { return is_passing_reason(error_reason); }

Error Job::error(std::string_view what) const {
  auto error = Error(Code::kRefused,
                     fmt::format("{}: job {}: {}: {}", what, id, error_reason, error_message));
  return may_run_again() ? std::move(error).retryable() : std::move(error);
}

std::string BigQuery::project_url() const {
  return fmt::format("{}/bigquery/v2/projects/{}", endpoints_->bigquery,
                     net::percent_encode(project_));
}

std::string BigQuery::table_url(const TableName& name) const {
  return fmt::format("{}/datasets/{}/tables/{}", project_url(), net::percent_encode(name.dataset),
                     net::percent_encode(name.table));
}

Result<Job> BigQuery::insert(const LoadJob& load, const std::string& id) {
  // The schema is said, so that nothing about it is guessed from the files.
  return insert(
      fmt::format(R"({{"load":{{"destinationTable":{},"sourceUris":{},"sourceFormat":"PARQUET",)"
                  R"("writeDisposition":"{}","createDisposition":"CREATE_NEVER","schema":{}}}}})",
                  load.table.json(), list_of(load.uris),
                  load.replace ? "WRITE_TRUNCATE" : "WRITE_APPEND", load.schema_json),
      id);
}

Result<Job> BigQuery::insert(const QueryJob& query, const std::string& id) {
  return insert(query_configuration(query), id);
}

Result<Job> BigQuery::insert(const std::string& configuration, const std::string& id) {
  const std::string what = fmt::format("job {}", id);
  FM_ASSIGN(const net::HttpResponse answer,
            api_->expect(
                {.method = "POST",
                 .url = project_url() + "/jobs",
                 .body = fmt::format(
                     R"({{"jobReference":{{"projectId":{},"jobId":{},"location":{}}},)"
                     R"("configuration":{}}})",
                     json_quoted(project_), json_quoted(id), json_quoted(location_), configuration),
                 .content_type = "application/json"},
                what, {kAlreadyThere}));
  if (answer.status == kAlreadyThere) return job(id);
  FM_ASSIGN(const Json json, Json::parse(answer.body));
  return job_of(json);
}

// Right after "is there already" a job may not be found yet.
Result<Job> BigQuery::job(const std::string& id) {
  net::Backoff backoff(api_->env(), {.attempts_max = 8}, [this] { return api_->is_stopped(); });
  for (;;) {
    FM_ASSIGN(auto found, find_job(id));
    if (found) return *std::move(found);
    if (!backoff.wait())
      return std::unexpected(
          Error(Code::kConflict, fmt::format("job {}: is there already and is not found", id))
              .retryable());
  }
}

Result<std::optional<Job>> BigQuery::find_job(const std::string& id) {
  FM_ASSIGN(const auto json,
            api_->find(fmt::format("{}/jobs/{}?location={}", project_url(), net::percent_encode(id),
                                   net::percent_encode(location_)),
                       fmt::format("job {}", id)));
  if (!json) return std::nullopt;
  FM_ASSIGN(Job job, job_of(*json));
  return job;
}

Result<Job> BigQuery::wait(Job job, Nanos patience) {
  const Nanos until = api_->env().monotonic() + patience;
  for (Nanos pause = kFirstLook; !job.is_done(); pause = std::min(pause * 2, kLooksMax)) {
    if (api_->env().monotonic() >= until || api_->is_stopped())
      return std::unexpected(
          Error(Code::kTimedOut, fmt::format("job {}: is still {}", job.id, job.state))
              .retryable());
    api_->env().sleep_for(pause);
    FM_ASSIGN(job, this->job(job.id));
  }
  return job;
}

Result<Job> BigQuery::wait_for_query(Job job, Nanos patience) {
  if (job.is_done()) return job;
  const net::Parameters query{
      {"location", location_}, {"maxResults", "0"}, {"timeoutMs", std::to_string(kAnswerWithinMs)}};
  net::HttpRequest request{.url =
                               fmt::format("{}/queries/{}?{}", project_url(),
                                           net::percent_encode(job.id), net::encode_form(query))};
  // Whatever comes of it: what became of the job, the job says.
  static_cast<void>(api_->try_once(request, job.id));
  FM_ASSIGN(job, this->job(job.id));
  return wait(std::move(job), patience);
}

Result<BigQuery::DryRun> BigQuery::dry_run(const std::string& sql) {
  FM_ASSIGN(
      const Json json,
      api_->call("POST", project_url() + "/jobs", "dry run",
                 fmt::format(R"({{"jobReference":{{"projectId":{},"location":{}}},)"
                             R"("configuration":{{"dryRun":true,"query":{{"query":{},)"
                             R"("useLegacySql":false}}}}}})",
                             json_quoted(project_), json_quoted(location_), json_quoted(sql))));
  const auto bytes = json.integer("/statistics/totalBytesProcessed");
  if (!bytes) return fail(Code::kCorrupt, "a dry run without totalBytesProcessed");
  DryRun run{.bytes = *bytes,
             .statement_type = json.text("/statistics/query/statementType").value_or(""),
             .tables = {}};
  for (const Json& table : json.list("/statistics/query/referencedTables"))
    run.tables.push_back({table.text("/projectId").value_or(""),
                          table.text("/datasetId").value_or(""),
                          table.text("/tableId").value_or("")});
  return run;
}

Result<RowPage> BigQuery::page(const std::string& id, const std::string& token) {
  net::Parameters query{{"location", location_},
                        {"maxResults", std::to_string(kPageRowsMax)},
                        {"formatOptions.useInt64Timestamp", "true"}};
  if (!token.empty()) query.emplace_back("pageToken", token);
  FM_ASSIGN(const Json json,
            api_->call("GET",
                       fmt::format("{}/queries/{}?{}", project_url(), net::percent_encode(id),
                                   net::encode_form(query)),
                       fmt::format("rows of job {}", id)));
  if (json.boolean("/jobComplete") != true)
    return fail(Code::kCorrupt, "rows of job {}: it is not complete", id);
  RowPage page;
  for (const Json& field : json.list("/schema/fields"))
    page.columns.push_back({field.text("/name").value_or(""), field.text("/type").value_or("")});
  for (const Json& row : json.list("/rows")) {
    Cells cells;
    for (const Json& cell : row.list("/f")) {
      auto text = cell.text("/v");
      // Lists and structs are JSON.
      if (!text && cell.has("/v")) text = cell.raw("/v");
      cells.push_back(std::move(text));
    }
    page.rows.push_back(std::move(cells));
  }
  page.next = json.text("/pageToken").value_or("");
  return page;
}

Status BigQuery::rows(const std::string& id, std::vector<ResultColumn>& columns,
                      const std::function<Status(Cells)>& take) {
  RowPage page;
  do {
    FM_ASSIGN(page, this->page(id, page.next));
    if (columns.empty()) columns = std::move(page.columns);
    for (Cells& cells : page.rows) FM_TRY(take(std::move(cells)));
  } while (!page.next.empty());
  return {};
}

Result<Job> BigQuery::run(const QueryJob& query, std::string_view what) {
  constexpr Nanos kPatience = 6 * 3'600 * kNanosPerSecond;
  constexpr int kAttemptsMax = 4;
  for (int attempt = 1;; ++attempt) {
    const std::string id =
        fmt::format("frontmonth_query_{:016x}{:016x}", api_->env().random(), api_->env().random());
    FM_ASSIGN(Job job, insert(query, id));
    FM_ASSIGN(job, wait_for_query(std::move(job), kPatience));
    if (!job.failed()) return job;
    if (!job.may_run_again() || attempt == kAttemptsMax) return std::unexpected(job.error(what));
  }
}

Result<Job> BigQuery::select(const QueryJob& query, std::vector<ResultColumn>& columns,
                             const std::function<Status(Cells)>& take) {
  FM_ASSIGN(Job job, run(query, "query"));
  FM_TRY(rows(job.id, columns, take));
  return job;
}

Result<std::optional<Json>> BigQuery::dataset(std::string_view name) {
  return api_->find(fmt::format("{}/datasets/{}", project_url(), net::percent_encode(name)),
                    fmt::format("dataset {}.{}", project_, name));
}

Result<std::optional<Json>> BigQuery::table(const TableName& name) {
  return api_->find(table_url(name), "table " + name.text());
}

Status BigQuery::create_dataset(std::string_view name, const std::string& body) {
  FM_ASSIGN(const net::HttpResponse answer,
            api_->expect({.method = "POST",
                          .url = project_url() + "/datasets",
                          .body = body,
                          .content_type = "application/json"},
                         fmt::format("dataset {}.{}", project_, name), {kAlreadyThere}));
  static_cast<void>(answer);
  return {};
}

Status BigQuery::patch_dataset(std::string_view name, const std::string& body) {
  FM_ASSIGN(
      const Json json,
      api_->call("PATCH", fmt::format("{}/datasets/{}", project_url(), net::percent_encode(name)),
                 fmt::format("dataset {}.{}", project_, name), body));
  static_cast<void>(json);
  return {};
}

Status BigQuery::create_table(const TableName& name, const std::string& body) {
  FM_ASSIGN(const net::HttpResponse answer,
            api_->expect({.method = "POST",
                          .url = fmt::format("{}/datasets/{}/tables", project_url(),
                                             net::percent_encode(name.dataset)),
                          .body = body,
                          .content_type = "application/json"},
                         "table " + name.text(), {kAlreadyThere}));
  static_cast<void>(answer);
  return {};
}

Status BigQuery::patch_table(const TableName& name, const std::string& body) {
  FM_ASSIGN(const Json json, api_->call("PATCH", table_url(name), "table " + name.text(), body));
  static_cast<void>(json);
  return {};
}

Status BigQuery::drop_table(const TableName& name) {
  FM_ASSIGN(const net::HttpResponse answer,
            api_->expect({.method = "DELETE", .url = table_url(name)}, "table " + name.text(),
                         {kNotFound}));
  static_cast<void>(answer);
  return {};
}

}  // namespace fm::google
