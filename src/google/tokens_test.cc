#include "google/tokens.h"

#include <gtest/gtest.h>

#include "fakegcp/crypto.h"
#include "google/api.h"
#include "google/bigquery.h"
#include "google/sign.h"
#include "google/testing_cloud.h"

namespace fm::google {
namespace {

constexpr std::string_view kEmail = "collector@market-4711.iam.gserviceaccount.com";

std::string without(std::string json, std::string_view member) {
  const std::size_t at = json.find(fmt::format("\"{}\"", member));
  EXPECT_NE(at, std::string::npos) << member;
  return json.replace(at + 1, 1, "_");
}

TEST(Credentials, NameWhatIsMissingAndNoSecret) {
  const auto key = fakegcp::generate_key().value();
  const std::string good = fakegcp::service_account_json(
      kEmail, key.private_pem, "https://oauth2.googleapis.com/token", kProject);
  ASSERT_TRUE(parse_credentials(good, "key.json"));
  EXPECT_EQ(parse_credentials(good, "key.json")->name(),
            "the service account " + std::string(kEmail));
  struct {
    std::string text;
    Code code;
    const char* words;
  } const cases[] = {
      {"", Code::kCorrupt, "is no JSON object"},
      {"[1]", Code::kCorrupt, "is no JSON object"},
      {"{}", Code::kInvalidArgument, "has no \"type\""},
      {R"({"type":"api_key"})", Code::kUnsupported, "\"type\" is \"api_key\""},
      {without(good, "private_key"), Code::kInvalidArgument, "has no \"private_key\""},
      {without(good, "client_email"), Code::kInvalidArgument, "has no \"client_email\""},
      {R"({"type":"authorized_user","client_id":"a"})", Code::kInvalidArgument,
       "has no \"client_secret\""},
      {R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"u",)"
       R"("credential_source":{"url":"http://x"}})",
       Code::kUnsupported, "only those with a token in a file"},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_credentials(c.text, "key.json");
    ASSERT_FALSE(parsed) << c.text;
    EXPECT_EQ(parsed.error().code(), c.code) << c.text;
    EXPECT_TRUE(parsed.error().message().contains(c.words)) << parsed.error().message();
    EXPECT_TRUE(parsed.error().message().starts_with("key.json: ")) << parsed.error().message();
    EXPECT_FALSE(parsed.error().message().contains("PRIVATE")) << parsed.error().message();
  }
}

TEST(Credentials, AreFoundInTheirOrder) {
  auto& env = Env::posix();
  const TestDirectory directory;
  const auto write = [&](std::string_view name, std::string_view email) {
    const std::string file = directory.file(name);
    auto out = env.create(file, Create::kNewPrivate).value();
    EXPECT_TRUE(out->write(fakegcp::service_account_json(email, "pem", "uri", "p")));
    EXPECT_TRUE(out->close());
    return file;
  };
  const std::string named = write("named", "named@p");
  const std::string variable = write("variable", "variable@p");
  ASSERT_TRUE(env.make_directories(directory.file("credentials")));
  write("credentials/google_credentials", "systemd@p");
  ASSERT_TRUE(env.make_directories(directory.file("gcloud")));
  write("gcloud/application_default_credentials.json", "gcloud@p");
  const std::string base64_key =
      base64(fakegcp::service_account_json("base64@p", "pem", "uri", "p"));

  struct {
    std::string file;
    Variables variables;
    std::string who;
  } const cases[] = {
      {named, {{"GOOGLE_APPLICATION_CREDENTIALS", variable}}, "the service account named@p"},
      {"",
       {{"CREDENTIALS_DIRECTORY", directory.file("credentials")},
        {"GOOGLE_APPLICATION_CREDENTIALS", variable}},
       "the service account systemd@p"},
      {"",
       {{"GOOGLE_APPLICATION_CREDENTIALS", variable},
        {"CLOUDSDK_CONFIG", directory.file("gcloud")}},
       "the service account variable@p"},
      {"", {{"GOOGLE_APPLICATION_CREDENTIALS_BASE64", base64_key}}, "the service account base64@p"},
      {"", {{"CLOUDSDK_CONFIG", directory.file("gcloud")}}, "the service account gcloud@p"},
      {"",
       {{"GCE_METADATA_HOST", "127.0.0.1:1"}},
       "the service account of this machine (127.0.0.1:1)"},
  };
  for (const auto& c : cases) {
    const auto found = find_credentials(env, c.variables, c.file);
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->name(), c.who);
  }
  const auto two = find_credentials(env, {{"GOOGLE_APPLICATION_CREDENTIALS", variable},
                                          {"GOOGLE_APPLICATION_CREDENTIALS_BASE64", base64_key}});
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().code(), Code::kConflict);
  EXPECT_FALSE(find_credentials(env, {{"GOOGLE_APPLICATION_CREDENTIALS_BASE64", "%%%"}}));
  EXPECT_EQ(find_credentials(env, {}, directory.file("nowhere")).error().code(), Code::kNotFound);
}

TEST(Endpoints, PlainHttpStaysOnThisMachine) {
  for (const char* const good : {"http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:9",
                                 "https://storage.example"})
    EXPECT_TRUE(Endpoints::at(good)) << good;
  for (const char* const bad :
       {"", "ftp://127.0.0.1", "http://example.com", "http://127.0.0.1.example.com",
        "http://user@127.0.0.1", "https://storage.example/path", "http://127.evil.example"})
    EXPECT_FALSE(Endpoints::at(bad)) << bad;
}

class TokensTest : public ::testing::Test {
 protected:
  Tokens tokens(Credentials credentials, bool self_signed = true) {
    return Tokens(cloud_.env, std::move(credentials), cloud_.transports()().value(),
                  {.endpoints = cloud_.endpoints(), .self_signed = self_signed});
  }
  // Whether the services take it.
  Status use(Tokens& tokens) {
    Api api(cloud_.env, tokens, cloud_.transports()().value());
    const Endpoints endpoints = cloud_.endpoints();
    const BigQuery bigquery(api, endpoints, std::string(kProject), "US");
    const auto found = api.find(
        fmt::format("{}/bigquery/v2/projects/{}/datasets/ops", endpoints.bigquery, kProject),
        "ops");
    if (!found) return std::unexpected(found.error());
    return {};
  }
  TestCloud cloud_;
};

TEST_F(TokensTest, AServiceAccountSignsForItselfOrIsGivenOne) {
  auto own = tokens(cloud_.credentials());
  EXPECT_TRUE(use(own));
  EXPECT_EQ(cloud_.cloud->requests("token"), 0u);
  auto given = tokens(cloud_.credentials(), false);
  const Status used = use(given);
  EXPECT_TRUE(used) << used.error().message();
}

TEST_F(TokensTest, AreRenewedBeforeTheyEnd) {
  auto tokens = this->tokens(cloud_.credentials());
  const std::string first(tokens.bearer()->reveal());
  EXPECT_EQ(tokens.bearer()->reveal(), first);
  cloud_.env.sleep_for(3'300 * kNanosPerSecond);
  EXPECT_EQ(tokens.bearer()->reveal(), first);
  cloud_.env.sleep_for(100 * kNanosPerSecond);
  EXPECT_NE(tokens.bearer()->reveal(), first);
  EXPECT_TRUE(use(tokens));
}

TEST_F(TokensTest, AnotherOneFollowsARefusedOne) {
  auto tokens = this->tokens(cloud_.credentials(), false);
  ASSERT_TRUE(use(tokens));
  cloud_.cloud->script("", 1, fakegcp::Fault::kUnauthorized);
  const Status used = use(tokens);
  EXPECT_TRUE(used) << used.error().message();
}

TEST_F(TokensTest, AWrongKeyIsRefusedInWords) {
  const auto other = fakegcp::generate_key().value();
  auto tokens = this->tokens(parse_credentials(fakegcp::service_account_json(
                                                   kEmail, other.private_pem,
                                                   "https://oauth2.googleapis.com/token", kProject),
                                               "key.json")
                                 .value(),
                             false);
  const Status used = use(tokens);
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().code(), Code::kRefused);
  EXPECT_TRUE(used.error().message().contains(kEmail)) << used.error().message();
  EXPECT_TRUE(used.error().advice().contains("key.json")) << used.error().advice();
}

TEST_F(TokensTest, AKeyThatIsNoneSaysSo) {
  auto tokens = this->tokens(
      parse_credentials(fakegcp::service_account_json(kEmail, "nonsense", "uri", "p"), "key.json")
          .value());
  const auto bearer = tokens.bearer();
  ASSERT_FALSE(bearer);
  EXPECT_EQ(bearer.error().code(), Code::kInvalidArgument);
  EXPECT_FALSE(bearer.error().message().contains("nonsense"));
}

TEST_F(TokensTest, OtherKindsOfCredentials) {
  cloud_.cloud->add_account(fakegcp::AuthorizedUser{"id", "secret", "refresh"});
  auto user = tokens(parse_credentials(R"({"type":"authorized_user","client_id":"id",)"
                                       R"("client_secret":"secret","refresh_token":"refresh"})",
                                       "adc.json")
                         .value());
  EXPECT_TRUE(use(user));

  cloud_.cloud->set_metadata_server(true);
  Credentials machine;
  machine.who = MetadataServer{"127.0.0.1:8"};
  auto metadata = tokens(std::move(machine));
  EXPECT_TRUE(use(metadata));

  cloud_.cloud->add_account(fakegcp::ExternalAccount{"//iam/pool", "subject"});
  auto out = cloud_.env.create(cloud_.directory.file("token"), Create::kNew).value();
  ASSERT_TRUE(out->write("subject"));
  ASSERT_TRUE(out->close());
  auto workload =
      tokens(parse_credentials(
                 fmt::format(R"({{"type":"external_account","audience":"//iam/pool",)"
                             R"("subject_token_type":"urn:ietf:params:oauth:token-type:jwt",)"
                             R"("token_url":"https://sts.googleapis.com/v1/token",)"
                             R"("credential_source":{{"file":"{}"}}}})",
                             cloud_.directory.file("token")),
                 "workload.json")
                 .value());
  const Status used = use(workload);
  EXPECT_TRUE(used) << used.error().message();
}

TEST_F(TokensTest, TokensAreAskedForAtGoogleAlone) {
  auto credentials = cloud_.credentials();
  std::get<ServiceAccountKey>(credentials.who).token_uri = "https://evil.example/token";
  Tokens tokens(cloud_.env, std::move(credentials), cloud_.transports()().value(),
                {.self_signed = false});
  const auto bearer = tokens.bearer();
  ASSERT_FALSE(bearer);
  EXPECT_TRUE(bearer.error().message().contains("evil.example"));
}

}  // namespace
}  // namespace fm::google
