#include "postgres/testing_database.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace fm::postgres {

TestServer* shared_server() {
  // Destroyed at exit.
  static const auto server = TestServer::start();
  if (server) return server->get();
  if (server.error().code() == Code::kNotFound) return nullptr;
  // No test of this program means anything without it.
  std::fprintf(stderr, "the tests' own PostgreSQL server: %s\n", server.error().message().c_str());
  std::exit(1);
}

void DatabaseTest::SetUp() {
  static int number = 0;
  database_ = "test_" + std::to_string(++number);
  if (server() == Server::kTimescale) {
    const char* url = std::getenv("FRONTMONTH_TEST_TIMESCALE_URL");
    if (url == nullptr) GTEST_SKIP() << "FRONTMONTH_TEST_TIMESCALE_URL is not set";
    make_on(url);
    return;
  }
  server_ = shared_server();
  if (server_ == nullptr) GTEST_SKIP() << "no PostgreSQL server is installed";
  ASSERT_TRUE(server_->make_database(database_));
  uri_ = server_->uri(database_);
}

void DatabaseTest::make_on(const std::string& url) {
  database_ = fmt::format("frontmonth_{}_{}", database_, ::getpid());
  auto db = Connection::open(Env::posix(), Secret(url), quick());
  ASSERT_TRUE(db) << db.error().message();
  const auto made = db->run("CREATE DATABASE " + database_);
  ASSERT_TRUE(made) << made.error().message();
  other_server_ = url;
  const std::size_t name = url.rfind('/') + 1;
  const std::size_t rest = std::min(url.find('?', name), url.size());
  uri_ = url.substr(0, name) + database_ + url.substr(rest);
  const auto extended = connect().run("CREATE EXTENSION IF NOT EXISTS timescaledb");
  ASSERT_TRUE(extended) << extended.error().message();
}

void DatabaseTest::TearDown() {
  if (other_server_.empty()) return;
  auto db = Connection::open(Env::posix(), Secret(other_server_), quick());
  ASSERT_TRUE(db) << db.error().message();
  const auto dropped = db->run(fmt::format("DROP DATABASE {} WITH (FORCE)", database_));
  EXPECT_TRUE(dropped) << dropped.error().message();
}

ConnectionOptions DatabaseTest::quick() {
  ConnectionOptions options;
  options.statement_timeout = 20 * kNanosPerSecond;
  options.lock_timeout = 2 * kNanosPerSecond;
  return options;
}

Connection DatabaseTest::connect(const ConnectionOptions& options) const {
  auto db = Connection::open(Env::posix(), uri(), options);
  EXPECT_TRUE(db) << (db ? "" : db.error().message());
  return *std::move(db);
}

std::string DatabaseTest::ask(const std::string& statement) const {
  auto db = Connection::open(Env::posix(), uri(), quick());
  const auto rows = db ? db->query(statement) : Result<Rows>(std::unexpected(db.error()));
  EXPECT_TRUE(rows) << (rows ? "" : rows.error().message());
  if (!rows || rows->empty()) return "no row";
  return (*rows)[0][0].value_or("NULL");
}

}  // namespace fm::postgres
