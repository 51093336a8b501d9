// `frontmonth live` into PostgreSQL: the rows are the batch run's, whatever dies on the way.
#include <signal.h>

#include "capture/index.h"
#include "postgres/testing_database.h"
#include "table/catalogue.h"
#include "testing_feed.h"

namespace fm::testing_cli {
namespace {

// A row as text that both engines write alike: doubles as whole numbers of their last digit.
std::string row_text(const table::Table& table, bool is_lake) {
  std::string text;
  for (const table::Column& column : table.columns) {
    const std::string name(column.name);
    std::string cell = name;
    if (column.type == table::Type::kTimestamp)
      cell = is_lake ? "epoch_us(" + name + ")"
                     : "(extract(epoch FROM " + name + ") * 1000000)::bigint";
    if (column.type == table::Type::kDouble)
      cell = "CAST(floor(" + name + " * 1e" + std::to_string(column.scale) + ") AS BIGINT)";
    text += (text.empty() ? "" : " || ' ' || ");
    text += "coalesce(CAST(" + cell + " AS VARCHAR), 'null')";
  }
  return text;
}

class LivePostgres : public FeedTest {
 protected:
  void SetUp() override {
    FeedTest::SetUp();
    server_ = postgres::shared_server();
    if (server_ == nullptr) GTEST_SKIP() << "no PostgreSQL server is installed";
    static int number = 0;
    database_ = "live_" + std::to_string(++number);
    ASSERT_TRUE(server_->make_database(database_));
    connect_by(server_->uri(database_));
  }

  void connect_by(const std::string& uri) {
    write("url", uri + "\n");
    ASSERT_EQ(::chmod(path("url").c_str(), 0600), 0);
    const std::string config = read("frontmonth.yaml");
    if (config.find("url_file") == std::string::npos)
      write("frontmonth.yaml", config + "postgres:\n  url_file: url\n");
  }

  std::string ask(const std::string& statement) {
    auto db = postgres::Connection::open(Env::posix(), Secret(server_->uri(database_)), {});
    if (!db) return "";
    const auto rows = db->query(statement);
    if (!rows) return rows.error().message();
    std::string text;
    for (const auto& row : *rows) text += row[0].value_or("NULL") + "\n";
    return text;
  }

  void expect_batch_rows_in_database() {
    for (const table::Table* table : {&table::candles_1m(), &table::candles_1s()}) {
      const std::string name = "market_data." + std::string(table->name);
      const auto statement = [&](bool is_lake) {
        return "SELECT r FROM (SELECT " + row_text(*table, is_lake) + " AS r FROM " + name +
               ") AS all_rows ORDER BY r" + (is_lake ? "" : " COLLATE \"C\"");
      };
      std::string batch =
          result({"query", statement(true), "--lake", source().lake, "--format", "csv"});
      batch.erase(0, batch.find('\n') + 1);
      const std::string stored = ask(statement(false));
      EXPECT_FALSE(batch.empty());
      EXPECT_TRUE(batch == stored)
          << name << ": " << count_lines(batch) << " and " << count_lines(stored) << " rows";
    }
  }

  postgres::TestServer* server_ = nullptr;
  std::string database_;
};

TEST_F(LivePostgres, RowsAreTheBatchRunsAndASecondRunChangesNone) {
  const Gateway gateway = serve();
  const std::string first = live_to_the_end(gateway, "live");
  expect_batch_rows_in_database();
  EXPECT_GT(number_in(first, "rows_changed"), 0U);
  expect_batch_rows("live");
  const std::string second = live_to_the_end(gateway, "live");
  EXPECT_EQ(number_in(second, "rows_changed"), 0U) << second;
  expect_batch_rows_in_database();
}

TEST_F(LivePostgres, RowsComeBeforeTheyAreFinal) {
  const Gateway gateway = serve({"--fault", pause_at(40'000)});
  const auto feed = live(gateway, "live");
  EXPECT_TRUE(await_that([&] {
    return ask("SELECT count(*) > 0 FROM market_data.candles_1m WHERE time >= (SELECT "
               "max(final_to) "
               "FROM frontmonth.cursors) AND (SELECT max(final_to) FROM frontmonth.cursors) > "
               "'2000-01-01'") == "t\n";
  })) << feed->err();
  feed->signal(SIGTERM);
  EXPECT_EQ(feed->wait(), 0) << feed->err();
  live_to_the_end(serve(), "live");
  expect_batch_rows_in_database();
}

TEST_F(LivePostgres, AFeedThatIsKilledGoesOnWhereItWas) {
  const Gateway gateway = serve({"--fault", rests(5'000, 100)});
  for (const std::uint64_t records : {10'000, 25'000, 40'000}) {
    const auto feed = live(gateway, "live");
    await_records(*feed, "live", records);
    feed->signal(SIGKILL);
    EXPECT_EQ(feed->wait(), 128 + SIGKILL);
  }
  live_to_the_end(serve(), "live");
  expect_batch_rows_in_database();
  expect_batch_rows("live");
}

TEST_F(LivePostgres, AServerThatDiesAndComesBackMissesNothing) {
  const Gateway gateway = serve({"--fault", rests(5'000, 150)});
  const auto feed = live(gateway, "live", {"--until-end"});
  for (const std::uint64_t records : {8'000, 30'000}) {
    await_records(*feed, "live", records);
    server_->kill();
    await_records(*feed, "live", records + 12'000);
    ASSERT_TRUE(server_->start_again());
  }
  EXPECT_EQ(feed->wait(), 0) << feed->err();
  EXPECT_NE(feed->err().find("the database is not written at present: "), std::string::npos)
      << feed->err();
  EXPECT_NE(feed->err().find("is written again"), std::string::npos) << feed->err();
  EXPECT_GT(number_in(feed->out(), "failures"), 0U);
  expect_batch_rows_in_database();
  expect_batch_rows("live");
}

// As a restored backup is, or a standby that was behind.
TEST_F(LivePostgres, ADatabaseThatWasPutBackIsBroughtUpToDate) {
  const Gateway gateway = serve({"--fault", rests(2'000, 60)});
  const auto feed = live(gateway, "live", {"--until-end"});
  EXPECT_TRUE(await_that([&] {
    return ask("SELECT count(*) > 2000 FROM market_data.candles_1m") == "t\n";
  })) << feed->err();
  EXPECT_EQ(ask("DO $put_back$ BEGIN "
                "LOCK TABLE frontmonth.cursors IN ACCESS EXCLUSIVE MODE; "
                "PERFORM pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid(); "
                "DELETE FROM market_data.candles_1m; "
                "DELETE FROM market_data.candles_1s WHERE ticker = 'ES'; "
                "UPDATE frontmonth.cursors SET stamp = 1, final_to = '1970-01-01'; "
                "END $put_back$"),
            "");
  EXPECT_EQ(feed->wait(), 0) << feed->err();
  EXPECT_NE(feed->err().find("is not as it was left"), std::string::npos) << feed->err();
  expect_batch_rows_in_database();
}

// Records that the log lost, and that were fetched again when their rows were stored long since.
TEST_F(LivePostgres, ARepairedGapIsMadeAnew) {
  const std::string config = read("frontmonth.yaml");
  write("frontmonth.yaml",
        config + "  live: \"off\"\ncapture:\n  segment_mib: 1\n  compress: false\n");
  const Gateway gateway = serve({"--fault", rests(1'000, 20) + "," + pause_at(57'500) + "#1"});
  {
    const auto feed = live(gateway, "live");
    await_records(*feed, "live", 57'500);
    feed->signal(SIGKILL);
    EXPECT_EQ(feed->wait(), 128 + SIGKILL);
  }
  const std::string segment = join(log_of("live"), std::string(kFirstDate) + "/0002");
  const std::string index = read_text(Env::posix(), segment + ".idx").value_or("");
  const auto blocks = capture::parse_index(std::as_bytes(std::span(index))).blocks;
  ASSERT_GT(blocks.size(), 2U);
  std::string data = read_text(Env::posix(), segment + ".dbn").value_or("");
  data[blocks[1].offset + blocks[1].length / 2] ^= 0x20;
  ASSERT_TRUE(write_text_atomically(Env::posix(), segment + ".dbn", data));

  write("frontmonth.yaml", config + "capture:\n  segment_mib: 1\n  compress: false\n");
  const std::string damaged = live_to_the_end(gateway, "live");
  EXPECT_GT(number_in(damaged, "rows_changed"), 0U);
  const std::string volumes = "SELECT sum(volume) FROM market_data.candles_1s";
  const std::string less = ask(volumes);
  const Outcome repaired = run({"repair", "--lake", "live", "--from", source().trades});
  EXPECT_EQ(repaired.exit_code, 0) << repaired.err;
  live_to_the_end(gateway, "live");
  EXPECT_NE(ask(volumes), less) << "nothing was missing";
  expect_batch_rows_in_database();
}

TEST_F(LivePostgres, AWrongPasswordIsSaidAndTheLakeIsWrittenAllTheSame) {
  connect_by(server_->uri(database_, "hunter2"));
  const Gateway gateway = serve();
  const auto feed = live(gateway, "live", {"--until-end"});
  EXPECT_EQ(feed->wait(), 1) << feed->err();
  EXPECT_NE(feed->err().find("password authentication failed"), std::string::npos) << feed->err();
  EXPECT_EQ(feed->err().find("hunter2"), std::string::npos);
  expect_batch_rows("live");
  connect_by(server_->uri(database_));
  live_to_the_end(gateway, "live");
  expect_batch_rows_in_database();
}

TEST_F(LivePostgres, WhatIsNoUriIsRefusedBeforeAnythingStarts) {
  connect_by("mysql://u:hunter2@h/db");
  const Outcome refused = run({"live", "--symbols", "ES.FUT", "--lake", path("live")});
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
  EXPECT_NE(refused.err.find("the connection URI of the database cannot be read"),
            std::string::npos)
      << refused.err;
  EXPECT_EQ(refused.err.find("hunter2"), std::string::npos);
}

TEST_F(LivePostgres, SchemaIsApplied) {
  const std::string made = result({"schema", "--engine", "postgres", "--apply", "--ahead", "2"});
  EXPECT_NE(made.find("market_data.candles_1m: made\n"), std::string::npos) << made;
  EXPECT_NE(made.find("market_data.candles_1m_20"), std::string::npos) << made;
  EXPECT_EQ(result({"schema", "--engine", "postgres", "--apply", "--ahead", "2"}),
            "everything is there\n");
  const Outcome refused = run({"schema", "--engine", "bigquery", "--apply"});
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
}

}  // namespace
}  // namespace fm::testing_cli
