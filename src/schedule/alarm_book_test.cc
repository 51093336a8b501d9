// An alarm is raised once, told again, and told when it is over; and survives a restart.
#include "schedule/alarm_book.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>
#include <string>
#include <vector>

namespace fm::schedule {
namespace {

Finding finding(const std::string& id, Severity severity = Severity::kWarning,
                Second holds_for = 0) {
  return {.id = id,
          .rule = "late",
          .severity = severity,
          .subject = "subject of " + id,
          .text = "text of " + id,
          .holds_for = holds_for};
}

// "raised a; cleared b"
std::string words(const std::vector<Notice>& notices) {
  std::string text;
  for (const Notice& notice : notices)
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", name(notice.kind), notice.alarm.id);
  return text;
}

TEST(AlarmBook, RaisesOnceRemindsAndClears) {
  AlarmBook book({.remind_after = 3'600, .clear_after = 120});
  struct {
    Second now;
    std::vector<Finding> findings;
    const char* notices;
  } const steps[] = {{0, {}, ""},
                     {10, {finding("a")}, "raised a"},
                     {20, {finding("a"), finding("b")}, "raised b"},
                     {30, {finding("a"), finding("b")}, ""},
                     {3'609, {finding("a"), finding("b")}, ""},
                     {3'610, {finding("a"), finding("b")}, "reminder a"},
                     {3'620, {finding("a"), finding("b")}, "reminder b"},
                     {3'630, {finding("b")}, ""},
                     {3'700, {finding("a"), finding("b")}, ""},  // it came back: the same alarm
                     {3'710, {finding("b")}, ""},
                     {3'829, {finding("b")}, ""},
                     {3'830, {finding("b")}, "cleared a"},
                     {3'840, {finding("a"), finding("b")}, "raised a"},
                     {9'000, {}, ""},
                     {9'120, {}, "cleared a; cleared b"},
                     {9'130, {}, ""}};
  for (const auto& step : steps)
    EXPECT_EQ(words(book.update(step.now, step.findings)), step.notices) << step.now;
}

TEST(AlarmBook, WaitsUntilAFindingHasLasted) {
  AlarmBook book({});
  EXPECT_EQ(words(book.update(0, {finding("a", Severity::kWarning, 60)})), "");
  EXPECT_EQ(words(book.update(30, {})), "");  // gone: it begins anew
  EXPECT_EQ(words(book.update(50, {finding("a", Severity::kWarning, 60)})), "");
  EXPECT_EQ(words(book.update(109, {finding("a", Severity::kWarning, 60)})), "");
  EXPECT_EQ(words(book.update(110, {finding("a", Severity::kWarning, 60)})), "raised a");
}

TEST(AlarmBook, TellsAtOnceWhenItGetsWorse) {
  AlarmBook book({});
  EXPECT_EQ(words(book.update(0, {finding("a")})), "raised a");
  const auto notices = book.update(10, {finding("a", Severity::kCritical)});
  EXPECT_EQ(words(notices), "reminder a");
  EXPECT_EQ(notices.front().alarm.severity, Severity::kCritical);
  EXPECT_EQ(words(book.update(20, {finding("a")})), "");
}

TEST(AlarmBook, NeverRemindsWhereThatIsAskedFor) {
  AlarmBook book({.remind_after = 0});
  EXPECT_EQ(words(book.update(0, {finding("a")})), "raised a");
  EXPECT_EQ(words(book.update(1'000'000, {finding("a")})), "");
}

TEST(AlarmBook, OneFindingTwiceIsOneAlarm) {
  AlarmBook book({});
  EXPECT_EQ(words(book.update(0, {finding("a"), finding("a")})), "raised a");
}

TEST(AlarmBook, GoesOnAfterARestart) {
  AlarmBook before({.remind_after = 3'600});
  static_cast<void>(before.update(10, {finding("a"), finding("b")}));
  static_cast<void>(before.update(50, {finding("a")}));
  AlarmFile file;
  for (const auto& [id, alarm] : before.alarms()) file.alarms.push_back(alarm);
  file.pending.push_back({"desk", {NoticeKind::kRaised, file.alarms[0], 10}});
  const auto decoded = decode_alarms(encode(file), "alarms.json");
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(*decoded, file);

  AlarmBook after({.remind_after = 3'600});
  after.restore(decoded->alarms);
  EXPECT_EQ(words(after.update(100, {finding("a")})), "");
  EXPECT_EQ(words(after.update(170, {finding("a")})), "cleared b");
  EXPECT_EQ(words(after.update(3'610, {finding("a")})), "reminder a");
}

TEST(AlarmBook, HoldsNoMoreThanItsMost) {
  AlarmBook book({});
  std::vector<Finding> many;
  for (int i = 0; i < 1'200; ++i) many.push_back(finding(fmt::format("a{}", i)));
  EXPECT_EQ(book.update(0, many).size(), kAlarmsMax);
  EXPECT_EQ(book.alarms().size(), kAlarmsMax);
}

TEST(AlarmBook, RaisedAndClearedTakeTurns) {
  EXPECT_TRUE(rc::check("whatever comes and goes", [] {
    AlarmBook book({.remind_after = 100, .clear_after = *rc::gen::inRange<Second>(0, 50)});
    std::set<std::string> raised;
    Second now = 0;
    for (int step = 0; step < 60; ++step) {
      now += *rc::gen::inRange<Second>(0, 40);
      std::vector<Finding> findings;
      for (const char* id : {"a", "b", "c"})
        if (*rc::gen::arbitrary<bool>())
          findings.push_back(finding(id, Severity::kWarning, *rc::gen::inRange<Second>(0, 30)));
      for (const Notice& notice : book.update(now, findings)) {
        const bool is_new = notice.kind == NoticeKind::kRaised;
        RC_ASSERT(raised.contains(notice.alarm.id) != is_new);
        if (is_new) raised.insert(notice.alarm.id);
        if (notice.kind == NoticeKind::kCleared) raised.erase(notice.alarm.id);
      }
      RC_ASSERT(raised.size() == book.alarms().size());
    }
  }));
}

TEST(AlarmFile, DamageIsNamed) {
  const Alarm alarm{.id = "a",
                    .rule = "late",
                    .severity = Severity::kCritical,
                    .subject = "s\"\\\n",
                    .text = "t",
                    .raised_at = 1,
                    .told_at = 2,
                    .reminded = 3,
                    .gone_since = 4};
  const std::string good = encode({{alarm}, {}});
  ASSERT_TRUE(decode_alarms(good, "f"));
  struct {
    std::string text;
    const char* says;
  } const cases[] = {
      {"", "f: "},
      {"{}", "no valid 'alarms'"},
      {"[]", "no valid 'alarms'"},
      {R"({"alarms":[]})", "no valid 'pending'"},
      {R"({"alarms":[1],"pending":[]})", "no valid 'id'"},
      {R"({"alarms":[],"pending":[{"target":"a","at":1,"kind":"sung"}]})", "no valid 'kind'"},
      {good.substr(0, good.size() / 2), "f: "}};
  for (const auto& c : cases) {
    const auto decoded = decode_alarms(c.text, "f");
    ASSERT_FALSE(decoded) << c.text;
    EXPECT_EQ(decoded.error().code(), Code::kCorrupt);
    EXPECT_NE(decoded.error().message().find(c.says), std::string::npos)
        << decoded.error().message();
  }
}

}  // namespace
}  // namespace fm::schedule
