// Open rows are those that finishing now would put out, at any moment, and looking changes nothing.
#include "candles/open_rows.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "candles/provisional_rows.h"
#include "candles/testing_reference.h"
#include "candles/testing_streams.h"

namespace fm::candles {
namespace {

using testing::Arrival;
using testing::Dice;
using testing::Feeder;

// Without records that do not move the clock no trade lies further ahead than clock + 1.
bool moves_clock_only(Dice& dice, testing::Stream& stream) {
  if (!stream.options.engine.every_second && dice.one_in(3)) return false;
  for (Arrival& arrival : stream.arrivals) arrival.record.header.publisher_id = 1;
  return true;
}

template <class Row>
std::vector<Row> rows_after(const std::string& bytes, std::size_t skipped, Second last) {
  std::vector<Row> rows((bytes.size() - skipped) / sizeof(Row));
  if (!rows.empty()) std::memcpy(rows.data(), bytes.data() + skipped, bytes.size() - skipped);
  std::erase_if(rows, [&](const Row& row) { return row.time > last; });
  return rows;
}

template <class Row>
std::string bytes_of(std::span<const Row> rows) {
  return {reinterpret_cast<const char*>(rows.data()), rows.size_bytes()};
}

// Where coverage would end if it ended now, for a run of the same arrivals to the end.
Second covered_until(const Engine& engine, const OpenRows& open) {
  Second newest = *engine.clock();
  for (const SessionRow& row : open.sessions()) {
    newest = std::max(newest, second_of(row.last_event));
  }
  return newest + 1;
}

std::vector<testing::NamedSession> sessions_of(Feeder& run, const OpenRows& open) {
  testing::Collector named;
  named.attach(run.engine());
  for (const SessionRow& row : open.sessions()) named.session(row);
  return named.account().sessions;
}

// What `open` says beside what a second run of the first `count` arrivals says at its end.
void compare_with_finishing(const testing::Stream& stream, std::size_t count, Feeder& run,
                            const OpenRows& open, bool sessions_too) {
  testing::ReferenceOptions options = stream.options;
  const Second until = covered_until(run.engine(), open);
  for (auto& covered : options.covered) covered.second = std::min(covered.second, until);
  std::erase_if(options.covered, [](const auto& c) { return c.first >= c.second; });
  Feeder other(options);
  for (std::size_t i = 0; i < count; ++i) other.feed(stream.arrivals[i]);
  other.engine().flush();
  const std::size_t candle_bytes = other.collector().candle_bytes().size();
  const std::size_t second_bytes = other.collector().second_bytes().size();
  const Second last = *other.engine().clock() + 1;
  other.finish();

  auto candles = rows_after<CandleRow>(other.collector().candle_bytes(), candle_bytes, last);
  std::sort(candles.begin(), candles.end(), [](const auto& a, const auto& b) {
    return std::tie(a.ticker, a.time) < std::tie(b.ticker, b.time);
  });
  RC_ASSERT(bytes_of(open.candles()) == bytes_of<CandleRow>(candles));
  auto seconds = rows_after<SecondRow>(other.collector().second_bytes(), second_bytes, last);
  std::sort(seconds.begin(), seconds.end(), [](const auto& a, const auto& b) {
    return std::tie(a.ticker, a.time, a.symbol) < std::tie(b.ticker, b.time, b.symbol);
  });
  RC_ASSERT(bytes_of(open.seconds()) == bytes_of<SecondRow>(seconds));
  if (!sessions_too) return;
  testing::Account expected;
  expected.sessions = other.collector().account().sessions;
  const auto closed = run.collector().account().sessions;
  std::erase_if(expected.sessions, [&](const auto& session) {
    return std::any_of(closed.begin(), closed.end(), [&](const auto& other_session) {
      return std::tie(session.ticker, session.trade_date) ==
             std::tie(other_session.ticker, other_session.trade_date);
    });
  });
  testing::Account actual;
  actual.sessions = sessions_of(run, open);
  if (const auto text = testing::difference(expected, actual); !text.empty()) RC_FAIL(text);
}

// What streams have shown of what the comparison is about.
struct Shown {
  int with_candles = 0;
  int with_switch = 0;
  int warming_up = 0;
};

// At random moments of the stream of `seed`.
void compare_on_the_way(std::uint64_t seed, Shown& shown) {
  Dice dice(seed ^ 0x0BE4);
  testing::Stream stream = testing::hostile_stream(seed);
  const bool ordinary = moves_clock_only(dice, stream);
  Feeder run(stream.options);
  OpenRows open;
  const auto total = static_cast<std::int64_t>(stream.arrivals.size());
  for (std::int64_t i = 0; i < total; ++i) {
    run.feed(stream.arrivals[static_cast<std::size_t>(i)]);
    if (i + 1 != total && !dice.one_in(1 + total / 5)) continue;
    run.engine().provisional(open);
    if (!run.engine().clock()) {
      RC_ASSERT(open.candles().empty() && open.seconds().empty() && open.sessions().empty());
      continue;
    }
    run.engine().flush();
    compare_with_finishing(stream, static_cast<std::size_t>(i + 1), run, open, ordinary);
    shown.with_candles += !open.candles().empty();
    shown.warming_up += open.candles().empty() && !open.seconds().empty();
    for (std::size_t c = 1; c < open.candles().size(); ++c) {
      const CandleRow& before = open.candles()[c - 1];
      const CandleRow& row = open.candles()[c];
      shown.with_switch += before.ticker == row.ticker && before.symbol != row.symbol;
    }
  }
  run.finish();
  // All that looking could have changed.
  Feeder undisturbed(stream.options);
  for (const Arrival& arrival : stream.arrivals) undisturbed.feed(arrival);
  undisturbed.finish();
  RC_ASSERT(run.collector().candle_bytes() == undisturbed.collector().candle_bytes());
  RC_ASSERT(run.collector().second_bytes() == undisturbed.collector().second_bytes());
  run.engine().provisional(open);
  RC_ASSERT(open.candles().empty() && open.seconds().empty() && open.sessions().empty());
}

TEST(OpenRows, AreWhatFinishingNowWouldPutOut) {
  Shown shown;
  EXPECT_TRUE(rc::check("open rows = rows of a copy that finishes",
                        [&] { compare_on_the_way(*rc::gen::arbitrary<std::uint64_t>(), shown); }));
}

// The property says nothing about what the streams never show; these show all of it, every time.
TEST(OpenRows, FixedStreamsShowCandlesSwitchesAndWarmUp) {
  Shown shown;
  std::uint64_t seed = 0;
  EXPECT_TRUE(rc::check("the first 60 streams", [&] {
    if (seed < 60) compare_on_the_way(seed++, shown);
  }));
  EXPECT_GT(shown.with_candles, 20);
  EXPECT_GT(shown.warming_up, 20);
  EXPECT_GT(shown.with_switch, 0);
}

// What a reader holds that takes `changed` by key.
template <class Row, class Key>
struct Reader {
  explicit Reader(Key the_key) : key(the_key) {}

  void take(const std::vector<Row>& changed) {
    for (const Row& row : changed) {
      const auto [place, fresh] = rows.try_emplace(key(row), row);
      RC_ASSERT(fresh || place->second != row);
      place->second = row;
      corrections += !fresh;
    }
  }

  Key key;
  std::map<decltype(key(std::declval<Row>())), Row> rows;
  int corrections = 0;
};

// Gives final rows to a reader as they come; open rows when told.
template <class Row, class Key>
struct Publisher {
  explicit Publisher(Key key) : reader(key) {}

  void final(std::span<const Row> rows) {
    changed.clear();
    published.final(rows, changed);
    reader.take(changed);
    for (const Row& row : rows) {
      RC_ASSERT(reader.rows.at(reader.key(row)) == row);
      ++finals;
    }
  }
  void open(std::span<const Row> rows, Second through) {
    changed.clear();
    published.open(rows, through, changed);
    reader.take(changed);
    RC_ASSERT(published.size() <= rows.size());
    for (const Row& row : rows) {
      if (row.time <= through) RC_ASSERT(reader.rows.at(reader.key(row)) == row);
    }
  }
  // Every row that was ever published is final now, and nothing else is held.
  void check_end() const {
    RC_ASSERT(published.size() == 0U);
    RC_ASSERT(reader.rows.size() == finals);
  }

  ProvisionalRows<Row> published;
  Reader<Row, Key> reader;
  std::vector<Row> changed;
  std::size_t finals = 0;
};

auto candle_key = [](const CandleRow& row) { return std::tuple(row.ticker, row.time); };
auto second_key = [](const SecondRow& row) { return std::tuple(row.ticker, row.symbol, row.time); };

class Publishing final : public Output {
 public:
  void candles(std::span<const CandleRow> rows) override { candles_.final(rows); }
  void seconds(std::span<const SecondRow> rows) override { seconds_.final(rows); }
  void session(const SessionRow&) override {}
  void rejected(const Rejection&) override {}

  Publisher<CandleRow, decltype(candle_key)> candles_{candle_key};
  Publisher<SecondRow, decltype(second_key)> seconds_{second_key};
};

TEST(ProvisionalRows, LeadEveryReaderToTheFinalRows) {
  int corrections = 0;
  EXPECT_TRUE(rc::check("published rows end as batch rows", [&] {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    Dice dice(seed ^ 0x9B11);
    const testing::Stream stream = testing::hostile_stream(seed);
    Publishing out;
    Engine engine(market::Universe::builtin(), market::Calendar::builtin(), stream.options.engine,
                  out);
    for (const auto& [ticker, resume] : stream.options.resume) engine.resume(ticker, resume);
    for (const auto& [from, until] : stream.options.covered) engine.cover(from, until);
    const SourceId source = engine.begin_source(stream.options.from_first_record);
    OpenRows open;
    const std::int64_t pace = 1 + dice.roll(60);
    for (std::size_t i = 0; i < stream.arrivals.size(); ++i) {
      const Arrival& arrival = stream.arrivals[i];
      if (arrival.kind != Arrival::Kind::kRecord) continue;
      engine.feed(arrival.record, engine.intern(arrival.symbol), i, source);
      if (!dice.one_in(pace) || !engine.clock()) continue;
      engine.flush();
      engine.provisional(open);
      // Mostly the seconds that are over; all of them when the feed is silent.
      const Second through = *engine.clock() + (dice.one_in(4) ? 1 : -1);
      out.candles_.open(open.candles(), through);
      out.seconds_.open(open.seconds(), through);
    }
    engine.end_source(source);
    engine.finish();
    out.candles_.check_end();
    out.seconds_.check_end();
    corrections += out.candles_.reader.corrections + out.seconds_.reader.corrections;
  }));
  EXPECT_GT(corrections, 100);
}

TEST(ProvisionalRows, GiveBackOnlyWhatIsNewOrChanged) {
  const auto row = [](TickerId ticker, Second time, std::int64_t volume) {
    CandleRow candle{};
    candle.ticker = ticker;
    candle.time = time;
    candle.volume = volume;
    return candle;
  };
  using Rows = std::vector<CandleRow>;
  ProvisionalRows<CandleRow> published;
  const auto open = [&](const Rows& rows, Second through) {
    Rows changed;
    published.open(rows, through, changed);
    return changed;
  };
  const auto final = [&](const Rows& rows) {
    Rows changed;
    published.final(rows, changed);
    return changed;
  };
  EXPECT_EQ(open({row(0, 10, 1), row(0, 11, 2), row(1, 10, 3)}, 10),
            (Rows{row(0, 10, 1), row(1, 10, 3)}));
  EXPECT_EQ(open({row(0, 10, 1), row(0, 11, 2), row(1, 10, 3)}, 11), (Rows{row(0, 11, 2)}));
  EXPECT_EQ(open({row(0, 9, 7), row(0, 10, 8), row(0, 11, 2), row(1, 10, 3)}, 11),
            (Rows{row(0, 9, 7), row(0, 10, 8)}));
  EXPECT_EQ(published.size(), 4U);
  // As it was published, a correction, and one that nobody has seen.
  EXPECT_EQ(final({row(0, 9, 7), row(1, 10, 4), row(1, 9, 5)}),
            (Rows{row(1, 10, 4), row(1, 9, 5)}));
  EXPECT_EQ(published.size(), 2U);
  EXPECT_EQ(open({row(0, 10, 8), row(0, 11, 9)}, 12), (Rows{row(0, 11, 9)}));
  EXPECT_EQ(final({row(0, 10, 8), row(0, 11, 9)}), Rows{});
  EXPECT_EQ(published.size(), 0U);
}

}  // namespace
}  // namespace fm::candles
