#include "market/session.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <thread>
#include <vector>

namespace fm::market {
namespace {

const Calendar& calendar() { return Calendar::builtin(); }

Second at(std::string_view utc) { return second_of(parse_iso_nanos(utc).value()); }

std::string text(const std::vector<SessionSpan>& spans) {
  std::string all;
  for (const SessionSpan& span : spans)
    all += iso_second(span.open).substr(5, 11) + " " + iso_second(span.close).substr(5, 11) + "; ";
  return all;
}

// Chicago is UTC−6 in winter and UTC−5 in summer; an evening belongs to the next day.
TEST(Calendar, KnowsTheHoursOfATradeDate) {
  struct {
    const char* root;
    Date trade_date;
    const char* spans;
  } const cases[] = {
      {"ES", {2025, 6, 16}, "06-15T22:00 06-16T21:00; "},  // Monday begins on Sunday
      {"ES", {2025, 6, 17}, "06-16T22:00 06-17T21:00; "},
      {"ES", {2025, 1, 15}, "01-14T23:00 01-15T22:00; "},  // winter
      {"ES", {2025, 3, 10}, "03-09T22:00 03-10T21:00; "},  // clocks changed that Sunday morning
      {"ES", {2025, 11, 3}, "11-02T23:00 11-03T22:00; "},
      {"XYZ", {2025, 6, 16}, "06-15T22:00 06-16T21:00; "},  // not listed: the default
      {"ZL", {2025, 6, 16}, "06-16T00:00 06-16T12:45; 06-16T13:30 06-16T18:20; "},
      {"ZR", {2025, 6, 16}, "06-16T00:00 06-16T02:00; 06-16T13:30 06-16T18:20; "},
      {"LE", {2025, 6, 16}, "06-16T13:30 06-16T18:05; "},
      {"6E", {2025, 6, 16}, "06-15T22:00 06-16T21:00; "},
      // Other years, other hours.
      {"ES", {2021, 6, 25}, "06-24T22:00 06-25T20:15; 06-25T20:30 06-25T21:00; "},
      {"ES", {2021, 6, 28}, "06-27T22:00 06-28T21:00; "},
      {"ES", {2015, 9, 18}, "09-17T22:00 09-18T20:15; 09-18T20:30 09-18T21:15; "},
      {"ES", {2015, 9, 21}, "09-20T22:00 09-21T20:15; 09-21T20:30 09-21T21:00; "},
      {"ES", {2012, 11, 16}, "11-15T21:30 11-15T22:30; 11-15T23:00 11-16T21:15; "},
      {"ES", {2012, 11, 12}, "11-11T23:00 11-12T21:15; "},  // no Sunday afternoon
      {"CL", {2015, 9, 18}, "09-17T22:00 09-18T21:15; "},
      {"GC", {2015, 9, 21}, "09-20T22:00 09-21T21:00; "},
      {"ZC", {2012, 5, 18}, "05-17T23:00 05-18T12:15; 05-18T14:30 05-18T18:15; "},
      {"ZC", {2012, 5, 21}, "05-20T22:00 05-21T19:00; "},
      {"ZC", {2013, 4, 8}, "04-08T00:00 04-08T12:45; 04-08T13:30 04-08T18:15; "},
      {"ZC", {2015, 7, 6}, "07-06T00:00 07-06T12:45; 07-06T13:30 07-06T18:20; "},
      {"LE", {2014, 10, 20}, "10-20T14:05 10-20T21:00; "},
      {"LE", {2014, 10, 21}, "10-20T22:00 10-21T21:00; "},
      {"LE", {2014, 10, 24}, "10-23T22:00 10-24T18:55; "},
      {"LE", {2014, 10, 28}, "10-28T13:00 10-28T21:00; "},
      {"LE", {2016, 2, 29}, "02-29T14:30 02-29T19:05; "}};
  for (const auto& c : cases)
    EXPECT_EQ(text(calendar().spans_of(calendar().template_of(c.root), c.trade_date)), c.spans)
        << c.root << " " << c.trade_date.iso();
}

TEST(Calendar, HolidaySessionsCountForTheNextTradeDate) {
  struct {
    const char* root;
    Date trade_date;
    const char* spans;
  } const cases[] = {
      // Memorial Day 2025 trades until noon (energy 13:30), all for Tuesday.
      {"ES", {2025, 5, 26}, ""},
      {"ES", {2025, 5, 27}, "05-25T22:00 05-26T17:00; 05-26T22:00 05-27T21:00; "},
      {"CL", {2025, 5, 27}, "05-25T22:00 05-26T18:30; 05-26T22:00 05-27T21:00; "},
      {"6E", {2025, 5, 27}, "05-25T22:00 05-26T21:00; 05-26T22:00 05-27T21:00; "},
      {"ZL", {2025, 5, 27}, "05-27T00:00 05-27T12:45; 05-27T13:30 05-27T18:20; "},
      {"LE", {2025, 5, 27}, "05-27T13:30 05-27T18:05; "},
      // Juneteenth 2026 is a Friday: its morning counts for Monday.
      {"ES", {2026, 6, 22}, "06-18T22:00 06-19T17:00; 06-21T22:00 06-22T21:00; "},
      // Thanksgiving and the short Friday.
      {"ES", {2023, 11, 24}, "11-22T23:00 11-23T18:00; 11-23T23:00 11-24T18:15; "},
      {"CL", {2023, 11, 24}, "11-22T23:00 11-23T19:30; 11-23T23:00 11-24T18:45; "},
      {"ZC", {2023, 11, 24}, "11-24T14:30 11-24T18:05; "},
      // Christmas on a Monday: closed from Friday to Monday 17:00.
      {"ES", {2023, 12, 25}, ""},
      {"ES", {2023, 12, 26}, "12-25T23:00 12-26T22:00; "},
      {"ZC", {2023, 12, 26}, "12-26T14:30 12-26T19:20; "},
      // Christmas on a Sunday is kept on Monday, and grains open that evening.
      {"ZC", {2016, 12, 27}, "12-27T01:00 12-27T13:45; 12-27T14:30 12-27T19:20; "},
      {"ES", {2024, 12, 24}, "12-23T23:00 12-24T18:15; "},
      {"CL", {2024, 12, 24}, "12-23T23:00 12-24T18:45; "},
      // Fourth of July on a Thursday, with a short third for indices.
      {"ES", {2024, 7, 3}, "07-02T22:00 07-03T17:15; "},
      {"ES", {2024, 7, 5}, "07-03T22:00 07-04T17:00; 07-04T22:00 07-05T21:00; "},
      {"ZC", {2024, 7, 5}, "07-05T13:30 07-05T18:20; "},
      {"ZC", {2014, 7, 7}, "07-07T13:30 07-07T18:15; "},  // not even on Sunday evening
      // Good Friday, with and without the employment report.
      {"ES", {2024, 3, 29}, ""},
      {"ES", {2023, 4, 7}, "04-06T22:00 04-07T13:15; "},
      {"6E", {2023, 4, 7}, "04-06T22:00 04-07T15:15; "},
      {"CL", {2023, 4, 7}, ""},
      // Single days.
      {"ES", {2018, 12, 5}, "12-04T23:00 12-05T14:30; "},
      {"CL", {2018, 12, 5}, "12-04T23:00 12-05T22:00; "},
      {"ES", {2025, 1, 9}, "01-08T23:00 01-09T14:30; "},
      {"ZC", {2025, 1, 9}, "01-09T01:00 01-09T13:45; 01-09T14:30 01-09T18:15; "},
      {"ES", {2012, 10, 29}, "10-28T22:00 10-29T13:15; "},
      {"ES", {2012, 10, 30}, "10-29T22:00 10-30T13:15; "},  // no late afternoon after a closed one
      {"LE", {2012, 12, 26}, "12-26T15:05 12-26T22:00; "}};
  for (const auto& c : cases)
    EXPECT_EQ(text(calendar().spans_of(calendar().template_of(c.root), c.trade_date)), c.spans)
        << c.root << " " << c.trade_date.iso();
}

TEST(Calendar, SaysWhyNothingTrades) {
  struct {
    const char* root;
    const char* when;
    const char* reason;
  } const cases[] = {{"ES", "2025-06-16T15:00:00Z", ""},
                     {"ES", "2025-06-16T21:30:00Z", "daily break"},
                     {"ES", "2025-06-13T21:00:00Z", "weekend"},
                     {"ES", "2025-06-14T15:00:00Z", "weekend"},
                     {"ES", "2025-06-15T21:59:59Z", "weekend"},
                     {"ES", "2025-06-15T22:00:00Z", ""},
                     {"ES", "2024-03-29T15:00:00Z", "holiday: Good Friday"},
                     {"ES", "2024-03-28T23:00:00Z", "holiday: Good Friday"},
                     {"ES", "2025-05-26T18:00:00Z", "holiday: Memorial Day"},
                     {"ES", "2023-11-24T19:00:00Z", "early close: Day after Thanksgiving"},
                     {"ES", "2020-06-16T20:20:00Z", "pause"},
                     {"ZL", "2025-06-16T13:00:00Z", "pause"},
                     {"ZL", "2025-06-16T20:00:00Z", "daily break"},
                     {"ZL", "2025-06-13T20:00:00Z", "weekend"},
                     {"ZL", "2023-11-24T03:00:00Z", "holiday: Thanksgiving"},
                     {"ZL", "2024-07-04T15:00:00Z", "holiday: Independence Day"},
                     {"LE", "2025-06-16T12:00:00Z", "daily break"}};
  for (const auto& c : cases)
    EXPECT_EQ(calendar().closed_reason(calendar().template_of(c.root), at(c.when)), c.reason)
        << c.root << " " << c.when;
  const TemplateId equity = calendar().template_of("ES");
  EXPECT_EQ(calendar().special_day(equity, {2025, 5, 26}),
            "Memorial Day: halts at 12:00, counts for 2025-05-27");
  EXPECT_EQ(calendar().special_day(equity, {2024, 12, 25}), "Christmas: closed");
  EXPECT_EQ(calendar().special_day(equity, {2024, 12, 24}), "Christmas Eve: closes at 12:15");
  EXPECT_EQ(calendar().special_day(equity, {2025, 6, 16}), "");
}

TEST(Calendar, NeighbouringTradeDates) {
  const TemplateId equity = calendar().template_of("ES");
  EXPECT_EQ(calendar().next_trade_date(equity, {2025, 6, 13}), Date(2025, 6, 16));
  EXPECT_EQ(calendar().next_trade_date(equity, {2025, 5, 23}), Date(2025, 5, 27));
  EXPECT_EQ(calendar().previous_trade_date(equity, {2025, 5, 27}), Date(2025, 5, 23));
  EXPECT_EQ(calendar().previous_trade_date(equity, {2024, 1, 2}), Date(2023, 12, 29));
}

TEST(Calendar, FindsTheNextSpan) {
  const TemplateId grains = calendar().template_of("ZL");
  const auto during = calendar().next_span(grains, at("2025-06-16T05:00:00Z"));
  ASSERT_TRUE(during);
  EXPECT_EQ(iso_second(during->open), "2025-06-16T00:00:00Z");
  const auto after = calendar().next_span(grains, at("2025-06-16T12:45:00Z"));
  ASSERT_TRUE(after);
  EXPECT_EQ(iso_second(after->open), "2025-06-16T13:30:00Z");
}

// Two trade dates never come closer than two minutes, spans ascend, and what is looked up is what
// is listed.
TEST(Calendar, SpansAreOrderedAndTradeDatesApart) {
  for (std::size_t i = 0; i < calendar().template_count(); ++i) {
    const auto id = static_cast<TemplateId>(i);
    std::optional<SessionSpan> before;
    for (Date day(2009, 1, 5); day < Date(2028, 12, 20); day = day + 1) {
      const auto spans = calendar().spans_of(id, day);
      ASSERT_EQ(!spans.empty(), calendar().is_trade_date(id, day))
          << calendar().name(id) << day.iso();
      for (const SessionSpan& span : spans) {
        ASSERT_LT(span.open, span.close);
        ASSERT_EQ(span.trade_date, day);
        if (before) {
          ASSERT_GE(span.open, before->close + (before->trade_date == day ? 1 : 120))
              << calendar().name(id) << " " << day.iso();
        }
        ASSERT_EQ(calendar().span_at(id, span.open), span);
        ASSERT_EQ(calendar().span_at(id, span.close - 1), span);
        ASSERT_EQ(calendar().span_at(id, span.close), std::nullopt);
        before = span;
      }
    }
  }
}

TEST(Calendar, NoRegisteredRootTradesAtHalfPastFourToday) {
  for (const Root& root : Universe::builtin().roots()) {
    const TemplateId id = calendar().template_of(root.name);
    for (Date day(2021, 7, 1); day < Date(2028, 1, 1); day = day + 1) {
      // 16:30 in Chicago is 21:30 or 22:30 UTC; whichever it is, both hours' half past one is
      // asked.
      const Second summer = day.first_second() + 21 * 3600 + 1800;
      const Second winter = summer + 3600;
      const bool in_summer = day >= Date(day.year(), 3, 15) && day < Date(day.year(), 11, 1);
      const bool in_winter = day < Date(day.year(), 3, 8) || day >= Date(day.year(), 11, 8);
      if (in_summer) {
        ASSERT_FALSE(calendar().span_at(id, summer)) << root.name << day.iso();
      }
      if (in_winter) {
        ASSERT_FALSE(calendar().span_at(id, winter)) << root.name << day.iso();
      }
    }
  }
}

TEST(Calendar, WorksOutsideItsTables) {
  const TemplateId equity = calendar().template_of("ES");
  const TemplateId unknown = calendar().template_of("XYZ");
  EXPECT_EQ(text(calendar().spans_of(unknown, {1985, 7, 1})), "06-30T22:00 07-01T21:00; ");
  EXPECT_EQ(calendar().span_at(unknown, at("1985-07-01T12:00:00Z"))->trade_date, Date(1985, 7, 1));
  EXPECT_TRUE(calendar().span_at(equity, at("2035-06-13T12:00:00Z")));
  EXPECT_FALSE(calendar().span_at(equity, at("2035-06-16T12:00:00Z")));  // a Saturday
  for (const Second second : {Second{0}, Second{1}, Second{-1}, Second{4'102'444'800},
                              Second{18'446'744'073}, Second{1} << 62, -(Second{1} << 62)}) {
    for (std::size_t i = 0; i < calendar().template_count(); ++i) {
      const auto id = static_cast<TemplateId>(i);
      const auto span = calendar().span_at(id, second);
      EXPECT_EQ(span.has_value(), calendar().closed_reason(id, second).empty());
    }
  }
}

// The tables and the plain rules are two ways to the same answer.
TEST(Calendar, TablesAgreeWithRulesAtTheirEdges) {
  for (std::size_t i = 0; i < calendar().template_count(); ++i) {
    const auto id = static_cast<TemplateId>(i);
    for (const Date edge : {Date(2009, 1, 3), Date(2028, 12, 29)}) {
      for (Second second = (edge - 4).first_second(); second < (edge + 4).first_second();
           second += 299) {
        const auto span = calendar().span_at(id, second);
        const Date day = Date::of_second(second);
        bool listed = false;
        for (int near = -1; near <= 6; ++near)
          for (const SessionSpan& candidate : calendar().spans_of(id, day + near))
            listed = listed || candidate.contains(second);
        ASSERT_EQ(span.has_value(), listed) << calendar().name(id) << " " << iso_second(second);
      }
    }
  }
}

TEST(Calendar, AnyMomentHasOneAnswer) {
  EXPECT_TRUE(rc::check([] {
    const auto id = static_cast<TemplateId>(*rc::gen::inRange<std::uint16_t>(
        0, static_cast<std::uint16_t>(calendar().template_count())));
    const Second second = *rc::gen::inRange<Second>(0, 6'000'000'000);
    const auto span = calendar().span_at(id, second);
    const auto next = calendar().next_span(id, second);
    RC_ASSERT(calendar().closed_reason(id, second).empty() == span.has_value());
    if (!span) {
      if (next) RC_ASSERT(next->open > second);
      return;
    }
    RC_ASSERT(span->contains(second));
    RC_ASSERT(next == span);
    const auto listed = calendar().spans_of(id, span->trade_date);
    RC_ASSERT(std::find(listed.begin(), listed.end(), *span) != listed.end());
    RC_ASSERT(calendar().is_trade_date(id, span->trade_date));
  }));
}

TEST(Calendar, ManyThreadsMayAskAtOnce) {
  const auto fresh = Calendar::parse(
      "time_zone: America/Chicago\nsources: {s: x}\nfamilies:\n  default:\n    holidays: g\n    "
      "hours:\n"
      "      - {segments: [{open: 'prev 17:00', close: '16:00'}], sources: [s]}\nholidays: []\n",
      "c.yaml", *Universe::parse("sources: {}\nroots: {}\n", "u.yaml"));
  ASSERT_TRUE(fresh.has_value()) << fresh.error().message();
  const TemplateId id = fresh->template_of("ES");
  std::vector<std::thread> threads;
  std::vector<int> found(4, 0);
  threads.reserve(found.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    threads.emplace_back([&, i] {
      for (Second second = 1'500'000'000; second < 1'600'000'000; second += 100'000)
        found[i] += fresh->span_at(id, second).has_value();
    });
  for (auto& thread : threads) thread.join();
  for (const int count : found) EXPECT_EQ(count, found[0]);
  EXPECT_GT(found[0], 0);
}

TEST(Calendar, ErrorsSayWhereAndWhat) {
  const std::string head = "time_zone: America/Chicago\nsources: {s: x}\n";
  const std::string families =
      "families:\n  default:\n    holidays: g\n    hours:\n"
      "      - {segments: [{open: 'prev 17:00', close: '16:00'}], sources: [s]}\n";
  const auto universe = *Universe::parse("sources: {}\nroots: {}\n", "u.yaml");
  struct {
    std::string yaml;
    const char* says;
  } const cases[] = {
      {"time_zone: Chicago/America\nsources: {s: x}\n" + families + "holidays: []\n",
       "Chicago/America"},
      {head + families + "holydays: []\n", "did you mean 'holidays'?"},
      {head +
           "families: {other: {holidays: g, hours: [{segments: [{open: '08:00', close: '09:00'}], "
           "sources: [s]}]}}\nholidays: []\n",
       "must be a family named 'default'"},
      {head + families + "holidays: [{name: n, effects: []}]\n", "either 'on' or 'dates'"},
      {head + families +
           "holidays: [{name: n, dates: [2020-01-01], effects: [{groups: [h], closed: "
           "true, sources: [s]}]}]\n",
       "no session family keeps 'h'"},
      {head + families +
           "holidays: [{name: n, dates: [2020-01-01], effects: [{groups: [g], closed: "
           "true, halt: '12:00', sources: [s]}]}]\n",
       "one of closed, halt, close"},
      {head + families +
           "holidays: [{name: n, dates: [2020-01-01], effects: [{groups: [g], halt: "
           "noon, sources: [s]}]}]\n",
       "expected a time as 08:30"},
      {head + families + "holidays: [{name: n, on: {month: 13, day: 1}, effects: []}]\n",
       "expected 1 to 12"},
      {head + "families: {default: {holidays: g, hours: [{segments: [{open: 'prev 16:00', close: "
              "'16:00'}], sources: [s]}]}}\nholidays: []\n",
       "runs into what counts for"}};
  for (const auto& c : cases) {
    const auto parsed = Calendar::parse(c.yaml, "c.yaml", universe);
    ASSERT_FALSE(parsed.has_value()) << c.yaml;
    EXPECT_NE(parsed.error().message().find(c.says), std::string::npos)
        << parsed.error().message() << "\nexpected: " << c.says;
  }
}

}  // namespace
}  // namespace fm::market
