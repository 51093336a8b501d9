// The whole command line as CLI11 knows it: every subcommand declared, nothing parsed yet.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace fm::cli {

inline constexpr std::string_view kAbout =
    "frontmonth: futures market data, from trades to order-flow candles in a Parquet lake.";
inline constexpr std::string_view kTopExamples =
    "  frontmonth demo                                  see it work, with no data of your own\n"
    "  frontmonth candles trades.dbn.zst -o candles.parquet\n"
    "  frontmonth query 'SELECT count(*) FROM candles_1m' --lake lake\n"
    "  frontmonth candles --help";
// The flags of the whole program, which stand behind any command.
inline constexpr std::string_view kCommonFlags =
    "Every command also takes --config FILE, --log-level LEVEL and --log-json.";

struct CommandLine {
  CLI::App app{std::string(kAbout)};
  std::vector<std::unique_ptr<Command>> commands = all_commands();
  std::vector<CLI::App*> parsers;  // one per command, in the same order

  // `context` takes what flags say; it outlives this.
  explicit CommandLine(Context& context);
};

}  // namespace fm::cli
