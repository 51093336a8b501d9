// `frontmonth up` as a service: what it serves, what it survives, how it is told and how it ends.
#include <signal.h>
#include <sys/stat.h>

#include <array>
#include <mutex>
#include <span>
#include <thread>

#include "testing_feed.h"

namespace fm::testing_cli {
namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Takes requests, answers 200, keeps their bodies.
class Webhook {
 public:
  Webhook() {
    auto listener = Env::posix().listen("127.0.0.1", 0);
    EXPECT_TRUE(listener);
    listener_ = *std::move(listener);
    thread_ = std::thread([this] { serve(); });
  }
  ~Webhook() {
    listener_->shut_down();
    thread_.join();
  }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(listener_->port()) + "/hidden";
  }
  [[nodiscard]] std::string heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  void serve() {
    for (;;) {
      auto socket = listener_->accept(kPatience);
      if (!socket) return;
      std::string request;
      std::array<std::byte, 4096> piece{};
      while (!request.ends_with("}")) {
        const auto got = (*socket)->read(piece, kPatience);
        if (!got || *got == 0) break;
        request.append(reinterpret_cast<const char*>(piece.data()), *got);
      }
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      static_cast<void>((*socket)->write(std::as_bytes(std::span(answer)), kPatience));
      const std::lock_guard lock(mutex_);
      heard_ += request + "\n";
    }
  }
  std::unique_ptr<Listener> listener_;
  mutable std::mutex mutex_;
  std::string heard_;
  std::thread thread_;
};

class UpTest : public FeedTest {
 protected:
  std::uint64_t trade_count() const override { return 20'000; }

  void private_file(const std::string& name, const std::string& text) {
    write(name, text + "\n");
    ASSERT_EQ(::chmod(path(name).c_str(), 0600), 0);
  }
  // Once it serves; its address is in url_.
  std::unique_ptr<Process> up(const std::string& name, const std::vector<std::string>& more = {},
                              const std::map<std::string, std::string>& variables = {}) {
    std::vector<std::string> arguments = {"up", "--listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto process = start(name, arguments, variables);
    process->await("serving http://");
    const std::string out = process->out();
    const std::size_t begin = out.find("http://");
    url_ = out.substr(begin, out.find_first_of(" \n", begin) - begin);
    return process;
  }
  std::string ask(const std::string& what) { return http_get(url_ + what); }
  static void end(Process& process) {
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0) << process.err();
  }

  std::string url_;
};

TEST_F(UpTest, ServesTheLakeThatIsThereAndEndsWhenAsked) {
  write("frontmonth.yaml", "log: {level: info}\n");
  const auto process = up("up", {"--lake", source().lake});
  EXPECT_TRUE(holds(ask("healthz"), "200 OK"));
  EXPECT_TRUE(holds(ask("api/roots"), "\"ES\""));
  end(*process);
  EXPECT_EQ(count_lines(process->out()), 1U) << process->out();
}

TEST_F(UpTest, StreamsStoresAndShowsWhatComes) {
  const Gateway gateway = serve();
  write("frontmonth.yaml",
        "databento:\n  symbols: ES.FUT,NQ.FUT,CL.FUT,ZL.FUT\n  key_file: feed-key\n"
        "live:\n  schemas: tbbo\n  flush_seconds: 1\n");
  private_file("feed-key", kFeedKey);
  const auto process = up("up", {"--lake", "lake", "--gateway", "127.0.0.1:" + gateway.port});
  EXPECT_TRUE(holds(process->out(), "beside feed GLBX.MDP3")) << process->out();
  EXPECT_TRUE(await_that([&] { return records_in_log("lake") >= trade_count(); }));
  end(*process);
  const auto again = up("again", {"--lake", "lake", "--live", "off"});
  EXPECT_TRUE(holds(ask("api/candles?root=ES&resolution=1s&limit=1"), "200 OK"));
  end(*again);
}

TEST_F(UpTest, PollsTheRootsThatItIsTold) {
  result({"synth", "--roots", "ES,ZL", "--date", kFirstDate, "--trades", "4000", "--schema",
          "ohlcv-1m", "-o", "bars.dbn"});
  const Gateway service = serve({"--http-port", "0"}, "0", "bars.dbn");
  const std::string port = std::to_string(number_in(service.process->out(), "http_port"));
  private_file("feed-key", kFeedKey);
  write("frontmonth.yaml",
        "databento:\n  key_file: feed-key\n  historical_url: http://127.0.0.1:" + port +
            "\npoll: {roots: 'ES,ZL', interval_seconds: 1, lookback_minutes: "
            "10080}\n");
  const auto process = up("up", {"--lake", "lake"});
  EXPECT_TRUE(holds(process->out(), "beside poll GLBX.MDP3")) << process->out();
  process->await("ZL: ");
  EXPECT_TRUE(holds(ask("api/health"), "\"name\":\"poll GLBX.MDP3\""));
  end(*process);
  const std::string roots =
      result({"query", "SELECT DISTINCT root FROM futures_ohlcv_1m_live ORDER BY 1", "--format",
              "csv", "--lake", "lake"});
  EXPECT_EQ(roots, "root\nES\nZL\n");
}

TEST_F(UpTest, AFailedPartBeginsAgainAndTheOthersDoNotNotice) {
  const Gateway gateway = serve();
  // The key comes later.
  write("frontmonth.yaml",
        "databento:\n  symbols: ES.FUT\n  key_file: late-key\nlive: {schemas: tbbo}\n");
  const auto process = up("up", {"--lake", "lake", "--gateway", "127.0.0.1:" + gateway.port});
  process->await("feed GLBX.MDP3 has failed and begins again in 1 s: no databento_api_key found");
  EXPECT_TRUE(holds(ask("healthz"), "200 OK"));
  private_file("late-key", kFeedKey);
  EXPECT_TRUE(await_that([&] { return records_in_log("lake") > 0; }));
  end(*process);
}

TEST_F(UpTest, OneRunsWithAStateFolderAndAtAPort) {
  write("frontmonth.yaml", "");
  const auto process = up("up", {"--lake", "lake"});
  const Outcome second = run({"up", "--listen", "127.0.0.1:0", "--lake", "lake"});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_TRUE(holds(second.err, "another `frontmonth up` runs with the state folder"))
      << second.err;
  EXPECT_TRUE(holds(second.err, "--state-dir")) << second.err;
  const std::string port = url_.substr(url_.rfind(':') + 1, url_.size() - url_.rfind(':') - 2);
  const Outcome taken = run({"up", "--listen", "127.0.0.1:" + port, "--lake", "other"});
  EXPECT_EQ(taken.exit_code, 4) << taken.err;
  EXPECT_TRUE(holds(taken.err, port)) << taken.err;
  end(*process);
  // What it held is free again.
  const auto again = up("again", {"--lake", "lake"});
  end(*again);
}

TEST_F(UpTest, WhatCannotBeIsSaidBeforeAnythingRuns) {
  struct {
    const char* yaml;
    const char* says;
  } const cases[] = {
      {"schedule:\n  a: {run: rollup, at: 61 * * * *}\n",
       "frontmonth.yaml:2: a: minute: found '61'"},
      {"server: {listen: '127.0.0.1:http'}\n", "found '127.0.0.1:http', expected HOST:PORT"},
      {"databento: {symbols: ES.FUT}\nlive: {schemas: 'tbbo,mbp-1'}\n", "tbbo and mbp-1"},
      {"poll: {roots: 'E S!'}\n", "E S!"},
      {"up: {live: on}\n", "nothing to subscribe to"}};
  for (const auto& c : cases) {
    write("frontmonth.yaml", c.yaml);
    const Outcome outcome = run({"up", "--lake", "lake"});
    EXPECT_EQ(outcome.exit_code, 2) << c.yaml << outcome.err;
    EXPECT_TRUE(holds(outcome.err, c.says)) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(UpTest, MakesUpForAMissedRunAndKeepsWhatItSaid) {
  write("frontmonth.yaml",
        "schedule:\n  look: {run: query 'SELECT 41 + 1 AS n' --format csv, at: 0 0 1 1 *}\n");
  write("state/schedule.json", "{\"look\": 1000000000}\n");
  const std::vector<std::string> places = {"--lake", source().lake, "--state-dir", "state"};
  const auto process = up("up", places);
  process->await("is done");
  const std::string runs = result({"query", "SELECT job, status FROM job_runs", "--format", "csv",
                                   "--lake", source().lake, "--state-dir", "state"});
  EXPECT_TRUE(holds(runs, "schedule/look,success")) << runs;
  const auto logs = env_.list(path("state/logs"));
  ASSERT_TRUE(logs);
  ASSERT_EQ(logs->size(), 1U);
  EXPECT_EQ(read("state/logs/" + logs->front()), "n\n42\n");
  end(*process);
}

TEST_F(UpTest, AnAlarmArrivesInEveryForm) {
  const Webhook webhook;
  private_file("hook-url", webhook.url());
  write("frontmonth.yaml",
        "schedule:\n  broken: {run: [query, SELEC], at: 0 0 1 1 *}\n"
        "alarms:\n  targets:\n"
        "    hook: {kind: webhook, url_file: hook-url}\n"
        "    file: {kind: command, command: [sh, -c, cat >> alarms.txt]}\n");
  write("frontmonth-state-lake/schedule.json", "{\"broken\": 1000000000}\n");
  const auto process = up("up", {"--lake", "lake"});
  EXPECT_TRUE(
      await_that([&] { return holds(webhook.heard(), "job broken has failed: exit code"); }));
  EXPECT_TRUE(await_that([&] {
    return env_.exists(path("alarms.txt")) && holds(read("alarms.txt"), "\"event\":\"raised\"");
  }));
  const Outcome listed = run({"alarm", "list", "--lake", "lake"});
  EXPECT_EQ(listed.exit_code, 3);
  EXPECT_TRUE(holds(listed.out, "job broken has failed: exit code")) << listed.out;
  end(*process);
  EXPECT_FALSE(holds(process->err(), "/hidden")) << "an address is a secret";
}

TEST_F(UpTest, AlarmTestTriesEveryTarget) {
  const Webhook webhook;
  private_file("hook-url", webhook.url());
  private_file("dead-url", "http://127.0.0.1:1/hidden");
  write("frontmonth.yaml",
        "alarms:\n  targets:\n    hook: {kind: slack, url_file: hook-url}\n"
        "    dead: {kind: discord, url_file: dead-url}\n");
  const Outcome one = run({"alarm", "test", "--to", "hook"});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(one.out, "hook (slack): delivered\n");
  EXPECT_TRUE(holds(webhook.heard(), "this is a test")) << webhook.heard();
  const Outcome all = run({"alarm", "test"});
  EXPECT_EQ(all.exit_code, 1);
  EXPECT_TRUE(holds(all.out, "dead (discord): ")) << all.out;
  EXPECT_FALSE(holds(all.out + all.err, "hidden")) << all.out << all.err;
  EXPECT_EQ(run({"alarm", "test", "--to", "nobody"}).exit_code, 1);
  EXPECT_EQ(run({"alarm", "list"}).out, "no alarm is raised\n");
  EXPECT_EQ(run({"alarm", "sing"}).exit_code, 2);
}

TEST_F(UpTest, ReadsItsConfigurationAgainUponHangUp) {
  write("frontmonth.yaml", "schedule:\n  one: {run: rollup, at: 0 0 1 1 *}\n");
  const auto process = up("up", {"--lake", "lake"});
  EXPECT_TRUE(holds(process->out(), "beside 1 job")) << process->out();
  write("frontmonth.yaml",
        "schedule:\n  one: {run: rollup, at: 0 0 1 2 *}\n  two: {run: rollup, at: '@yearly'}\n"
        "alarms: {remind_hours: 9}\npoll: {interval_seconds: 5}\n");
  process->signal(SIGHUP);
  process->await("the configuration was read again; changed: alarms.remind_hours, schedule");
  process->await("these need a restart and stay as they were: poll.interval_seconds");
  write("frontmonth.yaml", "schedule:\n  one: {run: rollup, at: never}\n");
  process->signal(SIGHUP);
  process->await("the configuration stays as it was: frontmonth.yaml:2: one: 'never'");
  end(*process);
}

}  // namespace
}  // namespace fm::testing_cli
