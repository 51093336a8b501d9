#include "jobs/poll_guards.h"

#include <gtest/gtest.h>

#include <vector>

namespace fm::jobs {
namespace {

constexpr Nanos kMinute = 60 * kNanosPerSecond;
constexpr Nanos kStart = (1'750'032'000 + 14 * 3'600) * kNanosPerSecond;  // 2025-06-16T14:00:00Z

PolledBar bar(std::string symbol, int minute, Price close) {
  PolledBar bar;
  bar.time = kStart + static_cast<Nanos>(minute) * kMinute;
  bar.symbol = std::move(symbol);
  bar.open = bar.high = bar.low = bar.close = close;
  bar.volume = 1;
  return bar;
}

// "CLN5 0", "CLN5 1 outlier": the minutes in the order of the verdicts.
std::vector<std::string> judged(const std::string& root, const std::vector<PolledBar>& bars) {
  std::vector<std::string> verdicts;
  const auto words = [](const PolledBar& one) {
    return fmt::format("{} {}", one.symbol, (one.time - kStart) / kMinute);
  };
  BarGuards guards(
      market::Universe::builtin(), market::Calendar::builtin(),
      {.root = root, .outlier_limit = 0.2, .now = kStart + 60 * kMinute},
      [&](const PolledBar& one) { verdicts.push_back(words(one)); },
      [&](const RejectedBar& one) {
        verdicts.push_back(words(one.bar) + " " + std::string(name(one.fault)));
      });
  for (const PolledBar& one : bars) guards.judge(one);
  guards.finish();
  return verdicts;
}

constexpr Price kUnit = kPriceScale;

TEST(BarGuards, HoldAJumpBackUntilTheNextBarOfItsContract) {
  using Verdicts = std::vector<std::string>;
  struct {
    const char* what;
    const char* root;
    std::vector<PolledBar> bars;
    Verdicts verdicts;
  } const cases[] = {
      {"one bad print",
       "CL",
       {bar("CLN5", 0, 70 * kUnit), bar("CLN5", 1, 90 * kUnit), bar("CLN5", 2, 71 * kUnit)},
       {"CLN5 0", "CLN5 1 outlier", "CLN5 2"}},
      {"a move",
       "CL",
       {bar("CLN5", 0, 70 * kUnit), bar("CLN5", 1, 90 * kUnit), bar("CLN5", 2, 91 * kUnit)},
       {"CLN5 0", "CLN5 1", "CLN5 2"}},
      {"each contract by itself",
       "CL",
       {bar("CLN5", 0, 70 * kUnit), bar("CLN5", 1, 90 * kUnit), bar("CLZ5", 1, 90 * kUnit)},
       {"CLN5 0", "CLZ5 1", "CLN5 1 outlier"}},
      {"a second version confirms nothing",
       "CL",
       {bar("CLN5", 0, 70 * kUnit), bar("CLN5", 1, 90 * kUnit), bar("CLN5", 1, 91 * kUnit)},
       {"CLN5 0", "CLN5 1 outlier"}},
      {"through zero in steps of ticks",
       "CL",
       {bar("CLN5", 0, kUnit / 10), bar("CLN5", 1, -kUnit / 10), bar("CLN5", 2, -kUnit / 5)},
       {"CLN5 0", "CLN5 1", "CLN5 2"}},
      {"below zero as above",
       "CL",
       {bar("CLN5", 0, -30 * kUnit), bar("CLN5", 1, -35 * kUnit), bar("CLN5", 2, -70 * kUnit)},
       {"CLN5 0", "CLN5 1", "CLN5 2 outlier"}},
      {"a tick that nobody knows", "ZZZ", {bar("ZZZN5", 0, 1)}, {"ZZZN5 0"}},
      {"another root", "CL", {bar("ESU5", 0, 6'000 * kUnit)}, {"ESU5 0 other_root"}},
      {"no name", "CL", {bar("", 0, 70 * kUnit)}, {" 0 no_symbol"}},
      {"the future",
       "CL",
       {bar("CLN5", 60, 70 * kUnit), bar("CLN5", 61, 70 * kUnit)},
       {"CLN5 60", "CLN5 61 in_future"}},
  };
  for (const auto& c : cases) EXPECT_EQ(judged(c.root, c.bars), c.verdicts) << c.what;
}

}  // namespace
}  // namespace fm::jobs
