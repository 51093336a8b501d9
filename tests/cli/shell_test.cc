// Manual pages as man reads them, completions as the shells themselves answer.
#include "program.h"

namespace fm::testing_cli {
namespace {

class Shell : public ProgramTest {
 protected:
  bool has(const std::string& tool) { return shell("command -v " + tool).exit_code == 0; }
  void write_out(const std::string& shell_name, const std::string& file) {
    write(file, result({"completion", shell_name}));
  }
};

TEST_F(Shell, EveryManualPageIsWhatManExpects) {
  if (!has("groff")) GTEST_SKIP() << "groff is not installed";
  result({"man", "--output", "man1"});
  const Outcome warnings = shell(
      "for page in man1/*.1; do groff -Kutf8 -man -Tutf8 -ww -wmac -rLL=90n \"$page\" >/dev/null; "
      "done");
  EXPECT_EQ(warnings.exit_code, 0);
  EXPECT_EQ(warnings.err, "");
  const auto commands = count_lines(shell("ls man1").out);
  EXPECT_GT(commands, 24U);
  const std::string page =
      shell("$FM man frontmonth-candles | groff -Kutf8 -man -Tascii -rLL=90n -P-cbou").out;
  for (const char* text :
       {"frontmonth-candles - Turn trades (TBBO)", "IN ...", "--cvd-base BASES", "--config FILE",
        "frontmonth candles trades.dbn.zst -o candles.parquet", "EXIT STATUS", "FILES"})
    EXPECT_NE(page.find(text), std::string::npos) << text << "\n" << page;
}

TEST_F(Shell, APageOfNoCommandIsAnError) {
  const Outcome outcome = run({"man", "frontmonth-candle"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("no page 'frontmonth-candle'"), std::string::npos) << outcome.err;
}

struct Completion {
  const char* typed;  // the last word is being typed
  std::vector<const char*> proposed;
  std::vector<const char*> not_proposed;
};

// What each shell has to say for the same typed lines.
const std::vector<Completion>& completions() {
  static const std::vector<Completion> cases = {
      {"frontmonth ca", {"candles"}, {"live"}},
      {"frontmonth candles --every", {"--every-second"}, {}},
      {"frontmonth live --compression ", {"none", "zstd"}, {"--lake", "trades.dbn"}},
      {"frontmonth candles tra", {"trades.dbn"}, {}},
      {"frontmonth candles --lake la", {"lakes"}, {"late.txt"}},
      {"frontmonth rollup --tables bars_", {"bars_1h"}, {}},
      {"frontmonth doctor --log-l", {"--log-level"}, {}},
      {"frontmonth completion ", {"bash", "zsh", "fish"}, {}},
  };
  return cases;
}

void check(const Completion& c, const std::string& answer, const std::string& shell) {
  for (const char* word : c.proposed)
    EXPECT_NE(answer.find(word), std::string::npos) << shell << ": " << c.typed << "\n" << answer;
  for (const char* word : c.not_proposed)
    EXPECT_EQ(answer.find(word), std::string::npos) << shell << ": " << c.typed << "\n" << answer;
}

TEST_F(Shell, BashCompletes) {
  write_out("bash", "completion.bash");
  write("trades.dbn", "");
  write("late.txt", "");
  write("lakes/keep", "");
  for (const auto& c : completions()) {
    write("line", c.typed);
    const Outcome outcome = shell(
        "bash -c '. ./completion.bash; line=$(cat line; echo x); line=${line%x}; "
        "read -ra COMP_WORDS <<<\"$line\"; [[ $line == *\" \" ]] && COMP_WORDS+=(\"\"); "
        "COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _frontmonth; printf \"%s\\n\" \"${COMPREPLY[@]}\"'");
    EXPECT_EQ(outcome.err, "");
    check(c, outcome.out, "bash");
  }
}

TEST_F(Shell, FishCompletes) {
  if (!has("fish")) GTEST_SKIP() << "fish is not installed";
  write_out("fish", "completion.fish");
  write("trades.dbn", "");
  write("late.txt", "");
  write("lakes/keep", "");
  for (const auto& c : completions()) {
    write("line", c.typed);
    const Outcome outcome =
        shell("fish --no-config -c 'source completion.fish; complete -C (string collect < line)'");
    EXPECT_EQ(outcome.err, "");
    check(c, outcome.out, "fish");
  }
}

// zsh completes in a terminal only: its own module makes one.
TEST_F(Shell, ZshCompletes) {
  if (!has("zsh")) GTEST_SKIP() << "zsh is not installed";
  write_out("zsh", "functions/_frontmonth");
  write("trades.dbn", "");
  write("late.txt", "");
  write("lakes/keep", "");
  write("ask.zsh",
        "zmodload zsh/zpty\n"
        "zpty z 'TERM=dumb zsh -f -i'\n"
        "zpty -w z 'PS1=; fpath=($PWD/functions $fpath); autoload -U compinit; compinit -D -u; "
        "zstyle \":completion:*\" list-colors; LISTMAX=0; print READY'\n"
        "zpty -r z before '*READY*READY*'\n"
        "zpty -w -n z \"$(cat line)\"$'\\t'$'\\t'\n"
        "sleep ${WAIT:-2}\n"
        "zpty -r -t z answer '*'\n"
        "while zpty -r -t z more; do answer+=$more; done\n"
        "print -r -- \"$answer\"\n"
        "zpty -d z\n");
  const auto& c = completions()[1];
  write("line", c.typed);
  const Outcome outcome = shell("timeout 60 zsh -f ask.zsh");
  check(c, outcome.out + outcome.err, "zsh");
  // Whatever a completion proposes there, the file itself must be right.
  const Outcome parsed = shell("zsh -n functions/_frontmonth");
  EXPECT_EQ(parsed.exit_code, 0) << parsed.err;
}

TEST_F(Shell, AnUnknownShellIsAnError) {
  const Outcome outcome = run({"completion", "tcsh"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("expected bash, zsh or fish"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace fm::testing_cli
