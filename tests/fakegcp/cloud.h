// A strict double of the parts of Google Cloud that frontmonth speaks to, in one process.
//
//   FM_ASSIGN(const auto cloud, Cloud::create(env, {.seed = 7, .fault_rate = 0.1}));
//   cloud->add_bucket("lake", "US");
//   const Reply reply = cloud->answer(request);      // no socket in between
//   EXPECT_EQ(cloud->sql("SELECT count(*) FROM " + cloud->table_sql({"p", "d", "t"}))->rows[0][0],
//   "2");
//
// All APIs are at one address; a request's path tells them apart. Time is Env's.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "bigquery_jobs.h"
#include "call.h"
#include "faults.h"
#include "iam.h"
#include "net/http_client.h"
#include "storage.h"
#include "tokens.h"
#include "transfer.h"

namespace fm::fakegcp {

struct CloudOptions {
  std::uint64_t seed = 1;  // decides faults, and how long jobs take
  double fault_rate = 0;   // of each request
  JobOptions jobs = {};
  QuotaLimits limits = {};
  std::string directory = {};  // for large objects; empty: the system's for temporary files
  bool check_tokens = true;    // false: any bearer token, or none
};

struct Reply {
  net::ServerResponse response = {};
  bool lost = false;   // the connection broke instead of an answer; what it asked for may be done
  Nanos slow_for = 0;  // the answer comes so much later
};

// Safe to call from several threads; one request at a time.
class Cloud {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Cloud>> create(Env& env, CloudOptions options = {});
  ~Cloud();
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  [[nodiscard]] Reply answer(const net::ServerRequest& request);
  // As a client sends it, for tests without sockets; a name in the path that is not encoded where
  // it has to be finds nothing, as there. Errors: kInvalidArgument for what is no URL.
  [[nodiscard]] Result<Reply> send(const net::HttpRequest& request);

  void add_bucket(std::string name, std::string location);
  void add_account(ServiceAccount account);
  void add_account(AuthorizedUser user);
  void add_account(ExternalAccount account);
  void set_metadata_server(bool there);
  void add_token_uri(std::string uri);

  // The n-th request (1 = next) of this kind from now on: "bigquery.jobs.insert"; "": of any.
  void script(std::string kind, std::uint64_t n, Fault fault);
  void stop_faults();
  void start_faults(std::uint64_t seed, double rate);
  [[nodiscard]] std::map<std::string, std::uint64_t, std::less<>> faults_seen() const;

  // What is there.
  [[nodiscard]] std::uint64_t requests(std::string_view kind = "") const;  // "": all
  [[nodiscard]] std::map<std::string, std::uint64_t, std::less<>> requests_by_kind() const;
  [[nodiscard]] std::vector<Object> objects(const std::string& bucket) const;
  [[nodiscard]] std::size_t open_sessions() const;
  [[nodiscard]] std::optional<Table> table(const TableName& name) const;
  [[nodiscard]] std::vector<TableName> tables() const;
  // Any SQL of DuckDB; a table is there under the name that table_sql() gives.
  [[nodiscard]] Result<SqlRows> sql(const std::string& statement);
  [[nodiscard]] std::string table_sql(const TableName& name);
  [[nodiscard]] std::vector<Job> jobs() const;
  [[nodiscard]] std::vector<TransferConfig> transfer_configs() const;
  [[nodiscard]] Nanos next_job_end() const;  // 0: none is under way
  // Of the last day.
  [[nodiscard]] std::int64_t load_jobs_counted(const std::string& project) const;
  [[nodiscard]] std::int64_t table_changes_counted(const TableName& name) const;
  [[nodiscard]] bool project_grants(const std::string& project, std::string_view role,
                                    std::string_view member);

 private:
  Cloud(Env& env, CloudOptions options, std::unique_ptr<Blobs> blobs);
  [[nodiscard]] const Route* route_of(const net::ServerRequest& request,
                                      std::vector<std::string>& parts) const;
  [[nodiscard]] net::ServerResponse perform(const Route& route, Call& call);
  [[nodiscard]] Reply with_fault(const Route& route, Call& call, FaultDecision decision);

  mutable std::mutex mutex_;
  CloudOptions options_;
  std::unique_ptr<Blobs> blobs_;
  FaultSchedule faults_;
  Tokens tokens_;
  Storage storage_;
  Catalog catalog_;
  Jobs jobs_;
  Transfers transfers_;
  ResourceManager resource_manager_;
  std::vector<Route> routes_;
  std::map<std::string, std::uint64_t, std::less<>> requests_;
};

}  // namespace fm::fakegcp
