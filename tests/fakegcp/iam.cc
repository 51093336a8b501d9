#include "iam.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto.h"

namespace fm::fakegcp {
namespace {

constexpr Field kConditionFields[] = {{"title", FieldKind::kText, true},
                                      {"description", FieldKind::kText},
                                      {"expression", FieldKind::kText, true}};
constexpr Field kBindingFields[] = {{"role", FieldKind::kText, true},
                                    {"members", FieldKind::kTexts, true},
                                    {"condition", FieldKind::kObject, false, kConditionFields}};
constexpr Field kPolicyFields[] = {{"version", FieldKind::kInt64},
                                   {"etag", FieldKind::kText},
                                   {"kind", FieldKind::kText},
                                   {"resourceId", FieldKind::kText},
                                   {"bindings", FieldKind::kArray, false, kBindingFields}};

bool is_member(std::string_view member) {
  constexpr std::string_view kKinds[] = {
      "user:", "serviceAccount:", "group:", "domain:", "principal:", "principalSet:"};
  return member == "allUsers" || member == "allAuthenticatedUsers" ||
         std::ranges::any_of(kKinds,
                             [&](std::string_view kind) {
                               return member.starts_with(kind) && member.size() > kind.size();
                             }) ||
         member.starts_with("projectOwner:") || member.starts_with("projectEditor:") ||
         member.starts_with("projectViewer:");
}

}  // namespace

constinit const std::span<const Field> Policy::kFields = kPolicyFields;

Json Policy::resource() const {
  Json out = Json::object();
  out["version"] = 1;
  out["etag"] = base64(fmt::format("policy-{}", version_));
  out["bindings"] = bindings_;
  return out;
}

Answer<void> Policy::set(const Json& policy) {
  const std::string& etag = policy.at("etag").text();
  if (!etag.empty() && etag != base64(fmt::format("policy-{}", version_)))
    return refuse(409, "aborted",
                  "There were concurrent policy changes. Please retry the whole "
                  "read-modify-write with exponential backoff.");
  for (const Json& binding : policy.at("bindings").items()) {
    const std::string& role = binding.at("role").text();
    if (!role.starts_with("roles/") && !role.contains("/roles/"))
      return refuse(400, "invalid",
                    fmt::format("Role {} is not supported for this resource.", role));
    for (const Json& member : binding.at("members").items())
      if (!is_member(member.text()))
        return refuse(400, "invalid", fmt::format("Invalid principal {}", member.text()));
  }
  bindings_ = policy.has("bindings") ? policy.at("bindings") : Json::array();
  ++version_;
  return {};
}

bool Policy::grants(std::string_view role, std::string_view member) const {
  return std::ranges::any_of(bindings_.items(), [&](const Json& binding) {
    return binding.at("role").text() == role &&
           std::ranges::any_of(binding.at("members").items(),
                               [&](const Json& one) { return one.text() == member; });
  });
}

void ResourceManager::add_routes(std::vector<Route>& routes) {
  for (const std::string version : {"v1", "v3"}) {
    routes.push_back({"projects.getIamPolicy", "POST", "/" + version + "/projects/*:getIamPolicy",
                      Need::kCloudPlatform, "", [this](const Call& call) { return get(call); }});
    routes.push_back({"projects.setIamPolicy", "POST", "/" + version + "/projects/*:setIamPolicy",
                      Need::kCloudPlatform, "", [this](const Call& call) { return set(call); }});
  }
}

Answer<net::ServerResponse> ResourceManager::get(const Call& call) {
  static constexpr Field kOptions[] = {{"requestedPolicyVersion", FieldKind::kInt64}};
  static constexpr Field kFields[] = {{"options", FieldKind::kObject, false, kOptions}};
  if (!call.request.body.empty()) {
    FM_ASSIGN(const Json body, call.body(kFields));
  }
  return respond(policies_[call.parts[0]].resource());
}

Answer<net::ServerResponse> ResourceManager::set(const Call& call) {
  static const Field kFields[] = {{"policy", FieldKind::kObject, true, Policy::kFields},
                                  {"updateMask", FieldKind::kText}};
  FM_ASSIGN(const Json body, call.body(kFields));
  Policy& policy = policies_[call.parts[0]];
  FM_TRY(policy.set(body.at("policy")));
  return respond(policy.resource());
}

}  // namespace fm::fakegcp
