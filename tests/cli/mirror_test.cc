// The lake in the cloud as a user brings it there: schema, mirror, again, killed, asked, and what
// it costs; the cloud is the double of it in tests/fakegcp.
#include <csignal>

#include "program.h"

namespace fm::testing_cli {
namespace {

class MirrorProgram : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    start_cloud();
    write("frontmonth.yaml",
          "google:\n  project: fake-project\n  bucket: market-lake\n  key_file: "
          "key.json\n  endpoint: " +
              endpoint_ + "\n");
  }
  void TearDown() override {
    if (!cloud_) return;
    cloud_->signal(SIGTERM);
    EXPECT_EQ(cloud_->wait(), 0) << cloud_->err();
  }

  void start_cloud(const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {FM_FAKEGCP,
                                        "--port-file",
                                        "port",
                                        "--bucket",
                                        "market-lake",
                                        "--credentials",
                                        "key.json",
                                        "--project",
                                        "fake-project",
                                        "--data",
                                        path("objects"),
                                        "--account",
                                        "collector@fake-project.iam.gserviceaccount.com"};
    command.insert(command.end(), more.begin(), more.end());
    ASSERT_TRUE(env_.make_directories(path("objects")));
    cloud_ = std::make_unique<Process>(Launch{.command = std::move(command),
                                              .folder = folder_,
                                              .out = path("cloud.out"),
                                              .err = path("cloud.err")});
    ASSERT_TRUE(await_that([&] { return env_.exists(path("port")); }));
    std::string port = read("port");
    port.pop_back();
    endpoint_ = "http://127.0.0.1:" + port;
  }

  // A morning of two roots, as candles in a lake.
  void make_lake() {
    EXPECT_EQ(run({"synth", "--roots", "ES,ZL", "--date", "2025-06-16", "--trades", "20000", "-o",
                   "trades.dbn"})
                  .exit_code,
              0);
    EXPECT_EQ(run({"candles", "trades.dbn", "--lake", "lake"}).exit_code, 0);
  }

  static bool has(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
  }

  std::unique_ptr<Process> cloud_;
  std::string endpoint_;
};

TEST_F(MirrorProgram, BringsALakeThereAndProvesIt) {
  make_lake();
  const Outcome early = run({"mirror"});
  EXPECT_EQ(early.exit_code, 1);
  EXPECT_TRUE(has(early.err, "dataset fake-project.market_data: is not there")) << early.err;
  EXPECT_TRUE(has(early.err, "schema --engine bigquery --apply")) << early.err;

  const Outcome difference = run({"schema", "--engine", "bigquery", "--diff"});
  EXPECT_EQ(difference.exit_code, 3) << difference.err;
  EXPECT_TRUE(has(difference.out, "make table fake-project.market_data.candles_1m"));
  EXPECT_TRUE(
      has(difference.out, "gcloud storage buckets add-iam-policy-binding gs://market-lake"));
  const std::string applied =
      result({"schema", "--engine", "bigquery", "--apply", "--collector",
              "serviceAccount:collector@fake-project.iam.gserviceaccount.com"});
  EXPECT_TRUE(has(applied, "make dataset fake-project.market_data")) << applied;
  EXPECT_TRUE(has(applied, "Granted:")) << applied;
  EXPECT_EQ(result({"schema", "--engine", "bigquery", "--apply"}),
            "Every dataset, table and view is there as the catalogue says\n");

  const std::string first = result({"mirror"});
  EXPECT_TRUE(has(first, "Everything is there")) << first;
  const std::string again = result({"mirror"});
  EXPECT_TRUE(has(again, "0 files (0 bytes) uploaded, 0 rows loaded")) << again;
  EXPECT_TRUE(has(result({"mirror", "--gc"}), "0 of "));

  const Outcome proof = run({"verify", "--against", "bigquery"});
  EXPECT_EQ(proof.exit_code, 0) << proof.out << proof.err;
  EXPECT_TRUE(has(proof.out, "candles_1m: ") && has(proof.out, ": equal")) << proof.out;
  EXPECT_TRUE(has(proof.out, "Billed for ")) << proof.out;

  // Asked there and here.
  const std::string sql =
      "SELECT COUNT(*) AS n, SUM(volume) AS volume FROM market_data.candles_1m "
      "WHERE trade_date = DATE '2025-06-16'";
  const Outcome there = run({"query", "--engine", "bigquery", "--format", "csv", sql});
  EXPECT_EQ(there.exit_code, 0) << there.err;
  EXPECT_TRUE(has(there.err, "Billed ")) << there.err;
  EXPECT_EQ(there.out, result({"query", "--format", "csv", sql}));
  const Outcome whole =
      run({"query", "--engine", "bigquery", "SELECT COUNT(*) FROM market_data.candle_sessions"});
  EXPECT_EQ(whole.exit_code, 2);
  EXPECT_TRUE(has(whole.err, "is partitioned by trade_date")) << whole.err;
  EXPECT_EQ(run({"query", "--engine", "bigquery", "--full-scan",
                 "SELECT COUNT(*) FROM market_data.candle_sessions"})
                .exit_code,
            0);
  EXPECT_EQ(run({"query", "--engine", "bigquery", "--full-scan",
                 "DELETE FROM market_data.candle_sessions WHERE TRUE"})
                .exit_code,
            2);

  const std::string cost = result({"cost"});
  EXPECT_TRUE(has(cost, "market_data.candles_1m")) << cost;
  EXPECT_TRUE(has(cost, "The month will have cost $")) << cost;
  const std::string doctor = run({"doctor"}).out;
  EXPECT_TRUE(has(doctor, "every table is there")) << doctor;
}

TEST_F(MirrorProgram, AnotherLakeIsToldFromTheCopyAndTheOwnPutsItRight) {
  make_lake();
  EXPECT_EQ(run({"schema", "--engine", "bigquery", "--apply"}).exit_code, 0);
  EXPECT_TRUE(has(result({"mirror"}), "Everything is there"));
  EXPECT_EQ(run({"synth", "--roots", "ES", "--date", "2025-06-16", "--trades", "20000", "--seed",
                 "9", "-o", "other.dbn"})
                .exit_code,
            0);
  EXPECT_EQ(run({"candles", "other.dbn", "--lake", "other"}).exit_code, 0);
  std::vector<std::string> verify = {"verify", "--against", "bigquery",  "--lake",
                                     "other",  "--tables",  "candles_1m"};
  const Outcome different = run(verify);
  EXPECT_EQ(different.exit_code, 3) << different.err;
  EXPECT_TRUE(has(different.out, "candles_1m: ") && has(different.out, "partitions differ"))
      << different.out;
  EXPECT_TRUE(has(different.out, "in bigquery")) << different.out;
  EXPECT_TRUE(has(different.out, "ES 2025-06-16: ")) << different.out;
  EXPECT_TRUE(has(different.out, "ZL 2025-06-16: 0 rows in the lake")) << different.out;
  std::vector<std::string> repair = verify;
  repair.emplace_back("--repair");
  const Outcome refused = run(repair);
  EXPECT_EQ(refused.exit_code, 1) << refused.out << refused.err;
  EXPECT_TRUE(has(refused.err, "the prefix belongs to the lake")) << refused.err;

  // The same rows in the lake that the prefix belongs to are put right.
  EXPECT_EQ(run({"candles", "other.dbn", "--lake", "lake", "--replace"}).exit_code, 0);
  verify[4] = repair[4] = "lake";
  EXPECT_EQ(run(verify).exit_code, 3);
  const Outcome repaired = run(repair);
  EXPECT_EQ(repaired.exit_code, 0) << repaired.out << repaired.err;
  EXPECT_TRUE(has(repaired.out, "were repaired")) << repaired.out;
  EXPECT_EQ(run(verify).exit_code, 0);
  const Outcome wrong = run({"verify", "--against", "bigquerry"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_TRUE(has(wrong.err, "expected postgres or bigquery")) << wrong.err;
}

TEST_F(MirrorProgram, ThePageSaysWhatTheCopiesCost) {
  make_lake();
  EXPECT_EQ(run({"schema", "--engine", "bigquery", "--apply"}).exit_code, 0);
  EXPECT_TRUE(has(result({"mirror"}), "Everything is there"));
  const auto up = start("up", {"up", "--lake", "lake", "--listen", "127.0.0.1:0"});
  up->await("serving http://");
  const std::string out = up->out();
  const std::size_t begin = out.find("http://");
  const std::string url = out.substr(begin, out.find_first_of(" \n", begin) - begin);
  const std::string costs = http_get(url + "api/costs");
  EXPECT_TRUE(has(costs, R"("available":true)")) << costs;
  EXPECT_TRUE(has(costs, "market_data.candles_1m")) << costs;
  up->signal(SIGTERM);
  EXPECT_EQ(up->wait(), 0) << up->err();
}

TEST_F(MirrorProgram, RollupsGoThereAndStayThere) {
  make_lake();
  EXPECT_EQ(run({"schema", "--engine", "bigquery", "--apply"}).exit_code, 0);
  EXPECT_TRUE(has(result({"rollup", "--engine", "bigquery"}), "nothing is due"));
  const std::vector<std::string> schedule = {"rollup", "--engine", "bigquery", "--schedule",
                                             "every 5 minutes"};
  EXPECT_TRUE(has(result(schedule), "(every 5 minutes): created")) << "first";
  EXPECT_TRUE(has(result(schedule), "(every 5 minutes): unchanged")) << "again";
  EXPECT_EQ(run({"rollup", "--engine", "bigquery", "--schedule", "every 1 minutes"}).exit_code, 1);
  EXPECT_EQ(run({"rollup", "--schedule", "every 5 minutes"}).exit_code, 2);
  EXPECT_EQ(run({"rollup", "--engine", "sqlite"}).exit_code, 2);
  EXPECT_EQ(run({"rollup", "--engine", "bigquery", "--tables", "bars_1h"}).exit_code, 2);
}

TEST_F(MirrorProgram, AWrongKeyAndAMissingBucketSaySo) {
  make_lake();
  EXPECT_EQ(run({"schema", "--engine", "bigquery", "--apply"}).exit_code, 0);
  const Outcome bucket = run({"mirror", "--gcs-bucket", "nowhere"});
  EXPECT_EQ(bucket.exit_code, 1);
  EXPECT_TRUE(has(bucket.err, "bucket nowhere: HTTP 404")) << bucket.err;
  const Outcome none = run({"mirror", "--gcs-bucket", ""});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_TRUE(has(none.err, "google.bucket: is empty")) << none.err;
  const std::string key = read("key.json");
  EXPECT_EQ(shell("umask 077; echo {} > key.json").exit_code, 0);
  EXPECT_EQ(shell("chmod 600 key.json").exit_code, 0);
  const Outcome broken = run({"mirror"});
  EXPECT_NE(broken.exit_code, 0);
  EXPECT_TRUE(has(broken.err, "key.json: has no \"type\"")) << broken.err;
  for (const std::string& text : {bucket.err, none.err, broken.err})
    EXPECT_FALSE(has(text, "PRIVATE KEY"));
}

TEST_F(MirrorProgram, GoesOnAfterBeingKilled) {
  make_lake();
  EXPECT_EQ(run({"schema", "--engine", "bigquery", "--apply"}).exit_code, 0);
  for (int delay_ms = 20; delay_ms <= 320; delay_ms *= 2) {
    const auto mirror = start("mirror", {"mirror"});
    if (!mirror->wait_for(static_cast<Nanos>(delay_ms) * 1'000'000)) mirror->signal(SIGKILL);
    static_cast<void>(mirror->wait());
  }
  EXPECT_TRUE(has(result({"mirror"}), "Everything is there"));
  const std::string sql =
      "SELECT COUNT(*) AS n, SUM(volume) AS volume FROM market_data.candles_1s "
      "WHERE trade_date = DATE '2025-06-16'";
  EXPECT_EQ(run({"query", "--engine", "bigquery", "--format", "csv", sql}).out,
            result({"query", "--format", "csv", sql}));
}

TEST_F(MirrorProgram, WatchesUntilItIsStopped) {
  make_lake();
  EXPECT_EQ(run({"schema", "--engine", "bigquery", "--apply"}).exit_code, 0);
  const auto mirror = start("mirror", {"mirror", "--watch", "--interval", "60"});
  mirror->await("0 files waiting");
  const Outcome second = run({"mirror"});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_TRUE(has(second.err, "Another process mirrors this lake")) << second.err;
  mirror->signal(SIGTERM);
  EXPECT_EQ(mirror->wait(), 0) << mirror->err();
  EXPECT_TRUE(has(mirror->out(), "Everything is there")) << mirror->out();
}

}  // namespace
}  // namespace fm::testing_cli
