#include "tokens.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing_client.h"

namespace fm::fakegcp {
namespace {

Reply ask_for_token(TestCloud& test, const std::string& assertion) {
  return test.cloud
      ->send(
          {.method = "POST",
           .url = std::string(kBase) + "/token",
           .body = net::encode_form({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                     {"assertion", assertion}})})
      .value();
}

TEST(Tokens, ChecksAssertions) {
  TestCloud test;
  const Second now = second_of(test.env.now());
  const auto claims = [&](std::string_view issuer, std::string_view scope, std::string_view aud,
                          Second iat, Second exp) {
    return fmt::format(R"({{"iss":"{}","scope":"{}","aud":"{}","iat":{},"exp":{}}})", issuer, scope,
                       aud, iat, exp);
  };
  const std::string_view scope = "https://www.googleapis.com/auth/bigquery";
  const std::string_view aud = "https://oauth2.googleapis.com/token";
  const struct {
    std::string name, claims, error;
  } cases[] = {
      {"good", claims(kAccount, scope, aud, now, now + 3600), ""},
      {"the fake's own address",
       claims(kAccount, scope, "http://127.0.0.1:9000/token", now, now + 60), ""},
      {"another account", claims("x@y", scope, aud, now, now + 60), "invalid_grant"},
      {"no scope", claims(kAccount, "", aud, now, now + 60), "invalid_scope"},
      {"another audience", claims(kAccount, scope, "https://example.com", now, now + 60),
       "invalid_grant"},
      {"longer than an hour", claims(kAccount, scope, aud, now, now + 3601), "invalid_grant"},
      {"over", claims(kAccount, scope, aud, now - 7200, now - 3600), "invalid_grant"},
      {"of the future", claims(kAccount, scope, aud, now + 900, now + 1800), "invalid_grant"},
  };
  for (const auto& c : cases) {
    const Reply reply = ask_for_token(test, jwt(c.claims));
    const Json body = Json::parse(reply.response.body).value();
    EXPECT_EQ(body.at("error").text(), c.error) << c.name;
    EXPECT_EQ(reply.response.status, c.error.empty() ? 200 : 400) << c.name;
    EXPECT_EQ(body.at("access_token").text().empty(), !c.error.empty()) << c.name;
  }
  std::string forged = jwt(cases[0].claims);
  forged[forged.size() - 9] = forged[forged.size() - 9] == 'A' ? 'B' : 'A';
  EXPECT_EQ(ask_for_token(test, forged).response.status, 400);
}

TEST(Tokens, ExpireAndReachOnlyTheirScopes) {
  TestCloud test;
  test.expect(200, "GET", "/storage/v1/b/lake");
  test.advance(3601 * kNanosPerSecond);
  EXPECT_EQ(test.reason("GET", "/storage/v1/b/lake"), "401 authError");
  const Second now = second_of(test.env.now());
  const Reply reply = ask_for_token(
      test, jwt(fmt::format(R"({{"iss":"{}","scope":"https://www.googleapis.com/auth/bigquery",)"
                            R"("aud":"https://oauth2.googleapis.com/token","iat":{},"exp":{}}})",
                            kAccount, now, now + 600)));
  test.token = Json::parse(reply.response.body)->at("access_token").text();
  test.expect(200, "GET", "/bigquery/v2/projects/acme/datasets/market_data");
  EXPECT_EQ(test.reason("GET", "/storage/v1/b/lake"), "403 insufficientPermissions");
  test.token = "";
  EXPECT_EQ(test.reason("GET", "/storage/v1/b/lake"), "401 authError");
}

TEST(Tokens, SelfSignedOnesAreForOneApi) {
  TestCloud test;
  const Second now = second_of(test.env.now());
  test.token =
      jwt(fmt::format(R"({{"iss":"{0}","sub":"{0}","aud":"https://storage.googleapis.com/",)"
                      R"("iat":{1},"exp":{2}}})",
                      kAccount, now, now + 3600));
  test.expect(200, "GET", "/storage/v1/b/lake");
  EXPECT_EQ(test.reason("GET", "/bigquery/v2/projects/acme/datasets"), "401 authError");
  test.token = jwt(fmt::format(R"({{"iss":"{}","scope":"https://www.googleapis.com/auth/bigquery",)"
                               R"("iat":{},"exp":{}}})",
                               kAccount, now, now + 3600));
  test.expect(200, "GET", "/bigquery/v2/projects/acme/datasets");
}

TEST(Tokens, OfUsersTheMetadataServerAndPools) {
  TestCloud test;
  test.cloud->add_account(AuthorizedUser{"id", "secret", "refresh"});
  test.cloud->add_account(ExternalAccount{"//iam/pool", "subject"});
  const auto post = [&](std::string_view path, const net::Parameters& form) {
    const Reply reply = test.cloud
                            ->send({.method = "POST",
                                    .url = std::string(kBase) + std::string(path),
                                    .body = net::encode_form(form)})
                            .value();
    return Json::parse(reply.response.body).value();
  };
  EXPECT_FALSE(post("/token", {{"grant_type", "refresh_token"},
                               {"client_id", "id"},
                               {"client_secret", "secret"},
                               {"refresh_token", "refresh"}})
                   .at("access_token")
                   .text()
                   .empty());
  EXPECT_EQ(post("/token", {{"grant_type", "refresh_token"},
                            {"client_id", "id"},
                            {"client_secret", "secret"},
                            {"refresh_token", "old"}})
                .at("error")
                .text(),
            "invalid_grant");
  const net::Parameters exchange{
      {"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
      {"audience", "//iam/pool"},
      {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
      {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
      {"scope", "https://www.googleapis.com/auth/cloud-platform"},
      {"subject_token", "subject"}};
  test.token = post("/v1/token", exchange).at("access_token").text();
  const Json other = test.expect(
      200, "POST", fmt::format("/v1/projects/-/serviceAccounts/{}:generateAccessToken", kAccount),
      R"({"scope":["https://www.googleapis.com/auth/devstorage.read_write"],"lifetime":"600s"})");
  test.token = other.at("accessToken").text();
  test.expect(200, "GET", "/storage/v1/b/lake");
  test.advance(601 * kNanosPerSecond);
  EXPECT_EQ(test.reason("GET", "/storage/v1/b/lake"), "401 authError");

  const std::string metadata = "/computeMetadata/v1/instance/service-accounts/default/token";
  EXPECT_EQ(test.send("GET", metadata).response.status, 404);
  test.cloud->set_metadata_server(true);
  EXPECT_EQ(test.send("GET", metadata).response.status, 403);
  const Reply reply = test.send("GET", metadata, "", "", {{"Metadata-Flavor", "Google"}});
  EXPECT_EQ(reply.response.status, 200);
  EXPECT_EQ(Json::parse(reply.response.body)->at("expires_in").int64(), 3600);
}

}  // namespace
}  // namespace fm::fakegcp
