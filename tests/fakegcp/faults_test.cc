#include "faults.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing_client.h"

namespace fm::fakegcp {
namespace {

TEST(Faults, FollowTheirSeed) {
  const auto sequence = [](std::uint64_t seed) {
    FaultSchedule schedule(seed, 0.3);
    std::string out;
    for (int i = 0; i < 200; ++i)
      out += fmt::format("{} ", name(schedule.decide("storage.resumable.put").fault));
    return out;
  };
  EXPECT_EQ(sequence(1), sequence(1));
  EXPECT_NE(sequence(1), sequence(2));
}

TEST(Faults, AllComeAtTheirRate) {
  FaultSchedule schedule(5, 0.25);
  for (int i = 0; i < 20'000; ++i) {
    (void)schedule.decide("storage.resumable.put");
    (void)schedule.decide("bigquery.jobs.insert");
  }
  std::uint64_t sum = 0;
  for (const auto& [fault, count] : schedule.seen()) sum += count;
  EXPECT_EQ(schedule.seen().size(), 15U);
  EXPECT_NEAR(static_cast<double>(sum), 10'000.0, 500.0);
}

TEST(Faults, ScriptedOnesComeOnTheirTurn) {
  TestCloud test;
  const auto get = [&] { return test.send("GET", "/storage/v1/b/lake"); };
  const struct {
    Fault fault;
    bool lost;
    int status;
  } cases[] = {{Fault::kRequestLost, true, 200},     {Fault::kReplyLost, true, 200},
               {Fault::kTooMany, false, 429},        {Fault::kInternal, false, 500},
               {Fault::kBadGateway, false, 502},     {Fault::kUnavailable, false, 503},
               {Fault::kRequestTimeout, false, 408}, {Fault::kTimedOut, false, 504},
               {Fault::kSlowBody, false, 200},       {Fault::kTwice, false, 200}};
  for (const auto& c : cases) {
    test.cloud->script("storage.buckets.get", 2, c.fault);
    EXPECT_EQ(get().response.status, 200);
    const Reply reply = get();
    EXPECT_EQ(reply.lost, c.lost) << name(c.fault);
    if (!reply.lost) {
      EXPECT_EQ(reply.response.status, c.status) << name(c.fault);
    }
    EXPECT_EQ(reply.slow_for > 0, c.fault == Fault::kSlowBody);
    EXPECT_EQ(get().response.status, 200);
  }
}

TEST(Faults, SayWhetherTheRequestTookEffect) {
  const struct {
    Fault fault;
    std::size_t objects;
    int status;
  } cases[] = {{Fault::kRequestLost, 0, 0},
               {Fault::kReplyLost, 1, 0},
               {Fault::kTimedOut, 1, 504},
               {Fault::kTwice, 1, 412},
               {Fault::kUnavailable, 0, 503}};
  for (const auto& c : cases) {
    TestCloud test;
    test.cloud->script("storage.objects.insert", 1, c.fault);
    const Reply reply =
        test.send("POST", "/upload/storage/v1/b/lake/o?uploadType=media&name=x&ifGenerationMatch=0",
                  "bytes", "text/plain");
    EXPECT_EQ(test.cloud->objects("lake").size(), c.objects) << name(c.fault);
    if (c.status != 0) {
      EXPECT_EQ(reply.response.status, c.status) << name(c.fault);
    }
  }
}

TEST(Faults, ARevokedTokenStaysRevoked) {
  TestCloud test;
  test.cloud->script("storage.buckets.get", 1, Fault::kUnauthorized);
  EXPECT_EQ(test.reason("GET", "/storage/v1/b/lake"), "401 authError");
  EXPECT_EQ(test.reason("GET", "/storage/v1/b/lake"), "401 authError");
  test.log_in();
  test.expect(200, "GET", "/storage/v1/b/lake");
}

}  // namespace
}  // namespace fm::fakegcp
