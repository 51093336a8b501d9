#include "jobs/schema_job.h"

#include <gtest/gtest.h>

#include "base/json_text.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

TEST(SchemaJob, ShowsEveryTableForEveryEngine) {
  for (const auto* engine : {"duckdb", "postgres", "timescale", "bigquery"}) {
    const auto text = schema_text(std::nullopt, engine);
    ASSERT_TRUE(text) << text.error().message();
    for (const auto& table : table::all_tables())
      EXPECT_NE(text->find(table.name), std::string::npos) << engine << " " << table.name;
  }
}

TEST(SchemaJob, ShowsOneTableByEitherName) {
  const auto one = schema_text("candles_1m", "duckdb");
  ASSERT_TRUE(one) << one.error().message();
  EXPECT_EQ(*one, schema_text("market_data.candles_1m", "duckdb").value());
  EXPECT_EQ(one->find("candle_sessions"), std::string::npos);
}

TEST(SchemaJob, NamesTheNearest) {
  const auto table = schema_text("candles_1min", "duckdb");
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), Code::kNotFound);
  EXPECT_EQ(table.error().message(), "no table 'candles_1min'; did you mean 'candles_1m'?");
  const auto engine = schema_text(std::nullopt, "oracle");
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code(), Code::kInvalidArgument);
}

TEST(SchemaJob, JsonHoldsColumnsAndKeys) {
  const auto json = schema_json("candle_rejects", "bigquery");
  ASSERT_TRUE(json);
  EXPECT_NE(json->find(R"("key":["ticker","date","reason"])"), std::string::npos) << *json;
  EXPECT_NE(json->find(R"({"name":"count","type":"INT64","nullable":false)"), std::string::npos)
      << *json;
}

TEST(JsonText, EscapesWhatJsonMustNotHold) {
  EXPECT_EQ(json_quoted("a\"b\\c\nd\x01é"), "\"a\\\"b\\\\c\\nd\\u0001é\"");
}

}  // namespace
}  // namespace fm::jobs
