#include "postgres/connection.h"

#include <gtest/gtest.h>

#include <thread>

#include "postgres/testing_database.h"

namespace fm::postgres {
namespace {

class ConnectionTest : public DatabaseTest {};

TEST_F(ConnectionTest, RunsStatementsAndQueries) {
  Connection db = connect();
  EXPECT_EQ(db.place(), fmt::format("{} on 127.0.0.1:{}", database_, server_->port()));
  ASSERT_TRUE(db.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)"));
  const auto changed = db.run("UPDATE t SET a = a + 1");
  ASSERT_TRUE(changed);
  EXPECT_EQ(*changed, 2U);
  const auto rows = db.query("SELECT a, $1::text, $2::text FROM t ORDER BY a", {"x", std::nullopt});
  ASSERT_TRUE(rows);
  EXPECT_EQ(*rows, (Rows{{"2", "x", std::nullopt}, {"3", "x", std::nullopt}}));
}

TEST_F(ConnectionTest, SaysWhatWentWrongAndWhetherToTryAgain) {
  Connection db = connect();
  ASSERT_TRUE(db.run("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)"));
  struct {
    const char* statement;
    const char* state;
    Code code;
    bool can_retry;
  } const cases[] = {
      {"SELECT * FROM nowhere", "42P01", Code::kNotFound, false},
      {"SELECT * FROM no.where", "42P01", Code::kNotFound, false},
      {"CREATE TABLE no.t (a int)", "3F000", Code::kNotFound, false},
      {"SELECT b FROM t", "42703", Code::kConflict, false},
      {"SELEC", "42601", Code::kQuery, false},
      {"INSERT INTO t VALUES (1)", "23505", Code::kQuery, false},
      {"DO $$ BEGIN RAISE deadlock_detected; END $$", "40P01", Code::kBusy, true},
      {"DO $$ BEGIN RAISE serialization_failure; END $$", "40001", Code::kBusy, true},
      {"DO $$ BEGIN RAISE disk_full; END $$", "53100", Code::kNoSpace, true},
      {"DO $$ BEGIN RAISE too_many_connections; END $$", "53300", Code::kBusy, true},
      {"DO $$ BEGIN RAISE io_error; END $$", "58030", Code::kIo, true},
      {"DO $$ BEGIN RAISE insufficient_privilege; END $$", "42501", Code::kPermission, false},
      {"SET statement_timeout = 20; SELECT pg_sleep(10)", "57014", Code::kTimedOut, true},
      {"BEGIN READ ONLY; CREATE TABLE u (a int)", "25006", Code::kPermission, true},
  };
  for (const auto& one : cases) {
    const auto failed = db.run(one.statement);
    ASSERT_FALSE(failed) << one.statement;
    EXPECT_EQ(failed.error().code(), one.code) << failed.error().message();
    EXPECT_EQ(failed.error().can_retry(), one.can_retry) << failed.error().message();
    EXPECT_NE(failed.error().message().find(fmt::format("[{}]", one.state)), std::string::npos)
        << failed.error().message();
    EXPECT_TRUE(failed.error().message().starts_with(db.place()));
    static_cast<void>(db.run("ROLLBACK"));
    static_cast<void>(db.run("SET statement_timeout = 0"));
  }
  EXPECT_FALSE(db.is_broken());
}

TEST_F(ConnectionTest, RefusalsNameThePlaceAndNeverThePassword) {
  struct {
    std::string uri;
    Code code;
    bool can_retry;
  } const cases[] = {
      {server_->uri(database_, "hunter2"), Code::kRefused, false},
      {server_->uri("nowhere"), Code::kNotFound, false},
      {server_->uri(database_, "hunter2", "stranger"), Code::kRefused, false},
      {"postgresql://u:hunter2@127.0.0.1:1/db", Code::kDisconnected, true},
      {"postgresql://u:hunter2@no-such-host.invalid/db", Code::kDisconnected, true},
      {"postgresql://u:hunter2%ZZ@h/db", Code::kInvalidArgument, false},
      {"mysql://u:hunter2@h/db", Code::kInvalidArgument, false},
      {"password=hunter2 sslmod=require", Code::kInvalidArgument, false},
  };
  for (const auto& one : cases) {
    const auto refused = Connection::open(Env::posix(), Secret(one.uri), quick());
    ASSERT_FALSE(refused) << one.uri;
    const Error& error = refused.error();
    EXPECT_EQ(error.code(), one.code) << error.message();
    EXPECT_EQ(error.can_retry(), one.can_retry) << error.message();
    EXPECT_EQ((error.message() + error.advice()).find("hunter2"), std::string::npos)
        << error.message();
  }
}

TEST_F(ConnectionTest, TooManyConnectionsCanBeTriedAgain) {
  std::vector<Connection> many;
  for (int i = 0; i < 40; ++i) {
    auto next = Connection::open(Env::posix(), uri(), quick());
    if (next) {
      many.push_back(*std::move(next));
      continue;
    }
    EXPECT_EQ(next.error().code(), Code::kBusy) << next.error().message();
    EXPECT_TRUE(next.error().can_retry());
    return;
  }
  FAIL() << "twenty are allowed";
}

TEST_F(ConnectionTest, EndsWithTheSession) {
  Connection db = connect();
  const auto id = db.query("SELECT pg_backend_pid()");
  ASSERT_TRUE(id);
  EXPECT_EQ(ask("SELECT pg_terminate_backend(" + *(*id)[0][0] + ")"), "t");
  const auto failed = db.run("SELECT 1");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::kDisconnected) << failed.error().message();
  EXPECT_TRUE(failed.error().can_retry());
  EXPECT_TRUE(db.is_broken());
  const auto again = db.run("SELECT 1");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::kDisconnected);
}

TEST_F(ConnectionTest, StopsWaitingWhenAsked) {
  std::atomic<bool> stop = false;
  ConnectionOptions options = quick();
  options.stopped = [&] { return stop.load(); };
  Connection db = connect(options);
  std::thread stopper([&] {
    Env::posix().sleep_for(100'000'000);
    stop = true;
  });
  const Nanos begin = Env::posix().monotonic();
  const auto stopped = db.run("SELECT pg_sleep(60)");
  stopper.join();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), Code::kTimedOut);
  EXPECT_LT(Env::posix().monotonic() - begin, 10 * kNanosPerSecond);
  EXPECT_TRUE(db.is_broken());
}

// A server that takes the connection and says nothing.
TEST_F(ConnectionTest, ASilentServerIsGivenUp) {
  auto listener = Env::posix().listen("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  ConnectionOptions options = quick();
  options.connect_timeout = 200'000'000;
  const Secret silent(fmt::format("postgresql://u:p@127.0.0.1:{}/db", (*listener)->port()));
  const auto failed = Connection::open(Env::posix(), silent, options);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::kTimedOut) << failed.error().message();
  EXPECT_TRUE(failed.error().can_retry());
}

TEST_F(ConnectionTest, ACopyThatIsRefusedSaysWhy) {
  Connection db = connect();
  ASSERT_TRUE(db.run("CREATE TABLE t (a int)"));
  ASSERT_TRUE(db.begin_copy("COPY t FROM STDIN (FORMAT binary)"));
  const std::vector<std::byte> rubbish(1 << 20, std::byte{'x'});
  static_cast<void>(db.copy(rubbish));
  const auto ended = db.end_copy();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::kQuery) << ended.error().message();
  EXPECT_TRUE(db.run("SELECT 1")) << "the connection is as good as before";
}

}  // namespace
}  // namespace fm::postgres
