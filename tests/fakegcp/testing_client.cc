#include "testing_client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "duck.h"

namespace fm::fakegcp {

const KeyPair& test_key() {
  static const KeyPair kKey = generate_key().value();
  return kKey;
}

std::string jwt(std::string_view claims) {
  const std::string text = base64_url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64_url(claims);
  return text + "." + base64_url(sign_rs256(test_key().private_pem, text).value());
}

std::string good_claims(Second now) {
  return fmt::format(R"({{"iss":"{}","scope":"https://www.googleapis.com/auth/cloud-platform",)"
                     R"("aud":"https://oauth2.googleapis.com/token","iat":{},"exp":{}}})",
                     kAccount, now, now + 3600);
}

TestCloud::TestCloud(const CloudOptions& options) {
  env.set_now(1'750'000'000 * kNanosPerSecond);  // 2025-06-15
  cloud = Cloud::create(env, options).value();
  cloud->add_bucket("lake", "US");
  cloud->add_account(ServiceAccount{std::string(kAccount), test_key().public_pem});
  const double rate = options.fault_rate;
  cloud->start_faults(options.seed, 0);
  log_in();
  expect(200, "POST", "/bigquery/v2/projects/acme/datasets",
         R"({"datasetReference":{"projectId":"acme","datasetId":"market_data"},"location":"US"})");
  cloud->start_faults(options.seed, rate);
}

void TestCloud::log_in() {
  const Reply reply =
      cloud
          ->send({.method = "POST",
                  .url = std::string(kBase) + "/token",
                  .body = net::encode_form(
                      {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                       {"assertion", jwt(good_claims(second_of(env.now())))}})})
          .value();
  token = Json::parse(reply.response.body)->at("access_token").text();
  EXPECT_FALSE(token.empty()) << reply.response.body;
}

Reply TestCloud::send(std::string_view method, std::string_view path, std::string body,
                      std::string_view type, std::vector<net::Header> headers) {
  headers.emplace_back("Authorization", "Bearer " + token);
  return cloud
      ->send({.method = std::string(method),
              .url = path.starts_with("http") ? std::string(path)
                                              : std::string(kBase) + std::string(path),
              .headers = std::move(headers),
              .body = std::move(body),
              .content_type = std::string(type)})
      .value();
}

Json TestCloud::expect(int status, std::string_view method, std::string_view path, std::string body,
                       std::string_view type) {
  const Reply reply = send(method, path, std::move(body), type);
  EXPECT_FALSE(reply.lost) << method << " " << path;
  EXPECT_EQ(reply.response.status, status) << method << " " << path << ": " << reply.response.body;
  return reply.response.body.empty() ? Json() : Json::parse(reply.response.body).value();
}

std::string TestCloud::reason(std::string_view method, std::string_view path, std::string body) {
  const Reply reply = send(method, path, std::move(body));
  const Json json = Json::parse(reply.response.body).value();
  const auto& errors = json.at("error", "errors").items();
  return fmt::format("{} {}", reply.response.status,
                     errors.empty() ? "" : errors[0].at("reason").text());
}

std::string TestCloud::parquet(const std::string& select) {
  const auto duck = Duck::open().value();
  const std::string path = directory.file("made.parquet");
  EXPECT_TRUE(duck->execute(fmt::format("COPY ({}) TO '{}' (FORMAT parquet)", select, path)));
  return read_text(Env::posix(), path).value();
}

void TestCloud::put_object(std::string_view name, std::string bytes) {
  expect(200, "POST",
         fmt::format("/upload/storage/v1/b/lake/o?uploadType=media&name={}",
                     net::percent_encode(name)),
         std::move(bytes), "application/octet-stream");
}

std::string TestCloud::load_body(std::string_view id, std::string_view uri, std::string_view table,
                                 std::string_view more) {
  return fmt::format(R"({{"jobReference":{{"projectId":"acme","jobId":"{}","location":"US"}},)"
                     R"("configuration":{{"load":{{"sourceUris":["{}"],"sourceFormat":"PARQUET",)"
                     R"("destinationTable":{{"projectId":"acme","datasetId":"market_data",)"
                     R"("tableId":"{}"}}{}{}}}}}}})",
                     id, uri, table, more.empty() ? "" : ",", more);
}

std::string TestCloud::query_body(std::string_view id, std::string_view sql,
                                  std::string_view more) {
  return fmt::format(R"({{"jobReference":{{"projectId":"acme","jobId":"{}","location":"US"}},)"
                     R"("configuration":{{"query":{{"query":{},"useLegacySql":false{}{}}}}}}})",
                     id, Json(sql).dump(), more.empty() ? "" : ",", more);
}

Json TestCloud::run(const std::string& body) {
  const Json made = expect(200, "POST", std::string(kProject) + "/jobs", body);
  const std::string& id = made.at("jobReference", "jobId").text();
  for (Nanos end = cloud->next_job_end(); end != 0 && end > env.now(); end = 0) env.set_now(end);
  const Json job = expect(200, "GET", fmt::format("{}/jobs/{}?location=US", kProject, id));
  EXPECT_EQ(job.at("status", "state").text(), "DONE");
  return job;
}

std::string TestCloud::rows_of(std::string_view id) {
  const Json json = expect(200, "GET", fmt::format("{}/queries/{}?location=US", kProject, id));
  std::string out;
  for (const Json& row : json.at("rows").items()) {
    if (!out.empty()) out += '\n';
    bool first = true;
    for (const Json& cell : row.at("f").items()) {
      if (!first) out += '|';
      first = false;
      out += cell.at("v").is_null() ? "NULL" : cell.at("v").text();
    }
  }
  return out;
}

std::string TestCloud::query(std::string_view sql) {
  const std::string id = fmt::format("test_query_{}", ++queries_);
  const Json job = run(query_body(id, sql));
  const Json& error = job.at("status", "errorResult");
  if (!error.is_null())
    return fmt::format("{}: {}", error.at("reason").text(), error.at("message").text());
  return rows_of(id);
}

}  // namespace fm::fakegcp
