// The golden sets: rows and statistics that an independent implementation of the semantics made.
#include <gtest/gtest.h>

#include <filesystem>

#include "dbn/enums.h"
#include "dbn/tbbo_text.h"
#include "dbn/text_csv.h"
#include "dbn/writer.h"
#include "jobs/candles_job.h"
#include "jobs/testing_candles.h"

namespace fm::jobs {
namespace {

std::string shared(std::string_view name) { return fmt::format("{}/{}", FM_SHARED_DATA, name); }

struct Golden {
  const char* name;   // of the expected rows
  const char* input;  // a file of the data folder
  const char* stats;  // empty: none
  int warmup = 60;
  std::map<std::string, std::int64_t> cvd_base = {};
};

const Golden kGoldens[] = {
    {"small", "candles/small.jsonl.zst", "small"},
    {"small", "candles/small-raw.jsonl.zst", "small"},
    {"small.cvd-base.warmup-1", "candles/small.jsonl.zst", "", 1, {{"ES", 1000}, {"NQ", -250}}},
    {"edge-1", "candles/edge-1.jsonl.zst", "edge-1"},
    {"edge-2", "candles/edge-2.jsonl.zst", "edge-2"},
    {"edge-5", "candles/edge-5.jsonl.zst", "edge-5"},
    {"esh4", "esh4-2023-12-25/glbx-mdp3-20231225.tbbo.dbn", "esh4"},
    {"grains-1", "candles/grains-1.jsonl.zst", "grains-1"},
    {"late-1", "candles/late-1.jsonl.zst", "late-1"},
    {"text-1", "candles/text-1.jsonl.zst", "text-1"},
    {"ties-1", "candles/ties-1.jsonl.zst", "ties-1"},
};

class CandlesGolden : public ::testing::TestWithParam<Golden> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(shared("candles")))
      GTEST_SKIP() << "shared data absent: " << shared("candles");
    expected_ = read_whole(shared(fmt::format("candles/{}.expected.csv.zst", GetParam().name)));
  }
  CandlesOptions options(const std::string& input) const {
    CandlesOptions options;
    options.inputs = {input};
    options.warmup_seconds = GetParam().warmup;
    options.cvd_base = GetParam().cvd_base;
    return options;
  }
  const TestDirectory folder_;
  std::string expected_;
};

TEST_P(CandlesGolden, RowsAndStatistics) {
  CandlesOptions made = options(shared(GetParam().input));
  made.stats_file = folder_.file("stats.json");
  EXPECT_TRUE(same_rows(expected_, candles_csv(made, folder_)));
  if (*GetParam().stats != 0) {
    EXPECT_EQ(read_whole(made.stats_file),
              read_whole(shared(fmt::format("candles/{}.stats.json", GetParam().stats))));
  }
}

TEST_P(CandlesGolden, SpillingChangesNothing) {
  CandlesOptions made = options(shared(GetParam().input));
  made.buffer_bytes = 1;  // as little as there can be
  EXPECT_TRUE(same_rows(expected_, candles_csv(made, folder_)));
  for (const std::string& name : names_below(folder_))
    EXPECT_FALSE(name.ends_with(".frontmonth-spill") || name.ends_with(".frontmonth-draft"))
        << name << " was left behind";
}

INSTANTIATE_TEST_SUITE_P(All, CandlesGolden, ::testing::ValuesIn(kGoldens), [](const auto& test) {
  std::string name = fmt::format("{}_{}", test.param.name, test.index);
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
});

}  // namespace
}  // namespace fm::jobs
