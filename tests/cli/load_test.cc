// load as a user runs it: on the vendor's layout, twice, dry, killed, and with wrong words.
#include "program.h"

namespace fm::testing_cli {
namespace {

const char* const kHeader =
    "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n";

class LoadProgram : public ProgramTest {
 protected:
  // `rows` minutes of ESU5 from 2025-06-16T00:00 on, `first` minutes later.
  void write_bars(const std::string& name, int first, int rows, int close = 6000) {
    std::string text = kHeader;
    for (int minute = first; minute < first + rows; ++minute)
      text += std::to_string(1'750'032'000 + 60 * minute) + "000000000,33,1,5," +
              std::to_string(close) + ".0," + std::to_string(close) + ".0," +
              std::to_string(close) + ".0," + std::to_string(close) + ".0,1,ESU5\n";
    write(name, text);
  }
  std::string count() {
    return result({"query", "--lake", "lake", "--format", "csv",
                   "SELECT count(*), count(DISTINCT ts_event) FROM databento_futures_ohlcv_1m"});
  }
};

TEST_F(LoadProgram, EndsWithAnExitCodeThatTells) {
  write_bars("good.csv", 0, 3);
  write("yahoo.csv", "Date,Open,High,Low,Close\n2010-01-04,1,2,1,2\n");
  write("half.dbn", std::string("DBN\x03") + "\x10");
  write("job.json", "");
  const struct {
    const char* arguments;
    int exit_code;
    const char* says;
  } cases[] = {
      {"good.csv --dry-run", 0, "load       "},
      {"good.csv", 0, "3 rows read: 3 added, 0 corrected, 0 unchanged, 0 outdated, 0 left out"},
      {"good.csv", 0, "1 file: 1 unchanged"},
      {"good.csv --json", 0, "\"action\":\"unchanged\""},
      {"good.csv --again", 0, "0 added, 0 corrected, 3 unchanged"},
      {"yahoo.csv", 1, "Prices of futures are taken from the exchange's own feed"},
      {"half.dbn", 1, "half.dbn"},
      {"nowhere", 1, "nowhere"},
      {"-", 1, "standard input: is empty"},
      {"", 2, "PATH is required"},
      {"good.csv --dataset XNAS.ITCH --state-dir other --lake other-lake", 0, "3 added"},
  };
  for (const auto& c : cases) {
    const std::string lake =
        std::string(c.arguments).find("--lake") == std::string::npos ? " --lake lake" : "";
    const Outcome outcome = shell("\"$FM\" load " + std::string(c.arguments) + lake);
    EXPECT_EQ(outcome.exit_code, c.exit_code) << c.arguments << "\n" << outcome.out << outcome.err;
    EXPECT_NE((outcome.out + outcome.err).find(c.says), std::string::npos)
        << c.arguments << "\n"
        << outcome.out << outcome.err;
  }
}

TEST_F(LoadProgram, IsSeenByQueriesWithItsState) {
  write_bars("a.csv", 0, 3);
  write_bars("b.csv", 2, 3);
  EXPECT_NE(result({"load", "a.csv", "b.csv", "--lake", "lake"}).find("6 rows read"),
            std::string::npos);
  EXPECT_NE(count().find("5,5"), std::string::npos) << count();
  EXPECT_NE(result({"query", "--lake", "lake", "--format", "csv",
                    "SELECT status, schema, roots, sum(rows_read) FROM ops.databento_load_state "
                    "GROUP BY ALL"})
                .find("success,ohlcv-1m,ES,6"),
            std::string::npos);
}

TEST_F(LoadProgram, TwoAtOnceAndOneThatIsKilledHarmNothing) {
  for (int file = 0; file < 40; ++file)
    write_bars("in/" + std::to_string(file) + ".csv", file * 500, 500);
  const Outcome both = shell(
      "\"$FM\" load in --lake lake >one.out 2>&1 & ONE=$!\n"
      "\"$FM\" load in --lake lake >two.out 2>&1; TWO=$?\n"
      "wait $ONE; echo $? $TWO");
  EXPECT_EQ(both.out, "0 0\n") << read("one.out") << read("two.out");
  EXPECT_NE(count().find("20000,20000"), std::string::npos) << count();

  for (int file = 0; file < 40; ++file)
    write_bars("in/" + std::to_string(file) + ".csv", file * 500, 500, 6001);
  for (const char* pause : {"0.01", "0.05", "0.1", "0.2", "0.3"})
    shell("\"$FM\" load in --lake lake >/dev/null 2>&1 & sleep " + std::string(pause) +
          "; kill -9 $!; wait $! 2>/dev/null");
  EXPECT_EQ(shell("\"$FM\" load in --lake lake").exit_code, 0);
  EXPECT_NE(count().find("20000,20000"), std::string::npos) << count();
  EXPECT_NE(result({"query", "--lake", "lake", "--format", "csv",
                    "SELECT min(close) FROM databento_futures_ohlcv_1m"})
                .find("6001"),
            std::string::npos);
}

TEST_F(LoadProgram, TakesTheVendorsFolders) {
  if (!is_shared_data_there()) GTEST_SKIP() << "shared data absent: " << FM_SHARED_DATA;
  const Outcome outcome = run({"load", shared("batch-jobs"), "--lake", "lake"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.out << outcome.err << "files of one job are missing";
  EXPECT_NE(outcome.out.find("3 loaded"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("manifest.json missing"), std::string::npos) << outcome.out;
  EXPECT_NE(count().find("60,60"), std::string::npos);
}

}  // namespace
}  // namespace fm::testing_cli
