#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "table/catalogue.h"
#include "table/ddl.h"
#include "table/row_batch.h"
#include "table/row_stream.h"

namespace fm::table {
namespace {

TEST(Catalogue, IsConsistent) {
  std::set<std::string_view> names;
  for (const Table& table : all_tables()) {
    SCOPED_TRACE(table.name);
    EXPECT_TRUE(names.insert(table.name).second) << "two datasets share a table name";
    std::set<std::string_view> columns;
    for (const Column& column : table.columns) {
      EXPECT_TRUE(columns.insert(column.name).second) << column.name;
      EXPECT_FALSE(column.description.empty()) << column.name;
      EXPECT_FALSE(column.name.starts_with("p_")) << "lake directories would hide " << column.name;
      EXPECT_EQ(column.scale > 0, column.type == Type::kDouble) << column.name;
      EXPECT_TRUE(!column.bookkeeping || column.type == Type::kTimestamp) << column.name;
    }
    ASSERT_TRUE(table.find_column(table.partition_column));
    EXPECT_EQ(table.columns[table.column_index(table.partition_column)].type, Type::kDate);
    for (const auto& key : table.key) EXPECT_TRUE(table.find_column(key)) << key;
    for (const auto& cluster : table.cluster) EXPECT_TRUE(table.find_column(cluster)) << cluster;
    EXPECT_LE(table.cluster.size(), 4u) << "BigQuery clusters by four columns at most";
    EXPECT_TRUE(std::ranges::equal(table.sort.first(table.key.size()), table.key));
    EXPECT_EQ(table.root_column.empty(),
              table.layout == LakeLayout::kMonth || table.layout == LakeLayout::kYear);
    EXPECT_EQ(find_table(table.name), &table);
    EXPECT_EQ(find_table(std::string(table.dataset) + "." + std::string(table.name)), &table);
  }
  EXPECT_EQ(find_table("market_data.nothing"), nullptr);
  EXPECT_EQ(find_table("ops.candles_1m"), nullptr);
}

TEST(Catalogue, CandleColumnsHaveTheirOrder) {
  const std::vector<std::string_view> expected{"time",
                                               "ticker",
                                               "trade_date",
                                               "symbol",
                                               "open",
                                               "high",
                                               "low",
                                               "close",
                                               "volume",
                                               "ask_volume",
                                               "bid_volume",
                                               "unknown_volume",
                                               "cvd_open",
                                               "cvd_high",
                                               "cvd_low",
                                               "cvd_close",
                                               "vd",
                                               "vd_ratio",
                                               "book_imbalance",
                                               "price_change_bps",
                                               "divergence",
                                               "vwap",
                                               "trades",
                                               "max_trade_size",
                                               "big_trades",
                                               "big_volume",
                                               "sum_bid_depth",
                                               "sum_ask_depth",
                                               "sum_price_volume",
                                               "seconds_traded",
                                               "seconds_covered"};
  std::vector<std::string_view> found;
  for (const Column& column : candles_1m().columns) found.push_back(column.name);
  EXPECT_EQ(found, expected);
}

TEST(Ddl, BigQuery) {
  EXPECT_EQ(create_statement(candle_session_contracts(), Engine::kBigquery),
            "CREATE SCHEMA IF NOT EXISTS `market_data`;\n"
            "CREATE TABLE IF NOT EXISTS `market_data`.`candle_session_contracts` (\n"
            "  `ticker` STRING OPTIONS(description='root'),\n"
            "  `trade_date` DATE OPTIONS(description='exchange trade date'),\n"
            "  `symbol` STRING OPTIONS(description='contract'),\n"
            "  `volume` INT64 OPTIONS(description='accepted volume [contracts]'),\n"
            "  `trades` INT64 OPTIONS(description='accepted trades [count]'),\n"
            "  `created_at` TIMESTAMP OPTIONS(description='when this row was first stored "
            "[UTC]'),\n"
            "  PRIMARY KEY (`ticker`, `trade_date`, `symbol`) NOT ENFORCED\n"
            ")\n"
            "PARTITION BY `trade_date`\n"
            "CLUSTER BY `ticker`, `trade_date`, `symbol`\n"
            "OPTIONS(description='Accepted volume of each contract of a ticker and trade date', "
            "require_partition_filter=false);\n");
  EXPECT_NE(create_statement(candles_1m(), Engine::kBigquery).find("require_partition_filter=true"),
            std::string::npos);
}

TEST(Ddl, Postgres) {
  const std::string sql = create_statement(candle_rejects(), Engine::kPostgres);
  EXPECT_TRUE(
      sql.starts_with("CREATE SCHEMA IF NOT EXISTS \"ops\";\n"
                      "CREATE TABLE IF NOT EXISTS \"ops\".\"candle_rejects\" (\n"
                      "  \"ticker\" text,\n"
                      "  \"date\" date NOT NULL,\n"
                      "  \"reason\" text NOT NULL,\n"
                      "  \"count\" bigint NOT NULL,\n"
                      "  \"created_at\" timestamptz NOT NULL,\n"
                      "  UNIQUE NULLS NOT DISTINCT (\"ticker\", \"date\", \"reason\")\n"
                      ") PARTITION BY RANGE (\"date\");\n"
                      "COMMENT ON TABLE \"ops\".\"candle_rejects\" IS "))
      << sql;
  // A unique key must hold the partition column there.
  EXPECT_NE(create_statement(candles_1m(), Engine::kPostgres)
                .find("PRIMARY KEY (\"ticker\", \"time\", \"trade_date\")"),
            std::string::npos);
}

TEST(Ddl, Timescale) {
  EXPECT_EQ(hypertable_time(candles_1s()), "time");
  const std::string sql = create_statement(candles_1s(), Engine::kTimescale);
  EXPECT_NE(sql.find("PRIMARY KEY (\"ticker\", \"symbol\", \"time\")\n);\n"
                     "SELECT create_hypertable('\"market_data\".\"candles_1s\"', 'time', "),
            std::string::npos)
      << sql;
  EXPECT_NE(sql.find("compress_segmentby = '\"ticker\", \"symbol\"'"), std::string::npos) << sql;
  // Nothing in these keys is a time.
  for (const Table* table : {&candle_sessions(), &candle_rejects()})
    EXPECT_EQ(create_statement(*table, Engine::kTimescale),
              create_statement(*table, Engine::kPostgres));
}

TEST(Ddl, QuotesAsEachEngineReads) {
  EXPECT_EQ(quote_text("it's \\", Engine::kDuckdb), "'it''s \\'");
  EXPECT_EQ(quote_text("it's \\", Engine::kBigquery), "'it\\'s \\\\'");
  EXPECT_EQ(quote_name("a\"b", Engine::kPostgres), "\"a\"\"b\"");
  EXPECT_EQ(parse_engine("timescale"), Engine::kTimescale);
  EXPECT_EQ(parse_engine("bigquery"), Engine::kBigquery);
  EXPECT_FALSE(parse_engine("mysql"));
}

TEST(Ddl, MarkdownHasEveryColumnAndNoBrokenRow) {
  const std::string page = catalogue_markdown();
  for (const Table& table : all_tables())
    for (const Column& column : table.columns)
      EXPECT_NE(page.find("| `" + std::string(column.name) + "` | "), std::string::npos);
  EXPECT_NE(page.find("\\|open\\|"), std::string::npos);
}

RowBatch sample(std::size_t rows, std::size_t rows_max = RowBatch::kDefaultRows) {
  RowBatch batch(data_quality_events(), rows_max);
  RowAppender row(batch);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto n = static_cast<std::int64_t>(i);
    row.text("event-" + std::to_string(i)).date(Date(2025, 6, 16)).timestamp(n).text("audit");
    row.text("market_data").null().text(i % 3 == 0 ? "info" : "error").null();
    row.text("message " + std::to_string(i * i)).text(i % 2 == 0 ? "" : "{}").boolean(i % 2 == 0);
    (i % 5 == 0 ? row.null() : row.timestamp(n)).end();
  }
  return batch;
}

TEST(RowBatch, KeepsCellsAndForgetsThemWhenCleared) {
  RowBatch batch = sample(100);
  EXPECT_EQ(batch.size(), 100u);
  EXPECT_EQ(batch.text(0, 37), "event-37");
  EXPECT_TRUE(batch.is_null(5, 37));
  EXPECT_EQ(batch.text(9, 37), "{}");
  EXPECT_EQ(batch.text(9, 38), "");
  EXPECT_EQ(batch.int8s(10)[38], 1);
  EXPECT_TRUE(batch.is_null(11, 35));
  EXPECT_FALSE(batch.is_null(11, 36));
  EXPECT_EQ(batch.text_count(3), 1u) << "a constant is kept once";
  batch.clear();
  EXPECT_EQ(batch.size(), 0u);
  EXPECT_FALSE(batch.is_null(5, 37));
}

TEST(RowBatch, StreamsOfAnyCutGiveTheSameRowsAndHash) {
  const RowBatch whole = sample(1000);
  RowHasher expected(whole.table());
  expected.add(whole);
  for (const std::size_t cut : {64u, 128u, 448u}) {
    BatchStream stream(whole);
    RowBatch piece(whole.table(), cut);
    RowBatch gathered(whole.table());
    RowHasher hasher(whole.table());
    while (*stream.next(piece)) {
      EXPECT_GT(piece.size(), 0u);
      hasher.add(piece);
      gathered.append(piece, 0, piece.size());
    }
    EXPECT_EQ(hasher.digest(), expected.digest()) << cut;
    ASSERT_EQ(gathered.size(), whole.size());
    for (std::size_t row = 0; row < whole.size(); ++row) {
      ASSERT_EQ(gathered.text(8, row), whole.text(8, row));
      ASSERT_EQ(gathered.is_null(11, row), whole.is_null(11, row));
    }
  }
}

Hash128 hash_of_rows(const RowBatch& batch) {
  RowHasher hasher(batch.table());
  hasher.add(batch);
  return hasher.digest();
}

TEST(RowHasher, SeesEveryCellButBookkeeping) {
  const auto make = [](std::string_view symbol, std::int64_t volume, std::int64_t created) {
    RowBatch batch(candle_session_contracts());
    RowAppender(batch)
        .text("ES")
        .date(Date(2025, 6, 16))
        .text(symbol)
        .int64(volume)
        .int64(3)
        .timestamp(created)
        .end();
    return hash_of_rows(batch);
  };
  EXPECT_EQ(make("ESM5", 10, 1), make("ESM5", 10, 2));
  EXPECT_NE(make("ESM5", 10, 1), make("ESM5", 11, 1));
  EXPECT_NE(make("ESM5", 10, 1), make("ESU5", 10, 1));
}

// The words that stand for a null must not be mistaken for one.
TEST(RowHasher, TellsNullFromEveryValue) {
  constexpr std::int64_t kNullWord = 0x6e75'6c6c'6e75'6c6cLL;
  std::set<std::string> hashes;
  const std::vector<std::vector<std::optional<std::int64_t>>> columns{{std::nullopt},
                                                                      {0},
                                                                      {kNullWord},
                                                                      {kNullWord, 0},
                                                                      {kNullWord, kNullWord},
                                                                      {std::nullopt, 0},
                                                                      {std::nullopt, std::nullopt},
                                                                      {0, 0}};
  for (const auto& column : columns) {
    RowBatch batch(job_runs());
    RowAppender row(batch);
    for (const auto& cell : column) {
      row.text("r").date(Date()).text("j").text("s").timestamp(0).null();
      (cell ? row.int64(*cell) : row.null()).null().null().text("v").end();
    }
    EXPECT_TRUE(hashes.insert(hash_of_rows(batch).hex()).second);
  }
}

TEST(Catalogue, IsDocumentedAsItIs) {
  std::ifstream file(FM_SOURCE_DIR "/docs/tables.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_TRUE(page == catalogue_markdown())
      << "docs/tables.md: make it anew with `frontmonth schema --markdown > docs/tables.md`";
}

}  // namespace
}  // namespace fm::table
