// Alarms reach who is to be told: in each form, in order, again after a failure, and across a
// restart; and what cannot be delivered is seen.
#include "schedule/alarms.h"

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "net/http_server.h"
#include "net/testing_mail_server.h"
#include "schedule/testing_starter.h"

namespace fm::schedule {
namespace {

// Keeps what it was sent; answers as it is told.
class Webhook {
 public:
  Webhook() {
    server_ = net::HttpServer::create(Env::posix(), {.threads = 2}).value();
    server_->route("POST", "/secret-path", [this](const net::ServerRequest& request) {
      const std::lock_guard lock(mutex_);
      if (status_ != 200) {
        ++refused_;
        return net::ServerResponse::text("come back later", status_);
      }
      bodies_.push_back(request.body);
      types_.emplace_back(request.header("content-type"));
      return net::ServerResponse::text("ok");
    });
    EXPECT_TRUE(server_->start());
  }
  ~Webhook() { server_->stop(); }
  void answer(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}/secret-path", server_->port());
  }
  [[nodiscard]] std::vector<std::string> bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  [[nodiscard]] std::size_t refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
  }
  std::vector<std::string> wait_for(std::size_t count) const {
    for (int i = 0; i < 1'000 && bodies().size() < count; ++i) Env::posix().sleep_for(10'000'000);
    return bodies();
  }

 private:
  mutable std::mutex mutex_;
  int status_ = 200;
  std::size_t refused_ = 0;
  std::vector<std::string> bodies_;
  std::vector<std::string> types_;
  std::unique_ptr<net::HttpServer> server_;
};

class AlarmsTest : public ::testing::Test {
 protected:
  std::string secret(const std::string& name, std::string_view text) {
    const std::string path = folder_.file(name);
    static_cast<void>(env_.remove(path));
    auto file = env_.create(path, Create::kNewPrivate);
    EXPECT_TRUE(file);
    EXPECT_TRUE((*file)->write(text));
    EXPECT_TRUE((*file)->close());
    return path;
  }
  jobs::TargetConfig hook(const std::string& name,
                          jobs::TargetKind kind = jobs::TargetKind::kWebhook) {
    jobs::TargetConfig config;
    config.name = name;
    config.kind = kind;
    config.url_file = secret(name + "-url", webhook_.url() + "\n");
    return config;
  }
  static jobs::TargetConfig mail_to(const std::string& address, const net::FakeMailServer& server) {
    jobs::TargetConfig config;
    config.name = "post";
    config.kind = jobs::TargetKind::kEmail;
    config.server = server.url();
    config.plain = true;
    config.from = "frontmonth@example.com";
    config.to = {address};
    return config;
  }
  AlarmOptions options(std::vector<jobs::TargetConfig> targets) {
    AlarmOptions options;
    options.state_dir = folder_.file("state");
    options.settings.targets = std::move(targets);
    options.settings.book = {.remind_after = 3'600, .clear_after = 0};
    options.interval = 20'000'000;
    options.first_retry = 20'000'000;
    options.retry_max = 40'000'000;
    EXPECT_TRUE(env_.make_directories(options.state_dir));
    return options;
  }
  AlarmSources sources() {
    return {.health = [this] {
      const std::lock_guard lock(mutex_);
      return health_;
    }};
  }
  void set_disk(std::uint64_t free_percent) {
    const std::lock_guard lock(mutex_);
    health_.disk = {"/lake", free_percent, 100};
  }
  template <class Condition>
  void wait_until(const Condition& is_so) {
    for (int i = 0; i < 1'000 && !is_so(); ++i) env_.sleep_for(10'000'000);
    EXPECT_TRUE(is_so());
  }

  Env& env_ = Env::posix();
  const TestDirectory folder_;
  Webhook webhook_;
  ScriptedStarter starter_{env_};
  std::mutex mutex_;
  jobs::HealthReport health_;
};

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(AlarmsTest, ReachATargetWhenRaisedAndWhenOver) {
  set_disk(50);
  Alarms alarms(env_, starter_, options({hook("desk")}), sources());
  alarms.start();
  set_disk(4);
  const auto raised = webhook_.wait_for(1);
  ASSERT_EQ(raised.size(), 1U);
  for (const char* part :
       {R"("event":"raised")", R"("id":"disk")", R"("severity":"warning")",
        R"("text":"/lake: 4.0 % of the disk is free (0.0 GiB), 5 % should be")", R"("host":")"})
    EXPECT_TRUE(holds(raised[0], part)) << raised[0];
  wait_until([&] { return alarms.figures()[0].delivered == 1; });
  jobs::HealthReport report;
  alarms.add_to(report);
  ASSERT_EQ(report.alarms.size(), 1U);
  EXPECT_EQ(report.alarms[0].delivery, jobs::Delivery::kDelivered);
  EXPECT_EQ(report.parts.back().state, jobs::PartState::kRunning);
  EXPECT_FALSE(report.ok());
  set_disk(50);
  const auto over = webhook_.wait_for(2);
  ASSERT_EQ(over.size(), 2U);
  EXPECT_TRUE(holds(over[1], R"("event":"cleared")")) << over[1];
  alarms.stop();
  EXPECT_EQ(webhook_.bodies().size(), 2U);
}

TEST_F(AlarmsTest, EachPlaceGetsItsOwnForm) {
  auto pager = hook("pager");
  pager.kind = jobs::TargetKind::kCommand;
  pager.command = {"page-me", "--loud"};
  jobs::Config config;
  config.alarms.targets = {hook("slack", jobs::TargetKind::kSlack),
                           hook("discord", jobs::TargetKind::kDiscord), pager};
  const auto tested = test_targets(env_, starter_, config, {}, "");
  ASSERT_TRUE(tested) << tested.error().message();
  for (const TestedTarget& one : *tested) EXPECT_TRUE(one.sent) << one.name;
  const auto bodies = webhook_.bodies();
  ASSERT_EQ(bodies.size(), 2U);
  EXPECT_TRUE(bodies[0].starts_with(R"({"text":"frontmonth on )")) << bodies[0];
  EXPECT_TRUE(bodies[1].starts_with(R"({"content":"frontmonth on )")) << bodies[1];
  EXPECT_TRUE(holds(bodies[1], R"("allowed_mentions":{"parse":[]})"));
  ASSERT_EQ(starter_.started().size(), 1U);
  EXPECT_EQ(starter_.started()[0].command, "--loud");
  EXPECT_TRUE(starter_.started()[0].input.starts_with(R"({"event":"test")"))
      << starter_.started()[0].input;
  EXPECT_EQ(test_targets(env_, starter_, config, {}, "discord")->size(), 1U);
  EXPECT_FALSE(test_targets(env_, starter_, config, {}, "nobody"));
  EXPECT_FALSE(test_targets(env_, starter_, {}, {}, ""));
}

TEST_F(AlarmsTest, GoByEmail) {
  net::FakeMailServer server;
  jobs::TargetConfig mail = mail_to("desk@example.com", server);
  mail.user = "alarms";
  mail.password_file = secret("mail-password", "open sesame\n");
  set_disk(4);
  Alarms alarms(env_, starter_, options({mail}), sources());
  alarms.start();
  wait_until([&] { return alarms.figures()[0].delivered == 1; });
  alarms.stop();
  const std::string heard = server.heard().in_clear;
  EXPECT_TRUE(holds(heard, "MAIL FROM:<frontmonth@example.com>")) << heard;
  EXPECT_TRUE(holds(heard, "RCPT TO:<desk@example.com>")) << heard;
  EXPECT_TRUE(holds(heard, "Subject: =?UTF-8?B?")) << heard;
  EXPECT_TRUE(holds(heard, "\r\n.\r\n")) << heard;
}

TEST_F(AlarmsTest, AMailServerThatRefusesIsSaid) {
  net::FakeMailServer server({.answers = {{"RCPT", "550 no such box"}}});
  jobs::Config config;
  config.alarms.targets = {mail_to("nobody@example.com", server)};
  const auto tested = test_targets(env_, starter_, config, {}, "post");
  ASSERT_TRUE(tested) << tested.error().message();
  ASSERT_EQ(tested->size(), 1U);
  ASSERT_FALSE((*tested)[0].sent);
  EXPECT_TRUE(holds((*tested)[0].sent.error().message(), "550"))
      << (*tested)[0].sent.error().message();
}

TEST_F(AlarmsTest, AFailedDeliveryIsSeenAndTriedAgain) {
  webhook_.answer(503);
  set_disk(4);
  Alarms alarms(env_, starter_, options({hook("desk")}), sources());
  alarms.start();
  wait_until([&] { return webhook_.refused() >= 3; });
  jobs::HealthReport report;
  alarms.add_to(report);
  ASSERT_EQ(report.alarms.size(), 1U);
  EXPECT_EQ(report.alarms[0].delivery, jobs::Delivery::kFailing);
  EXPECT_EQ(report.parts[0].state, jobs::PartState::kWaiting);
  EXPECT_TRUE(holds(report.parts[0].last_error, "answered 503: come back later"))
      << report.parts[0].last_error;
  EXPECT_FALSE(holds(report.parts[0].last_error, "secret-path"));
  webhook_.answer(200);
  EXPECT_EQ(webhook_.wait_for(1).size(), 1U);
  wait_until([&] { return alarms.figures()[0].pending == 0; });
  EXPECT_EQ(alarms.figures()[0].last_error, "");
  EXPECT_GE(alarms.figures()[0].failures, 3U);
  EXPECT_EQ(alarms.figures()[0].delivered, 1U);
}

TEST_F(AlarmsTest, OneTargetThatFailsDoesNotHoldUpAnother) {
  auto dead = hook("dead");
  dead.url_file = secret("dead-url", "http://127.0.0.1:1/secret-path");
  set_disk(4);
  Alarms alarms(env_, starter_, options({dead, hook("desk")}), sources());
  alarms.start();
  EXPECT_EQ(webhook_.wait_for(1).size(), 1U);
  wait_until([&] { return alarms.figures()[0].failures > 0; });
  EXPECT_FALSE(holds(alarms.figures()[0].last_error, "secret-path"))
      << alarms.figures()[0].last_error;
}

TEST_F(AlarmsTest, SurviveARestart) {
  webhook_.answer(500);
  set_disk(4);
  {
    Alarms alarms(env_, starter_, options({hook("desk")}), sources());
    alarms.start();
    wait_until([&] { return webhook_.refused() >= 1; });
  }
  const auto file = read_alarms(env_, folder_.file("state"));
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->alarms.size(), 1U);
  EXPECT_EQ(file->pending.size(), 1U);
  webhook_.answer(200);
  {
    Alarms alarms(env_, starter_, options({hook("desk")}), sources());
    alarms.start();
    EXPECT_EQ(webhook_.wait_for(1).size(), 1U);
    env_.sleep_for(kNanosPerSecond / 5);
  }
  // Raised once, by both together.
  EXPECT_EQ(webhook_.bodies().size(), 1U);
  set_disk(50);
  Alarms alarms(env_, starter_, options({hook("desk")}), sources());
  alarms.start();
  const auto bodies = webhook_.wait_for(2);
  ASSERT_EQ(bodies.size(), 2U);
  EXPECT_TRUE(holds(bodies[1], R"("event":"cleared")"));
}

TEST_F(AlarmsTest, ADamagedFileBeginsAnew) {
  auto given = options({hook("desk")});
  ASSERT_TRUE(write_text_atomically(env_, alarm_file(given.state_dir), "{"));
  set_disk(4);
  Alarms alarms(env_, starter_, given, sources());
  alarms.start();
  EXPECT_EQ(webhook_.wait_for(1).size(), 1U);
}

TEST_F(AlarmsTest, OnlyWhatIsCriticalWhereThatIsAskedFor) {
  auto calm = hook("calm");
  calm.critical_only = true;
  set_disk(4);
  Alarms alarms(env_, starter_, options({calm}), sources());
  alarms.start();
  env_.sleep_for(kNanosPerSecond / 5);
  EXPECT_TRUE(webhook_.bodies().empty());
  set_disk(1);
  const auto bodies = webhook_.wait_for(1);
  ASSERT_EQ(bodies.size(), 1U);
  EXPECT_TRUE(holds(bodies[0], R"("severity":"critical")"));
}

TEST_F(AlarmsTest, SettingsChangeWhileItRuns) {
  set_disk(4);
  auto given = options({});
  Alarms alarms(env_, starter_, given, sources());
  alarms.start();
  wait_until([&] {
    jobs::HealthReport report;
    alarms.add_to(report);
    return report.alarms.size() == 1;
  });
  AlarmSettings settings = given.settings;
  settings.targets = {hook("desk")};
  settings.rules.disk_free_percent = 3;
  alarms.set(settings);
  const auto bodies = webhook_.wait_for(1);
  ASSERT_EQ(bodies.size(), 1U);
  EXPECT_TRUE(holds(bodies[0], R"("event":"cleared")")) << bodies[0];
}

TEST_F(AlarmsTest, SeesWhatOpsSqliteKnows) {
  auto given = options({hook("desk")});
  auto state = ops::State::open(env_, ops::state_file(given.state_dir));
  ASSERT_TRUE(state) << state.error().message();
  const Nanos now = env_.now();
  ASSERT_TRUE(state->add_gap({.dataset = "GLBX.MDP3",
                              .schema = {},
                              .from = now - 60 * kNanosPerSecond,
                              .to = now - 30 * kNanosPerSecond,
                              .reason = "test"}));
  set_disk(50);
  Alarms alarms(env_, starter_, given, sources());
  alarms.start();
  const auto bodies = webhook_.wait_for(1);
  ASSERT_EQ(bodies.size(), 1U);
  EXPECT_TRUE(holds(bodies[0], R"("rule":"gap")")) << bodies[0];
}

TEST_F(AlarmsTest, ASecretThatOthersMayReadIsNotUsed) {
  auto open_to_all = hook("open");
  open_to_all.url_file = folder_.file("public-url");
  ASSERT_TRUE(write_text_atomically(env_, open_to_all.url_file, webhook_.url()));
  jobs::Config config;
  config.alarms.targets = {open_to_all};
  const auto tested = test_targets(env_, starter_, config, {}, "");
  ASSERT_TRUE(tested);
  ASSERT_FALSE(tested->front().sent);
  EXPECT_EQ(tested->front().sent.error().code(), Code::kPermission);
  EXPECT_TRUE(holds(tested->front().sent.error().advice(), "chmod 600"));
  EXPECT_TRUE(webhook_.bodies().empty());
}

TEST_F(AlarmsTest, ACommandThatFailsSaysWhatItSaid) {
  starter_.script("", {.output = "no such number\n", .exit_code = 3});
  jobs::TargetConfig pager;
  pager.name = "pager";
  pager.kind = jobs::TargetKind::kCommand;
  pager.command = {"page-me"};
  jobs::Config config;
  config.alarms.targets = {pager};
  const auto tested = test_targets(env_, starter_, config, {}, "pager");
  ASSERT_TRUE(tested);
  ASSERT_FALSE(tested->front().sent);
  EXPECT_EQ(tested->front().sent.error().message(), "page-me: exit code 3: no such number\n");
}

TEST(AlarmText, CallsNobodyByAccident) {
  Notice notice;
  notice.alarm.text = "<!channel> & @everyone " + std::string(5'000, 'x');
  const std::string slack = slack_body(notice, "h");
  EXPECT_FALSE(holds(slack, "<!channel>"));
  EXPECT_TRUE(holds(slack, "&lt;!channel&gt; &amp;"));
  const std::string discord = discord_body(notice, "h");
  EXPECT_LT(discord.size(), 2'000U);
  EXPECT_TRUE(holds(discord, R"("parse":[])"));
}

TEST(AlarmText, HeadlinesSayWhatHappened) {
  Notice notice;
  notice.alarm = {.id = "a",
                  .rule = "late",
                  .severity = Severity::kCritical,
                  .subject = "s",
                  .text = "ES is late",
                  .raised_at = second_of(parse_iso_nanos("2025-06-16T13:00:00Z").value())};
  struct {
    NoticeKind kind;
    const char* headline;
  } const cases[] = {{NoticeKind::kRaised, "[critical] ES is late"},
                     {NoticeKind::kReminder, "[critical, since 2025-06-16T13:00:00Z] ES is late"},
                     {NoticeKind::kCleared, "[over] ES is late"},
                     {NoticeKind::kTest, "[test] ES is late"}};
  for (const auto& c : cases) {
    notice.kind = c.kind;
    EXPECT_EQ(headline(notice), c.headline);
  }
}

}  // namespace
}  // namespace fm::schedule
