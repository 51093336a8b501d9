// BigQuery's REST API: datasets and tables, and jobs that run once however often they are sent.
//
//   FM_ASSIGN(const Job job, bigquery.run(LoadJob{…}, "fm_candles_1m_6b1f…"));
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "google/api.h"
#include "google/endpoints.h"
#include "google/json.h"

namespace fm::google {

struct TableName {
  std::string project;
  std::string dataset;
  std::string table;  // also with a decorator: "candles_1m$20250616"
  // "project.dataset.table"
  [[nodiscard]] std::string text() const;
  // {"projectId":…,"datasetId":…,"tableId":…}
  [[nodiscard]] std::string json() const;
};

// Parquet objects into a table, in one atomic step.
struct LoadJob {
  TableName table;
  std::vector<std::string> uris;
  // WRITE_APPEND adds rows; WRITE_TRUNCATE replaces those of the table, or of its partition.
  bool replace = false;
  std::string schema_json;  // of the table: {"fields":[…]}
};

struct QueryJob {
  std::string sql;
  std::int64_t bytes_billed_max = 0;  // refused beyond; always given
};

// What became of a job.
struct Job {
  std::string id;
  std::string state;              // PENDING, RUNNING or DONE
  std::string error_reason = {};  // of a job that is done and failed
  std::string error_message = {};
  std::int64_t rows = 0;          // loaded, or changed by a statement
  std::int64_t bytes = 0;         // read by a load, processed by a query
  std::int64_t bytes_billed = 0;  // of a query
  std::int64_t input_files = 0;   // of a load
  [[nodiscard]] bool is_done() const { return state == "DONE"; }
  [[nodiscard]] bool failed() const { return !error_reason.empty(); }
  // A failed job that may succeed when it runs again, under another id.
  [[nodiscard]] bool may_run_again() const;
  [[nodiscard]] Error error(std::string_view what) const;
};

// The result of a query, row by row as texts; NULL is none. Timestamps are microseconds since 1970,
// doubles the shortest decimals that read back the same.
using Cells = std::vector<std::optional<std::string>>;

struct ResultColumn {
  std::string name;
  std::string type;  // "INTEGER", "FLOAT", "TIMESTAMP", …: the API's names
};

struct RowPage {
  std::vector<ResultColumn> columns;
  std::vector<Cells> rows;  // at most kPageRowsMax
  std::string next;         // the token of the page behind it; empty: there is none
};
inline constexpr std::size_t kPageRowsMax = 10'000;

class BigQuery {
 public:
  // `location` of the jobs: that of their datasets.
  BigQuery(Api& api, const Endpoints& endpoints, std::string project, std::string location)
      : api_(&api),
        endpoints_(&endpoints),
        project_(std::move(project)),
        location_(std::move(location)) {}

  // Sends the job under this id, [A-Za-z0-9_-]{1,1024}. A job that is there under it already is the
  // same one, whose answer was lost. Returns what is known of it by now. Errors: those of Api.
  [[nodiscard]] Result<Job> insert(const LoadJob& load, const std::string& id);
  [[nodiscard]] Result<Job> insert(const QueryJob& query, const std::string& id);
  // Nothing where no such job was ever sent.
  [[nodiscard]] Result<std::optional<Job>> find_job(const std::string& id);
  // One that was taken; waits a little where the service does not know it yet. Errors: kConflict.
  [[nodiscard]] Result<Job> job(const std::string& id);
  // Until the job is done, whether it succeeded or not. Errors: kTimedOut after `patience`.
  [[nodiscard]] Result<Job> wait(Job job, Nanos patience);
  // The same for a query, whose end the service tells at once.
  [[nodiscard]] Result<Job> wait_for_query(Job job, Nanos patience);

  // What a statement would process and read, for nothing.
  struct DryRun {
    std::int64_t bytes = 0;
    std::string statement_type;     // "SELECT"
    std::vector<TableName> tables;  // that it reads
  };
  [[nodiscard]] Result<DryRun> dry_run(const std::string& sql);
  // Some of a query's rows, once its job is done: the first ones for an empty token, then those
  // behind the last page's `next`.
  [[nodiscard]] Result<RowPage> page(const std::string& id, const std::string& token);
  // All of them.
  [[nodiscard]] Status rows(const std::string& id, std::vector<ResultColumn>& columns,
                            const std::function<Status(Cells)>& take);
  // Runs a statement that does no harm when it runs twice, to its end; the id is random. `what`
  // names it in messages.
  [[nodiscard]] Result<Job> run(const QueryJob& query, std::string_view what);
  // Runs a SELECT and takes its rows. Returns the finished job.
  [[nodiscard]] Result<Job> select(const QueryJob& query, std::vector<ResultColumn>& columns,
                                   const std::function<Status(Cells)>& take);

  // Resources as the API has them; nothing where there is none.
  [[nodiscard]] Result<std::optional<Json>> dataset(std::string_view name);
  [[nodiscard]] Result<std::optional<Json>> table(const TableName& name);
  [[nodiscard]] Status create_dataset(std::string_view name, const std::string& body);
  [[nodiscard]] Status patch_dataset(std::string_view name, const std::string& body);
  // A table that is there already is no error: an answer was lost.
  [[nodiscard]] Status create_table(const TableName& name, const std::string& body);
  [[nodiscard]] Status patch_table(const TableName& name, const std::string& body);
  // One that is not there is no error.
  [[nodiscard]] Status drop_table(const TableName& name);

  [[nodiscard]] const std::string& project() const { return project_; }
  [[nodiscard]] const std::string& location() const { return location_; }
  [[nodiscard]] Api& api() const { return *api_; }

 private:
  [[nodiscard]] std::string project_url() const;
  [[nodiscard]] std::string table_url(const TableName& name) const;
  [[nodiscard]] Result<Job> insert(const std::string& configuration, const std::string& id);

  Api* api_;
  const Endpoints* endpoints_;
  std::string project_;
  std::string location_;
};

}  // namespace fm::google
