#include "candles/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "candles/open_rows.h"
#include "candles/testing_reference.h"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

// Counted, so that a test can say that there were none. Not inlined: the compiler would see malloc
// meet delete.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new[](std::size_t size) { return operator new(size); }
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace fm::candles {
namespace {

constexpr Second kMonday = 1'750'080'000;  // 2025-06-16 13:20:00 UTC, mid-session

dbn::Mbp1Msg trade(Second second, Price price, std::uint32_t size, char side = 'B') {
  dbn::Mbp1Msg record{};
  record.header = {dbn::kLengthOf<dbn::Mbp1Msg>, dbn::RType::kMbp1, 1, 7,
                   static_cast<Nanos>(second) * kNanosPerSecond + 5};
  record.ts_recv = record.header.ts_event + 100;
  record.price = price * kPriceScale;
  record.size = size;
  record.action = 'T';
  record.side = side;
  record.levels[0] = {record.price - kPriceScale, record.price + kPriceScale, 3, 4, 1, 1};
  return record;
}

// Counts rows and forgets them.
class Counter final : public Output {
 public:
  void candles(std::span<const CandleRow> rows) override { candle_rows += rows.size(); }
  void seconds(std::span<const SecondRow> rows) override { second_rows += rows.size(); }
  void session(const SessionRow&) override {}
  void rejected(const Rejection&) override { ++rejections; }
  std::uint64_t candle_rows = 0;
  std::uint64_t second_rows = 0;
  std::uint64_t rejections = 0;
};

TEST(Engine, AllocatesNothingOnceEverythingIsKnown) {
  Counter counter;
  Engine engine(market::Universe::builtin(), market::Calendar::builtin(), {}, counter);
  const SourceId source = engine.begin_source();
  const std::vector<SymbolId> symbols{engine.intern("ESM5"), engine.intern("ESU5"),
                                      engine.intern("NGN5"), engine.intern("ESM5-ESU5")};
  std::uint64_t position = 0;
  OpenRows open;
  std::size_t open_rows = 0;
  const auto feed_seconds = [&](Second from, Second until) {
    for (Second second = from; second < until; ++second) {
      engine.provisional(open);
      open_rows += open.candles().size() + open.seconds().size() + open.sessions().size();
      for (const SymbolId symbol : symbols) {
        for (int i = 0; i < 3; ++i) {
          engine.feed(trade(second - (i == 2 ? 40 : 0), 6'000 + second % 7, 1 + i, "ABN"[i]),
                      symbol, position++, source);
        }
      }
    }
  };
  feed_seconds(kMonday, kMonday + 400);
  const std::uint64_t before = allocations;
  feed_seconds(kMonday + 400, kMonday + 1'200);
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_GT(open_rows, 800U * 61 * 3);
  engine.finish();
  EXPECT_GT(counter.candle_rows, 2'000U);
  EXPECT_GT(counter.second_rows, counter.candle_rows);
}

TEST(Engine, GivesOutRowsWhenTheClockHasPassedThemBySixtySeconds) {
  testing::Collector collector;
  Engine engine(market::Universe::builtin(), market::Calendar::builtin(), {.warmup_seconds = 1},
                collector);
  collector.attach(engine);
  const SourceId source = engine.begin_source();
  const SymbolId es = engine.intern("ESM5");
  engine.feed(trade(kMonday, 6'000, 2), es, 0, source);
  engine.feed(trade(kMonday + 60, 6'001, 1), es, 1, source);
  engine.flush();
  EXPECT_EQ(collector.candle_bytes().size(), 0U);
  EXPECT_EQ(engine.final_to(), kMonday - 1);
  engine.feed(trade(kMonday, 6'002, 5, 'A'), es, 2, source);  // just in time
  engine.feed(trade(kMonday + 61, 6'001, 1), es, 3, source);
  engine.feed(trade(kMonday, 6'002, 5, 'A'), es, 4, source);  // too late
  engine.flush();
  ASSERT_EQ(collector.candle_bytes().size(), sizeof(CandleRow));
  engine.finish();
  const testing::Account account = collector.account();
  ASSERT_EQ(account.candles.size(), 3U);
  const CandleRow& first = account.candles[0].row;
  EXPECT_EQ(first.time, kMonday);
  EXPECT_EQ(first.volume, 7);
  EXPECT_EQ(first.vd(), -3);
  EXPECT_EQ(first.close, 6'002 * kPriceScale);
  EXPECT_EQ(first.cvd_high, 2);
  EXPECT_EQ(account.rejections,
            (std::vector<std::pair<Reason, std::uint64_t>>{{Reason::kLate, 4}}));
}

TEST(Engine, GoesOnFromAnEarlierRun) {
  // Two trade dates in one run, and the second one alone, resumed from the account of the first.
  std::vector<testing::Arrival> monday;
  std::vector<testing::Arrival> tuesday;
  const auto add = [](std::vector<testing::Arrival>& to, Second at, const char* symbol, char side,
                      std::uint32_t size) {
    to.push_back({testing::Arrival::Kind::kRecord, trade(at, 6'000 + at % 5, size, side), symbol});
  };
  for (Second s = kMonday; s < kMonday + 900; s += 3) {
    add(monday, s, "ESM5", "AB"[s % 2], 3);
    add(monday, s + 1, "ESU5", "ABB"[s % 3], s < kMonday + 400 ? 1 : 9);
  }
  for (Second s = kMonday + 86'400; s < kMonday + 87'300; s += 3) {
    add(tuesday, s, "ESM5", "AAB"[s % 3], s < kMonday + 86'800 ? 2 : 11);
    add(tuesday, s + 1, "ESU5", "AB"[s % 2], 5);
  }
  for (const auto rule : {market::FrontMonthRule::kFiveMinuteVolume,
                          market::FrontMonthRule::kPreviousSessionVolume}) {
    testing::ReferenceOptions options;
    options.engine.warmup_seconds = 2;
    options.engine.front_month = rule;
    std::vector<testing::Arrival> both = monday;
    both.insert(both.end(), tuesday.begin(), tuesday.end());
    const testing::Account together = testing::run_engine(both, options);
    const testing::Account first = testing::run_engine(monday, options);
    ASSERT_EQ(first.sessions.size(), 1U);
    Resume& resume = options.resume["ES"];
    resume.cvd_close = first.sessions[0].cvd_close;
    resume.front_month = first.sessions[0].last_contract;
    for (const auto& [symbol, figures] : first.sessions[0].contracts) {
      resume.volumes.emplace_back(symbol, figures[0]);
    }
    const testing::Account second = testing::run_engine(tuesday, options);
    std::vector<testing::NamedCandle> in_turn = first.candles;
    in_turn.insert(in_turn.end(), second.candles.begin(), second.candles.end());
    // What the feed covered is another matter: alone, the second run begins with its first record.
    std::vector<testing::NamedCandle> expected = together.candles;
    for (auto* rows : {&in_turn, &expected}) {
      for (testing::NamedCandle& candle : *rows) candle.row.seconds_covered = 0;
    }
    EXPECT_EQ(in_turn, expected) << market::name(rule);
    EXPECT_FALSE(second.candles.empty());
    std::vector<testing::NamedSecond> seconds_in_turn = first.seconds;
    seconds_in_turn.insert(seconds_in_turn.end(), second.seconds.begin(), second.seconds.end());
    std::sort(seconds_in_turn.begin(), seconds_in_turn.end(), [](const auto& a, const auto& b) {
      return std::tie(a.symbol, a.row.time) < std::tie(b.symbol, b.row.time);
    });
    EXPECT_EQ(seconds_in_turn, together.seconds);
    EXPECT_EQ(second.sessions.back().cvd_close, together.sessions.back().cvd_close);
  }
}

TEST(Engine, CountsWhatItLeavesOutAndSaysWhere) {
  Counter counter;
  Engine engine(market::Universe::builtin(), market::Calendar::builtin(), {}, counter);
  const SourceId source = engine.begin_source();
  engine.malformed({}, 0, source);  // before any arrival
  const SymbolId spread = engine.intern("ESM5-ESU5");
  engine.feed(trade(kMonday, 1, 1), spread, 1, source);
  engine.feed(trade(kMonday, 1, 1), spread, 2, source);
  engine.feed(trade(kMonday, 1, 0), engine.intern("ESM5"), 3, source);
  engine.feed(trade(kMonday, 1, 1), engine.intern(""), 4, source);
  engine.feed(trade(kMonday, 1, 1), engine.intern("ZLN5"), 5, source);        // 08:20 Chicago
  engine.feed(trade(kMonday + 700, 1, 1), engine.intern("ZLN5"), 6, source);  // 08:31
  engine.not_trade();
  engine.finish();
  const Date date = Date::of_second(kMonday);
  struct Expected {
    const char* ticker;
    Reason reason;
    std::uint64_t count;
  };
  const std::vector<Expected> expected{{"", Reason::kMalformed, 1},  {"", Reason::kNotTrade, 1},
                                       {"", Reason::kUnmapped, 1},   {"", Reason::kNotOutright, 2},
                                       {"", Reason::kOffSession, 1}, {"ES", Reason::kZeroSize, 1}};
  const std::vector<RejectCount> rejects = engine.rejects();
  ASSERT_EQ(rejects.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(rejects[i].ticker ? engine.ticker(*rejects[i].ticker) : "", expected[i].ticker);
    EXPECT_EQ(rejects[i].date, date);
    EXPECT_EQ(rejects[i].reason, expected[i].reason);
    EXPECT_EQ(rejects[i].count, expected[i].count);
  }
  EXPECT_EQ(counter.rejections, 4U);
  EXPECT_EQ(engine.not_outright(spread), 2U);
  const Stats stats = engine.stats();
  EXPECT_EQ(stats.records, 8U);
  EXPECT_EQ(stats.accepted, 1U);
  ASSERT_EQ(stats.tickers.size(), 2U);
  EXPECT_EQ(stats.tickers[1].ticker, "ZL");
  EXPECT_EQ(stats.tickers[1].off_session, 1U);
}

TEST(Engine, KeepsTheTickTestOfEachDateWhenATradeIsStampedFarAhead) {
  testing::Collector collector;
  Engine engine(market::Universe::builtin(), market::Calendar::builtin(), {}, collector);
  collector.attach(engine);
  const SourceId source = engine.begin_source();
  const SymbolId es = engine.intern("ESM5");
  const auto unquoted = [](Second second, Price price) {
    dbn::Mbp1Msg record = trade(second, price, 1, 'N');
    record.levels[0].bid_px = kUndefPrice;
    return record;
  };
  engine.feed(unquoted(kMonday, 6'000), es, 0, source);
  engine.feed(unquoted(kMonday, 6'001), es, 1, source);
  dbn::Mbp1Msg tomorrow = unquoted(kMonday + 86'400, 7'000);
  tomorrow.header.publisher_id = 0;
  engine.feed(tomorrow, es, 2, source);
  engine.feed(unquoted(kMonday, 6'001), es, 3, source);  // still up
  engine.finish();
  const testing::Account account = collector.account();
  ASSERT_EQ(account.seconds.size(), 2U);
  EXPECT_EQ(account.seconds[0].row.ask_volume, 2);
  EXPECT_EQ(account.seconds[0].row.unknown_volume, 1);
}

TEST(Engine, NeverWritesARowForAGap) {
  testing::Collector collector;
  Engine engine(market::Universe::builtin(), market::Calendar::builtin(),
                {.warmup_seconds = 1, .every_second = true}, collector);
  collector.attach(engine);
  const SourceId source = engine.begin_source(false);
  const Engine::CoverId before = engine.cover_from(kMonday);
  const SymbolId es = engine.intern("ESM5");
  engine.feed(trade(kMonday, 6'000, 2), es, 0, source);
  engine.cover_until(before, kMonday + 10);
  engine.cover_from(kMonday + 100);
  engine.feed(trade(kMonday + 102, 6'001, 1, 'A'), es, 1, source);
  engine.end_source(source);
  engine.finish();
  const testing::Account account = collector.account();
  ASSERT_EQ(account.candles.size(), 10U + 3U);
  const CandleRow& quiet = account.candles[11].row;  // its window is empty
  EXPECT_EQ(quiet.time, kMonday + 101);
  EXPECT_EQ(quiet.close, 6'000 * kPriceScale);
  EXPECT_EQ(quiet.volume, 0);
  EXPECT_EQ(quiet.cvd_open, 2);
  EXPECT_EQ(quiet.seconds_covered, 2);
  EXPECT_EQ(account.sessions[0].seconds_in_gaps, 90);
}

TEST(Engine, LeavesOutTheSecondsThatAGapTouches) {
  constexpr Nanos kBegin = static_cast<Nanos>(kMonday) * kNanosPerSecond;
  constexpr Nanos kMilli = 1'000'000;
  struct {
    const char* what;
    Nanos from;  // after kBegin
    Nanos until;
    std::optional<std::pair<Second, Second>> repaired;
    int missing;
  } const cases[] = {
      {"inside one second", 30'200 * kMilli, 30'700 * kMilli, {}, 1},
      {"a whole second", 30'000 * kMilli, 31'000 * kMilli, {}, 1},
      {"across a boundary", 30'900 * kMilli, 31'001 * kMilli, {}, 2},
      {"ten seconds and two touched", 20'500 * kMilli, 31'500 * kMilli, {}, 12},
      {"none", 30'500 * kMilli, 30'500 * kMilli, {}, 0},
      {"clocks that went back", 30'500 * kMilli, 30'400 * kMilli, {}, 0},
      {"repaired", 20'500 * kMilli, 31'500 * kMilli, std::pair(20, 32), 0},
      {"repaired in part", 20'500 * kMilli, 31'500 * kMilli, std::pair(20, 30), 2},
  };
  for (const auto& c : cases) {
    testing::Collector collector;
    Engine engine(market::Universe::builtin(), market::Calendar::builtin(), {.warmup_seconds = 1},
                  collector);
    collector.attach(engine);
    const SourceId source = engine.begin_source(false);
    const Engine::CoverId cover = engine.cover_from(kMonday - 100);
    const SymbolId es = engine.intern("ESM5");
    engine.feed(trade(kMonday, 6'000, 2), es, 0, source);
    const Engine::CoverId after = engine.cover_gap(cover, kBegin + c.from, kBegin + c.until);
    EXPECT_EQ(after == cover, c.from >= c.until) << c.what;
    engine.feed(trade(kMonday + 40, 6'000, 2), es, 1, source);
    if (c.repaired) engine.cover(kMonday + c.repaired->first, kMonday + c.repaired->second);
    engine.feed(trade(kMonday + 59, 6'000, 2), es, 2, source);
    engine.feed(trade(kMonday + 99, 6'000, 2), es, 3, source);
    engine.cover_until(after, kMonday + 100);
    OpenRows open;
    engine.provisional(open);
    ASSERT_EQ(open.sessions().size(), 1U) << c.what;
    EXPECT_EQ(open.sessions()[0].seconds_covered, 200 - c.missing) << c.what;
    engine.finish();
    const testing::Account account = collector.account();
    ASSERT_EQ(account.candles.size(), 4U) << c.what;
    EXPECT_EQ(account.candles[2].row.seconds_covered, 60 - c.missing) << c.what;
    // A window of 60 seconds from 40 on.
    EXPECT_EQ(account.candles[3].row.seconds_covered, 60) << c.what;
    EXPECT_EQ(account.sessions[0].seconds_in_gaps, c.missing) << c.what;
    EXPECT_EQ(account.sessions[0].seconds_covered, 200 - c.missing) << c.what;
  }
}

}  // namespace
}  // namespace fm::candles
