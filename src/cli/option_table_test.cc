#include "cli/option_table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/command_line.h"

namespace fm::cli {
namespace {

TEST(OptionTable, FindsTheWordsThatADescriptionEnumerates) {
  const struct {
    const char* description;
    std::vector<std::string> choices;
  } cases[] = {
      {"dbn (default) or json", {"dbn", "json"}},
      {"default, warn or skip", {"default", "warn", "skip"}},
      {"parent (default), raw_symbol, continuous or instrument_id",
       {"parent", "raw_symbol", "continuous", "instrument_id"}},
      {"Make stored dates again, or not", {}},
      {"tbbo,status,definition,statistics (default)", {}},
      {"json", {}},
      {"", {}},
      {" or ", {}},
      {"a, ", {}},
  };
  for (const auto& c : cases) EXPECT_EQ(choices_in(c.description), c.choices) << c.description;
}

TEST(OptionTable, HoldsEveryCommandWithItsFlags) {
  Context context(Env::posix(), "frontmonth", {});
  const OptionTable table = option_table(CommandLine(context));
  EXPECT_EQ(table.commands.size(), all_commands().size());
  const auto candles = std::ranges::find(table.commands, "candles", &CommandEntry::name);
  ASSERT_NE(candles, table.commands.end());
  ASSERT_EQ(candles->positionals.size(), 1U);
  EXPECT_EQ(candles->positionals[0].value, "IN");
  EXPECT_EQ(candles->positionals[0].proposal, Proposal::kFiles);
  EXPECT_TRUE(candles->positionals[0].required);
  EXPECT_TRUE(candles->positionals[0].repeated);
  for (const auto& command : table.commands)
    for (const auto& option : command.options) {
      EXPECT_FALSE(option.description.empty()) << command.name;
      EXPECT_FALSE(option.names.empty()) << command.name;
    }
}

}  // namespace
}  // namespace fm::cli
