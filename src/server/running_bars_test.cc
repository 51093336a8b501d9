// Bars that are still growing: out of the lake's seconds and this process's newer ones they are
// what they will be when the lake has them all.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/testing_fault_env.h"
#include "candles/engine.h"
#include "candles/instruments.h"
#include "dbn/byte_source.h"
#include "dbn/reader.h"
#include "dbn/symbol_map.h"
#include "jobs/candle_rows.h"
#include "jobs/testing_live.h"
#include "lake/lake.h"
#include "market/universe.h"
#include "server/row_hub.h"
#include "server/testing_json.h"
#include "server/testing_server.h"
#include "table/catalogue.h"
#include "table/row_stream.h"

namespace fm::server {
namespace {

// What the engine makes of two trade dates of ES.
class Rows final : public candles::Output {
 public:
  Rows() : engine(market::Universe::builtin(), market::Calendar::builtin(), {}, *this) {
    const TestDirectory folder;
    const std::string path = folder.file("trades.dbn");
    jobs::make_trades(path, 20'000, 11, 2, {"ES"});
    auto input = dbn::open_input(Env::posix(), path);
    auto reader = dbn::Reader::open(std::move(input->source), input->name);
    dbn::SymbolMap map;
    map.add(reader->metadata());
    const candles::SourceId source = engine.begin_source();
    candles::Instruments instruments(map, source, reader->metadata().schema);
    for (;;) {
      const dbn::RecordBlock block = reader->next().value();
      if (block.empty()) break;
      engine.feed(block, instruments);
    }
    engine.end_source(source);
    engine.finish();
    std::ranges::sort(second_rows, {},
                      [](const auto& row) { return std::pair(row.time, row.symbol); });
    std::ranges::sort(candle_rows, {}, &candles::CandleRow::time);
  }

  void candles(std::span<const candles::CandleRow> rows) override {
    candle_rows.insert(candle_rows.end(), rows.begin(), rows.end());
  }
  void seconds(std::span<const candles::SecondRow> rows) override {
    second_rows.insert(second_rows.end(), rows.begin(), rows.end());
  }
  void session(const candles::SessionRow&) override {}
  void rejected(const candles::Rejection&) override {}

  static Rows& get() {
    static Rows* const rows = new Rows;
    return *rows;
  }

  candles::Engine engine;
  std::vector<candles::CandleRow> candle_rows;
  std::vector<candles::SecondRow> second_rows;
};

template <class Row>
std::vector<Row> between(const std::vector<Row>& rows, Second from, Second before) {
  std::vector<Row> some;
  std::ranges::copy_if(rows, std::back_inserter(some),
                       [&](const Row& row) { return row.time >= from && row.time < before; });
  return some;
}

template <class Row>
void store(lake::Lake& lake, const table::Table& table, const std::vector<Row>& rows) {
  std::map<Date, std::vector<Row>> by_date;
  for (const Row& row : rows) by_date[row.trade_date].push_back(row);
  for (const auto& [date, of_date] : by_date) {
    table::RowBatch batch(table, of_date.size());
    jobs::append_rows(batch, std::span<const Row>(of_date), Rows::get().engine);
    table::BatchStream stream(batch);
    const auto merged = lake.merge(table, {.root = "ES", .date = date}, stream, {});
    ASSERT_TRUE(merged) << merged.error().message();
  }
}

// Rows before `until`, as a feed leaves them while the trade date goes on: without its account.
void make_lake(const std::string& path, Second until) {
  auto lake = lake::Lake::open(Env::posix(), path);
  ASSERT_TRUE(lake) << lake.error().message();
  store(**lake, table::candles_1s(), between(Rows::get().second_rows, 0, until));
  store(**lake, table::candles_1m(), between(Rows::get().candle_rows, 0, until));
}

// Of `now` the rows before `stored` are in the lake.
void expect_equal(Second stored, Second now, const std::vector<std::string>& targets) {
  const TestDirectory folder;
  make_lake(folder.file("whole"), now);
  make_lake(folder.file("part"), stored);
  Rows& rows = Rows::get();
  RowHub hub(Env::posix());
  // A feed does not know what is stored by now, and has run for a while.
  constexpr Second kWhile = 2 * 3'600;
  hub.seconds(between(rows.second_rows, stored - kWhile, now), rows.engine);
  hub.rows(between(rows.candle_rows, stored - kWhile, now), rows.engine);
  hub.flush();
  TestServer whole({.lake = folder.file("whole")});
  TestServer part({.lake = folder.file("part")}, {.rows = &hub});
  for (const std::string& target : targets) {
    const std::string wanted = whole.body(target);
    const std::string running = part.body(target);
    EXPECT_GT(Parsed(wanted).number("/rows"), 0) << target;
    EXPECT_EQ(Parsed(running).text("/data"), Parsed(wanted).text("/data")) << target;
    // Other contracts may not have traded meanwhile, and sometimes nothing has.
    const bool is_front = !target.contains("rank=") && !target.contains("symbol=");
    if (is_front && !between(rows.candle_rows, stored, now).empty()) {
      EXPECT_NE(Parsed(running).text("/tail_from"), "null") << target;
    }
    EXPECT_EQ(Parsed(wanted).text("/tail_from"), "null") << target;
  }
}

std::string bars(std::string_view resolution, std::string_view more = "") {
  return fmt::format("/api/candles?root=ES&columns=all&limit=100000&resolution={}{}", resolution,
                     more);
}

Second open_of_second_date() {
  const auto& rows = Rows::get().second_rows;
  return std::ranges::find_if(
             rows, [&](const auto& row) { return row.trade_date != rows.front().trade_date; })
      ->time;
}

TEST(RunningBars, AreWhatTheyWillBe) {
  const Second open = open_of_second_date();
  const std::string symbol =
      "&symbol=" + std::string(Rows::get().engine.symbol(Rows::get().second_rows.back().symbol));
  for (const Second into : {20'000, 40'000}) {
    const Second now = open + into;
    for (const Second behind : {40, 125, 270})
      expect_equal(now - behind, now,
                   {bars("seconds"), bars("1m"), bars("5m"), bars("1h"), bars("1d"),
                    bars("1m", "&rank=1"), bars("1m", symbol), bars("1s", "&rank=1")});
  }
}

TEST(RunningBars, BeginWithTheSession) {
  const Second open = open_of_second_date();
  expect_equal(open - 30, open + 200,
               {bars("seconds", "&symbol=ESM5"), bars("1m", "&symbol=ESM5"), bars("1m")});
}

TEST(RunningBars, AreLeftOutWhereSecondsWouldBeMissing) {
  const TestDirectory folder;
  Rows& rows = Rows::get();
  const Second stored = open_of_second_date() + 20'000;
  make_lake(folder.file("lake"), stored);
  RowHub hub(Env::posix());
  hub.seconds(between(rows.second_rows, stored + 60, stored + 120), rows.engine);
  hub.rows(between(rows.candle_rows, stored + 60, stored + 120), rows.engine);
  hub.flush();
  TestServer server({.lake = folder.file("lake")}, {.rows = &hub});
  const Parsed answer(server.body(bars("1m")));
  EXPECT_EQ(answer.text("/tail_from"), "null");
  EXPECT_GT(answer.number("/rows"), 0);
}

TEST(RunningBars, AreNotPartOfOlderPages) {
  const TestDirectory folder;
  Rows& rows = Rows::get();
  const Second now = open_of_second_date() + 20'000;
  make_lake(folder.file("lake"), now - 60);
  RowHub hub(Env::posix());
  hub.seconds(between(rows.second_rows, now - 80, now), rows.engine);
  hub.rows(between(rows.candle_rows, now - 80, now), rows.engine);
  hub.flush();
  TestServer server({.lake = folder.file("lake")}, {.rows = &hub});
  const Parsed older(server.body(bars("1m", fmt::format("&before={}", now - 3'600))));
  EXPECT_EQ(older.text("/tail_from"), "null");
  EXPECT_GT(older.number("/rows"), 0);
}

}  // namespace
}  // namespace fm::server
