// Late, closed or fresh: weekends, holidays, pauses, halts, early closes and the change of clocks.
#include "jobs/freshness.h"

#include <gtest/gtest.h>

#include <string>

#include "table/catalogue.h"

namespace fm::jobs {
namespace {

Second at(std::string_view utc) { return second_of(parse_iso_nanos(utc).value()); }

std::string words(const Judgement& made) {
  return fmt::format("{} {}: {}", name(made.light), name(made.expected), made.reason);
}

struct Moment {
  const char* root;
  const char* now;
  const char* last_row;  // empty: none
  const char* seen_to;   // empty: none
  const char* expected;
};

Judgement judge_moment(std::string_view table, const Moment& moment) {
  const auto& calendar = market::Calendar::builtin();
  Freshness rows;
  rows.now = at(moment.now);
  rows.is_kept = true;
  if (*moment.last_row != '\0') rows.last_row = at(moment.last_row);
  if (*moment.seen_to != '\0') rows.seen_to = at(moment.seen_to);
  return judge(*find_rule(table), calendar, calendar.template_of(moment.root), rows);
}

TEST(Freshness, OfCandles) {
  const Moment moments[] = {
      // Monday, in session.
      {"ES", "2025-06-16T15:00:00Z", "2025-06-16T14:58:30Z", "", "green fresh: "},
      {"ES", "2025-06-16T15:00:00Z", "2025-06-16T14:56:58Z", "",
       "yellow late: no rows for 3 min; 3 min are allowed"},
      {"ES", "2025-06-16T15:00:00Z", "2025-06-16T14:46:00Z", "",
       "red late: no rows for 13 min; 3 min are allowed"},
      {"ES", "2025-06-16T15:00:00Z", "", "", "red late: no row yet, 17 h 0 min after the open"},
      // Nothing traded, and the feed says so.
      {"ZR", "2025-06-16T15:00:00Z", "2025-06-16T14:30:00Z", "2025-06-16T14:59:00Z",
       "green fresh: no trade for 30 min"},
      // Sunday evening, just open: rows are due three minutes later.
      {"ES", "2025-06-15T22:02:00Z", "2025-06-13T20:59:59Z", "",
       "green fresh: open since Sun 17:00 CT"},
      {"ES", "2025-06-15T22:04:00Z", "2025-06-13T20:59:59Z", "",
       "yellow late: no rows for 4 min; 3 min are allowed"},
      // Weekend: what there was is there, or is not.
      {"ES", "2025-06-14T15:00:00Z", "2025-06-13T20:59:59Z", "",
       "green closed: closed until Sun 17:00 CT (weekend)"},
      {"ES", "2025-06-14T15:00:00Z", "2025-06-13T18:46:00Z", "",
       "yellow late: closed until Sun 17:00 CT (weekend); what is stored ends 2 h 13 min before "
       "the close at Fri 16:00 CT"},
      {"ES", "2025-06-14T15:00:00Z", "2025-06-12T18:46:00Z", "",
       "red late: closed until Sun 17:00 CT (weekend); what is stored ends 1 day 2 h before the "
       "close at Fri 16:00 CT"},
      {"ES", "2025-06-14T15:00:00Z", "", "",
       "grey closed: closed until Sun 17:00 CT (weekend); no row yet"},
      {"ES", "2025-06-14T15:00:00Z", "2025-06-13T18:46:00Z", "2025-06-13T21:00:00Z",
       "green closed: closed until Sun 17:00 CT (weekend)"},
      // The minutes behind a close, in which the last rows are still on their way.
      {"ES", "2025-06-13T21:02:00Z", "2025-06-13T20:30:00Z", "",
       "green closed: closed until Sun 17:00 CT (weekend)"},
      // The daily break, and the pause of grains.
      {"ES", "2025-06-16T21:30:00Z", "2025-06-16T20:59:59Z", "",
       "green closed: closed until Mon 17:00 CT (daily break)"},
      {"ZL", "2025-06-16T13:00:00Z", "2025-06-16T12:44:00Z", "",
       "green closed: closed until Mon 08:30 CT (pause)"},
      {"ZL", "2025-06-16T13:00:00Z", "2025-06-16T11:00:00Z", "",
       "yellow late: closed until Mon 08:30 CT (pause); what is stored ends 1 h 44 min before the "
       "close at Mon 07:45 CT"},
      // Winter: the same hours of Chicago an hour later by UTC; and the Sunday of the change.
      {"ES", "2025-01-18T15:00:00Z", "2025-01-17T21:59:59Z", "",
       "green closed: closed until Sun 17:00 CT (weekend)"},
      {"ES", "2025-03-09T21:59:00Z", "2025-03-07T21:59:59Z", "",
       "green closed: closed until Sun 17:00 CT (weekend)"},
      {"ES", "2025-03-09T22:04:00Z", "2025-03-07T21:59:59Z", "",
       "yellow late: no rows for 4 min; 3 min are allowed"},
      {"ES", "2025-11-02T22:30:00Z", "2025-10-31T20:59:59Z", "",
       "green closed: closed until Sun 17:00 CT (weekend)"},
      // Good Friday is a holiday of equities; Christmas Eve closes early.
      {"ES", "2025-04-18T15:00:00Z", "2025-04-17T20:59:59Z", "",
       "green closed: closed until Sun 17:00 CT (holiday: Good Friday)"},
      {"ES", "2025-12-24T18:20:00Z", "2025-12-24T18:14:59Z", "",
       "green closed: closed until Thu 17:00 CT (early close: Christmas Eve)"},
      {"ES", "2025-12-24T18:20:00Z", "2025-12-24T17:00:00Z", "",
       "yellow late: closed until Thu 17:00 CT (early close: Christmas Eve); what is stored ends 1 "
       "h 14 min before the close at Wed 12:15 CT"}};
  for (const Moment& moment : moments)
    EXPECT_EQ(words(judge_moment("candles_1m", moment)), moment.expected)
        << moment.root << " at " << moment.now << ", last row " << moment.last_row;
}

TEST(Freshness, SaysUntilWhenRowsAreNotLate) {
  const Judgement open =
      judge_moment("candles_1m", {"ES", "2025-06-16T15:00:00Z", "2025-06-16T14:58:30Z", "", ""});
  EXPECT_EQ(iso_second(open.expected_by.value_or(0)), "2025-06-16T15:01:31Z");
  EXPECT_FALSE(open.next_open);
  const Judgement closed =
      judge_moment("candles_1m", {"ES", "2025-06-14T15:00:00Z", "2025-06-13T20:59:59Z", "", ""});
  EXPECT_EQ(iso_second(closed.next_open.value_or(0)), "2025-06-15T22:00:00Z");
  EXPECT_EQ(iso_second(closed.expected_by.value_or(0)), "2025-06-15T22:03:00Z");
}

TEST(Freshness, PolledBarsMayBeTenMinutesOld) {
  const Moment moments[] = {
      {"ZL", "2025-06-16T15:00:00Z", "2025-06-16T14:51:00Z", "", "green fresh: "},
      {"ZL", "2025-06-16T15:00:00Z", "2025-06-16T14:49:00Z", "",
       "yellow late: no rows for 10 min; 10 min are allowed"},
      {"ZL", "2025-06-16T15:00:00Z", "2025-06-16T14:20:00Z", "",
       "red late: no rows for 39 min; 10 min are allowed"}};
  for (const Moment& moment : moments)
    EXPECT_EQ(words(judge_moment("futures_ohlcv_1m_live", moment)), moment.expected)
        << moment.last_row;
}

TEST(Freshness, OfTablesMadeByTheDay) {
  struct {
    Moment moment;
    bool is_date;
  } const cases[] = {
      // Tuesday: Monday's bars are due a day behind Monday's close, Friday's since Saturday.
      {{"ES", "2025-06-17T15:00:00Z", "2025-06-13T20:00:00Z", "", "green fresh: "}, false},
      {{"ES", "2025-06-17T21:30:00Z", "2025-06-13T20:00:00Z", "",
        "yellow late: trade date 2025-06-16 is missing, due by Tue 16:00 CT"},
       false},
      {{"ES", "2025-06-17T21:30:00Z", "2025-06-16T20:00:00Z", "", "green fresh: "}, false},
      {{"ES", "2025-06-17T21:30:00Z", "2025-06-16T00:00:00Z", "", "green fresh: "}, true},
      {{"ES", "2025-06-17T21:30:00Z", "2025-06-12T00:00:00Z", "",
        "red late: 2 trade dates are missing, up to 2025-06-16"},
       true},
      // Good Friday is no trade date of equities: on Monday the newest due one is Thursday.
      {{"ES", "2025-04-21T15:00:00Z", "2025-04-17T00:00:00Z", "", "green fresh: "}, true},
      {{"ES", "2025-06-17T21:30:00Z", "2025-01-02T00:00:00Z", "",
        "red late: at least 12 trade dates are missing, up to 2025-06-16"},
       true}};
  for (const auto& c : cases) {
    const auto& calendar = market::Calendar::builtin();
    const Judgement made = judge(*find_rule("databento_futures_ohlcv_1d"), calendar,
                                 calendar.template_of(c.moment.root),
                                 {.now = at(c.moment.now),
                                  .last_row = at(c.moment.last_row),
                                  .is_date = c.is_date,
                                  .seen_to = {},
                                  .is_kept = true,
                                  .halted = ""});
    EXPECT_EQ(words(made), c.moment.expected) << c.moment.now << " " << c.moment.last_row;
  }
}

TEST(Freshness, AHaltIsNoDelayWhileTheMarketIsOpen) {
  const auto& calendar = market::Calendar::builtin();
  Freshness rows{.now = at("2025-06-16T15:00:00Z"),
                 .last_row = at("2025-06-16T14:00:00Z"),
                 .seen_to = {},
                 .is_kept = true,
                 .halted = "market wide circuit breaker"};
  const auto family = calendar.template_of("ES");
  EXPECT_EQ(words(judge(*find_rule("candles_1m"), calendar, family, rows)),
            "green closed: trading is halted: market wide circuit breaker");
  rows.now = at("2025-06-14T15:00:00Z");
  rows.last_row = at("2025-06-13T20:59:59Z");
  EXPECT_EQ(words(judge(*find_rule("candles_1m"), calendar, family, rows)),
            "green closed: closed until Sun 17:00 CT (weekend)");
}

TEST(Freshness, WhatNobodyKeepsUpToDateIsNeitherGreenNorLate) {
  const auto& calendar = market::Calendar::builtin();
  const Freshness rows{.now = at("2025-06-16T15:00:00Z"),
                       .last_row = at("2024-01-05T15:00:00Z"),
                       .seen_to = {},
                       .is_kept = false,
                       .halted = ""};
  EXPECT_EQ(words(judge(*find_rule("candles_1m"), calendar, calendar.template_of("ES"), rows)),
            "grey none: nothing keeps it up to date; it ends on 2024-01-05");
}

TEST(Freshness, EveryRuleNamesATable) {
  for (const FreshnessRule& rule : freshness_rules()) {
    const auto* table = table::find_table(rule.table);
    ASSERT_NE(table, nullptr) << rule.table;
    EXPECT_FALSE(table->root_column.empty()) << rule.table << ": lines are by root";
    EXPECT_GT(rule.allowance, 0);
  }
}

TEST(Freshness, TheTradeDateInHandIsTheLastOneWhileTheMarketIsClosed) {
  const auto& calendar = market::Calendar::builtin();
  const auto family = calendar.template_of("ES");
  struct {
    const char* now;
    const char* date;
  } const cases[] = {{"2025-06-16T15:00:00Z", "2025-06-16"},
                     {"2025-06-16T21:30:00Z", "2025-06-16"},
                     {"2025-06-16T22:00:00Z", "2025-06-17"},
                     {"2025-06-14T15:00:00Z", "2025-06-13"}};
  for (const auto& c : cases)
    EXPECT_EQ(trade_date_now(calendar, family, at(c.now)).value_or(Date{}).iso(), c.date) << c.now;
}

}  // namespace
}  // namespace fm::jobs
