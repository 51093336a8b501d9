// Statements that a stranger might send: each is refused, or ends within its limits, and nothing
// outside the lake is read, nothing anywhere is written.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing_fault_env.h"
#include "base/text_file.h"
#include "lake/query.h"
#include "lake/testing_hostile.h"
#include "lake/testing_rows.h"

namespace fm::lake {
namespace {

constexpr std::string_view kSecret = "the-secret-of-this-test";

class QuerySafety : public ::testing::Test {
 protected:
  QuerySafety() {
    auto lake = Lake::open(Env::posix(), folder_.file("lake"));
    EXPECT_TRUE(lake);
    lake_ = *std::move(lake);
    EXPECT_TRUE(write_version(*lake_, "ES", Date(2025, 6, 16), 5));
    for (const char* name : {"secret.csv", "secret.json", "secret.txt", "secret.parquet"})
      EXPECT_TRUE(write_text_atomically(Env::posix(), folder_.file(name), std::string(kSecret)));
    auto query = Query::open(
        *lake_, {.memory_max_mb = 64, .threads = 1, .time_max = 500'000'000, .rows_max = 1'000});
    EXPECT_TRUE(query);
    query_ = *std::move(query);
  }

  // $D: a folder with secrets. $L: the lake.
  std::string filled(std::string sql) const {
    for (const auto& [sign, path] :
         {std::pair<std::string, std::string>{"$D", folder_.path()}, {"$L", folder_.file("lake")}})
      for (std::size_t at = 0; (at = sql.find(sign, at)) != std::string::npos; at += path.size())
        sql.replace(at, sign.size(), path);
    return sql;
  }
  // All files, with their sizes.
  std::vector<std::string> files(const std::string& folder) const {
    std::vector<std::string> found;
    const auto names = Env::posix().list(folder);
    if (!names) return found;
    for (const std::string& name : *names) {
      const auto info = Env::posix().info(join(folder, name));
      if (info && info->is_directory) {
        for (std::string& inner : files(join(folder, name))) found.push_back(std::move(inner));
      } else if (info) {
        found.push_back(fmt::format("{} {}", join(folder, name), info->size_bytes));
      }
    }
    return found;
  }

  const TestDirectory folder_;
  std::unique_ptr<Lake> lake_;
  std::unique_ptr<Query> query_;
};

TEST_F(QuerySafety, HostileStatementsAreRefused) {
  const auto before = files(folder_.path());
  std::size_t count = 0;
  const auto refuse_all = [&](std::span<const Hostile> statements) {
    for (const Hostile& hostile : statements) {
      ++count;
      TextFile out;
      const auto began = std::chrono::steady_clock::now();
      const auto outcome = query_->run(filled(hostile.sql), Format::kCsv, out);
      const auto took = std::chrono::steady_clock::now() - began;
      EXPECT_FALSE(outcome) << hostile.sql << '\n' << out.text().substr(0, 200);
      EXPECT_FALSE(out.text().contains(kSecret)) << hostile.sql;
      EXPECT_LT(took, std::chrono::seconds(60)) << hostile.sql;
      if (outcome) continue;
      bool said = false;
      for (std::string_view words = hostile.says; !words.empty();) {
        const std::string_view one = words.substr(0, words.find('|'));
        said |= outcome.error().message().contains(one);
        words.remove_prefix(std::min(words.size(), one.size() + 1));
      }
      EXPECT_TRUE(said) << hostile.sql << "\nsays: " << outcome.error().message()
                        << "\nexpected: " << hostile.says;
    }
  };
  refuse_all(kChanging);
  refuse_all(kHidden);
  refuse_all(kFiles);
  refuse_all(kTelling);
  refuse_all(kSwelling);
  refuse_all(kEndless);
  EXPECT_GE(count, 100U);
  EXPECT_EQ(files(folder_.path()), before) << "something was written";
  // The lake is still there, and answers.
  TextFile out;
  ASSERT_TRUE(query_->run("SELECT max(volume) AS v FROM candles_1m", Format::kCsv, out));
  EXPECT_EQ(out.text(), "v\n5\n");
}

TEST_F(QuerySafety, TextsOfAnySizeAndDepthAreRefused) {
  const auto times = [](std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
  };
  const struct {
    std::string sql;
    const char* says;
  } cases[] = {
      {"SELECT '" + std::string(2 << 20, 'x') + "'", "a statement of"},
      {std::string("SELECT 1\0; DROP VIEW candles_1m", 31), "zero byte"},
      {"SELECT " + times("(", 30'000) + "1" + times(")", 30'000), "memory exhausted"},
      {"SELECT " + times("NOT ", 5'000) + "true", "expression depth"},
      {"SELECT " + times("[", 5'000) + times("]", 5'000), "expression depth"},
      {"SELECT " + times("1+", 20'000) + "1", "expression depth"},
      {"SELECT " + times("- ", 20'000) + "1", "memory exhausted"},
      {"SELECT * FROM " + times("(SELECT * FROM ", 2'000) + "range(1)" + times(")", 2'000),
       "memory exhausted"},
  };
  for (const auto& c : cases) {
    TextFile out;
    const auto outcome = query_->run(c.sql, Format::kCsv, out);
    ASSERT_FALSE(outcome) << c.sql.substr(0, 60);
    EXPECT_TRUE(outcome.error().message().contains(c.says)) << outcome.error().message();
  }
}

// Doubling a text needs no number: the process is watched.
TEST_F(QuerySafety, ValuesThatGrowByThemselvesEndAtTheLimit) {
  TextFile out;
  const auto outcome = query_->run(
      "WITH RECURSIVE t AS (SELECT 'xxxxxxxxxxxxxxxx' AS s, 1 AS i UNION ALL "
      "SELECT s || s, i + 1 FROM t WHERE i < 40) SELECT max(length(s)) FROM t",
      Format::kCsv, out);
  ASSERT_FALSE(outcome);
  const std::string& message = outcome.error().message();
  EXPECT_TRUE(message.contains("memory") || message.contains("ran for longer")) << message;
}

TEST_F(QuerySafety, OrdinaryStatementsPass) {
  const auto patient = Query::open(*lake_, {.memory_max_mb = 512, .threads = 1});
  ASSERT_TRUE(patient);
  for (const char* sql :
       {"SELECT repeat('x', 100) AS a",
        "SELECT lpad(ticker, 10, '0') FROM candles_1m",
        "FROM range(10)",
        "SELECT * FROM generate_series(DATE '2025-01-01', DATE '2025-01-05', INTERVAL 1 DAY)",
        "SELECT unnest(range(1, 5))",
        "SELECT unnest(range(-5, 5))",
        "SELECT format('{:05.2f} {}', volume::DOUBLE, ticker) FROM candles_1m",
        "SELECT printf('%08d', volume) FROM candles_1m",
        "DESCRIBE candles_1m",
        "SHOW TABLES",
        "SHOW ALL TABLES",
        "SUMMARIZE candles_1m",
        "TABLE candles_1m",
        "VALUES (1)",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT count(*) FROM candles_1m",
        "SELECT 1;",
        "WITH t AS (SELECT 1 AS a) SELECT * FROM t",
        "PIVOT (SELECT 1 AS a, 2 AS b) ON a IN (1) USING sum(b)",
        "SELECT table_name FROM information_schema.tables",
        "/* why */ SELECT 1 -- end",
        "SELECT * FROM candles_1m WHERE ticker = 'query(' OR ticker = 'repeat('",
        "SELECT count(*) FILTER (WHERE volume > 1) OVER () FROM candles_1m"}) {
    TextFile out;
    const auto outcome = (*patient)->run(sql, Format::kCsv, out);
    EXPECT_TRUE(outcome) << sql << '\n' << (outcome ? "" : outcome.error().message());
  }
}

}  // namespace
}  // namespace fm::lake
