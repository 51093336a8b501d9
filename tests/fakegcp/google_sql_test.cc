#include "google_sql.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing_client.h"

namespace fm::fakegcp {
namespace {

// Values are GoogleSQL's, from its reference.
TEST(GoogleSql, ComputesWhatGoogleSqlComputes) {
  TestCloud test;
  const struct {
    const char *sql, *value;
  } cases[] = {
      {"SELECT 1 + 1", "2"},
      {"SELECT 7 / 2", "3.5"},
      {"SELECT DIV(7, 2)", "3"},
      {"SELECT MOD(-7, 3)", "-1"},
      {"SELECT 'it\\'s'", "it's"},
      {"SELECT \"double\"", "double"},
      {"SELECT r'\\d'", "\\d"},
      {"SELECT CONCAT('a', NULL, 'b')", "NULL"},
      {"SELECT GREATEST(1, NULL)", "NULL"},
      {"SELECT LEAST(3, 2)", "2"},
      {"SELECT IF(1 > 2, 'a', 'b')", "b"},
      {"SELECT IFNULL(NULL, 5)", "5"},
      {"SELECT SAFE_DIVIDE(1, 0)", "NULL"},
      {"SELECT SAFE_CAST('x' AS INT64)", "NULL"},
      {"SELECT CAST('12' AS INT64) + 1", "13"},
      {"SELECT CAST('0x10' AS INT64)", "16"},
      {"SELECT CAST(1.5 AS STRING)", "1.5"},
      {"SELECT TO_HEX(MD5('abc'))", "900150983cd24fb0d6963f7d28e17f72"},
      {"SELECT CHAR_LENGTH('äb')", "2"},
      {"SELECT BYTE_LENGTH('äb')", "3"},
      {"SELECT UNIX_DATE(DATE '1970-01-11')", "10"},
      {"SELECT UNIX_MICROS(TIMESTAMP '1970-01-01 00:00:01 UTC')", "1000000"},
      {"SELECT UNIX_SECONDS(TIMESTAMP '1970-01-02T00:00:00Z')", "86400"},
      {"SELECT UNIX_MICROS(TIMESTAMP_MICROS(17))", "17"},
      {"SELECT DATE_TRUNC(DATE '2025-06-15', MONTH)", "2025-06-01"},
      {"SELECT DATE_TRUNC(DATE '2025-06-15', year)", "2025-01-01"},
      {"SELECT DATE_ADD(DATE '2025-01-31', INTERVAL 1 MONTH)", "2025-02-28"},
      {"SELECT DATE_SUB(DATE '2025-03-01', INTERVAL 1 DAY)", "2025-02-28"},
      {"SELECT DATE_DIFF(DATE '2025-03-01', DATE '2025-02-01', DAY)", "28"},
      {"SELECT DATE(TIMESTAMP '2025-06-15 02:00:00 UTC', 'America/Chicago')", "2025-06-14"},
      {"SELECT DATE(TIMESTAMP '2025-06-15 02:00:00 UTC')", "2025-06-15"},
      {"SELECT DATETIME(TIMESTAMP '2025-06-15 02:00:00 UTC', 'America/Chicago')",
       "2025-06-14T21:00:00"},
      {"SELECT UNIX_SECONDS(TIMESTAMP(DATETIME '1970-01-01 00:00:00', 'America/Chicago'))",
       "21600"},
      {"SELECT EXTRACT(HOUR FROM TIMESTAMP '2025-01-15 02:00:00 UTC' AT TIME ZONE "
       "'America/Chicago')",
       "20"},
      {"SELECT EXTRACT(DAYOFWEEK FROM DATE '2025-06-15')", "1"},
      {"SELECT UNIX_SECONDS(TIMESTAMP_TRUNC(TIMESTAMP '1970-01-01 05:30:00 UTC', HOUR))", "18000"},
      {"SELECT UNIX_SECONDS(TIMESTAMP_TRUNC(TIMESTAMP '1970-01-02 05:30:00 UTC', DAY, "
       "'America/Chicago'))",
       "21600"},
      {"SELECT UNIX_SECONDS(TIMESTAMP_ADD(TIMESTAMP '1970-01-01 00:00:00 UTC', INTERVAL 5 MINUTE))",
       "300"},
      {"SELECT TIMESTAMP_DIFF(TIMESTAMP '1970-01-01 01:59:59 UTC', TIMESTAMP '1970-01-01 00:00:00 "
       "UTC', HOUR)",
       "1"},
      {"SELECT FORMAT_DATE('%Y%m%d', DATE '2025-06-15')", "20250615"},
      {"SELECT CURRENT_DATE()", "2025-06-15"},
      {"SELECT CURRENT_DATE", "2025-06-15"},
      {"SELECT UNIX_SECONDS(CURRENT_TIMESTAMP())", "1750000000"},
      {"SELECT SUM(x) FROM UNNEST([1, 2, 3]) AS x", "6"},
      {"SELECT COUNTIF(x > 1) FROM UNNEST([1, 2, 3]) AS x", "2"},
      {"SELECT ARRAY_AGG(x ORDER BY x DESC LIMIT 1)[OFFSET(0)] FROM UNNEST([1, 3, 2]) AS x", "3"},
      {"SELECT ANY_VALUE(x HAVING MIN -x) FROM UNNEST([1, 3, 2]) AS x", "3"},
      {"SELECT STRING_AGG(x, '+' ORDER BY x) FROM UNNEST(['b', 'a']) AS x", "a+b"},
      {"SELECT COUNT(*) FROM UNNEST(GENERATE_DATE_ARRAY(DATE '2025-01-01', DATE '2025-01-31')) AS "
       "d",
       "31"},
      {"SELECT x FROM UNNEST([2, NULL, 1]) AS x ORDER BY x", "NULL\n1\n2"},
      {"SELECT 1 IN UNNEST([1, 2])", "true"},
      {"WITH a AS (SELECT 1 AS n UNION ALL SELECT 2), b AS (SELECT n FROM a) SELECT SUM(n) FROM b",
       "3"},
      {"SELECT * EXCEPT (b) FROM (SELECT 1 AS a, 2 AS b)", "1"},
      {"SELECT ROW_NUMBER() OVER (PARTITION BY x ORDER BY x) FROM UNNEST([5]) AS x", "1"},
      {"SELECT CASE WHEN 0.1 + 0.2 = 0.3 THEN 'decimal' ELSE 'float' END", "float"},
      {"SELECT 32452843 * 67867967 * 1000", "2202508477780181000"},
      {"SELECT CAST(1 AS NUMERIC) / 4", "0.25"},
      {"SELECT SUM(CAST(x AS NUMERIC) * 9000000000000000000) FROM UNNEST([1, 1, 1]) AS x",
       "27000000000000000000"},
      {"SELECT f0_ FROM (SELECT 1 AS f0_) -- a comment", "1"},
  };
  for (const auto& c : cases) EXPECT_EQ(test.query(c.sql), c.value) << c.sql;
}

TEST(GoogleSql, RefusesWhatItDoesNotKnow) {
  TestCloud test;
  const struct {
    const char *sql, *message;
  } cases[] = {
      {"SELECT epoch_us(TIMESTAMP '2025-01-01')", "Function not found: EPOCH_US"},
      {"SELECT list_sum([1])", "Function not found"},
      {"SELECT 7 % 2", "Illegal input character"},
      {"SELECT 1::STRING", "Illegal input character"},
      {"SELECT CAST(1 AS BIGINT)", "Type not found"},
      {"SELECT CAST(1 AS FLOAT)", "Type not found"},
      {"SELECT TRY_CAST(1 AS INT64)", "Function not found"},
      {"SELECT 9223372036854775807 + 1", "overflow"},
      {"SELECT SUM(x) FROM UNNEST([9223372036854775807, 1]) AS x", "overflow"},
      {"SELECT 1 UNION SELECT 2", "Expected keyword ALL or DISTINCT"},
      {"SELECT a FROM trades", "must be qualified with a dataset"},
      {"SELECT a FROM market_data.nothing", "Not found: Table"},
      {"SELECT a FROM nowhere.nothing", "Not found: Dataset"},
      {"SELECT 1 AS a, 2 AS a", "Duplicate column names"},
      {"SELECT", ""},
      {"SELECT (1", "does not close"},
      {"SELECT 'open", "Unclosed"},
      {"SELECT @missing", "Query parameter"},
      {"PRAGMA version", "Statement not supported"},
      {"DELETE FROM market_data.t", "must have a WHERE"},
      {"SELECT TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 MONTH)", "does not support"},
      {"SELECT SUM(x) FILTER (WHERE x > 1) FROM UNNEST([1]) AS x", "FILTER"},
      {"SELECT FARM_FINGERPRINT('a')", "Function not found"},
      {"", "Unexpected end"},
  };
  for (const auto& c : cases) {
    const std::string found = test.query(c.sql);
    EXPECT_TRUE(found.starts_with("invalidQuery: ") || found.starts_with("notFound: "))
        << c.sql << ": " << found;
    EXPECT_TRUE(found.contains(c.message)) << c.sql << ": " << found;
  }
}

}  // namespace
}  // namespace fm::fakegcp
