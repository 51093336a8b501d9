#include "server/row_hub.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "candles/engine.h"
#include "market/session.h"
#include "market/universe.h"
#include "server/testing_streams.h"

namespace fm::server {
namespace {

using candles::CandleRow;

constexpr Second kStart = 1'749'560'000;

// An engine that knows some contracts, and rows of them.
class Names {
 public:
  Names() : engine_(market::Universe::builtin(), market::Calendar::builtin(), {}, silent_) {
    for (const char* const ticker : {"ES", "ZL"}) engine_.resume(ticker, {});
    symbols_ = {engine_.intern("ESU5"), engine_.intern("ZLZ5")};
  }
  [[nodiscard]] const candles::Engine& engine() const { return engine_; }
  [[nodiscard]] CandleRow row(candles::TickerId ticker, Second time, std::int64_t volume) const {
    CandleRow row{};
    row.time = time;
    row.ticker = ticker;
    row.symbol = symbols_[ticker];
    row.trade_date = Date(2025, 6, 10);
    row.open = row.high = row.low = row.close = 6'012 * kPriceScale + volume * kPriceScale / 4;
    row.volume = volume;
    return row;
  }

 private:
  class Silent final : public candles::Output {
    void candles(std::span<const CandleRow>) override {}
    void seconds(std::span<const candles::SecondRow>) override {}
    void session(const candles::SessionRow&) override {}
    void rejected(const candles::Rejection&) override {}
  };
  Silent silent_;
  candles::Engine engine_;
  std::vector<candles::SymbolId> symbols_;
};

RowSubscription after(std::string id) {
  RowSubscription subscription;
  subscription.last_event_id = std::move(id);
  return subscription;
}

class RowHubTest : public ::testing::Test {
 protected:
  std::shared_ptr<TestStream> subscribe(RowSubscription subscription = {}) {
    auto stream = std::make_shared<TestStream>();
    hub_.subscribe(stream, std::move(subscription));
    return stream;
  }
  void put(candles::TickerId ticker, Second time, std::int64_t volume = 1) {
    const CandleRow row = names_.row(ticker, kStart + time, volume);
    hub_.rows({&row, 1}, names_.engine());
    hub_.flush();
  }

  Names names_;
  // Neither beats nor statuses among the events.
  RowHub hub_{Env::posix(), {.beat_interval = 3'600 * kNanosPerSecond}};
};

TEST_F(RowHubTest, SendsEachRowOnceToEveryone) {
  const auto one = subscribe(), other = subscribe();
  put(0, 0, 8);
  const auto events = one->events("rows");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].data,
            R"({"root":"ES","columns":["time","symbol","open","high","low","close","volume","vd",)"
            R"("cvd_close"],"rows":[[1749560000,"ESU5",6014,6014,6014,6014,8,0,0]],)"
            R"("final_to":1749559934})");
  EXPECT_TRUE(events[0].id.ends_with("-1"));
  // The text itself is shared, not made again.
  EXPECT_EQ(one->pieces().back().get(), other->pieces().back().get());
}

TEST_F(RowHubTest, SaysWhatRowsAreMadeOfOncePerRoot) {
  const auto stream = subscribe();
  put(0, 0);
  put(0, 1);
  put(1, 1);
  const auto events = stream->events("rows");
  ASSERT_EQ(events.size(), 3U);
  EXPECT_TRUE(events[0].data.contains("columns"));
  EXPECT_FALSE(events[1].data.contains("columns"));
  EXPECT_TRUE(events[2].data.contains("columns"));
  // Who comes later learns it first.
  const auto late = subscribe()->events("rows");
  ASSERT_EQ(late.size(), 2U);
  EXPECT_EQ(late[0].id, "");
  EXPECT_TRUE(late[0].data.contains(R"("rows":[])"));
}

TEST_F(RowHubTest, GivesOnlyTheRootsAndColumnsAskedFor) {
  RowSubscription one_root, every_column;
  one_root.roots = {"ZL"};
  every_column.all_columns = true;
  const auto zl = subscribe(one_root);
  const auto all = subscribe(every_column);
  put(0, 0);
  put(1, 0);
  ASSERT_EQ(zl->events("rows").size(), 1U);
  EXPECT_TRUE(zl->events("rows")[0].data.contains("ZLZ5"));
  ASSERT_EQ(all->events("rows").size(), 2U);
  EXPECT_TRUE(all->events("rows")[0].data.contains("book_imbalance"));
}

TEST_F(RowHubTest, ResumesWhereAClientWas) {
  const auto first = subscribe();
  put(0, 0);
  const std::string last = first->events("rows").back().id;
  first->break_off();
  put(0, 1);
  put(1, 2);
  const auto again = subscribe(after(last));
  ClientRows rows;
  apply_events(again->events(), rows);
  EXPECT_EQ(rows.size(), 2U);
  EXPECT_TRUE(again->events("reset").empty());
  EXPECT_EQ(hub_.figures().resumed, 1U);
  // Nothing missed: nothing comes.
  const auto up_to_date = subscribe(after(again->events("rows").back().id));
  ClientRows none;
  apply_events(up_to_date->events(), none);
  EXPECT_TRUE(none.empty());
}

TEST_F(RowHubTest, TellsToReadAnewWhatItNoLongerKnows) {
  put(0, 0);
  for (const char* const id : {"00000000-1", "nonsense", "-", "1", "x-99999999999999999999"}) {
    const auto stream = subscribe(after(id));
    ASSERT_EQ(stream->events("reset").size(), 1U) << id;
    EXPECT_TRUE(stream->events("reset")[0].data.contains("no longer kept"));
  }
  // An id of a future that has not come.
  const std::string position = hub_.tail("ES").position;
  const std::string epoch = position.substr(0, position.find('-'));
  EXPECT_EQ(subscribe(after(epoch + "-99"))->events("reset").size(), 1U);
}

TEST(RowHubLimits, ForgetsOldEventsWithinItsBytes) {
  const Names names;
  RowHub hub(Env::posix(), {.ring_bytes_max = 20'000});
  auto first = std::make_shared<TestStream>();
  hub.subscribe(first, {});
  for (Second second = 0; second < 100; ++second) {
    const CandleRow row = names.row(0, kStart + second, 1);
    hub.rows({&row, 1}, names.engine());
    hub.flush();
  }
  EXPECT_LE(hub.figures().ring_bytes, 20'000U);
  const auto events = first->events("rows");
  ASSERT_EQ(events.size(), 100U);
  const auto resume = [&](const TestEvent& event) {
    auto stream = std::make_shared<TestStream>();
    hub.subscribe(stream, after(event.id));
    return stream->events("reset").empty();
  };
  EXPECT_FALSE(resume(events.front()));
  EXPECT_TRUE(resume(events[98]));
}

TEST(RowHubLimits, LosesRowsRatherThanMakingTheFeedWait) {
  const Names names;
  RowHub hub(Env::posix(), {.queue_rows_max = 10});
  auto stream = std::make_shared<TestStream>();
  hub.subscribe(stream, {});
  std::vector<CandleRow> rows;
  for (Second second = 0; second < 1'000; ++second)
    rows.push_back(names.row(0, kStart + second, 1));
  hub.rows(rows, names.engine());
  hub.flush();
  EXPECT_EQ(hub.figures().rows_lost, 990U);
  const auto resets = stream->events("reset");
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(hub.tail("ES").rows, nullptr);
  // Nobody resumes across the loss.
  auto again = std::make_shared<TestStream>();
  hub.subscribe(again, after(stream->events("rows").back().id));
  EXPECT_EQ(again->events("reset").size(), 1U);
}

TEST_F(RowHubTest, DropsWhoIsGone) {
  const auto stays = subscribe(), goes = subscribe();
  EXPECT_EQ(hub_.figures().clients, 2U);
  goes->break_off();
  put(0, 0);
  EXPECT_EQ(hub_.figures().clients, 1U);
  EXPECT_EQ(hub_.figures().dropped, 1U);
  put(0, 1);
  EXPECT_EQ(stays->events("rows").size(), 2U);
}

TEST_F(RowHubTest, KeepsTheNewestRowsForTheApi) {
  for (Second second = 0; second < 5; ++second) put(0, second, second);
  put(0, 2, 77);
  const RowTail tail = hub_.tail("ES");
  ASSERT_NE(tail.rows, nullptr);
  ASSERT_EQ(tail.rows->size(), 5U);
  EXPECT_EQ(tail.rows->int64s(tail.rows->table().column_index("volume"))[2], 77);
  EXPECT_EQ(tail.version, hub_.version("ES"));
  EXPECT_EQ(hub_.front_month("ES"), "ESU5");
  EXPECT_EQ(hub_.tail("NQ").rows, nullptr);
  EXPECT_EQ(hub_.version("NQ"), 0U);
}

TEST(RowHubStatus, TellsHowThingsAre) {
  RowHub hub(Env::posix());
  auto stream = std::make_shared<TestStream>();
  hub.subscribe(stream, {});
  hub.set_status([] { return std::string(R"({"ok":true})"); });
  for (int i = 0; i < 200 && stream->events("status").empty(); ++i) {
    Env::posix().sleep_for(50'000'000);
    hub.flush();
  }
  ASSERT_FALSE(stream->events("status").empty());
  EXPECT_EQ(stream->events("status")[0].data, R"({"ok":true})");
}

// Whatever comes in whatever order and however often, and whenever a client breaks off and comes
// back: in the end it has the rows as they were last.
RC_GTEST_PROP(RowHubProperty, ClientsEndWithTheRowsAsTheyAre, ()) {
  const Names names;
  RowHub hub(Env::posix());
  ClientRows client;
  std::string last_id;
  auto stream = std::make_shared<TestStream>();
  hub.subscribe(stream, {});
  const auto take = [&] {
    hub.flush();
    const auto events = stream->events();
    apply_events(events, client);
    for (const TestEvent& event : events)
      if (!event.id.empty()) last_id = event.id;
    stream->break_off();
    stream = std::make_shared<TestStream>();
    hub.subscribe(stream, after(last_id));
  };
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> expected;  // volumes
  const auto calls = *rc::gen::inRange(0, 30);
  for (int call = 0; call < calls; ++call) {
    std::vector<CandleRow> rows;
    for (int i = *rc::gen::inRange(1, 6); i > 0; --i) {
      const auto ticker = static_cast<candles::TickerId>(*rc::gen::inRange(0, 2));
      const Second time = kStart + *rc::gen::inRange(0, 20);
      const std::int64_t volume = *rc::gen::inRange(0, 1'000);
      rows.push_back(names.row(ticker, time, volume));
      expected[{ticker == 0 ? "ES" : "ZL", time}] = volume;
    }
    hub.rows(rows, names.engine());
    if (*rc::gen::inRange(0, 4) == 0) take();
  }
  take();
  RC_ASSERT(client.size() == expected.size());
  for (const auto& [key, volume] : expected)
    RC_ASSERT(client.at(key).find("," + std::to_string(volume) + ",0,0]") != std::string::npos);
}

}  // namespace
}  // namespace fm::server
