// Lists of jobs and of places where alarms go: what is read, and what is refused with its line.
#include "jobs/config_lists.h"

#include <gtest/gtest.h>

#include <string>

#include "base/testing_fault_env.h"
#include "jobs/config_text.h"

namespace fm::jobs {
namespace {

class ConfigLists : public testing::Test {
 protected:
  Result<Config> load(std::string_view text) {
    const std::string path = directory_.file("frontmonth.yaml");
    EXPECT_TRUE(write_text_atomically(env_, path, text));
    return load_config(env_, {path, {}, {}});
  }

  Result<ConfigText> load_text(std::string_view text) {
    const std::string path = directory_.file("frontmonth.yaml");
    EXPECT_TRUE(write_text_atomically(env_, path, text));
    return load_config_text(env_, {path, {}, {}});
  }

  Env& env_ = Env::posix();
  const TestDirectory directory_;
};

using Words = std::vector<std::string>;

TEST_F(ConfigLists, AScheduleIsReadWithItsDefaults) {
  const auto config = load(R"(
schedule:
  bars:
    run: rollup
    at: 30 17 * * mon-fri
  night-audit:
    run: [audit, --root, "ES NQ"]
    at: "@daily"
    timezone: Europe/Berlin
    jitter_seconds: 30
    missed: skip
    timeout_minutes: 5
    retries: 3
    retry_after_seconds: 10
)");
  ASSERT_TRUE(config) << config.error().message();
  ASSERT_EQ(config->schedule.size(), 2U);
  const JobConfig& bars = config->schedule[0];
  EXPECT_EQ(bars.name, "bars");
  EXPECT_EQ(bars.run, Words{"rollup"});
  EXPECT_EQ(bars.at, "30 17 * * mon-fri");
  EXPECT_EQ(bars.timezone, "exchange");
  EXPECT_TRUE(bars.catch_up);
  EXPECT_EQ(bars.timeout_minutes, 60);
  EXPECT_EQ(bars.retries, 0);
  EXPECT_TRUE(bars.place.ends_with("frontmonth.yaml:4")) << bars.place;
  const JobConfig& audit = config->schedule[1];
  EXPECT_EQ(audit.run, (Words{"audit", "--root", "ES NQ"}));
  EXPECT_EQ(audit.timezone, "Europe/Berlin");
  EXPECT_FALSE(audit.catch_up);
  EXPECT_EQ(audit.jitter_s, 30);
  EXPECT_EQ(audit.retry_after_s, 10);
}

TEST_F(ConfigLists, TargetsAreReadWithPathsFromTheFilesFolder) {
  const auto config = load(R"(
alarms:
  remind_hours: 2
  targets:
    desk: {kind: slack, url_file: slack-url, severity: critical}
    mail:
      kind: email
      server: smtp://mail.example.com:587
      user: me
      password_file: /secret/word
      from: a@example.com
      to: "b@example.com, c@example.com"
    pager: {kind: command, command: "page-me --to 'the desk'"}
)");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->alarms.remind_hours, 2);
  ASSERT_EQ(config->alarms.targets.size(), 3U);
  const auto& targets = config->alarms.targets;
  EXPECT_EQ(targets[0].url_file, directory_.file("slack-url"));
  EXPECT_TRUE(targets[0].critical_only);
  EXPECT_EQ(targets[1].password_file, "/secret/word");
  EXPECT_EQ(targets[1].to, (Words{"b@example.com", "c@example.com"}));
  EXPECT_FALSE(targets[1].plain);
  EXPECT_EQ(targets[2].command, (Words{"page-me", "--to", "the desk"}));
}

TEST_F(ConfigLists, WhatCannotBeIsRefusedWithItsLine) {
  struct {
    const char* text;
    const char* says;
  } const cases[] = {
      {"schedule:\n  bars: {run: rollup}\n", "yaml:2: bars: the key 'at' is missing"},
      {"schedule:\n  bars: {at: '@daily'}\n", "yaml:2: bars: the key 'run' is missing"},
      {"schedule:\n  bars: {run: a, at: b, retrys: 3}\n",
       "yaml:2: unknown key 'retrys'; did you mean 'retries'?"},
      {"schedule:\n  bars: {run: a, at: b, retries: -1}\n",
       "yaml:2: retries: found -1, expected a whole number from 0 to 20"},
      {"schedule:\n  bars: {run: a, at: b, missed: twice}\n",
       "yaml:2: missed: found 'twice', expected once or skip"},
      {"schedule:\n  bars: {run: \"a 'b\", at: b}\n", "yaml:2: a quote (') has no end"},
      {"schedule:\n  a/b: {run: a, at: b}\n", "'a/b' cannot be the name of a job"},
      {"schedule:\n  bars: {run: a, at: b}\n  bars: {run: a, at: b}\n",
       "yaml:3: the key 'bars' stands here twice"},
      {"schedule: [rollup]\n", "yaml:1: expected keys and values"},
      {"schedule:\n  bars: rollup\n", "yaml:2: expected keys and values"},
      {"alarms:\n  targets:\n    a: {url_file: x}\n", "yaml:3: a: the key 'kind' is missing"},
      {"alarms:\n  targets:\n    a: {kind: pigeon}\n", "yaml:3: kind: found 'pigeon'"},
      {"alarms:\n  targets:\n    a: {kind: slack}\n", "a: the key 'url_file' is missing"},
      {"alarms:\n  targets:\n    a: {kind: slack, url_fil: x}\n",
       "unknown key 'url_fil'; did you mean 'url_file'?"},
      {"alarms:\n  targets:\n    a: {kind: command}\n", "a: the key 'command' is missing"},
      {"alarms:\n  targets:\n    a: {kind: email, server: 'http://x', from: f, to: t}\n",
       "expected smtp://HOST:PORT"},
      {"alarms:\n  targets:\n    a: {kind: email, server: 'smtp://x', from: f, to: t, user: u}\n",
       "user and password_file belong together"},
      {"alarms: {disk_free_percent: 200}\n", "alarms.disk_free_percent: found '200'"},
      {"alarm: {}\n", "unknown key 'alarm'; did you mean 'alarms'?"},
  };
  for (const auto& c : cases) {
    const auto config = load(c.text);
    ASSERT_FALSE(config) << c.text;
    EXPECT_EQ(config.error().code(), Code::kInvalidConfig);
    EXPECT_NE(config.error().message().find(c.says), std::string::npos)
        << config.error().message() << "\nexpected: " << c.says;
  }
}

TEST_F(ConfigLists, WhatIsInForceCanBeWrittenAndReadAgain) {
  const auto config = load_text(R"(
lake: /data/lake
log: {level: info}
schedule:
  bars: {run: [rollup, "a \"b\""], at: 30 17 * * mon-fri, retries: 2, missed: skip}
alarms:
  remind_hours: 7
  targets:
    desk: {kind: slack, url_file: /secret/url}
    mail: {kind: email, server: "smtp://x", tls: no, from: a@b, to: [c@d, e@f]}
    pager: {kind: command, command: [page, me], severity: critical}
)");
  ASSERT_TRUE(config) << config.error().message();
  const std::string yaml = to_yaml(*config);
  const auto again = load_text(yaml);
  ASSERT_TRUE(again) << again.error().message() << yaml;
  EXPECT_EQ(to_yaml(*again), yaml);
  EXPECT_EQ(again->config.alarms.remind_hours, 7);
  EXPECT_EQ(again->config.schedule.front().run, (Words{"rollup", "a \"b\""}));
  EXPECT_EQ(again->config.alarms.targets[1].to, (Words{"c@d", "e@f"}));
  EXPECT_TRUE(again->config.alarms.targets[1].plain);
}

TEST_F(ConfigLists, DifferencesAreNamedByTheirKeys) {
  const auto one = load_text("schedule:\n  bars: {run: rollup, at: '@daily'}\n");
  const auto moved = load_text("# a comment\n\nschedule:\n  bars: {run: rollup, at: '@daily'}\n");
  const auto other = load_text(
      "schedule:\n  bars: {run: rollup, at: '@hourly'}\nlog: {level: info}\nalarms: {late: "
      "false}\n");
  ASSERT_TRUE(one && moved && other);
  EXPECT_EQ(differences(*one, *moved), Words{});
  EXPECT_EQ(differences(*one, *other), (Words{"alarms.late", "log.level", "schedule"}));
}

TEST_F(ConfigLists, NothingThereIsNoList) {
  for (const char* text : {"", "schedule:\nalarms:\n", "schedule: {}\nalarms: {targets: }\n"}) {
    const auto config = load(text);
    ASSERT_TRUE(config) << config.error().message();
    EXPECT_TRUE(config->schedule.empty());
    EXPECT_TRUE(config->alarms.targets.empty());
  }
}

TEST_F(ConfigLists, TooManyJobsAreRefused) {
  std::string text = "schedule:\n";
  for (int i = 0; i < 101; ++i) text += fmt::format("  j{}: {{run: rollup, at: '@daily'}}\n", i);
  const auto config = load(text);
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message().find("found 101 jobs, expected at most 100"),
            std::string::npos);
}

TEST(WordsOf, ABlankPartsAndAQuoteHolds) {
  struct {
    const char* line;
    Words words;
  } const cases[] = {{"", {}},
                     {"  a  b ", {"a", "b"}},
                     {"a 'b c' \"d'e\"", {"a", "b c", "d'e"}},
                     {"a'b'c", {"abc"}},
                     {"''", {""}}};
  for (const auto& c : cases) EXPECT_EQ(words_of(c.line).value(), c.words) << c.line;
  EXPECT_FALSE(words_of("a \"b"));
}

}  // namespace
}  // namespace fm::jobs
