// Jobs: an id that runs once, and what became of it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "bigquery_catalog.h"
#include "bigquery_load.h"
#include "bigquery_query.h"
#include "call.h"
#include "faults.h"
#include "storage.h"

namespace fm::fakegcp {

enum class JobState { kPending, kRunning, kDone };

struct Job {
  std::string project = {}, id = {}, location = {}, account = {};
  Json configuration = {};
  bool is_load = false;
  Nanos created = 0, started = 0, ends = 0;
  JobState state = JobState::kPending;
  std::optional<Refusal> error = {};  // of one that is done and failed
  Json statistics = Json::object();
  QueryResult result = {};     // of a query
  Fault fault = Fault::kNone;  // how it is to end
};

struct JobOptions {
  // How long jobs wait and run, drawn evenly up to these; 0: over at the next request.
  Nanos pending_max = 0;
  Nanos running_max = 0;
};

class Jobs {
 public:
  Jobs(Env& env, Catalog& catalog, Storage& storage, Blobs& blobs, FaultSchedule& faults,
       JobOptions options);

  void add_routes(std::vector<Route>& routes);
  // Runs what is over by now, in the order of its ends.
  void run_due();
  // When the next job ends; 0: none is under way.
  [[nodiscard]] Nanos next_end() const;
  // How the job that the next insert makes is to end.
  void set_fault(Fault fault) { next_fault_ = fault; }
  [[nodiscard]] std::vector<const Job*> all() const;  // in order of their making
  [[nodiscard]] const Job* find(const std::string& id) const;
  [[nodiscard]] QueryEngine& engine() { return engine_; }
  // A query that runs now, as a scheduled one does.
  [[nodiscard]] Answer<void> run_query(const std::string& project, const std::string& account,
                                       const std::string& location, Json query);

 private:
  [[nodiscard]] Answer<net::ServerResponse> insert(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> get(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> list(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> cancel(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> results(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> dry_run(const Job& job);
  [[nodiscard]] Answer<Job> job_of(const Call& call, const Json& body);
  [[nodiscard]] Answer<Job*> known(const Call& call, const std::string& id);
  void run(Job& job);
  [[nodiscard]] Answer<void> run_load_job(Job& job);
  [[nodiscard]] Answer<void> run_query_job(Job& job);
  [[nodiscard]] Json resource(const Job& job, bool is_listed) const;
  Job& keep(Job job);

  Env* env_;
  Catalog* catalog_;
  Loader loader_;
  QueryEngine engine_;
  FaultSchedule* faults_;
  JobOptions options_;
  std::deque<Job> jobs_;               // never moved
  std::vector<Job*> open_;             // not done
  std::map<std::string, Job*> by_id_;  // "project:id"
  Fault next_fault_ = Fault::kNone;
};

}  // namespace fm::fakegcp
