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

struct Hostile {
  const char* sql;
  const char* says;  // part of the error
};

// What is written, attached or set: the parser's kind of statement is not one that reads.
constexpr Hostile kChanging[] = {
    {"COPY candles_1m TO '$D/out.csv'", "is not read-only"},
    {"COPY (SELECT 1) TO '$D/out.parquet' (FORMAT parquet)", "is not read-only"},
    {"COPY candles_1m FROM '$D/secret.csv'", "is not read-only"},
    {"COPY FROM DATABASE memory TO memory", "is not read-only"},
    {"EXPORT DATABASE '$D/export'", "is not read-only"},
    {"IMPORT DATABASE '$D/export'", "is not read-only"},
    {"ATTACH '$D/x.db'", "is not read-only"},
    {"ATTACH ':memory:' AS other", "is not read-only"},
    {"DETACH memory", "is not read-only"},
    {"USE memory", "is not read-only"},
    {"INSTALL httpfs", "is not read-only"},
    {"FORCE INSTALL httpfs FROM 'http://127.0.0.1/'", "is not read-only"},
    {"LOAD '$D/x.duckdb_extension'", "is not read-only"},
    {"UPDATE EXTENSIONS", "is not read-only"},
    {"SET memory_limit='1TB'", "is not read-only"},
    {"SET GLOBAL enable_external_access=true", "is not read-only"},
    {"SET VARIABLE x = 1", "is not read-only"},
    {"RESET memory_limit", "is not read-only"},
    {"RESET lock_configuration", "is not read-only"},
    {"PRAGMA memory_limit='1TB'", "is not read-only"},
    {"PRAGMA database_list", "is not read-only"},
    {"PRAGMA enable_logging", "is not read-only"},
    {"PRAGMA json_execute_serialized_sql('x')", "is not read-only"},
    {"CALL pragma_version()", "is not read-only"},
    {"CALL enable_logging('QueryLog')", "is not read-only"},
    {"CREATE TABLE t AS SELECT 1", "is not read-only"},
    {"CREATE TEMP TABLE t (i INT)", "is not read-only"},
    {"CREATE VIEW v AS SELECT 1", "is not read-only"},
    {"CREATE OR REPLACE VIEW candles_1m AS SELECT 1", "is not read-only"},
    {"CREATE MACRO m(a) AS a", "is not read-only"},
    {"CREATE SCHEMA s", "is not read-only"},
    {"CREATE SEQUENCE s", "is not read-only"},
    {"CREATE TYPE t AS ENUM ('a')", "is not read-only"},
    {"CREATE SECRET s (TYPE s3)", "is not read-only"},
    {"DROP VIEW candles_1m", "is not read-only"},
    {"DROP SECRET s", "is not read-only"},
    {"ALTER TABLE job_runs RENAME TO x", "is not read-only"},
    {"COMMENT ON TABLE job_runs IS 'x'", "is not read-only"},
    {"INSERT INTO job_runs VALUES (1)", "is not read-only"},
    {"UPDATE candles_1m SET volume = 0", "is not read-only"},
    {"DELETE FROM candles_1m", "is not read-only"},
    {"TRUNCATE candles_1m", "is not read-only"},
    {"MERGE INTO candles_1m USING candles_1m AS o ON true WHEN MATCHED THEN DELETE",
     "is not read-only"},
    {"PREPARE p AS SELECT 1", "is not read-only"},
    {"EXECUTE p", "is not read-only"},
    {"DEALLOCATE p", "is not read-only"},
    {"BEGIN TRANSACTION", "is not read-only"},
    {"COMMIT", "is not read-only"},
    {"CHECKPOINT", "is not read-only"},
    {"VACUUM", "is not read-only"},
    {"ANALYZE", "is not read-only"},
    {".read $D/secret.txt", "syntax error|is not read-only"},
    {"", "empty"},
    {"-- only a comment", "empty"},
    {";", "empty"},
};
// More than one, or one that hides in another.
constexpr Hostile kHidden[] = {
    {"SELECT 1; DROP VIEW candles_1m", "2 statements"},
    {"SELECT 1;SELECT 2", "2 statements"},
    {"/* SELECT */ DELETE FROM candles_1m", "is not read-only"},
    {"/* SELECT 1 */ /* */ -- x\n COPY (SELECT 1) TO '$D/out'", "is not read-only"},
    {"(DELETE FROM candles_1m)", "syntax error|is not read-only"},
    {"WITH t AS (SELECT 1) INSERT INTO job_runs SELECT * FROM t", "SELECT|is not read-only"},
    {"WITH t AS (DELETE FROM candles_1m RETURNING *) SELECT * FROM t", "syntax|CTE|Parser"},
    {"FROM (INSERT INTO job_runs VALUES (1) RETURNING *)", "syntax error"},
    {"EXPLAIN DELETE FROM candles_1m", "is not read-only"},
    {"EXPLAIN ANALYZE COPY (SELECT 1) TO '$D/out'", "is not read-only"},
    {"EXPLAIN ANALYZE EXPLAIN ANALYZE CREATE TABLE t (i INT)", "syntax error"},
    {"EXPLAIN (FORMAT json) SELECT 1", "is not read-only"},
    {"SELECT * FROM query('CREATE TABLE t (i INT)')", "query: changes the engine"},
    {"SELECT * FROM \"query\"('SELECT 1')", "query: changes the engine"},
    {"SELECT * FROM query_table('candles_1m')", "query_table: "},
    {"FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
     "json_execute_serialized_sql: "},
    {"PIVOT (SELECT 1 AS a) ON a", "2 statements"},
    {"SELECT ?", "parameter"},
    {"SELECT $1", "parameter"},
};
// Files, by every function and form.
constexpr Hostile kFiles[] = {
    {"SELECT * FROM read_text('$D/secret.txt')", "file system operations are disabled"},
    {"SELECT * FROM read_blob('$D/secret.txt')", "file system operations are disabled"},
    {"SELECT * FROM read_csv('$D/secret.csv')", "file system operations are disabled"},
    {"SELECT * FROM read_csv_auto('$D/secret.csv')", "file system operations are disabled"},
    {"SELECT * FROM sniff_csv('$D/secret.csv')", "file system operations are disabled"},
    {"SELECT * FROM read_json('$D/secret.json')", "file system operations are disabled"},
    {"SELECT * FROM read_json_objects('$D/secret.json')", "file system operations are disabled"},
    {"SELECT * FROM read_ndjson('$D/secret.json')", "file system operations are disabled"},
    {"SELECT * FROM read_parquet('$D/secret.parquet')", "file system operations are disabled"},
    {"SELECT * FROM parquet_scan('$D/secret.parquet')", "file system operations are disabled"},
    {"SELECT * FROM parquet_metadata('$D/secret.parquet')", "file system operations are disabled"},
    {"SELECT * FROM parquet_schema('$D/secret.parquet')", "file system operations are disabled"},
    {"SELECT * FROM parquet_kv_metadata('$D/secret.parquet')",
     "file system operations are disabled"},
    {"FROM '$D/secret.csv'", "file system operations are disabled"},
    {"FROM \"$D/secret.parquet\"", "file system operations are disabled"},
    {"DESCRIBE FROM '$D/secret.csv'", "file system operations are disabled"},
    {"SUMMARIZE '$D/secret.csv'", "file system operations are disabled"},
    {"FROM glob('$D/*')", "file system operations are disabled"},
    {"FROM glob('/etc/*')", "file system operations are disabled"},
    {"SELECT * FROM read_text('$L/.store/../../secret.txt')",
     "file system operations are disabled"},
    {"SELECT * FROM read_text(['$L/.store/format', '$D/secret.txt'])",
     "file system operations are disabled"},
    {"SELECT * FROM read_text('$L/../secret.txt')", "file system operations are disabled"},
    {"SELECT * FROM read_text('/proc/self/environ')", "file system operations are disabled"},
    {"SELECT * FROM read_text('file://$D/secret.txt')", "file system operations are disabled"},
    {"SELECT (SELECT content FROM read_text('$D/secret.txt'))",
     "file system operations are disabled"},
    {"SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')", "disabled|extension"},
    {"SELECT * FROM read_parquet('s3://bucket/x.parquet')", "disabled|extension"},
    {"FROM 'https://127.0.0.1/x.parquet'", "disabled|extension"},
    {"SELECT * FROM sqlite_scan('$D/secret.txt', 't')", "disabled|does not exist|extension"},
    {"SELECT * FROM postgres_scan('host=127.0.0.1', 'a', 'b')", "is not in the catalog"},
    {"SELECT * FROM read_duckdb('$D/secret.txt')", "disabled|does not exist"},
    {"SELECT * FROM arrow_scan(1, 2, 3)", "No function matches|does not exist|cast"},
};
// What the machine and the engine are like.
constexpr Hostile kTelling[] = {
    {"SELECT getenv('HOME')", "getenv: "},
    {"SELECT * FROM duckdb_settings()", "duckdb_settings: "},
    {"SELECT * FROM pg_settings", "pg_settings: "},
    {"SELECT current_setting('allowed_directories')", "current_setting: "},
    {"SELECT * FROM duckdb_secrets()", "duckdb_secrets: "},
    {"SELECT * FROM duckdb_extensions()", "duckdb_extensions: "},
    {"SELECT sql FROM duckdb_views()", "duckdb_views: "},
    {"SELECT sql FROM sqlite_master", "sqlite_master: "},
    {"SELECT * FROM enable_logging('QueryLog')", "enable_logging: "},
    {"SELECT * FROM enable_logging(storage='file', storage_config={'path': '$D/log'})",
     "enable_logging: "},
    {"SELECT * FROM duckdb_logs()", "duckdb_logs: "},
    {"SELECT write_log('x')", "write_log: "},
    {"FROM truncate_duckdb_logs()", "truncate_duckdb_logs: "},
    {"FROM checkpoint()", "checkpoint: "},
    {"FROM force_checkpoint()", "force_checkpoint: "},
    {"FROM fm_rows()", "fm_rows: "},
};
// Large values out of small texts.
constexpr Hostile kSwelling[] = {
    {"SELECT repeat('x', 1000000000)", "repeat: makes a value of any size"},
    {"SELECT ('x').repeat(1000000000)", "repeat: makes a value of any size"},
    {"SELECT \"repeat\"('x', 1000000000)", "repeat: makes a value of any size"},
    {"SELECT system.main.repeat('x', 1000000000)", "repeat: makes a value of any size"},
    {"SELECT repeat('x', volume) FROM candles_1m", "repeat: makes a value of any size"},
    {"SELECT repeat('x', 1000000000::BIGINT)", "repeat: makes a value of any size"},
    {"SELECT repeat(repeat('x', 90000), 90000)", "repeat: makes a value of any size"},
    {"SELECT repeat(s, 90000) FROM (SELECT repeat('x', 90000) AS s)",
     "repeat: makes a value of any size"},
    {"SELECT list_transform([1], x -> repeat('x', 1000000000))",
     "repeat: makes a value of any size"},
    {"EXPLAIN ANALYZE SELECT repeat('x', 1000000000)", "repeat: makes a value of any size"},
    {"SELECT lpad('x', 2000000000, 'y')", "lpad: makes a value of any size"},
    {"SELECT rpad('x', 2000000000, 'y')", "rpad: makes a value of any size"},
    {"SELECT bar(1, 0, 1, 100000000)", "bar: makes a value of any size"},
    {"SELECT len(list_resize([1], 500000000))", "list_resize: makes a value of any size"},
    {"SELECT len(range(500000000))", "range: makes a value of any size"},
    {"SELECT len(range(-500000000, 0))", "range: makes a value of any size"},
    {"SELECT len(generate_series(1, 500000000))", "generate_series: makes a value of any size"},
    {"SELECT format('{:1500000000d}', 1)", "format: its format"},
    {"SELECT printf('%1500000000d', 1)", "printf: its format"},
    {"SELECT printf('%*d', 1500000000, 1)", "printf: its format"},
    {"SELECT list(range) FROM range(100000000)", "memory|ran for longer"},
    {"SELECT count(DISTINCT range::VARCHAR || 'a long text that is stored') FROM range(100000000)",
     "memory|ran for longer"},
    {"SELECT * FROM range(100000000) AS r ORDER BY hash(range)", "memory|ran for longer"},
};
// Work without end.
constexpr Hostile kEndless[] = {
    {"SELECT count(*) FROM range(10000000) a, range(10000000) b, range(100) c",
     "ran for longer|Out of Memory"},
    {"SELECT max(a.range * b.range) FROM range(10000000) a, range(10000000) b",
     "ran for longer|Out of Memory"},
    {"WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM t) SELECT count(*) FROM t",
     "ran for longer|memory"},
    {"WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT t.i + 1 FROM t, range(10)) "
     "SELECT count(*) FROM t",
     "ran for longer|memory"},
    {"SELECT sum(sin(range)) FROM range(1000000000000)", "ran for longer"},
    {"SELECT count(*) FROM range(1000000000) WHERE regexp_matches(range::VARCHAR, '(1*)*2(3|4)+')",
     "ran for longer"},
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
