// The demo, and every command that it proposes.
#include <signal.h>

#include "program.h"

namespace fm::testing_cli {
namespace {

using Demo = ProgramTest;

std::vector<std::string> proposed(const std::string& text) {
  std::vector<std::string> commands;
  const auto start = text.find("Look further:\n");
  if (start == std::string::npos) return commands;
  std::string rest = text.substr(text.find('\n', start) + 1);
  while (rest.starts_with("  ")) {
    const auto end = rest.find('\n');
    commands.push_back(rest.substr(2, end - 2));
    rest.erase(0, end + 1);
  }
  return commands;
}

TEST_F(Demo, ShowsTheMainJobAndWhatItProposesWorks) {
  const Outcome first = run({"demo", "--dir", "a demo", "--trades", "20000"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(first.err, "") << "no progress where there is no terminal";
  for (const char* expected :
       {"ES", "NQ", "CL", "ZL", "spreads", "off session", "switches", "candles", "last CVD"})
    EXPECT_NE(first.out.find(expected), std::string::npos) << expected << "\n" << first.out;
  EXPECT_TRUE(read("a demo/ES.png").starts_with("\x89PNG"));
  EXPECT_TRUE(read("a demo/ES.svg").starts_with("<?xml"));

  const auto commands = proposed(first.out);
  EXPECT_GE(commands.size(), 5u) << first.out;
  for (const auto& command : commands) {
    const Outcome outcome = shell(command);
    // The doctor may find this machine's disk too full; it must have run.
    EXPECT_TRUE(outcome.exit_code == 0 ||
                (outcome.exit_code == 3 && command.find(" doctor ") != std::string::npos))
        << command << "\n"
        << outcome.err;
    EXPECT_NE(outcome.out, "") << command;
  }
}

TEST_F(Demo, RunsAgainWithoutChangeAndReplacesOnlyItsOwn) {
  ASSERT_EQ(run({"demo", "--dir", "d", "--trades", "20000"}).exit_code, 0);
  const std::string png = read("d/ES.png");
  const Outcome again = run({"demo", "--dir", "d", "--trades", "20000"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.out.find("unchanged"), std::string::npos) << again.out;
  EXPECT_EQ(read("d/ES.png"), png);

  const Outcome other = run({"demo", "--dir", "d", "--trades", "12000", "--date", "2024-03-12"});
  EXPECT_EQ(other.exit_code, 0) << other.err;
  EXPECT_NE(other.out.find("was replaced"), std::string::npos) << other.out;
  EXPECT_NE(other.out.find("2024-03-12"), std::string::npos) << other.out;

  write("mine/thesis.txt", "years of work");
  const Outcome refused = run({"demo", "--dir", "mine"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("--dir"), std::string::npos) << refused.err;
  EXPECT_EQ(read("mine/thesis.txt"), "years of work");
}

TEST_F(Demo, ReportsAsJson) {
  const std::string json = result({"demo", "--dir", "d", "--trades", "20000", "--json"});
  EXPECT_TRUE(json.starts_with("{\"directory\":\"d\"")) << json;
  EXPECT_EQ(count_lines(json), 1u);
}

TEST_F(Demo, EndsByThePageWithTheNextDayComingIn) {
  const auto demo = start(
      "demo", {"demo", "--dir", "d", "--trades", "20000", "--serve", "--listen", "127.0.0.1:0"});
  demo->await("The page, with the next day coming in live");
  EXPECT_TRUE(
      await_that([&] { return read("demo.out").find("http://127.0.0.1:") != std::string::npos; }));
  // What was compared with a batch run stays as it was.
  EXPECT_TRUE(env_.exists(path("d/page/lake/market_data/candles_1m")));
  EXPECT_TRUE(
      await_that([&] { return env_.exists(path("d/page/frontmonth-state-lake/capture")); }));
  demo->signal(SIGINT);
  EXPECT_EQ(demo->wait(), 0) << demo->err();
  const Outcome again = run({"demo", "--dir", "d", "--trades", "20000"});
  EXPECT_NE(again.out.find("unchanged"), std::string::npos) << again.out;
  EXPECT_NE(again.out.find("demo --dir d --serve"), std::string::npos)
      << "where nobody watches, it says how";
}

}  // namespace
}  // namespace fm::testing_cli
