#include "google/credentials.h"

#include <utility>

#include "google/json.h"
#include "google/sign.h"

namespace fm::google {
namespace {

constexpr std::string_view kMetadataHost = "metadata.google.internal";
constexpr std::uint64_t kFileBytesMax = 1 << 20;
constexpr std::uint32_t kOthers = 0077;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

Result<std::string> member(const Json& json, std::string_view name) {
  if (auto text = json.text(fmt::format("/{}", name)); text && !text->empty()) return *text;
  return fail(Code::kInvalidArgument, "has no \"{}\"", name);
}

Result<ServiceAccountKey> service_account(const Json& json) {
  FM_ASSIGN(std::string email, member(json, "client_email"));
  FM_ASSIGN(std::string key, member(json, "private_key"));
  FM_ASSIGN(std::string token_uri, member(json, "token_uri"));
  return ServiceAccountKey{.email = std::move(email),
                           .key_id = json.text("/private_key_id").value_or(""),
                           .private_key = Secret(std::move(key)),
                           .token_uri = std::move(token_uri)};
}

Result<AuthorizedUser> authorized_user(const Json& json) {
  FM_ASSIGN(std::string id, member(json, "client_id"));
  FM_ASSIGN(std::string secret, member(json, "client_secret"));
  FM_ASSIGN(std::string token, member(json, "refresh_token"));
  return AuthorizedUser{std::move(id), Secret(std::move(secret)), Secret(std::move(token))};
}

Result<ExternalAccount> external_account(const Json& json) {
  ExternalAccount account;
  FM_ASSIGN(account.audience, member(json, "audience"));
  FM_ASSIGN(account.subject_token_type, member(json, "subject_token_type"));
  FM_ASSIGN(account.token_url, member(json, "token_url"));
  account.impersonation_url = json.text("/service_account_impersonation_url").value_or("");
  const auto file = json.text("/credential_source/file");
  if (!file)
    return fail(Code::kUnsupported,
                "has no \"credential_source\" with a \"file\": of workload "
                "identities only those with a token in a file are known");
  account.token_file = *file;
  if (json.text("/credential_source/format/type") == "json") {
    const auto field = json.text("/credential_source/format/subject_token_field_name");
    if (!field) return fail(Code::kInvalidArgument, "has no \"subject_token_field_name\"");
    account.token_field = *field;
  }
  return account;
}

Result<Credentials> credentials_of(const Json& json) {
  Credentials found;
  FM_ASSIGN(const std::string type, member(json, "type"));
  if (type == "service_account") {
    FM_ASSIGN(found.who, service_account(json));
    found.project_id = json.text("/project_id").value_or("");
  } else if (type == "authorized_user") {
    FM_ASSIGN(found.who, authorized_user(json));
  } else if (type == "external_account") {
    FM_ASSIGN(found.who, external_account(json));
  } else {
    return fail(Code::kUnsupported,
                "\"type\" is \"{}\"; expected service_account, authorized_user or external_account",
                type);
  }
  found.quota_project = json.text("/quota_project_id");
  return found;
}

Result<Credentials> read_credentials(Env& env, const std::string& file, bool must_be_private) {
  FM_ASSIGN(const FileInfo info, env.info(file));
  if (must_be_private && (info.mode & kOthers) != 0)
    return std::unexpected(Error(Code::kPermission, fmt::format("{}: others may read it", file))
                               .hint(fmt::format("chmod 600 {}", file)));
  FM_ASSIGN(const std::string text, read_text(env, file, kFileBytesMax));
  return parse_credentials(text, file);
}

std::string variable(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

// The two variables; nothing where neither is set.
Result<std::optional<Credentials>> of_environment(Env& env, const Variables& variables) {
  constexpr std::string_view kFile = "GOOGLE_APPLICATION_CREDENTIALS";
  constexpr std::string_view kContent = "GOOGLE_APPLICATION_CREDENTIALS_BASE64";
  const std::string file = variable(variables, kFile);
  const std::string content = variable(variables, kContent);
  if (file.empty() && content.empty()) return std::nullopt;
  std::optional<std::string> decoded;
  if (!content.empty()) {
    auto bytes = decode_base64(content);
    if (!bytes) return std::unexpected(std::move(bytes).error().in(kContent));
    decoded = *std::move(bytes);
  }
  if (file.empty()) return parse_credentials(*decoded, std::string(kContent));
  if (decoded) {
    FM_ASSIGN(const std::string text, read_text(env, file, kFileBytesMax));
    if (text != *decoded)
      return std::unexpected(Error(Code::kConflict, fmt::format("{} ({}) and {} are different keys",
                                                                kFile, file, kContent))
                                 .hint("Unset one of them."));
  }
  return read_credentials(env, file, false);
}

std::string gcloud_file(const Variables& variables) {
  constexpr std::string_view kName = "application_default_credentials.json";
  if (const auto folder = variable(variables, "CLOUDSDK_CONFIG"); !folder.empty())
    return join(folder, kName);
  const auto home = variable(variables, "HOME");
  return home.empty() ? std::string() : join(join(home, ".config/gcloud"), kName);
}

}  // namespace

std::string Credentials::name() const {
  return std::visit(
      Overloaded{[](const ServiceAccountKey& key) { return "the service account " + key.email; },
                 [](const AuthorizedUser&) { return std::string("the user of gcloud"); },
                 [](const ExternalAccount& account) { return "the workload " + account.audience; },
                 [](const MetadataServer& server) {
                   return "the service account of this machine (" + server.host + ")";
                 }},
      who);
}

Result<Credentials> parse_credentials(std::string_view json, std::string place) {
  // The text is a secret: not even its beginning belongs in a message.
  const auto parsed = Json::parse(json);
  if (!parsed) return fail(Code::kCorrupt, "{}: is no JSON object", place);
  auto found = credentials_of(*parsed);
  if (!found)
    return std::unexpected(std::move(found).error().in(place).hint(
        "Expected a key as the console makes it: IAM & Admin > Service accounts > Keys > Add key "
        "> JSON."));
  found->place = std::move(place);
  return found;
}

Result<Credentials> find_credentials(Env& env, const Variables& variables,
                                     const std::string& file) {
  if (!file.empty()) return read_credentials(env, file, true);
  if (const auto folder = variable(variables, "CREDENTIALS_DIRECTORY"); !folder.empty()) {
    const std::string credential = join(folder, "google_credentials");
    if (env.exists(credential)) return read_credentials(env, credential, false);
  }
  FM_ASSIGN(auto named, of_environment(env, variables));
  if (named) return *std::move(named);
  if (const std::string gcloud = gcloud_file(variables); !gcloud.empty() && env.exists(gcloud))
    return read_credentials(env, gcloud, false);
  std::string host = variable(variables, "GCE_METADATA_HOST");
  if (host.empty()) host = kMetadataHost;
  return Credentials{.who = MetadataServer{host},
                     .place = fmt::format("the metadata server {}", host),
                     .project_id = {},
                     .quota_project = {}};
}

}  // namespace fm::google
