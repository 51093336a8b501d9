// The Data Transfer Service: scheduled queries.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/env.h"
#include "bigquery_jobs.h"
#include "call.h"

namespace fm::fakegcp {

struct TransferConfig {
  std::string project = {}, location = {}, id = {};
  std::string display_name = {}, schedule = {}, dataset = {}, query = {};
  std::string service_account = {};
  bool is_disabled = false;
  Nanos updated = 0;
  int runs = 0;
};

// "every 5 minutes", "every 2 hours", "every 24 hours", "every day 05:30": the period in minutes.
// Refused: what is none, or is below 5 minutes.
[[nodiscard]] Answer<std::int64_t> schedule_minutes(const std::string& schedule);

class Transfers {
 public:
  Transfers(Env& env, Jobs& jobs, Catalog& catalog)
      : env_(&env), jobs_(&jobs), catalog_(&catalog) {}

  void add_routes(std::vector<Route>& routes);
  [[nodiscard]] const std::map<std::string, TransferConfig>& configs() const { return configs_; }

 private:
  [[nodiscard]] Answer<net::ServerResponse> create(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> list(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> get(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> patch(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> remove(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> start_runs(const Call& call);
  [[nodiscard]] Answer<TransferConfig*> config(const Call& call);
  [[nodiscard]] Answer<void> apply(const Json& body, TransferConfig& config) const;
  [[nodiscard]] Json resource(const TransferConfig& config) const;

  Env* env_;
  Jobs* jobs_;
  Catalog* catalog_;
  std::map<std::string, TransferConfig> configs_;  // by id
  std::uint64_t made_ = 0;
};

}  // namespace fm::fakegcp
