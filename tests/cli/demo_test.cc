// The demo, and every command that it proposes.
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

}  // namespace
}  // namespace fm::testing_cli
