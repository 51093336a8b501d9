// synth, dump and candles over files, pipes included.
#include "program.h"

namespace fm::testing_cli {
namespace {

using Files = ProgramTest;

TEST_F(Files, SynthIsTheSameForTheSameSeed) {
  const Outcome first = run({"synth", "--trades", "2000", "--seed", "7", "-o", "one.dbn"});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_NE(first.out.find("one.dbn: 2,000 trades"), std::string::npos) << first.out;
  result({"synth", "--trades", "2000", "--seed", "7", "-o", "two.dbn"});
  result({"synth", "--trades", "2000", "--seed", "8", "-o", "three.dbn"});
  EXPECT_EQ(read("one.dbn"), read("two.dbn"));
  EXPECT_NE(read("one.dbn"), read("three.dbn"));
  EXPECT_NE(
      result({"synth", "--trades", "100", "--json", "-o", "day.jsonl"}).find("\"records\":100"),
      std::string::npos);
}

TEST_F(Files, DumpShowsWhatSynthMade) {
  result({"synth", "--trades", "500", "-o", "day.dbn.zst"});
  const std::string json = result({"dump", "day.dbn.zst", "--pretty", "--symbols"});
  EXPECT_EQ(count_lines(json), 500u);
  EXPECT_EQ(json.find("\"symbol\":null"), std::string::npos);
  EXPECT_EQ(count_lines(result({"dump", "day.dbn.zst", "--limit", "7"})), 7u);
  EXPECT_EQ(count_lines(result({"dump", "day.dbn.zst", "--format", "csv"})), 501u);
  EXPECT_NE(result({"dump", "day.dbn.zst", "--metadata"}).find("\"GLBX.MDP3\""), std::string::npos);
}

TEST_F(Files, DumpReadsStandardInputAndEndsQuietlyWithItsReader) {
  result({"synth", "--trades", "50000", "-o", "day.dbn"});
  const Outcome piped = shell("\"$FM\" dump - < day.dbn | wc -l");
  EXPECT_EQ(piped.out, "50000\n") << piped.err;
  const Outcome cut = shell("set -o pipefail; \"$FM\" dump day.dbn | head -n 1 | wc -l");
  EXPECT_EQ(cut.exit_code, 0);
  EXPECT_EQ(cut.out, "1\n");
  EXPECT_EQ(cut.err, "");
}

TEST_F(Files, DumpReadsEveryFixture) {
  if (!is_shared_data_there()) GTEST_SKIP() << "shared data absent: " << FM_SHARED_DATA;
  for (const std::string version : {"1", "2", "3"}) {
    const std::string file = shared("dbn-fixtures/test_data.definition.v" + version + ".dbn");
    EXPECT_EQ(count_lines(result({"dump", file + ".zst"})), 2u);
    const std::string fragment = result({"dump", file + ".frag", "--fragment-version", version});
    EXPECT_EQ(count_lines(fragment), 2u);
    if (version == "2") continue;  // has no compressed fragment
    EXPECT_TRUE(result({"dump", file + ".frag.zst", "--fragment-version", version}) == fragment);
  }
  const Outcome refused = run({"dump", shared("dbn-fixtures/test_data.mbo.dbz")});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(refused.err.starts_with("frontmonth: ")) << refused.err;
}

TEST_F(Files, DamageIsToldWithItsPlaceAndSalvaged) {
  result({"synth", "--trades", "300", "-o", "day.dbn"});
  std::string bytes = read("day.dbn");
  bytes.resize(bytes.size() - 10);
  write("day.dbn", bytes);
  const Outcome broken = run({"dump", "day.dbn"});
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_EQ(count_lines(broken.out), 299u);
  EXPECT_NE(broken.err.find("frontmonth: day.dbn: "), std::string::npos) << broken.err;
  EXPECT_EQ(run({"dump", "day.dbn", "--salvage"}).exit_code, 0);
  EXPECT_EQ(run({"candles", "day.dbn", "-o", "a.csv"}).exit_code, 1);
  EXPECT_FALSE(env_.exists(path("a.csv")));
  EXPECT_EQ(run({"candles", "day.dbn", "-o", "a.csv", "--salvage"}).exit_code, 0);
  EXPECT_TRUE(env_.exists(path("a.csv")));
}

TEST_F(Files, CandlesAreTheSameFromEveryFormAndPipe) {
  result({"synth", "--trades", "20000", "--roots", "ES,ZL", "-o", "day.dbn.zst"});
  result({"synth", "--trades", "20000", "--roots", "ES,ZL", "-o", "day.jsonl"});
  const Outcome dbn = run({"candles", "day.dbn.zst", "-o", "dbn.csv", "--stats", "stats.json"});
  EXPECT_EQ(dbn.exit_code, 0) << dbn.err;
  EXPECT_NE(dbn.out, "");
  EXPECT_EQ(run({"candles", "day.jsonl", "-o", "json.csv"}).exit_code, 0);
  const Outcome piped = shell("\"$FM\" candles - -o - --format csv < day.dbn.zst > piped.csv");
  EXPECT_EQ(piped.exit_code, 0) << piped.err;
  const std::string rows = read("dbn.csv");
  EXPECT_GT(count_lines(rows), 100u);
  EXPECT_TRUE(rows.starts_with("time,ticker,trade_date,symbol,open,"));
  EXPECT_EQ(read("piped.csv"), rows);
  EXPECT_NE(read("stats.json").find("\"accepted\""), std::string::npos);
  // Coverage differs by nature: DBN's metadata say what the file covers, text does not.
  EXPECT_EQ(count_lines(read("json.csv")), count_lines(rows));
}

TEST_F(Files, MissingInputIsAFailureThatNamesIt) {
  const Outcome outcome = run({"candles", "absent.dbn", "-o", "a.csv"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("absent.dbn"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace fm::testing_cli
