// Help, usage errors and exit codes: what every command has in common.
#include "program.h"

namespace fm::testing_cli {
namespace {

const std::vector<std::string> kCommands = {
    "demo",   "live",      "repair",  "reconcile", "poll",       "load",   "rollup", "continuous",
    "fetch",  "replay",    "candles", "synth",     "query",      "schema", "verify", "audit",
    "backup", "retention", "dump",    "doctor",    "completion", "man",    "version"};

using Usage = ProgramTest;

TEST_F(Usage, HelpListsEveryCommand) {
  const std::string help = result({"--help"});
  for (const auto& command : kCommands)
    EXPECT_NE(help.find("  " + command), std::string::npos) << command;
  EXPECT_NE(help.find("Exit codes:"), std::string::npos);
}

TEST_F(Usage, EveryCommandsHelpHasAnExampleAndTheExitCodes) {
  for (const auto& command : kCommands) {
    const std::string help = result({command, "--help"});
    EXPECT_NE(help.find("frontmonth " + command), std::string::npos) << help;
    EXPECT_NE(help.find("Examples:\n  "), std::string::npos) << help;
    EXPECT_NE(help.find("4 temporary"), std::string::npos) << help;
    EXPECT_EQ(result({"help", command}), help);
  }
}

TEST_F(Usage, HelpNamesEveryFlag) {
  const struct {
    const char* command;
    std::vector<std::string> flags;
  } cases[] = {
      {"demo", {"--dir", "--trades", "--date", "--json"}},
      {"candles",
       {"--output", "--lake", "--warmup", "--cvd-base", "--front-month", "--every-second",
        "--stats", "--salvage", "--replace"}},
      {"live",
       {"--lake", "--gateway", "--symbols", "--stype", "--subscribe", "--key-file", "--encoding",
        "--compression", "--ts-out", "--heartbeat", "--slow-reader", "--start", "--until-end",
        "--sync"}},
      {"repair", {"--lake", "--from", "--url", "--key-file"}},
      {"reconcile", {"--date", "--lake", "--from", "--url"}},
      {"replay", {"--port", "--http-port", "--speed", "--once", "--fault", "--key-file"}},
      {"fetch", {"--dataset", "--schema", "--symbols", "--start", "--end", "--max-cost", "--yes"}},
      {"poll", {"--roots", "--interval", "--lookback", "--once", "--lake"}},
      {"load",
       {"--lake", "--state-dir", "--dataset", "--dry-run", "--test-one", "--rehash", "--again",
        "--as", "--json"}},
      {"continuous",
       {"--lake", "--state-dir", "--rule", "--rank", "--roots", "--tables", "--replace",
        "--dry-run", "--json"}},
      {"rollup",
       {"--lake", "--state-dir", "--tables", "--roots", "--from", "--to", "--dry-run", "--json"}},
      {"synth",
       {"--roots", "--date", "--days", "--trades", "--seed", "--version", "--zstd", "--schema",
        "--output"}},
      {"query", {"--lake", "--format", "--json", "--as-of", "--timeout", "--max-rows"}},
      {"schema", {"--engine", "--apply", "--ahead", "--url-file", "--markdown"}},
      {"audit",
       {"--lake", "--roots", "--timeframes", "--from", "--to", "--html", "--plan", "--schemas",
        "--plan-from", "--plan-to", "--key-file", "--url", "--json"}},
      {"backup", {"--lake", "--state-dir", "--verify", "--restore", "--json"}},
      {"retention", {"--lake", "--state-dir", "--keep", "--dry-run", "--json"}},
      {"verify",
       {"--against", "--lake", "--state-dir", "--url-file", "--tables", "--from", "--to",
        "--repair", "--json"}},
      {"dump",
       {"--format", "--pretty", "--limit", "--metadata", "--symbols", "--fragment-version"}},
      {"doctor", {"--json", "--lake"}},
  };
  for (const auto& c : cases) {
    const std::string help = result({c.command, "--help"});
    for (const auto& flag : c.flags)
      EXPECT_NE(help.find(flag), std::string::npos) << c.command << " " << flag;
  }
}

TEST_F(Usage, ErrorsExitWithTwoAndNameTheNearest) {
  const struct {
    std::vector<std::string> arguments;
    const char* expected;
  } cases[] = {
      {{"quary", "SELECT 1"}, "unknown command 'quary'; did you mean 'query'?"},
      {{"candels", "--help"}, "unknown command 'candels'; did you mean 'candles'?"},
      {{"dump", "x.dbn", "--limti", "3"}, "unknown flag '--limti'; did you mean '--limit'?"},
      {{"doctor", "--jsn"}, "unknown flag '--jsn'; did you mean '--json'?"},
      {{"version", "now"}, "unexpected argument 'now'"},
      {{"dump"}, "FILE is required"},
      {{"dump", "x.dbn", "--limit", "many"}, "--limit"},
      {{"dump", "x.dbn", "--format", "xml"}, "--format: found 'xml', expected json or csv"},
      {{"candles", "x.dbn"}, "no place for the candles"},
      {{"candles", "x.dbn", "-o", "a.csv", "--lake", "lake"}, "-o and --lake are both given"},
      {{"candles", "x.dbn", "-o", "a.csv", "--warmup", "soon"}, "--warmup: found 'soon'"},
      {{"candles", "x.dbn", "-o", "a.csv", "--front-month", "best"}, "--front-month: found 'best'"},
      {{"candles", "x.dbn", "-o", "a.csv", "--cvd-base", "ES"}, "--cvd-base: found 'ES'"},
      {{"candles", "x.dbn", "-o", "a.csv", "--cvd-base", "ES=1,ES=2"},
       "--cvd-base: names ES twice"},
      {{"synth", "-o", "a.dbn", "--date", "2025-02-30"}, "--date: "},
      {{"synth", "-o", "a.txt"}, "a.txt"},
      {{"schema", "--engine", "oracle"}, "oracle"},
      {{"verify", "--against", "oracle"}, "--against: found 'oracle', expected postgres"},
      {{"rollup", "--tables", "bars_1"}, "--tables: found 'bars_1'; did you mean 'bars_1h'?"},
      {{"continuous", "--rule", "volum"}, "--rule: 'volum' is no rule; did you mean 'volume'?"},
      {{"continuous", "--rule", "days:0"}, "--rule: 'days:0': expected days:1 to days:250"},
      {{"continuous", "--rule", "volume", "--rank", "100"}, "--rank: found 100, expected 0 to 99"},
      {{"continuous", "--rule", "volume_forward", "--rank", "1"}, "has rank 0 alone, found 1"},
      {{"continuous", "--replace"}, "--replace: is given without --rule"},
      {{"rollup", "--from", "2025-02-30"}, "--from: "},
      {{"audit", "--timeframes", "2m"}, "there is no timeframe 2m; there are 1s, 1m"},
      {{"audit", "--schemas", "ohlcv-1m"}, "expected --plan FILE beside them"},
      {{"audit", "--plan", "p.json", "--schemas", "tbbo"}, "cannot plan for schema tbbo"},
      {{"load", "x.csv", "--as", "reuters"}, "unknown form \"reuters\""},
      {{"schema", "candles_1m", "--markdown"}, "--markdown"},
      {{"rollup", "--roots", "ES1!"}, "'ES1!' is no root"},
      {{"--config", "absent.yaml", "query", "SELECT 1", "--format", "table", "--threads", "x"},
       "absent.yaml"},
  };
  for (const auto& c : cases) {
    const Outcome outcome = run(c.arguments);
    EXPECT_NE(outcome.err.find(c.expected), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(outcome.err.starts_with("frontmonth: ")) << outcome.err;
    if (std::string(c.expected) != "absent.yaml") {
      EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    }
  }
}

TEST_F(Usage, NothingToDoShowsTheHelpAsAnError) {
  const Outcome outcome = run({});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("Commands:"), std::string::npos) << outcome.err;
}

TEST_F(Usage, VersionInEveryForm) {
  const std::string version = result({"version"});
  EXPECT_TRUE(version.starts_with("frontmonth ")) << version;
  EXPECT_EQ(result({"--version"}), version);
  EXPECT_TRUE(result({"version", "--json"}).starts_with("{\"name\":\"frontmonth\""));
}

TEST_F(Usage, HintsStandOnTheirOwnIndentedLine) {
  const Outcome outcome = run({"schema", "candles_1min"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err,
            "frontmonth: no table 'candles_1min'; did you mean 'candles_1m'?\n"
            "            `frontmonth schema` shows every table.\n");
}

TEST_F(Usage, ConfigurationIsReadAndItsErrorsNameTheLine) {
  write("frontmonth.yaml", "candles:\n  warmpu: 3\n");
  const Outcome outcome = run({"query", "SELECT 1"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err,
            "frontmonth: frontmonth.yaml:2: unknown key 'warmpu'; did you mean 'warmup'?\n");
  EXPECT_EQ(run({"version"}).exit_code, 0) << "needs no configuration";
}

TEST_F(Usage, MessagesAreJsonWhereAskedFor) {
  const Outcome outcome = run({"schema", "candles_1min", "--log-json"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_TRUE(outcome.err.starts_with("{\"time\":\"")) << outcome.err;
  EXPECT_NE(outcome.err.find("\"level\":\"error\""), std::string::npos) << outcome.err;
}

TEST_F(Usage, SchemaShowsEveryEngine) {
  EXPECT_NE(result({"schema", "candles_1m"}).find("CREATE TABLE"), std::string::npos);
  EXPECT_NE(result({"schema", "--engine", "postgres"}).find("timestamptz"), std::string::npos);
  EXPECT_NE(result({"schema", "--engine", "bigquery"}).find("PARTITION BY"), std::string::npos);
  EXPECT_TRUE(result({"schema", "--json"}).starts_with("["));
}

}  // namespace
}  // namespace fm::testing_cli
