// BigQuery's Data Transfer API: queries that the service runs by itself, again and again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "google/api.h"
#include "google/endpoints.h"

namespace fm::google {

struct ScheduledQuery {
  std::string name = {};  // the service's: "projects/1/locations/us/transferConfigs/6b1f…"
  std::string display_name;
  std::string schedule;  // "every 5 minutes": the service's shortest
  std::string sql;
  bool disabled = false;
};

enum class Scheduled { kUnchanged, kCreated, kUpdated };

class Transfers {
 public:
  // `location` as the datasets have it: "US", "europe-west1".
  Transfers(Api& api, const Endpoints& endpoints, std::string_view project,
            std::string_view location);

  // Those of this display name; the service allows several.
  [[nodiscard]] Result<std::vector<ScheduledQuery>> find(std::string_view display_name);
  // Makes the scheduled query of this display name what is given, enabled: there is one afterwards,
  // however often an answer is lost. Errors: kConflict where several have the name; those of Api.
  [[nodiscard]] Result<Scheduled> put(const ScheduledQuery& query);

 private:
  [[nodiscard]] Status create(const ScheduledQuery& query);
  [[nodiscard]] Status update(const std::string& name, const ScheduledQuery& query);

  Api* api_;
  std::string base_;    // "https://…/v1/"
  std::string parent_;  // "projects/market-4711/locations/us"
};

}  // namespace fm::google
