#include "jobs/text_rows.h"

#include <gtest/gtest.h>

#include "table/catalogue.h"

namespace fm::jobs {
namespace {

TEST(TextRows, WritesEveryTypeInBothForms) {
  table::RowBatch batch(table::candles_1m());
  table::RowAppender row(batch);
  const Date day(2025, 6, 16);
  row.timestamp(1'750'107'437'000'000).text("ES").date(day).text("ESU5");
  row.number(6053.75).number(6054.25).number(6053.75).number(6054).int64(220).int64(190).int64(30);
  row.int64(0).int64(368).int64(528).int64(-368).int64(528).int64(160).number(0.7272727272727273);
  row.null().null().int8(-1).null().int64(11).int64(51).int64(5).int64(177).int64(165).int64(77);
  row.number(1331862.5).int32(7).int32(60).end();

  std::string csv;
  append_csv(batch, csv);
  EXPECT_EQ(csv,
            "2025-06-16T20:57:17Z,ES,2025-06-16,ESU5,6053.75,6054.25,6053.75,6054,220,190,30,0,368,"
            "528,-368,528,160,0.7272727272727273,,,-1,,11,51,5,177,165,77,1331862.5,7,60\n");
  std::string json;
  append_json_lines(batch, json);
  EXPECT_TRUE(
      json.starts_with("{\"time\":\"2025-06-16T20:57:17Z\",\"ticker\":\"ES\",\"trade_date\":"
                       "\"2025-06-16\",\"symbol\":\"ESU5\",\"open\":6053.75,"))
      << json;
  EXPECT_NE(json.find("\"book_imbalance\":null,\"price_change_bps\":null,\"divergence\":-1,"),
            std::string::npos);
  EXPECT_TRUE(json.ends_with("\"seconds_covered\":60}\n"));
  EXPECT_EQ(csv_header(table::candles_1m()).substr(0, 30), "time,ticker,trade_date,symbol,");
}

TEST(TextRows, QuotesWhatNeedsIt) {
  table::RowBatch batch(table::candle_rejects());
  table::RowAppender row(batch);
  row.null().date(Date(2025, 6, 16)).text("a,\"b\"\n\x01").int64(3).timestamp(1'500'000).end();
  std::string csv, json;
  append_csv(batch, csv);
  append_json_lines(batch, json);
  EXPECT_EQ(csv, ",2025-06-16,\"a,\"\"b\"\"\n\x01\",3,1970-01-01T00:00:01.500000Z\n");
  EXPECT_EQ(json,
            "{\"ticker\":null,\"date\":\"2025-06-16\",\"reason\":\"a,\\\"b\\\"\\u000a\\u0001\","
            "\"count\":3,\"created_at\":\"1970-01-01T00:00:01.500000Z\"}\n");
}

}  // namespace
}  // namespace fm::jobs
