// A feed that begins with nothing but a database.
#include "jobs/cvd_bases.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "jobs/database.h"
#include "jobs/session_window.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_live.h"
#include "jobs/verify.h"
#include "lake/lake.h"
#include "lake/query.h"
#include "postgres/testing_database.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

TEST(CvdBases, ReadsWhatWasKeptAndNamesTheLineThatIsNone) {
  const TestDirectory folder;
  Env& env = Env::posix();
  EXPECT_TRUE(read_cvd_bases(env, folder.path())->empty());
  write_whole(folder.file("cvd_bases.txt"), "ES 2025-06-10 -12 ESM5\nZL 2025-06-11 7 ZLN5\n");
  EXPECT_EQ(*read_cvd_bases(env, folder.path()),
            (std::vector<CvdBase>{{"ES", Date(2025, 6, 10), -12, "ESM5"},
                                  {"ZL", Date(2025, 6, 11), 7, "ZLN5"}}));
  for (const char* line : {"ES 2025-06-10 -12\n", "ES 2025-06-31 1 ESM5\n",
                           "ES 2025-06-10 x ESM5\n", "ES 2025-06-10 1 ESM5 x\n", "\n"}) {
    write_whole(folder.file("cvd_bases.txt"), std::string("ES 2025-06-10 -12 ESM5\n") + line);
    const auto refused = read_cvd_bases(env, folder.path());
    ASSERT_FALSE(refused) << line;
    EXPECT_EQ(refused.error().code(), Code::kCorrupt);
    EXPECT_NE(refused.error().message().find("line 2"), std::string::npos)
        << refused.error().message();
  }
}

class CvdFromDatabase : public postgres::DatabaseTest {};

std::vector<std::string> candles_of(const std::string& lake, Date date) {
  const auto view = lake::Lake::view(Env::posix(), lake);
  auto rows = view->read(table::candles_1m(), {.from = date, .before = date + 1});
  std::vector<std::string> found;
  table::RowBatch batch(table::candles_1m());
  const std::size_t cvd = table::candles_1m().column_index("cvd_close");
  while (*(*rows)->next(batch))
    for (std::size_t row = 0; row < batch.size(); ++row)
      found.push_back(fmt::format("{} {} {}", batch.text(1, row), batch.int64s(0)[row],
                                  batch.int64s(cvd)[row]));
  return found;
}

TEST_F(CvdFromDatabase, TheSecondDateGoesOnFromTheFirst) {
  const TestDirectory folder;
  const std::string trades = folder.file("trades.dbn");
  make_trades(trades, 20'000, 7, 2);
  make_batch_lake(trades, folder.file("batch"));
  ASSERT_TRUE(apply_schema(Env::posix(), uri(), {}));
  NoProgress progress;
  VerifyOptions fill;
  fill.lake = folder.file("batch");
  fill.tables = {"candles_1m", "candles_1s"};
  fill.repair = true;
  ASSERT_TRUE(run_verify(Env::posix(), fill, uri(), progress));
  const Date second = *Date::parse(ask("SELECT max(trade_date) FROM market_data.candles_1m"));
  const auto emptied =
      connect().run("DELETE FROM market_data.candles_1m WHERE trade_date = '" + second.iso() + "'");
  ASSERT_TRUE(emptied);

  // Another machine, without a lake, to which the gateway sends the second date.
  const auto server = serve(trades);
  ASSERT_TRUE(server);
  LiveJobOptions options = feed_options(*server, folder.file("live"));
  options.start = first_nanos(bounds_of(market::Calendar::builtin(), "ES", second).open);
  options.database = uri();
  const auto ended = run_feed(options);
  ASSERT_TRUE(ended) << ended.error().message();
  const auto expected = candles_of(folder.file("batch"), second);
  ASSERT_GT(expected.size(), 100U);
  EXPECT_EQ(candles_of(folder.file("live"), second), expected);
  EXPECT_EQ(
      ask("SELECT count(*) FROM market_data.candles_1m WHERE trade_date = '" + second.iso() + "'"),
      std::to_string(expected.size()));
  fill.repair = false;
  fill.tables = {"candles_1m"};
  const auto equal = run_verify(Env::posix(), fill, uri(), progress);
  ASSERT_TRUE(equal);
  EXPECT_TRUE(equal->equal()) << to_text(*equal);

  // And again, from the log, with the database gone.
  options.database.reset();
  const auto again = run_feed(options);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(candles_of(folder.file("live"), second), expected);
}

TEST_F(CvdFromDatabase, ADatabaseThatIsDownDelaysNothing) {
  const TestDirectory folder;
  const std::string trades = folder.file("trades.dbn");
  make_trades(trades, 3'000, 7);
  const auto server = serve(trades);
  LiveJobOptions options = feed_options(*server, folder.file("live"));
  options.start = 1;
  options.database = Secret("postgresql://u:p@127.0.0.1:1/db");
  options.database_retry_after = 10'000'000;
  const auto ended = run_feed(options);
  ASSERT_FALSE(ended) << "the database is missing what the lake has";
  EXPECT_EQ(ended.error().code(), Code::kDisconnected) << ended.error().message();
  EXPECT_FALSE(candles_of(folder.file("live"), Date(2025, 6, 9)).empty());
}

}  // namespace
}  // namespace fm::jobs
