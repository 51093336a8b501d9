// Policies of buckets and projects: who may do what, changed only on top of what was read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "call.h"

namespace fm::fakegcp {

class Policy {
 public:
  static const std::span<const Field> kFields;

  [[nodiscard]] Json resource() const;
  // Refused: 409 (aborted) where the etag is not that of the policy as it is; 400 for a binding
  // that is none.
  [[nodiscard]] Answer<void> set(const Json& policy);
  [[nodiscard]] bool grants(std::string_view role, std::string_view member) const;

 private:
  Json bindings_ = Json::array();
  std::int64_t version_ = 1;
};

// Resource Manager: the policies of projects.
class ResourceManager {
 public:
  void add_routes(std::vector<Route>& routes);
  [[nodiscard]] const Policy& policy(const std::string& project) { return policies_[project]; }

 private:
  [[nodiscard]] Answer<net::ServerResponse> get(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> set(const Call& call);
  std::map<std::string, Policy> policies_;
};

}  // namespace fm::fakegcp
