#include "google/iam.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/json_text.h"
#include "google/schema_apply.h"

namespace fm::google {
namespace {

constexpr int kConflict = 409;
constexpr int kPreconditionFailed = 412;
// Another's change in between makes us read again.
constexpr int kAttemptsMax = 5;
constexpr std::string_view kSchedulesRole = "frontmonthSchedules";

// A policy as it is, with members added to the unconditional binding of a role.
std::string with_members(const Json& policy,
                         const std::map<std::string, std::set<std::string>>& wanted,
                         bool& changed) {
  std::string bindings;
  const auto add = [&](const std::string& binding) {
    if (!bindings.empty()) bindings += ',';
    bindings += binding;
  };
  const auto binding_of = [](const std::string& role, const std::set<std::string>& members) {
    std::string list;
    for (const std::string& member : members) {
      if (!list.empty()) list += ',';
      list += json_quoted(member);
    }
    return fmt::format(R"({{"role":{},"members":[{}]}})", json_quoted(role), list);
  };
  auto missing = wanted;
  for (const Json& binding : policy.list("/bindings")) {
    const std::string role = binding.text("/role").value_or("");
    const auto found = missing.find(role);
    if (found == missing.end() || binding.has("/condition")) {
      add(binding.raw(""));
      continue;
    }
    std::set<std::string> members;
    for (const Json& member : binding.list("/members")) members.insert(*member.text(""));
    const std::size_t before = members.size();
    members.insert(found->second.begin(), found->second.end());
    changed = changed || members.size() > before;
    add(binding_of(role, members));
    missing.erase(found);
  }
  for (const auto& [role, members] : missing) {
    changed = true;
    add(binding_of(role, members));
  }
  const std::string etag = policy.text("/etag").value_or("");
  return fmt::format(R"({{"version":{},"etag":{},"bindings":[{}]}})",
                     policy.integer("/version").value_or(1), json_quoted(etag), bindings);
}

// What a dataset calls the roles that it grants.
std::string access_json(const Binding& binding) {
  const std::size_t colon = binding.member.find(':');
  const std::string kind = binding.member.substr(0, colon);
  return fmt::format(R"({{"role":{},"{}":{}}})", json_quoted(binding.role),
                     kind == "group" ? "groupByEmail" : "userByEmail",
                     json_quoted(binding.member.substr(colon + 1)));
}

bool is_granted(const Json& dataset, const Binding& binding) {
  const std::string email = binding.member.substr(binding.member.find(':') + 1);
  const std::vector<Json> access = dataset.list("/access");
  return std::ranges::any_of(access, [&](const Json& one) {
    // Older names of the same roles.
    std::string role = one.text("/role").value_or("");
    if (role == "READER") role = "roles/bigquery.dataViewer";
    if (role == "WRITER") role = "roles/bigquery.dataEditor";
    return role == binding.role &&
           (one.text("/userByEmail") == email || one.text("/groupByEmail") == email);
  });
}

class Granting {
 public:
  Granting(Api& api, BigQuery& bigquery, const Endpoints& endpoints)
      : api_(api), bigquery_(bigquery), endpoints_(endpoints) {}

  Result<std::vector<Binding>> run(const std::vector<Binding>& bindings) {
    std::map<std::pair<Binding::On, std::string>, std::vector<Binding>> places;
    for (const Binding& binding : bindings) places[{binding.on, binding.place}].push_back(binding);
    for (const auto& [place, wanted] : places) {
      if (place.first == Binding::On::kDataset) {
        FM_TRY(grant_on_dataset(place.second, wanted));
      } else {
        FM_TRY(grant_by_policy(place.first, place.second, wanted));
      }
    }
    return std::move(granted_);
  }

 private:
  Status grant_on_dataset(const std::string& name, const std::vector<Binding>& wanted) {
    FM_ASSIGN(const auto dataset, bigquery_.dataset(name));
    if (!dataset) return fail(Code::kNotFound, "dataset {}: is not there", name);
    std::string access;
    for (const Json& one : dataset->list("/access")) {
      if (!access.empty()) access += ',';
      access += one.raw("");
    }
    std::vector<Binding> missing;
    for (const Binding& binding : wanted) {
      if (is_granted(*dataset, binding)) continue;
      if (!access.empty()) access += ',';
      access += access_json(binding);
      missing.push_back(binding);
    }
    if (missing.empty()) return {};
    FM_TRY(bigquery_.patch_dataset(name, fmt::format(R"({{"access":[{}]}})", access)));
    granted_.insert(granted_.end(), missing.begin(), missing.end());
    return {};
  }

  Result<Json> read_policy(Binding::On on, const std::string& place) {
    if (on == Binding::On::kBucket)
      return api_.call("GET", bucket_url(place), "policy of " + place);
    return api_.call("POST", project_url(place, "getIamPolicy"), "policy of " + place, "{}");
  }

  Status grant_by_policy(Binding::On on, const std::string& place,
                         const std::vector<Binding>& wanted) {
    std::map<std::string, std::set<std::string>> members;
    for (const Binding& binding : wanted) members[binding.role].insert(binding.member);
    for (int attempt = 1;; ++attempt) {
      FM_ASSIGN(const Json policy, read_policy(on, place));
      bool changed = false;
      std::string body = with_members(policy, members, changed);
      if (!changed) return {};
      const bool is_bucket = on == Binding::On::kBucket;
      FM_ASSIGN(const net::HttpResponse answer,
                api_.expect(
                    {.method = is_bucket ? "PUT" : "POST",
                     .url = is_bucket ? bucket_url(place) : project_url(place, "setIamPolicy"),
                     .body = is_bucket ? std::move(body) : fmt::format(R"({{"policy":{}}})", body),
                     .content_type = "application/json"},
                    "policy of " + place, {kConflict, kPreconditionFailed}));
      if (answer.status < 400) break;
      if (attempt == kAttemptsMax) return std::unexpected(refusal_of(answer).error(place));
    }
    granted_.insert(granted_.end(), wanted.begin(), wanted.end());
    return {};
  }

  std::string bucket_url(const std::string& bucket) const {
    return fmt::format("{}/storage/v1/b/{}/iam", endpoints_.storage, net::percent_encode(bucket));
  }
  std::string project_url(const std::string& project, std::string_view what) const {
    return fmt::format("{}/v1/projects/{}:{}", endpoints_.resource_manager,
                       net::percent_encode(project), what);
  }

  Api& api_;
  BigQuery& bigquery_;
  const Endpoints& endpoints_;
  std::vector<Binding> granted_;
};

bool is_stand_in(const Binding& binding) { return binding.member.contains("PROJECT"); }

}  // namespace

std::vector<Binding> least_bindings(const Destination& destination, const Principals& principals) {
  using enum Binding::On;
  const auto or_stand_in = [](const std::string& given, std::string_view name) {
    return given.empty() ? fmt::format("serviceAccount:{}@PROJECT.iam.gserviceaccount.com", name)
                         : given;
  };
  const std::string collector = or_stand_in(principals.collector, "collector");
  const std::string trainer = or_stand_in(principals.trainer, "trainer");
  const std::string dashboard = or_stand_in(principals.dashboard, "dashboard");
  const std::string& project = destination.project;
  const std::string& bucket = destination.bucket;
  std::vector<Binding> bindings;
  const auto in_datasets = [&](std::initializer_list<std::string_view> names, std::string_view role,
                               const std::string& member, std::string_view why) {
    for (const std::string_view name : names) {
      const auto found = destination.datasets.find(name);
      bindings.push_back({kDataset,
                          found == destination.datasets.end() ? std::string(name) : found->second,
                          std::string(role), member, std::string(why)});
    }
  };
  constexpr std::string_view kEditor = "roles/bigquery.dataEditor";
  constexpr std::string_view kViewer = "roles/bigquery.dataViewer";
  bindings.push_back({kProject, project, "roles/bigquery.jobUser", collector, "runs load jobs"});
  // The one role of Google's that has these permissions, bigquery.admin, has all others, too.
  bindings.push_back({kProject,
                      project,
                      fmt::format("projects/{}/roles/{}", project, kSchedulesRole),
                      collector,
                      "makes scheduled rollups: only for rollup --engine bigquery --schedule",
                      {"bigquery.transfers.get", "bigquery.transfers.update"}});
  in_datasets({"market_data", "signals", "ops", "features"}, kEditor, collector,
              "loads and merges rows");
  bindings.push_back({kBucket, bucket, "roles/storage.objectAdmin", collector,
                      "writes objects, and removes those that nothing needs"});
  bindings.push_back({kBucket, bucket, "roles/storage.legacyBucketReader", collector,
                      "learns where the bucket is"});
  bindings.push_back({kProject, project, "roles/bigquery.jobUser", trainer, "runs queries"});
  in_datasets({"market_data", "signals", "features"}, kViewer, trainer,
              "reads what it learns from");
  in_datasets({"training", "predictions"}, kEditor, trainer, "writes sets and forecasts");
  bindings.push_back({kBucket, bucket, "roles/storage.objectViewer", trainer, "reads Parquet"});
  bindings.push_back({kProject, project, "roles/bigquery.jobUser", dashboard, "runs queries"});
  in_datasets({"market_data", "predictions", "ops"}, kViewer, dashboard, "reads what it shows");
  return bindings;
}

std::string command_of(const Binding& binding, const Destination& destination) {
  if (!binding.permissions.empty()) {
    std::string list;
    for (const std::string& permission : binding.permissions) {
      if (!list.empty()) list += ',';
      list += permission;
    }
    const std::string role = binding.role.substr(binding.role.rfind('/') + 1);
    Binding bare = binding;
    bare.permissions.clear();
    return fmt::format("gcloud iam roles create {} --project={} --permissions={}\n{}", role,
                       destination.project, list, command_of(bare, destination));
  }
  switch (binding.on) {
    case Binding::On::kProject:
      return fmt::format("gcloud projects add-iam-policy-binding {} --member={} --role={}",
                         binding.place, binding.member, binding.role);
    case Binding::On::kBucket:
      return fmt::format(
          "gcloud storage buckets add-iam-policy-binding gs://{} --member={} --role={}",
          binding.place, binding.member, binding.role);
    case Binding::On::kDataset:
      break;
  }
  return fmt::format("bq add-iam-policy-binding --member={} --role={} {}:{}", binding.member,
                     binding.role, destination.project, binding.place);
}

Status check(const Principals& principals) {
  for (const std::string* const member :
       {&principals.collector, &principals.trainer, &principals.dashboard}) {
    if (member->empty()) continue;
    const bool is_member = member->starts_with("serviceAccount:") || member->starts_with("user:") ||
                           member->starts_with("group:");
    if (!is_member || !member->contains('@'))
      return fail(Code::kInvalidArgument,
                  "\"{}\" is no member; expected serviceAccount:NAME@PROJECT…, user:… or group:…",
                  *member);
  }
  return {};
}

Result<std::vector<Binding>> grant(Api& api, BigQuery& bigquery, const Endpoints& endpoints,
                                   const Destination& destination, const Principals& principals) {
  std::vector<Binding> bindings = least_bindings(destination, principals);
  std::erase_if(bindings, [](const Binding& binding) {
    return is_stand_in(binding) || !binding.permissions.empty();
  });
  return Granting(api, bigquery, endpoints).run(bindings);
}

}  // namespace fm::google
