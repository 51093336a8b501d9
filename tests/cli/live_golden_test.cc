// The golden sets streamed live, `replay` to `live` to the lake, end in the rows that an
// independent implementation of the semantics made.
#include "jobs/testing_candles.h"
#include "jobs/testing_conversions.h"
#include "testing_feed.h"

namespace fm::testing_cli {
namespace {

struct Golden {
  const char* name;   // of the expected rows
  const char* input;  // DBN, or text that is made DBN
};

// Those that have a form in DBN: hostile text stops at the gateway.
constexpr Golden kGoldens[] = {
    {"small", "candles/small.jsonl.zst"},
    {"grains-1", "candles/grains-1.jsonl.zst"},
    {"late-1", "candles/late-1.jsonl.zst"},
    {"ties-1", "candles/ties-1.jsonl.zst"},
};

class LiveGolden : public FeedTest, public testing::WithParamInterface<Golden> {};

TEST_P(LiveGolden, EndsInThePublishedRows) {
  if (!is_shared_data_there()) GTEST_SKIP() << "shared data absent: " << FM_SHARED_DATA;
  const Golden& golden = GetParam();
  std::string input = shared(golden.input);
  if (!input.ends_with(".dbn")) {
    jobs::write_dbn(path("golden.dbn"), jobs::records_of(input), 3, jobs::Mappings::kInMetadata);
    input = path("golden.dbn");
  }
  const Gateway gateway = serve({"--fault", "half@1500"}, "0", input);
  const std::string report =
      live_to_the_end(gateway, "live", {"--subscribe", "tbbo:raw_symbol:ALL_SYMBOLS"});
  EXPECT_EQ(number_in(report, "sessions"), 2U);
  const std::string rows = result({"query", "SELECT * FROM candles_1m ORDER BY ticker, time",
                                   "--lake", "live", "--format", "csv"});
  EXPECT_TRUE(jobs::same_rows(
      jobs::read_whole(shared(std::string("candles/") + golden.name + ".expected.csv.zst")), rows));
}

INSTANTIATE_TEST_SUITE_P(All, LiveGolden, testing::ValuesIn(kGoldens), [](const auto& test) {
  std::string name = test.param.name;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace fm::testing_cli
