#include "server/server.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lake/lake.h"
#include "server/testing_json.h"
#include "server/testing_server.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

using simdjson::dom::element;

TEST(Server, SaysThatItIsThere) {
  TestServer server;
  EXPECT_EQ(server.body("/healthz"), "ok\n");
  EXPECT_EQ(server.body("/readyz"), "ready\n");
  const Parsed version(server.body("/api/version"));
  EXPECT_EQ(version.text("/version"), "\"" FM_VERSION "\"");
}

TEST(Server, AnswersWithCommonHeaders) {
  TestServer server;
  for (const auto* target : {"/healthz", "/api/version", "/", "/no/such/page", "/api/candles"}) {
    const auto answer = server.get(target);
    EXPECT_TRUE(answer.header("content-security-policy").starts_with("default-src 'self'"));
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer.header("referrer-policy"), "same-origin");
    EXPECT_EQ(answer.header("x-request-id").size(), 16U) << target;
    EXPECT_EQ(answer.header("access-control-allow-origin"), "");
  }
}

TEST(Server, ServesThePage) {
  TestServer server;
  const auto page = server.get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_TRUE(page.body.contains("<html"));
  const auto again = server.get("/", {{"If-None-Match", std::string(page.header("etag"))}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
}

TEST(Server, ListsRootsWithRowsFirst) {
  TestServer server;
  const Parsed roots(server.body("/api/roots"));
  EXPECT_EQ(roots.text("/roots/0/root"), "\"ES\"");
  EXPECT_EQ(roots.text("/roots/1/root"), "\"ZL\"");
  EXPECT_EQ(roots.text("/roots/0/has_rows"), "true");
  EXPECT_EQ(roots.text("/roots/2/has_rows"), "false");
  EXPECT_EQ(roots.text("/roots/0/name"), "\"E-mini S&P 500\"");
  EXPECT_EQ(roots.text("/roots/0/price_format"), R"({"kind":"decimal","places":2})");
  EXPECT_EQ(roots.text("/roots/0/front_month"), "\"ESU5\"");
  EXPECT_EQ(roots.text("/roots/2/front_month"), "null");
  EXPECT_EQ(roots.text("/roots/0/tables/0/table"), "\"candles_1m\"");
  EXPECT_EQ(roots.text("/roots/0/tables/0/first_date"), "\"2025-06-08\"");
}

// Every row of the lake, page by page in both directions.
TEST(Candles, PagesThroughEveryRow) {
  TestServer server;
  const auto lake = lake::Lake::view(Env::posix(), TestLake::get().path());
  std::vector<std::int64_t> expected;
  const auto rows = lake->read(table::candles_1m(), {.root = "ES", .columns = {"time"}}).value();
  table::RowBatch batch(table::candles_1m());
  while (rows->next(batch).value())
    for (std::size_t row = 0; row < batch.size(); ++row)
      expected.push_back(batch.int64s(0)[row] / 1'000'000);
  ASSERT_GT(expected.size(), 4'000U);

  std::vector<std::int64_t> forward;
  std::string after = "0";
  while (after != "null") {
    const Parsed page(server.body("/api/candles?root=ES&columns=time&limit=700&after=" + after));
    for (const element time : page.at("/data/time")) forward.push_back(time.get_int64().value());
    after = page.text("/next");
    if (after != "null") after = after.substr(1, after.size() - 2);
  }
  EXPECT_EQ(forward, expected);

  std::vector<std::int64_t> backward;
  std::string before = "9999999999";
  for (bool earlier = true; earlier;) {
    const Parsed page(server.body("/api/candles?root=ES&columns=time&limit=700&before=" + before));
    std::vector<std::int64_t> times;
    for (const element time : page.at("/data/time")) times.push_back(time.get_int64().value());
    ASSERT_FALSE(times.empty());
    backward.insert(backward.begin(), times.begin(), times.end());
    before = std::to_string(times.front());
    earlier = page.at("/earlier").get_bool().value();
  }
  EXPECT_EQ(backward, expected);
}

TEST(Candles, GivesTheNewestRowsInColumns) {
  TestServer server;
  const Parsed page(server.body("/api/candles?root=ES&limit=4"));
  EXPECT_EQ(
      page.text("/columns"),
      R"(["time","open","high","low","close","volume","vd","cvd_close","symbol","trade_date"])");
  EXPECT_EQ(page.number("/rows"), 4);
  EXPECT_EQ(page.text("/source"), "\"candles_1m\"");
  EXPECT_GT(page.number("/data/time/3"), page.number("/data/time/0"));
  EXPECT_EQ(page.text("/data/trade_date/runs"), R"([["2025-06-10",4]])");
  EXPECT_EQ(page.text("/data/symbol/runs/0/1"), "4");
  EXPECT_EQ(page.text("/earlier"), "true");
  EXPECT_EQ(page.text("/next"), "null");
  EXPECT_EQ(page.text("/types/trade_date"), "\"date\"");
}

TEST(Candles, AnswersNothingNewWith304) {
  TestServer server;
  const auto first = server.get("/api/candles?root=ES&limit=10");
  ASSERT_EQ(first.status, 200);
  const auto again = server.get("/api/candles?root=ES&limit=10",
                                {{"If-None-Match", std::string(first.header("etag"))}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.header("etag"), first.header("etag"));
}

TEST(Candles, WritesCsv) {
  TestServer server;
  const auto answer =
      server.get("/api/candles?root=ES&limit=1&format=csv&columns=time,symbol,vd_ratio,trade_date");
  EXPECT_EQ(answer.header("content-type"), "text/csv; charset=utf-8");
  EXPECT_TRUE(answer.body.starts_with("time,symbol,vd_ratio,trade_date\n2025-06-10T"))
      << answer.body;
}

TEST(Candles, SaysWhatIsWrongWithARequest) {
  struct {
    const char* target;
    int status;
    const char* detail;
  } const cases[] = {
      {"/api/candles", 400, R"(the parameter \"root\" is missing)"},
      {"/api/candles?root=../etc", 400, "root=../etc: expected a root such as ES"},
      {"/api/candles?root=ES&rot=1", 400, R"(unknown parameter \"rot\")"},
      {"/api/candles?root=ES&root=NQ", 400, "root is given twice"},
      {"/api/candles?root=ES&limit=0", 400, "limit=0: expected a whole number from 1 to 200000"},
      {"/api/candles?root=ES&limit=1e9", 400, "limit=1e9"},
      {"/api/candles?root=ES&limit=", 400, "limit=: expected"},
      {"/api/candles?root=ES&from=yesterday", 400, "from=yesterday: expected seconds since 1970"},
      {"/api/candles?root=ES&from=2025-13-01", 400, "from=2025-13-01"},
      {"/api/candles?root=ES&from=1&before=2", 400, "before= asks for the newest rows"},
      {"/api/candles?root=ES&resolution=2s", 400, "resolution=2s: expected one of 1s, "},
      {"/api/candles?root=ES&columns=time,clse", 400, R"(candles_1m has no column \"clse\")"},
      {"/api/candles?root=ES&columns=,", 400, "columns=,"},
      {"/api/candles?root=ES&format=xml", 400, "format=xml: expected one of json, csv"},
      {"/api/candles?root=ES%0d%0aSet-Cookie:x", 400, "root: holds a control character"},
      {"/api/nothing", 404, "there is nothing here"},
      {"/../../etc/passwd", 404, ""},
  };
  TestServer server;
  for (const auto& c : cases) {
    const auto answer = server.get(c.target);
    EXPECT_EQ(answer.status, c.status) << c.target;
    EXPECT_EQ(answer.header("content-type"), "application/problem+json") << c.target;
    EXPECT_TRUE(answer.body.contains(c.detail)) << c.target << ": " << answer.body;
    EXPECT_TRUE(answer.body.contains(answer.header("x-request-id"))) << answer.body;
  }
  const auto wrong_method = server.send({.method = "POST", .url = server.url("/api/roots")});
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_EQ(wrong_method.header("allow"), "GET");
}

// A token, where one is configured, for everything but what says whether the server is there.
TEST(Server, AsksForItsToken) {
  const TestDirectory folder;
  const std::string token = "0123456789abcdef0123456789abcdef";
  {
    const auto file = Env::posix().create(folder.file("token"), Create::kNewPrivate).value();
    ASSERT_TRUE(file->write(token));
  }
  ServerOptions options;
  options.token_file = folder.file("token");
  TestServer server(options);
  for (const auto* target : {"/healthz", "/readyz", "/login", "/login.css"})
    EXPECT_EQ(server.get(target).status, 200) << target;
  for (const auto* target : {"/api/roots", "/api/candles?root=ES", "/api/stream", "/metrics",
                             "/api/health", "/api/query/limits", "/api/config"}) {
    const auto answer = server.get(target);
    EXPECT_EQ(answer.status, 401) << target;
    EXPECT_TRUE(answer.header("www-authenticate").starts_with("Bearer")) << target;
  }
  const auto page = server.get("/");
  EXPECT_EQ(page.status, 303);
  EXPECT_EQ(page.header("location"), "/login");
  EXPECT_EQ(server.get("/api/roots", {{"Authorization", "Bearer " + token}}).status, 200);

  const auto refused = server.send({.method = "POST",
                                    .url = server.url("/login"),
                                    .body = R"({"token":"wrong"})",
                                    .content_type = "application/json"});
  EXPECT_EQ(refused.status, 401);
  const auto form =
      server.send({.method = "POST", .url = server.url("/login"), .body = "token=" + token});
  EXPECT_EQ(form.status, 303);
  const std::string cookie(form.header("set-cookie"));
  EXPECT_TRUE(cookie.contains("HttpOnly"));
  const std::string pair = cookie.substr(0, cookie.find(';'));
  EXPECT_EQ(server.get("/api/roots", {{"Cookie", pair}}).status, 200);
  EXPECT_EQ(server.get("/", {{"Cookie", pair}}).status, 200);
  EXPECT_EQ(
      server.send({.method = "POST", .url = server.url("/logout"), .headers = {{"Cookie", pair}}})
          .status,
      200);
  EXPECT_EQ(server.get("/api/roots", {{"Cookie", pair}}).status, 401);

  for (std::size_t i = 0; i < 10; ++i)
    static_cast<void>(
        server.send({.method = "POST", .url = server.url("/login"), .body = "token=guess"}));
  const auto limited =
      server.send({.method = "POST", .url = server.url("/login"), .body = "token=guess"});
  EXPECT_EQ(limited.status, 429);
  EXPECT_NE(limited.header("retry-after"), "");
}

TEST(Server, IsOpenOnlyWhereNobodyElseReachesIt) {
  const auto open =
      Server::create(Env::posix(), {.host = "0.0.0.0", .port = 0, .lake = "/tmp/x"}, {});
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code(), Code::kInvalidConfig);
}

TEST(Server, AnswersOnlyToItsOwnNames) {
  TestServer server;
  const auto rebound = server.get("/api/roots", {{"Host", "evil.example.com"}});
  EXPECT_EQ(rebound.status, 403);
  EXPECT_TRUE(rebound.body.contains("names another server"));
  EXPECT_EQ(server.get("/", {{"Host", "evil.example.com"}}).status, 403);
  EXPECT_EQ(server.get("/api/roots", {{"Host", "localhost"}}).status, 200);
  EXPECT_EQ(server.get("/api/roots", {{"Origin", "https://evil.example.com"}}).status, 403);
  EXPECT_EQ(server.get("/api/roots", {{"Sec-Fetch-Site", "cross-site"}}).status, 403);
}

TEST(Server, KeepsNothingOutsideItsFolders) {
  TestServer server;
  for (const auto* target :
       {"/api/jobs/..%2f..%2fetc%2fpasswd/log", "/api/jobs/../log", "/api/jobs/.hidden/log",
        "/api/parquet/candles_1m/..", "/api/parquet/candles_1m/ES/..%2f..",
        "/api/parquet/..%2f/ES/2025-06-09", "/assets/..%2f..%2fetc/passwd", "/%2e%2e/etc/passwd",
        "/api/events/..%2f/rows"}) {
    const auto answer = server.get(target);
    EXPECT_TRUE(answer.status == 404 || answer.status == 400) << target << " " << answer.status;
    EXPECT_FALSE(answer.body.contains("root:")) << target;
  }
}

}  // namespace
}  // namespace fm::server
