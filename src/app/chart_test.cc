#include "app/chart.h"

#include <gtest/gtest.h>

#include "app/demo.h"
#include "app/progress.h"
#include "base/testing_fault_env.h"

namespace fm::app {
namespace {

class ChartTest : public testing::Test {
 protected:
  static Chart day() {
    Chart chart;
    chart.title = "ES";
    chart.begin = Date(2025, 6, 9).first_second() + 22 * 3'600;
    chart.end = chart.begin + 23 * 3'600;
    for (int i = 0; i < 200; ++i) {
      const double price = 6'000 + i % 7;
      chart.bars.push_back(
          {chart.begin + i * 300, price, price + 2, price - 2, price + 1, i % 5 - 2, i * 3 - 100});
    }
    chart.stints = {{chart.begin, "ESM5"}, {chart.begin + 40'000, "ESU5"}};
    return chart;
  }

  Env& env_ = Env::posix();
  const TestDirectory directory_;
  const std::string& folder_ = directory_.path();
};

TEST_F(ChartTest, WritesBothFormsTheSameEachTime) {
  const std::string png = join(folder_, "a.png");
  const std::string svg = join(folder_, "a.svg");
  ASSERT_TRUE(write_png(env_, day(), png) && write_svg(env_, day(), svg));
  const std::string first = read_text(env_, png).value();
  EXPECT_TRUE(first.starts_with("\x89PNG"));
  EXPECT_NE(read_text(env_, svg).value().find("<svg"), std::string::npos);
  ASSERT_TRUE(write_png(env_, day(), png));
  EXPECT_EQ(read_text(env_, png).value(), first);
}

TEST_F(ChartTest, DrawsWhatIsHardToScale) {
  Chart one = day();
  one.bars.resize(1);
  one.bars[0] = {one.begin, 5, 5, 5, 5, 0, 0};
  one.stints.clear();
  EXPECT_TRUE(write_png(env_, one, join(folder_, "one.png")));
  Chart below_zero = day();
  for (auto& bar : below_zero.bars) {
    bar.open -= 6'040;
    bar.high -= 6'040;
    bar.low -= 6'040;
    bar.close -= 6'040;
    bar.cvd_close *= -1'000'000;
  }
  EXPECT_TRUE(write_png(env_, below_zero, join(folder_, "below.png")));
}

TEST_F(ChartTest, ErrorsNameWhatIsMissing) {
  Chart chart = day();
  chart.time_zone = "America/Atlantis";
  const auto zone = write_png(env_, chart, join(folder_, "a.png"));
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error().code(), Code::kNotFound);
  EXPECT_FALSE(write_png(env_, day(), join(folder_, "absent/a.png")));
}

TEST(Ticks, AreRoundAndInside) {
  struct {
    double low, high;
    int count;
    double first, step;
  } const cases[] = {{5'980, 6'110, 7, 5'980, 20},
                     {-1'100, 1'100, 4, -1'000, 1'000},
                     {0.01, 0.09, 4, 0.02, 0.02},
                     {71.2, 72.1, 5, 71.2, 0.2}};
  for (const auto& c : cases) {
    const Ticks ticks = round_ticks(c.low, c.high, c.count);
    EXPECT_NEAR(ticks.first, c.first, c.step / 1e6) << c.low;
    EXPECT_NEAR(ticks.step, c.step, c.step / 1e6) << c.low;
  }
}

TEST(Words, CountsAndBytesAreShort) {
  EXPECT_EQ(short_count(97), "97");
  EXPECT_EQ(short_count(1'250), "1.25 k");
  EXPECT_EQ(short_count(812'345), "812 k");
  EXPECT_EQ(short_count(999'999), "1.00 M");
  EXPECT_EQ(short_bytes(512), "512 B");
  EXPECT_EQ(short_bytes(1'500'000), "1.4 MiB");
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(-1'234'567), "-1,234,567");
  EXPECT_EQ(grouped(INT64_MIN), "-9,223,372,036,854,775,808");
}

TEST(Words, ShellWordsArePastedAsTheyAre) {
  EXPECT_EQ(shell_word("build/release/frontmonth"), "build/release/frontmonth");
  EXPECT_EQ(shell_word("a demo"), "'a demo'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace fm::app
