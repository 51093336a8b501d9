#include "google/transfer.h"

#include <gtest/gtest.h>

#include "google/testing_cloud.h"

namespace fm::google {
namespace {

class TransferTest : public ::testing::Test {
 protected:
  TransferTest()
      : endpoints_(cloud_.endpoints()),
        tokens_(cloud_.env, cloud_.credentials(), cloud_.transports()().value(),
                {.endpoints = endpoints_}),
        api_(cloud_.env, tokens_, cloud_.transports()().value()),
        transfers_(api_, endpoints_, kProject, "US") {}

  Scheduled put(const ScheduledQuery& query) {
    const auto outcome = transfers_.put(query);
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message());
    return outcome.value_or(Scheduled::kUnchanged);
  }
  std::size_t count(std::string_view name) { return transfers_.find(name)->size(); }

  TestCloud cloud_;
  const Endpoints endpoints_;
  Tokens tokens_;
  Api api_;
  Transfers transfers_;
};

const ScheduledQuery kQuery{
    .display_name = "the hours", .schedule = "every 5 minutes", .sql = "SELECT 'a \"b\"\\n'"};

TEST_F(TransferTest, PutsWhatIsGiven) {
  EXPECT_EQ(put(kQuery), Scheduled::kCreated);
  EXPECT_EQ(put(kQuery), Scheduled::kUnchanged);
  ScheduledQuery other = kQuery;
  other.sql = "SELECT 2";
  EXPECT_EQ(put(other), Scheduled::kUpdated);
  EXPECT_EQ(transfers_.find(kQuery.display_name)->at(0).sql, "SELECT 2");
  other.schedule = "every 2 hours";
  EXPECT_EQ(put(other), Scheduled::kUpdated);
  EXPECT_EQ(put(other), Scheduled::kUnchanged);
  other.display_name = "the days";
  EXPECT_EQ(put(other), Scheduled::kCreated);
  EXPECT_EQ(count(kQuery.display_name), 1U);
}

// A creation that is repeated would make a second one.
TEST_F(TransferTest, ThereIsOneHoweverItsAnswerIsLost) {
  std::uint64_t first_attempts = 0;
  for (const fakegcp::Fault fault : {fakegcp::Fault::kReplyLost, fakegcp::Fault::kRequestLost}) {
    cloud_.cloud->script("transfer.create", 1, fault);
    ScheduledQuery query = kQuery;
    query.display_name = fmt::format("query {}", ++first_attempts);
    EXPECT_EQ(put(query), Scheduled::kCreated);
    EXPECT_EQ(count(query.display_name), 1U);
    EXPECT_EQ(put(query), Scheduled::kUnchanged);
  }
  EXPECT_EQ(cloud_.cloud->faults_seen().size(), 2U);
}

TEST_F(TransferTest, RefusalsReachTheUser) {
  ScheduledQuery query = kQuery;
  query.schedule = "every 1 minutes";
  const auto refused = transfers_.put(query);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("scheduled query \"the hours\""), std::string::npos);
  EXPECT_EQ(count(kQuery.display_name), 0U);
}

}  // namespace
}  // namespace fm::google
