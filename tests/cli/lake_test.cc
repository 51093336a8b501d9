// candles into a lake, query out of it, and what a query may not reach; doctor.
#include "program.h"

namespace fm::testing_cli {
namespace {

class LakeCommands : public ProgramTest {
 protected:
  void make_lake() {
    result({"synth", "--trades", "20000", "--roots", "ES,ZL", "-o", "day.dbn.zst"});
    const Outcome outcome = run({"candles", "day.dbn.zst", "--lake", "lake"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
};

TEST_F(LakeCommands, QueryReadsEveryTableInEveryFormat) {
  make_lake();
  result({"candles", "day.dbn.zst", "-o", "day.csv"});
  const auto rows = std::to_string(count_lines(read("day.csv")) - 1);
  EXPECT_EQ(result({"query", "SELECT count(*) AS n FROM candles_1m", "--lake", "lake", "--format",
                    "csv"}),
            "n\n" + rows + "\n");
  EXPECT_EQ(result({"query", "SELECT count(*) AS n FROM market_data.candles_1m", "--lake", "lake",
                    "--json"}),
            "{\"n\":" + rows + "}\n");
  const std::string table =
      result({"query", "FROM candle_sessions SELECT ticker ORDER BY 1", "--lake", "lake"});
  EXPECT_NE(table.find("ES"), std::string::npos) << table;
  EXPECT_NE(table.find("ZL"), std::string::npos) << table;
  EXPECT_EQ(run({"query", "-", "--lake", "lake", "--format", "csv"}, "SELECT 1 AS one").out,
            "one\n1\n");
}

TEST_F(LakeCommands, QueryShowsTheRunState) {
  make_lake();
  const std::string runs = result(
      {"query", "SELECT job, status FROM ops.job_runs", "--lake", "lake", "--format", "csv"});
  EXPECT_EQ(runs, "job,status\ncandles,success\n");
  result({"query", "FROM candle_rejects", "--lake", "lake"});
  result({"query", "FROM data_quality_events", "--lake", "lake"});
}

TEST_F(LakeCommands, QueryAnswersAsOfAnEarlierTime) {
  write("frontmonth.yaml", "lake: lake\nlake_keep_days: 7\n");
  const Nanos nothing_yet = env_.now();
  make_lake();
  const std::vector<std::string> ask = {"query", "SELECT count(*) AS n FROM candles_1m", "--format",
                                        "csv"};
  const auto as_of = [&](const std::string& time) {
    std::vector<std::string> arguments = ask;
    arguments.insert(arguments.end(), {"--as-of", time});
    return arguments;
  };
  const std::string first = result(ask);
  const Nanos before = env_.now();
  EXPECT_EQ(run({"candles", "day.dbn.zst", "--warmup", "1", "--replace"}).exit_code, 0);
  const std::string second = result(ask);
  EXPECT_NE(second, first);

  EXPECT_EQ(result(as_of(std::to_string(before))), first);
  EXPECT_EQ(result(as_of(iso_nanos(before))), first);
  EXPECT_EQ(result(as_of(iso_nanos(env_.now()))), second);
  EXPECT_EQ(result(as_of(iso_nanos(nothing_yet))), "n\n0\n");
  EXPECT_EQ(result(as_of("2025-06-16")), "n\n0\n");
  EXPECT_EQ(result({"query", "SELECT count(*) AS n FROM job_runs", "--format", "csv", "--as-of",
                    iso_nanos(before)}),
            "n\n2\n")
      << "the run state is as it is now";

  const Outcome later = run(as_of("2500-01-01"));
  EXPECT_EQ(later.exit_code, 2);
  EXPECT_NE(later.err.find("as of 2500-01-01T00:00:00.000000000Z: that is still to come"),
            std::string::npos)
      << later.err;
  for (const char* text : {"noon", ""}) {
    const Outcome refused = run(as_of(text));
    EXPECT_EQ(refused.exit_code, 2) << text;
    EXPECT_NE(refused.err.find("--as-of"), std::string::npos) << refused.err;
  }

  // A writer that keeps nothing.
  EXPECT_EQ(shell("FRONTMONTH_LAKE_KEEP_DAYS=0 \"$FM\" candles day.dbn.zst").exit_code, 1);
  const Outcome gone = run(as_of(std::to_string(before)));
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_NE(gone.err.find("is no longer kept; its versions begin at "), std::string::npos);
  EXPECT_NE(gone.err.find("lake_keep_days"), std::string::npos) << gone.err;
}

TEST_F(LakeCommands, ConfigurationNamesTheLake) {
  make_lake();
  write("frontmonth.yaml", "lake: lake\n");
  EXPECT_NE(result({"query", "SELECT count(*) FROM candles_1m"}), "");
  EXPECT_EQ(shell("FRONTMONTH_LAKE=elsewhere \"$FM\" query 'SELECT 1'").exit_code, 1);
  EXPECT_EQ(shell("FRONTMONTH_LAKE=elsewhere \"$FM\" query 'SELECT 1' --lake lake").exit_code, 0);
}

TEST_F(LakeCommands, ARegistryOfOnesOwnIsUsedAndRemembered) {
  make_lake();
  const std::string shipped = read_text(env_, FM_SOURCE_DIR "/config/universe.yaml").value();
  write("registry.yaml", shipped);
  const std::string own = "FRONTMONTH_UNIVERSE=registry.yaml \"$FM\" candles day.dbn.zst ";
  EXPECT_EQ(run({"candles", "day.dbn.zst", "-o", "shipped.csv"}).exit_code, 0);
  EXPECT_EQ(shell(own + "-o own.csv").exit_code, 0);
  EXPECT_TRUE(read("own.csv") == read("shipped.csv"));
  const Outcome other = shell(own + "--lake lake");
  EXPECT_EQ(other.exit_code, 1) << "rows of one registry do not replace those of another silently";
  EXPECT_NE(other.err.find("--replace"), std::string::npos) << other.err;
  write("registry.yaml", "roots: nonsense\n");
  const Outcome broken = shell(own + "-o own.csv");
  EXPECT_EQ(broken.exit_code, 2);
  EXPECT_NE(broken.err.find("registry.yaml:1: "), std::string::npos) << broken.err;
}

TEST_F(LakeCommands, QueryCanNeitherWriteNorReadBeside) {
  make_lake();
  write("secret.csv", "word\nhidden\n");
  const std::string secret = path("secret.csv");
  const std::vector<std::string> statements = {
      "CREATE TABLE t (a INT)",
      "DROP VIEW candles_1m",
      "DELETE FROM candles_1m",
      "COPY (SELECT 1) TO '" + path("out.csv") + "'",
      "COPY candles_1m TO '" + path("out.parquet") + "'",
      "ATTACH '" + path("other.db") + "' AS other",
      "INSTALL httpfs",
      "LOAD httpfs",
      "SET enable_external_access = true",
      "PRAGMA database_list; COPY (SELECT 1) TO '" + path("out.csv") + "'",
      "SELECT 1; DROP VIEW candles_1m",
      "SELECT * FROM read_csv('" + secret + "')",
      "SELECT * FROM '" + secret + "'",
      "SELECT * FROM read_text('/etc/passwd')",
      "SELECT * FROM glob('/etc/*')",
      "EXPLAIN ANALYZE COPY (SELECT 1) TO '" + path("out.csv") + "'",
      "EXPORT DATABASE '" + path("export") + "'",
      "CALL pragma_version()",
  };
  for (const auto& sql : statements) {
    const Outcome outcome = run({"query", sql, "--lake", "lake"});
    EXPECT_NE(outcome.exit_code, 0) << sql << "\n" << outcome.out;
    EXPECT_EQ(outcome.out.find("hidden"), std::string::npos) << sql;
    EXPECT_EQ(outcome.out.find("root:"), std::string::npos) << sql;
    EXPECT_TRUE(outcome.err.starts_with("frontmonth: ")) << sql << "\n" << outcome.err;
  }
  for (const char* name : {"out.csv", "out.parquet", "other.db", "export"})
    EXPECT_FALSE(env_.exists(path(name))) << name;
}

TEST_F(LakeCommands, MissingLakeSaysHowToMakeOne) {
  const Outcome outcome = run({"query", "SELECT 1", "--lake", "nowhere"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err.find("frontmonth: nowhere: there is no lake\n            "), 0u)
      << outcome.err;
  EXPECT_FALSE(env_.exists(path("nowhere")));
}

TEST_F(LakeCommands, RunningAgainChangesNothing) {
  make_lake();
  const std::vector<std::string> ask = {"query", "FROM candle_sessions", "--lake", "lake",
                                        "--json"};
  const std::string before = result(ask);
  EXPECT_EQ(run({"candles", "day.dbn.zst", "--lake", "lake"}).exit_code, 0);
  EXPECT_EQ(result(ask), before);
}

TEST_F(LakeCommands, DoctorIsContentHereAndLeavesNothing) {
  const Outcome outcome = run({"doctor", "--lake", "lake"});
  EXPECT_LE(outcome.exit_code, 3);
  for (const char* subject :
       {"libraries", "duckdb", "configuration", "universe", "time zones", "lake", "state", "clock"})
    EXPECT_NE(outcome.out.find(subject), std::string::npos) << outcome.out;
  EXPECT_FALSE(env_.exists(path("lake")));
  EXPECT_NE(run({"doctor", "--json"}).out.find("\"findings\":["), std::string::npos);
}

TEST_F(LakeCommands, DoctorFindsProblemsAndSaysHowToMendThem) {
  write("frontmonth.yaml", "universe: registry.yaml\n");
  write("registry.yaml", "roots: nonsense\n");
  write("frontmonth-state-lake/ops.sqlite", std::string(8192, 'x'));
  const Outcome outcome = shell("FRONTMONTH_LAEK=x \"$FM\" doctor");
  EXPECT_EQ(outcome.exit_code, 3);
  for (const char* expected : {"registry.yaml", "ops.sqlite", "FRONTMONTH_LAKE", "-> "})
    EXPECT_NE(outcome.out.find(expected), std::string::npos) << expected << "\n" << outcome.out;
  write("frontmonth.yaml", "laek: x\n");
  EXPECT_EQ(run({"doctor"}).exit_code, 3);
  write("frontmonth.yaml", "");
  write("lake", "a file where the folder should be");
  EXPECT_EQ(run({"doctor"}).exit_code, 3);
}

}  // namespace
}  // namespace fm::testing_cli
