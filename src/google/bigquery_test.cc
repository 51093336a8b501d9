#include "google/bigquery.h"

#include <gtest/gtest.h>

#include "fakegcp/faults.h"
#include "google/testing_cloud.h"

namespace fm::google {
namespace {

using fakegcp::Fault;

class BigQueryTest : public ::testing::Test {
 protected:
  BigQueryTest()
      : endpoints_(cloud_.endpoints()),
        tokens_(cloud_.env, cloud_.credentials(), cloud_.transports()().value(),
                {.endpoints = endpoints_}),
        api_(cloud_.env, tokens_, cloud_.transports()().value()),
        bigquery_(api_, endpoints_, std::string(kProject), "US") {}

  // The only cell.
  Result<std::string> ask(const std::string& sql) {
    std::vector<ResultColumn> columns;
    std::string value;
    FM_ASSIGN(const Job job, bigquery_.select({sql, 1 << 30}, columns, [&](Cells cells) -> Status {
      value = cells.at(0).value_or("null");
      return {};
    }));
    static_cast<void>(job);
    return value;
  }

  TestCloud cloud_;
  Endpoints endpoints_;
  Tokens tokens_;
  Api api_;
  BigQuery bigquery_;
};

TEST_F(BigQueryTest, TheEndOfAQueryIsToldAndNotLookedFor) {
  ASSERT_EQ(ask("SELECT 1").value(), "1");  // the token is there now
  const std::uint64_t before = api_.requests();
  EXPECT_EQ(ask("SELECT 41 + 1").value(), "42");
  EXPECT_LE(api_.requests() - before, 4U);  // the job, its end, what became of it, its rows
}

// What becomes of the question for the end changes nothing.
TEST_F(BigQueryTest, AnswersAboutTheEndMayGetLost) {
  for (const Fault fault : {Fault::kRequestLost, Fault::kReplyLost, Fault::kTooMany,
                            Fault::kUnavailable, Fault::kBadGateway, Fault::kUnauthorized}) {
    cloud_.cloud->script("bigquery.jobs.getQueryResults", 1, fault);
    const auto answer = ask("SELECT 41 + 1");
    ASSERT_TRUE(answer) << fakegcp::name(fault) << ": " << answer.error().message();
    EXPECT_EQ(*answer, "42");
    cloud_.cloud->stop_faults();
    cloud_.cloud->start_faults(1, 0);
  }
}

TEST_F(BigQueryTest, AQueryThatFailsSaysWhy) {
  const auto refused = ask("SELECT nothing FROM market_data.no_such_table");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kRefused);
  EXPECT_NE(refused.error().message().find("no_such_table"), std::string::npos)
      << refused.error().message();
}

}  // namespace
}  // namespace fm::google
