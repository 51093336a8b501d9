// Parts of a service: each begins again by itself; and what the server may ask of the whole.
#include "app/part.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "app/up.h"
#include "app/up_sources.h"
#include "base/testing_fault_env.h"

namespace fm::app {
namespace {

constexpr Nanos kShort = 10'000'000;

template <class Condition>
void wait_until(const Condition& is_so) {
  for (int i = 0; i < 1'000 && !is_so(); ++i) Env::posix().sleep_for(kShort);
  EXPECT_TRUE(is_so());
}

TEST(Part, BeginsAgainWhenItFailsAndEndsWhenAsked) {
  StopSignal stop;
  std::atomic<int> runs = 0;
  Part part(Env::posix(), stop,
            {.name = "feed X",
             .kind = "feed",
             .thread = "fm-test",
             .run = [&]() -> Status {
               if (++runs < 3) return fail(Code::kDisconnected, "no answer {}", runs.load());
               while (!stop.wait_for(kShort)) {
               }
               return {};
             },
             .first_delay = kShort});
  EXPECT_TRUE(part.ended());
  EXPECT_EQ(part.health().state, jobs::PartState::kStarting);
  part.start();
  wait_until([&] { return runs == 3; });
  const jobs::PartHealth health = part.health();
  EXPECT_EQ(health.state, jobs::PartState::kRunning);
  EXPECT_EQ(health.restarts, 2U);
  EXPECT_EQ(health.last_error, "no answer 2");
  EXPECT_TRUE(health.last_error_at);
  EXPECT_FALSE(part.ended());
  stop.request();
  part.join();
  EXPECT_TRUE(part.ended());
  EXPECT_EQ(part.health().state, jobs::PartState::kStopped);
}

TEST(Part, WaitsLongerEachTimeAndIsStoppedWhileItWaits) {
  StopSignal stop;
  std::atomic<int> runs = 0;
  Part part(Env::posix(), stop, {.name = "feed X", .kind = "feed", .thread = "fm-test", .run = [&] {
                                   ++runs;
                                   return Status(fail(Code::kIo, "broken"));
                                 }});
  part.start();
  wait_until([&] { return part.health().state == jobs::PartState::kFailed; });
  const Nanos asked = Env::posix().monotonic();
  stop.request();
  part.join();
  EXPECT_LT(Env::posix().monotonic() - asked, kNanosPerSecond);
  EXPECT_EQ(runs, 1);
}

TEST(ParseListen, TakesAHostAndAPort) {
  struct {
    const char* text;
    const char* host;  // nullptr: refused
    std::uint16_t port;
  } const cases[] = {{"127.0.0.1:8080", "127.0.0.1", 8080},
                     {"localhost:0", "localhost", 0},
                     {"[::1]:443", "::1", 443},
                     {"0.0.0.0:65535", "0.0.0.0", 65535},
                     {"127.0.0.1", nullptr, 0},
                     {":8080", nullptr, 0},
                     {"[]:8080", nullptr, 0},
                     {"host:65536", nullptr, 0},
                     {"host:", nullptr, 0},
                     {"host:80x", nullptr, 0}};
  for (const auto& c : cases) {
    std::string host;
    std::uint16_t port = 0;
    const Status parsed = parse_listen(c.text, host, port);
    EXPECT_EQ(parsed.has_value(), c.host != nullptr) << c.text;
    if (!parsed || c.host == nullptr) continue;
    EXPECT_EQ(host, c.host);
    EXPECT_EQ(port, c.port);
  }
}

TEST(UpSchedule, GivesTheEndOfALogAndNoOtherFile) {
  const TestDirectory folder;
  Env& env = Env::posix();
  schedule::Scheduler scheduler(env, ChildStarter::posix(),
                                {.state_dir = folder.path(), .program = "frontmonth"}, {});
  const UpSchedule source(env, scheduler, folder.path());
  ASSERT_TRUE(env.make_directories(folder.file("logs")));
  ASSERT_TRUE(
      write_text_atomically(env, folder.file("logs/20250616T130000Z-0f.log"), "0123456789"));
  ASSERT_TRUE(write_text_atomically(env, folder.file("secret.log"), "secret"));
  EXPECT_EQ(source.log_of("20250616T130000Z-0f", 100).value_or(""), "0123456789");
  EXPECT_EQ(source.log_of("20250616T130000Z-0f", 4).value_or(""), "6789");
  for (const std::string& name :
       {std::string("20250616T130000Z-1f"), std::string(), std::string("../secret"),
        std::string("..%2fsecret"), std::string("a/b"), std::string(200, 'a')}) {
    const auto log = source.log_of(name, 100);
    ASSERT_FALSE(log) << name;
    EXPECT_EQ(log.error().code(), Code::kNotFound);
  }
}

TEST(AddJobs, AJobThatFailedIsAPartThatFailed) {
  schedule::JobState failed;
  failed.name = "bars";
  failed.command = "rollup";
  failed.last = schedule::Outcome::kFailure;
  failed.last_error = "exit code 1";
  failed.last_ended = 60;
  schedule::JobState again = failed;
  again.will_retry = true;
  schedule::JobState running = failed;
  running.running = "20250616-1";
  jobs::HealthReport report;
  add_jobs({failed, again, running}, report);
  ASSERT_EQ(report.parts.size(), 3U);
  EXPECT_EQ(report.parts[0].state, jobs::PartState::kFailed);
  EXPECT_EQ(report.parts[0].name, "job bars");
  EXPECT_EQ(report.parts[0].last_error_at, 60);
  EXPECT_EQ(report.parts[1].state, jobs::PartState::kWaiting);
  EXPECT_EQ(report.parts[2].state, jobs::PartState::kRunning);
}

}  // namespace
}  // namespace fm::app
