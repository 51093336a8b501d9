// Audit, plan, backup and the bridge as a user runs them.
#include "program.h"

namespace fm::testing_cli {
namespace {

class AuditProgram : public ProgramTest {
 protected:
  // Minutes of ESU5 from 2025-06-16T00:00 on.
  void load_minutes(const std::string& name, int first, int rows) {
    std::string text =
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n";
    for (int minute = first; minute < first + rows; ++minute)
      text += std::to_string(1'750'032'000 + 60 * minute) +
              "000000000,33,1,5,6000.0,6000.0,6000.0,6000.0,1,ESU5\n";
    write(name, text);
    EXPECT_EQ(run({"load", name, "--lake", "lake"}).exit_code, 0);
  }
};

TEST_F(AuditProgram, TellsRightFromWrongByItsExitCode) {
  load_minutes("a.csv", 0, 60);
  const Outcome good = run({"audit", "--lake", "lake"});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_NE(good.out.find("Nothing is wrong: 0 wrong"), std::string::npos) << good.out;
  load_minutes("b.csv", 90, 10);
  const Outcome bad =
      run({"audit", "--lake", "lake", "--html", "audit.html", "--plan", "plan.json", "--plan-from",
           "2025-06-15", "--plan-to", "2025-06-18", "--schemas", "ohlcv-1m"});
  EXPECT_EQ(bad.exit_code, 3) << bad.err;
  EXPECT_NE(bad.out.find("wrong    1m: 30 expected slots"), std::string::npos) << bad.out;
  EXPECT_NE(bad.out.find("To be downloaded:"), std::string::npos) << bad.out;
  EXPECT_TRUE(read("audit.html").starts_with("<!doctype html>"));
  EXPECT_NE(read("plan.json").find("frontmonth fetch --dataset GLBX.MDP3 --schema ohlcv-1m"),
            std::string::npos)
      << read("plan.json");
  EXPECT_NE(run({"audit", "--lake", "lake", "--json"}).out.find(R"("not_loaded":30)"),
            std::string::npos);
  EXPECT_EQ(run({"audit", "--lake", "lake", "--html", "no/folder.html"}).exit_code, 1);
}

TEST_F(AuditProgram, ABackupIsALakeAndComesBack) {
  load_minutes("a.csv", 0, 60);
  const std::string count = "SELECT count(*) AS n FROM databento_futures_ohlcv_1m";
  // The bars, and the accounts of their loading.
  EXPECT_NE(result({"backup", "saved", "--lake", "lake"}).find("Backed up "), std::string::npos);
  EXPECT_EQ(result({"query", count, "--lake", "saved/lake", "--format", "csv"}), "n\n60\n");
  const Outcome taken = run({"backup", "saved", "--restore", "--lake", "lake"});
  EXPECT_EQ(taken.exit_code, 1);
  EXPECT_NE(taken.err.find("is there already"), std::string::npos) << taken.err;
  EXPECT_NE(result({"backup", "saved", "--restore", "--lake", "new/lake"}).find("Restored "),
            std::string::npos);
  EXPECT_EQ(result({"query", count, "--lake", "new/lake", "--format", "csv"}), "n\n60\n");
}

TEST_F(AuditProgram, TheBridgeIsAskedForByName) {
  write("ZL=F.csv", "Date,Open,High,Low,Close,Adj Close,Volume\n2001-01-02,1,2,1,2,2,9\n");
  EXPECT_EQ(run({"load", "ZL=F.csv", "--lake", "lake"}).exit_code, 1);
  EXPECT_NE(result({"load", "--as", "yahoo", "ZL=F.csv", "--lake", "lake"}).find("1 added"),
            std::string::npos);
  EXPECT_EQ(result({"query", "SELECT yahoo_zl_close FROM yahoo_zl_historical_2000_2010", "--lake",
                    "lake", "--format", "csv"}),
            "yahoo_zl_close\n2\n");
}

TEST_F(AuditProgram, AQueryKeepsToItsLimits) {
  load_minutes("a.csv", 0, 60);
  const Outcome cut = run({"query", "SELECT symbol FROM databento_futures_ohlcv_1m", "--lake",
                           "lake", "--format", "csv", "--max-rows", "3"});
  EXPECT_EQ(cut.exit_code, 0);
  EXPECT_EQ(count_lines(cut.out), 4U);
  EXPECT_NE(cut.err.find("these are the first 3"), std::string::npos) << cut.err;
  const Outcome late =
      run({"query", "SELECT sum(hash(a.range + b.range)) FROM range(10000000) a, range(10000000) b",
           "--lake", "lake", "--timeout", "1"});
  EXPECT_EQ(late.exit_code, 1);
  EXPECT_NE(late.err.find("the statement ran for longer than 1.0 s"), std::string::npos)
      << late.err;
}

}  // namespace
}  // namespace fm::testing_cli
