#include "postgres/copy_rows.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "postgres/layout.h"
#include "postgres/row_reader.h"
#include "postgres/schema.h"
#include "postgres/sink.h"
#include "postgres/testing_database.h"
#include "postgres/testing_rows.h"
#include "table/ddl.h"

namespace fm::postgres {
namespace {

class CopyTest : public DatabaseTest {};

// A table of every type, as the server reads it, against the same cells written as text.
TEST_F(CopyTest, EveryTypeArrivesAsItIs) {
  Connection db = connect();
  const table::Table& table = every_type();
  ASSERT_TRUE(db.run("CREATE SCHEMA market_data"));
  ASSERT_TRUE(db.run(table::create_statement(table, table::Engine::kPostgres)));
  ASSERT_TRUE(
      db.run("CREATE TABLE market_data.all_of_it PARTITION OF market_data.every_type "
             "DEFAULT"));

  table::RowBatch rows(table);
  const auto add = [&](std::int64_t time, Date day, std::string_view text, std::int64_t big,
                       std::int32_t middle, std::int8_t small, bool flag, double number) {
    table::RowAppender(rows)
        .timestamp(time)
        .date(day)
        .text(text)
        .int64(big)
        .int32(middle)
        .int8(small)
        .boolean(flag)
        .number(number)
        .end();
  };
  add(0, Date(1970, 1, 1), "", 0, 0, 0, false, 0.0);
  add(1'750'000'000'123'456, Date(2025, 6, 15), "ES", INT64_MAX, INT32_MAX, 127, true, 1e-9);
  add(-1, Date(1969, 12, 31), "ünï'\"\\\t\n", INT64_MIN, INT32_MIN, -128, false, -0.1);
  table::RowAppender(rows)
      .timestamp(2)
      .date(Date(2000, 1, 1))
      .null()
      .null()
      .int32(1)
      .int8(1)
      .boolean(true)
      .null()
      .end();

  ASSERT_TRUE(db.begin_copy("COPY market_data.every_type FROM STDIN (FORMAT binary)"));
  CopyRows copy;
  copy.begin();
  copy.add(rows);
  ASSERT_TRUE(db.copy(copy.take()));
  copy.end();
  ASSERT_TRUE(db.copy(copy.take()));
  const auto copied = db.end_copy();
  ASSERT_TRUE(copied) << copied.error().message();
  EXPECT_EQ(*copied, 4U);
  const auto stored = db.query("SELECT * FROM market_data.every_type ORDER BY moment");
  ASSERT_TRUE(stored) << stored.error().message();
  const std::optional<std::string> null;
  EXPECT_EQ(*stored,
            (Rows{{"1969-12-31 23:59:59.999999+00", "1969-12-31", "ünï'\"\\\t\n",
                   "-9223372036854775808", "-2147483648", "-128", "f", "-0.1"},
                  {"1970-01-01 00:00:00+00", "1970-01-01", "", "0", "0", "0", "f", "0"},
                  {"1970-01-01 00:00:00.000002+00", "2000-01-01", null, null, "1", "1", "t", null},
                  {"2025-06-15 15:06:40.123456+00", "2025-06-15", "ES", "9223372036854775807",
                   "2147483647", "127", "t", "1e-09"}}));
}

// There and back.
TEST_F(CopyTest, RowsReadAreTheRowsWritten) {
  Connection db = connect();
  ASSERT_TRUE(migrate(db, {&table::candles_1m()}));
  auto sink = PostgresSink::open(connect(), "test");
  table::RowBatch rows(table::candles_1m(), 5'000);
  fill_candles(rows, "ES", Date(2025, 6, 10), 1'749'500'000, 5'000);
  ASSERT_TRUE(sink->write(rows));
  ASSERT_TRUE(sink->commit(table::candles_1m(), {}));
  table::RowHasher written(table::candles_1m());
  written.add(rows);
  table::RowHasher found(table::candles_1m());
  {
    auto stream = read_rows(db, table::candles_1m(), "ticker = 'ES'");
    ASSERT_TRUE(stream) << stream.error().message();
    table::RowBatch batch(table::candles_1m());
    for (auto more = (*stream)->next(batch); more && *more; more = (*stream)->next(batch))
      found.add(batch);
  }
  EXPECT_EQ(found.digest(), written.digest());
  EXPECT_TRUE(db.run("CREATE TABLE free_again (a int)"));
  ASSERT_TRUE(db.run("ALTER TABLE market_data.candles_1m ALTER seconds_traded TYPE bigint"));
  auto stream = read_rows(db, table::candles_1m(), "true");
  ASSERT_TRUE(stream);
  table::RowBatch batch(table::candles_1m());
  const auto refused = (*stream)->next(batch);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kCorrupt);
  EXPECT_NE(refused.error().message().find("seconds_traded: found a value of 8 bytes"),
            std::string::npos)
      << refused.error().message();
}

// Whatever was added, the lengths that lead from cell to cell end where the bytes end.
RC_GTEST_PROP(CopyRows, CellsFollowEachOther, ()) {
  table::RowBatch rows(every_type(), 256);
  const auto texts =
      *rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>());
  for (std::size_t i = 0; i < std::min<std::size_t>(texts.size(), 256); ++i) {
    table::RowAppender row(rows);
    row.timestamp(static_cast<std::int64_t>(i)).date(Date(2025, 1, 1)).text(texts[i]);
    if (texts[i].size() % 3 == 0) {
      row.null();
    } else {
      row.int64(1);
    }
    row.int32(1).int8(1).boolean(false).number(1.5).end();
  }
  CopyRows copy;
  copy.begin();
  copy.add(rows);
  copy.end();
  const auto bytes = copy.take();
  std::size_t at = kCopyHeaderBytes;
  const auto number = [&](std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned>(bytes[at++]);
    return value;
  };
  for (std::size_t row = 0; row < rows.size(); ++row) {
    RC_ASSERT(number(2) == every_type().columns.size());
    for (std::size_t column = 0; column < every_type().columns.size(); ++column) {
      const std::uint32_t size = number(4);
      RC_ASSERT((size == 0xffffffff) == rows.is_null(column, row));
      if (size != 0xffffffff) at += size;
    }
  }
  RC_ASSERT(number(2) == 0xffffU);
  RC_ASSERT(at == bytes.size());
}

}  // namespace
}  // namespace fm::postgres
