#include "cloud.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "server.h"
#include "testing_client.h"

namespace fm::fakegcp {
namespace {

// A client that tries again whatever happens, with an upload and a job that are safe to repeat.
class Stubborn {
 public:
  explicit Stubborn(std::uint64_t seed)
      : test({.seed = seed,
              .fault_rate = 0.3,
              .jobs = {.pending_max = kNanosPerSecond, .running_max = 20 * kNanosPerSecond}}) {}

  // The first answer that is none of the passing ones.
  Reply insist(std::string_view method, std::string_view path, const std::string& body = "",
               std::string_view type = "application/json") {
    for (int attempt = 0; attempt < 100; ++attempt) {
      test.advance(3 * kNanosPerSecond);
      Reply reply = test.send(method, path, body, type);
      if (reply.lost) continue;
      const int status = reply.response.status;
      if (status == 401) {
        test.cloud->stop_faults();
        test.log_in();
        test.cloud->start_faults(test.env.now() / kNanosPerSecond, 0.3);
        continue;
      }
      if (status < 500 && status != 408 && status != 429) return reply;
    }
    ADD_FAILURE() << method << " " << path << ": no answer in 100 attempts";
    return {};
  }

  void upload(const std::string& name, const std::string& bytes) {
    const Reply reply = insist("POST",
                               fmt::format("/upload/storage/v1/b/lake/o?uploadType=media&name={}"
                                           "&ifGenerationMatch=0",
                                           name),
                               bytes, "application/octet-stream");
    EXPECT_TRUE(reply.response.status == 200 || reply.response.status == 412)
        << reply.response.body;
  }

  void load(const std::string& name) {
    for (int attempt = 1; attempt < 50; ++attempt) {
      const std::string id = fmt::format("load_{}_{}", name, attempt);
      const Reply made = insist("POST", std::string(kProject) + "/jobs",
                                TestCloud::load_body(id, "gs://lake/" + name, "rows"));
      EXPECT_TRUE(made.response.status == 200 || made.response.status == 409) << made.response.body;
      Json job;
      do {
        job = Json::parse(
                  insist("GET", fmt::format("{}/jobs/{}?location=US", kProject, id)).response.body)
                  .value();
      } while (job.at("status", "state").text() != "DONE");
      if (job.at("status", "errorResult").is_null()) return;
    }
    ADD_FAILURE() << name << ": was never loaded";
  }

  TestCloud test;
};

TEST(Cloud, EndsInTheSameRowsWhateverGoesWrong) {
  TestCloud maker;
  const std::string bytes = maker.parquet("SELECT i::BIGINT AS i FROM range(10) AS t(i)");
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Stubborn client(seed);
    for (const char* name : {"a", "b"}) {
      client.upload(name, bytes);
      client.load(name);
    }
    client.test.cloud->stop_faults();
    const std::string rows = client.test.cloud->table_sql({"acme", "market_data", "rows"});
    EXPECT_EQ(*client.test.cloud->sql("SELECT count(*) FROM " + rows)->rows[0][0], "20") << seed;
    EXPECT_EQ(client.test.cloud->objects("lake").size(), 2U) << seed;
  }
}

TEST(Cloud, ServesOnAPort) {
  TestCloud test;
  const auto server = serve(test.env, *test.cloud, 0).value();
  const std::string base = fmt::format("http://127.0.0.1:{}", server->port());
  const net::Header bearer{"Authorization", "Bearer " + test.token};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      const auto client = net::HttpClient::create(Env::posix()).value();
      const auto put = client->send(
          {.method = "POST",
           .url = fmt::format("{}/upload/storage/v1/b/lake/o?uploadType=media&name=n{}", base, i),
           .headers = {bearer},
           .body = std::string(100'000, static_cast<char>('a' + i)),
           .content_type = "application/octet-stream"});
      EXPECT_TRUE(put && put->status == 200);
      const auto got =
          client->send({.url = fmt::format("{}/storage/v1/b/lake/o/n{}?alt=media", base, i),
                        .headers = {bearer}});
      EXPECT_TRUE(got && got->body == std::string(100'000, static_cast<char>('a' + i)));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(test.cloud->objects("lake").size(), 4U);
  test.cloud->script("storage.buckets.get", 1, Fault::kReplyLost);
  const auto client = net::HttpClient::create(Env::posix()).value();
  const net::HttpRequest get{.url = base + "/storage/v1/b/lake", .headers = {bearer}};
  const auto lost = client->send(get);
  ASSERT_FALSE(lost);
  EXPECT_TRUE(lost.error().can_retry());
  EXPECT_EQ(client->send(get)->status, 200);
  server->stop();
}

TEST(Cloud, RefusesWhatNobodyAsksFor) {
  TestCloud test;
  EXPECT_EQ(test.reason("GET", "/bigquery/v2/projects/acme"), "404 notFound");
  EXPECT_EQ(test.reason("GET", "/bigquery/v2/projects/acme/jobs?colour=red"),
            "400 invalidParameter");
  const Reply form = test.send("POST", std::string(kProject) + "/jobs", "{}", "text/plain");
  EXPECT_EQ(form.response.status, 400);
  EXPECT_EQ(test.reason("POST", std::string(kProject) + "/jobs", "[1"), "400 invalid");
  EXPECT_EQ(test.cloud->requests("unknown"), 1U);
}

}  // namespace
}  // namespace fm::fakegcp
