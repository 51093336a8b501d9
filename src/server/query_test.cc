#include <gtest/gtest.h>
#include <simdjson.h>

#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/json_text.h"
#include "base/testing_fault_env.h"
#include "lake/testing_hostile.h"
#include "server/sql_service.h"
#include "server/testing_server.h"

namespace fm::server {
namespace {

net::HttpResponse post(TestServer& server, std::string body,
                       std::string content_type = "application/json") {
  return server.send({.method = "POST",
                      .url = server.url("/api/query"),
                      .body = std::move(body),
                      .content_type = std::move(content_type)});
}

net::HttpResponse query(TestServer& server, std::string_view sql, std::string_view more = "") {
  return post(server, fmt::format(R"({{"sql":{}{}}})", json_quoted(sql), more));
}

TEST(Query, AnswersInEachForm) {
  TestServer server;
  constexpr std::string_view kSql =
      "SELECT ticker, min(trade_date) AS day, count(*) > 1000 AS many, avg(volume) > 0 AS some, "
      "NULL AS nothing FROM candles_1m WHERE ticker = 'ES' GROUP BY 1";
  const auto json = query(server, kSql);
  EXPECT_EQ(json.status, 200) << json.body;
  EXPECT_TRUE(json.body.starts_with(
      R"({"columns":[{"name":"ticker","type":"text"},{"name":"day","type":"date"},)"
      R"({"name":"many","type":"boolean"},{"name":"some","type":"boolean"},)"
      R"({"name":"nothing","type":)"))
      << json.body;
  EXPECT_TRUE(
      json.body.contains(R"("rows":[["ES","2025-06-09",true,true,null]],"truncated":false)"))
      << json.body;
  EXPECT_EQ(json.header("cache-control"), "no-store");

  const auto csv = query(server, kSql, R"(,"format":"csv")");
  EXPECT_EQ(csv.body, "ticker,day,many,some,nothing\nES,2025-06-09,true,true,\n");
  EXPECT_EQ(csv.header("content-disposition"), "attachment; filename=\"query.csv\"");
  EXPECT_EQ(csv.header("x-rows"), "1");

  const auto parquet = query(server, kSql, R"(,"format":"parquet")");
  EXPECT_EQ(parquet.status, 200) << parquet.body;
  EXPECT_TRUE(parquet.body.starts_with("PAR1") && parquet.body.ends_with("PAR1"));
  EXPECT_EQ(parquet.header("content-type"), "application/vnd.apache.parquet");
}

TEST(Query, ShowsTheStateOfTheHouse) {
  TestServer server;
  const auto answer = query(server, "SELECT count(*) AS n FROM ops.job_runs WHERE job = 'candles'");
  EXPECT_TRUE(answer.body.contains(R"("rows":[[1]])")) << answer.body;
}

TEST(Query, CutsWhatIsTooMuch) {
  ServerOptions options;
  options.query.rows_max = 50;
  TestServer server(options);
  const auto cut = query(server, "SELECT * FROM range(60)");
  EXPECT_TRUE(cut.body.contains(R"("truncated":true)"));
  EXPECT_TRUE(cut.body.contains("[49]") && !cut.body.contains("[50]"));
  EXPECT_TRUE(query(server, "SELECT * FROM range(60)", R"(,"rows_max":3)").body.contains("[2]]"));
  EXPECT_EQ(query(server, "FROM range(60)", R"(,"format":"csv")").header("x-truncated"), "true");
  EXPECT_EQ(query(server, "FROM range(60)", R"(,"format":"parquet")").header("x-truncated"),
            "true");
  // Never more than the server's own limit.
  EXPECT_TRUE(
      query(server, "SELECT * FROM range(60)", R"(,"rows_max":1000)").body.contains("[49]]"));
}

TEST(Query, SaysWhatIsWrong) {
  struct {
    const char* body;
    int status;
    const char* detail;
  } const cases[] = {
      {"", 400, "the body is no JSON object"},
      {"[]", 400, "the body is no JSON object"},
      {"{}", 400, "the body holds no"},
      {R"({"sql":1})", 400, "the body says sql in no way"},
      {R"({"sql":"SELECT 1","rows_max":-1})", 400, "the body says rows_max"},
      {R"({"sql":"SELECT 1","rows_max":0})", 400, "the body asks for no rows"},
      {R"({"sql":"SELECT 1","format":"xml"})", 400, "the body names no format"},
      {R"({"sql":"SELECT 1","formt":"csv"})", 400, "the body says formt"},
      {R"({"sql":"SELEC 1"})", 400, "is not read-only"},
      {R"({"sql":"SELECT nothing FROM candles_1m"})", 422, "nothing"},
      {R"({"sql":"SELECT * FROM candels_1m"})", 422, "candels_1m"},
  };
  TestServer server;
  for (const auto& c : cases) {
    const auto answer = post(server, c.body);
    EXPECT_EQ(answer.status, c.status) << c.body << ": " << answer.body;
    EXPECT_TRUE(answer.body.contains(c.detail)) << c.body << ": " << answer.body;
  }
  EXPECT_EQ(post(server, R"({"sql":"SELECT 1"})", "text/plain").status, 400);
  EXPECT_EQ(server.get("/api/query").status, 405);
}

TEST(Query, RefusesHostileStatements) {
  constexpr std::string_view kSecret = "the-secret-of-this-test";
  const TestDirectory secrets;
  for (const char* name : {"secret.csv", "secret.json", "secret.txt", "secret.parquet"})
    ASSERT_TRUE(write_text_atomically(Env::posix(), secrets.file(name), std::string(kSecret)));
  ServerOptions options;
  options.query = {.memory_mib = 64, .threads = 1, .time_max = 300'000'000, .rows_max = 1'000};
  TestServer server(options);
  std::size_t count = 0;
  const auto refuse_all = [&](std::span<const lake::Hostile> statements) {
    for (const lake::Hostile& hostile : statements) {
      std::string sql = hostile.sql;
      for (const auto& [sign, path] : {std::pair<std::string, std::string>{"$D", secrets.path()},
                                       {"$L", TestLake::get().path()}})
        for (std::size_t at = 0; (at = sql.find(sign, at)) != std::string::npos; at += path.size())
          sql.replace(at, sign.size(), path);
      for (const char* const format : {"json", "parquet"}) {
        const auto answer = query(server, sql, fmt::format(R"(,"format":"{}")", format));
        EXPECT_TRUE(answer.status == 400 || answer.status == 422 || answer.status == 504)
            << answer.status << " " << sql << "\n"
            << answer.body.substr(0, 300);
        EXPECT_EQ(answer.header("content-type"), "application/problem+json") << sql;
        EXPECT_FALSE(answer.body.contains(kSecret)) << sql;
      }
      ++count;
    }
  };
  refuse_all(lake::kChanging);
  refuse_all(lake::kHidden);
  refuse_all(lake::kFiles);
  refuse_all(lake::kTelling);
  refuse_all(lake::kSwelling);
  refuse_all(lake::kEndless);
  EXPECT_GE(count, 100U);
  EXPECT_EQ(query(server, "SELECT 1").status, 200);
}

constexpr char kEndless[] = R"x({"sql":"SELECT sum(sin(range)) FROM range(1000000000000)"})x";

Result<net::HttpResponse> ask_endlessly(net::HttpClient& client, const TestServer& server) {
  return client.send({.method = "POST",
                      .url = server.url("/api/query"),
                      .body = kEndless,
                      .content_type = "application/json"});
}

TEST(Query, IsRefusedWhenAllSlotsAreTaken) {
  ServerOptions options;
  options.query = {.threads = 1, .time_max = 3 * kNanosPerSecond, .at_once_max = 1};
  TestServer server(options);
  std::thread slow([&] {
    const auto client = net::HttpClient::create(Env::posix()).value();
    EXPECT_EQ(ask_endlessly(*client, server)->status, 504);
  });
  Env::posix().sleep_for(kNanosPerSecond);
  const auto busy = query(server, "SELECT 1");
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(busy.header("retry-after"), "1");
  slow.join();
  EXPECT_EQ(query(server, "SELECT 1").status, 200);
}

// A client that hangs up frees the slot long before the statement's time is over.
TEST(Query, EndsWhenTheClientIsGone) {
  ServerOptions options;
  options.query = {.threads = 1, .time_max = 120 * kNanosPerSecond, .at_once_max = 1};
  TestServer server(options);
  const auto client = net::HttpClient::create(Env::posix()).value();
  std::thread gone([&] { EXPECT_FALSE(ask_endlessly(*client, server)); });
  Env::posix().sleep_for(700'000'000);
  EXPECT_EQ(query(server, "SELECT 1").status, 429);
  client->cancel();
  gone.join();
  int status = 0;
  for (int i = 0; i < 300 && status != 200; ++i) {
    status = query(server, "SELECT 1").status;
    Env::posix().sleep_for(50'000'000);
  }
  EXPECT_EQ(status, 200);
}

TEST(SqlService, LeavesNothingBehind) {
  TestServer server;
  const std::string state = TestLake::get().folder.file("frontmonth-state-lake");
  const auto before = Env::posix().list(state).value();
  EXPECT_EQ(query(server, "SELECT 1 AS one", R"(,"format":"parquet")").status, 200);
  EXPECT_NE(query(server, "SELECT nothing", R"(,"format":"parquet")").status, 200);
  EXPECT_EQ(Env::posix().list(state).value(), before);
}

TEST(SqlService, RemovesWhatKilledProcessesLeft) {
  FaultEnv env;
  const TestDirectory folder;
  auto lake = lake::Lake::open(env, folder.file("lake"));
  ASSERT_TRUE(lake) << lake.error().message();
  const std::string left = join((*lake)->state_dir(), "query-0123456789abcdef");
  ASSERT_TRUE(env.make_directories(left));
  ASSERT_TRUE(write_text_atomically(env, join(left, "result.parquet"), "half"));
  {
    const SqlService others_are_at_work(env, **lake, {});
  }
  EXPECT_TRUE(env.exists(left));
  env.set_now(env.now() + 2 * 3'600 * kNanosPerSecond);
  {
    const SqlService next(env, **lake, {});
  }
  EXPECT_FALSE(env.exists(left));
}

}  // namespace
}  // namespace fm::server
