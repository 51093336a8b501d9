// When jobs are due: the fields, the change of clocks, and against a reference that counts minutes.
#include "schedule/cron.h"

#include <date/tz.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <string>
#include <vector>

namespace fm::schedule {
namespace {

Second at(std::string_view utc) { return second_of(parse_iso_nanos(utc).value()); }

Cron cron(std::string_view text, std::string_view zone = "UTC") {
  auto made = Cron::parse(text, Zone::find(zone).value());
  EXPECT_TRUE(made) << made.error().message();
  return *std::move(made);
}

// "06-16T13:30 06-17T13:30"
std::string next_times(const Cron& cron, std::string_view after, int count) {
  std::string times;
  Second now = at(after);
  for (int i = 0; i < count; ++i) {
    const auto next = cron.next(now);
    if (!next) return times + "never ";
    now = *next;
    times += iso_second(now).substr(5, 11) + " ";
  }
  return times;
}

TEST(Cron, FieldsSayWhen) {
  struct {
    const char* cron;
    const char* after;
    const char* next;
  } const cases[] = {
      {"* * * * *", "2025-06-16T13:30:00Z", "06-16T13:31 06-16T13:32 "},
      {"* * * * *", "2025-06-16T13:30:59Z", "06-16T13:31 06-16T13:32 "},
      {"30 13 * * *", "2025-06-16T13:29:59Z", "06-16T13:30 06-17T13:30 "},
      {"30 13 * * *", "2025-06-16T13:30:00Z", "06-17T13:30 06-18T13:30 "},
      {"*/20 8-10/2 * * *", "2025-06-16T08:30:00Z",
       "06-16T08:40 06-16T10:00 06-16T10:20 06-16T10:40 06-17T08:00 "},
      {"5/25 0 * * *", "2025-06-16T00:00:00Z", "06-16T00:05 06-16T00:30 06-16T00:55 06-17T00:05 "},
      {"0 17 * * mon-fri", "2025-06-13T17:00:00Z", "06-16T17:00 06-17T17:00 "},
      {"0 17 * * 1-5", "2025-06-13T17:00:00Z", "06-16T17:00 06-17T17:00 "},
      {"0 17 * * Sun,WED", "2025-06-13T17:00:00Z", "06-15T17:00 06-18T17:00 06-22T17:00 "},
      {"0 0 * * 7", "2025-06-13T17:00:00Z", "06-15T00:00 06-22T00:00 "},
      {"0 0 * * 5-7", "2025-06-13T17:00:00Z", "06-14T00:00 06-15T00:00 06-20T00:00 "},
      {"0 0 31 * *", "2025-06-16T00:00:00Z", "07-31T00:00 08-31T00:00 10-31T00:00 "},
      {"0 0 1 jan,jul *", "2025-06-16T00:00:00Z", "07-01T00:00 01-01T00:00 07-01T00:00 "},
      // Either of two days.
      {"0 0 20 * mon", "2025-06-16T00:00:00Z", "06-20T00:00 06-23T00:00 06-30T00:00 "},
      {"0 0 29 2 *", "2025-06-16T00:00:00Z", "02-29T00:00 "},
      {"0 0 31 2 *", "2025-06-16T00:00:00Z", "never "},
      {"@hourly", "2025-06-16T13:30:00Z", "06-16T14:00 06-16T15:00 "},
      {"@daily", "2025-06-16T13:30:00Z", "06-17T00:00 06-18T00:00 "},
      {"@weekly", "2025-06-16T13:30:00Z", "06-22T00:00 06-29T00:00 "},
      {"@monthly", "2025-06-16T13:30:00Z", "07-01T00:00 08-01T00:00 "},
      {"@YEARLY", "2025-06-16T13:30:00Z", "01-01T00:00 "},
      {"\t0   0  * * *  ", "2025-06-16T13:30:00Z", "06-17T00:00 "},
  };
  for (const auto& c : cases) {
    const auto count = std::ranges::count(std::string_view(c.next), ' ');
    EXPECT_EQ(next_times(cron(c.cron), c.after, static_cast<int>(count)), c.next) << c.cron;
  }
  EXPECT_EQ(iso_second(cron("0 0 29 2 *").next(at("2096-03-01T00:00:00Z")).value_or(0)),
            "2104-02-29T00:00:00Z");
}

TEST(Cron, WhenClocksChange) {
  struct {
    const char* cron;
    const char* zone;
    const char* after;
    const char* next;
  } const cases[] = {
      // Chicago skips 02:00 to 03:00 on 9 March 2025 (08:00Z).
      {"30 2 * * *", "exchange", "2025-03-08T00:00:00Z", "03-08T08:30 03-09T08:00 03-10T07:30 "},
      {"0,30 2 * * *", "exchange", "2025-03-09T00:00:00Z", "03-09T08:00 03-10T07:00 "},
      {"30 * * * *", "exchange", "2025-03-09T06:45:00Z",
       "03-09T07:30 03-09T08:00 03-09T08:30 03-09T09:30 "},
      {"30 1 * * *", "exchange", "2025-03-08T00:00:00Z", "03-08T07:30 03-09T07:30 03-10T06:30 "},
      // It has 01:00 to 02:00 twice on 2 November 2025 (06:00Z and 07:00Z).
      {"30 1 * * *", "exchange", "2025-11-01T12:00:00Z", "11-02T06:30 11-03T07:30 "},
      {"30 * * * *", "exchange", "2025-11-02T05:45:00Z", "11-02T06:30 11-02T07:30 11-02T08:30 "},
      {"0 */6 * * *", "exchange", "2025-11-02T00:00:00Z", "11-02T05:00 11-02T12:00 11-02T18:00 "},
      {"30 2 * * *", "exchange", "2025-11-01T12:00:00Z", "11-02T08:30 11-03T08:30 "},
      // Lord Howe moves by half an hour: 02:00 to 02:30 is skipped on 5 October 2025 (15:30Z).
      {"15 2 * * *", "Australia/Lord_Howe", "2025-10-04T00:00:00Z", "10-04T15:30 10-05T15:15 "},
      // Beirut has skipped midnight: 00:00 to 01:00 on 30 March 2025 (22:00Z the day before).
      {"0 0 * * *", "Asia/Beirut", "2025-03-28T23:00:00Z", "03-29T22:00 03-30T21:00 "},
      // Havana repeats it: 00:00 to 01:00 on 2 November 2025 (04:00Z and 05:00Z).
      {"15 0 * * *", "America/Havana", "2025-11-01T12:00:00Z", "11-02T04:15 11-03T05:15 "},
      {"15 * * * *", "America/Havana", "2025-11-02T03:30:00Z",
       "11-02T04:15 11-02T05:15 11-02T06:15 "},
  };
  for (const auto& c : cases) {
    const auto count = std::ranges::count(std::string_view(c.next), ' ');
    EXPECT_EQ(next_times(cron(c.cron, c.zone), c.after, static_cast<int>(count)), c.next)
        << c.cron << " in " << c.zone;
  }
}

TEST(Cron, WhatCannotBeIsNamed) {
  struct {
    const char* cron;
    const char* says;
  } const cases[] = {
      {"", "found 0 fields, expected five"},
      {"* * * *", "found 4 fields, expected five"},
      {"* * * * * *", "found 6 fields, expected five"},
      {"@reboot", "found 1 fields, expected five"},
      {"@often", "found 1 fields, expected five"},
      {"60 * * * *", "minute: found '60', expected 0 to 59"},
      {"* 24 * * *", "hour: found '24', expected 0 to 23"},
      {"* * 0 * *", "day of the month: found '0', expected 1 to 31"},
      {"* * * 13 *", "month: found '13', expected 1 to 12 or jan-dec"},
      {"* * * * 8", "weekday: found '8', expected 0 to 7 or sun-sat"},
      {"* * * * may", "weekday: found 'may', expected 0 to 7 or sun-sat"},
      {"30-10 * * * *", "minute: found '30-10'"},
      {"*/0 * * * *", "minute: found '*/0'"},
      {"*/x * * * *", "minute: found '*/x'"},
      {"1,,2 * * * *", "minute: found ''"},
      {"-1 * * * *", "minute: found '-1'"},
      {"1-2-3 * * * *", "minute: found '1-2-3'"},
      {"+1 * * * *", "minute: found '+1'"},
      {"99999999999 * * * *", "minute: found '99999999999'"},
  };
  for (const auto& c : cases) {
    const auto made = Cron::parse(c.cron, Zone::find("UTC").value());
    ASSERT_FALSE(made) << c.cron;
    EXPECT_NE(made.error().message().find(c.says), std::string::npos) << made.error().message();
    EXPECT_FALSE(made.error().advice().empty());
  }
}

TEST(Zone, IsFoundByName) {
  for (const char* name : {"exchange", "local", "UTC", "Europe/Berlin"})
    EXPECT_TRUE(Zone::find(name)) << name;
  EXPECT_EQ(Zone::find("exchange")->zone().name(), "America/Chicago");
  const auto none = Zone::find("Mars/Base");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message().find("'Mars/Base' is no time zone"), std::string::npos);
  EXPECT_FALSE(Zone::find("../../etc/passwd"));
  EXPECT_FALSE(Zone::find(""));
}

// Minute by minute, asking the zone what the wall says.
class SlowCron {
 public:
  explicit SlowCron(const Cron& cron) : cron_(cron) {}

  std::optional<Second> next(Second after, int minutes_max) const {
    Second minute = (after / 60 + 1) * 60;
    for (int i = 0; i < minutes_max; ++i, minute += 60)
      if (is_due(minute)) return minute;
    return std::nullopt;
  }

 private:
  Second local(Second utc) const {
    return cron_.zone()
        .zone()
        .to_local(date::sys_seconds(std::chrono::seconds(utc)))
        .time_since_epoch()
        .count();
  }
  bool matches(Second wall) const {
    const Date day = Date::of_second(wall);
    const auto of_day = static_cast<int>((wall - day.first_second()) / 60);
    return cron_.matches(day, of_day / 60, of_day % 60);
  }
  bool is_due(Second utc) const {
    const Second wall = local(utc);
    const Second before = local(utc - 60);
    for (Second skipped = before + 60; skipped < wall; skipped += 60)
      if (matches(skipped)) return true;
    if (!matches(wall)) return false;
    if (cron_.every_hour()) return true;
    // Not again what the wall has shown within the last three hours.
    for (Second back = 60; back <= 3 * 3'600; back += 60)
      if (local(utc - back) == wall) return false;
    return true;
  }

  const Cron& cron_;
};

std::string random_field(int least, int most) {
  const auto value = [&] { return *rc::gen::inRange(least, most + 1); };
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return "*";
    case 1:
      return fmt::format("*/{}", *rc::gen::inRange(1, most + 1));
    case 2:
      return std::to_string(value());
    case 3: {
      const int a = value();
      const int b = value();
      return fmt::format("{}-{}", std::min(a, b), std::max(a, b));
    }
    default:
      return fmt::format("{},{}", value(), value());
  }
}

TEST(Cron, IsDueWhenTheReferenceSays) {
  EXPECT_TRUE(rc::check("next() finds the first minute that is due", [] {
    const std::vector<std::string> zones{"exchange",       "UTC",
                                         "Europe/Berlin",  "America/Havana",
                                         "Asia/Beirut",    "Australia/Lord_Howe",
                                         "Asia/Kathmandu", "America/St_Johns"};
    const std::string zone = *rc::gen::elementOf(zones);
    const std::string text =
        fmt::format("{} {} {} {} {}", random_field(0, 59), random_field(0, 23),
                    *rc::gen::arbitrary<bool>() ? std::string("*") : random_field(1, 31), "*",
                    *rc::gen::arbitrary<bool>() ? std::string("*") : random_field(0, 7));
    const Cron made = Cron::parse(text, Zone::find(zone).value()).value();
    // Half of them close to a change of clocks.
    const std::vector<const char*> changes{"2025-03-09T08:00:00Z", "2025-11-02T07:00:00Z",
                                           "2025-03-30T01:00:00Z", "2025-10-26T01:00:00Z",
                                           "2025-11-02T05:00:00Z", "2025-03-29T22:00:00Z",
                                           "2025-10-04T15:30:00Z", "2025-04-05T15:00:00Z"};
    const Second start = at(*rc::gen::elementOf(changes)) + *rc::gen::inRange(-10'000, 10'000);
    constexpr int kMinutes = 3 * 1'440;
    const auto expected = SlowCron(made).next(start, kMinutes);
    const auto found = made.next(start);
    RC_LOG() << text << " in " << zone << " after " << iso_second(start);
    if (expected)
      RC_ASSERT(found == expected);
    else
      RC_ASSERT(!found || *found > start + (kMinutes - 2) * 60);
  }));
}

}  // namespace
}  // namespace fm::schedule
