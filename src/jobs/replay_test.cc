#include "jobs/replay.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <future>

#include "base/testing_fault_env.h"
#include "gateway/client_session.h"
#include "market/universe.h"
#include "synth/files.h"

namespace fm::jobs {
namespace {

constexpr std::string_view kKey = "db-abcdefghijklmnopqrstuvwxyz123";

class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() {
    synth::Options options;
    options.roots = {"ES"};
    options.trades = 1'000;
    const auto written =
        synth::write_file(env_, directory_.file("day.dbn.zst"), market::Universe::builtin(),
                          market::Calendar::builtin(), options);
    EXPECT_TRUE(written) << written.error().message();
    options_.paths = {directory_.file("day.dbn.zst")};
    options_.port = 0;
    options_.speed = "max";
    options_.temporary = directory_.path();
  }

  // Runs on a thread; where it serves.
  ReplayPlaces begin() {
    std::promise<ReplayPlaces> ready;
    auto places = ready.get_future();
    report_ = std::async(std::launch::async, [this, &ready] {
      return replay(env_, options_, stop_, [&ready](const ReplayPlaces& found) {
        ready.set_value(found);
        return Status();
      });
    });
    EXPECT_EQ(places.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    return places.get();
  }

  // All that a session gives, as bytes; only the verdict when it is refused.
  std::string session(std::uint16_t port, std::string_view key) {
    auto connected = env_.connect("127.0.0.1", port, 10 * kNanosPerSecond);
    EXPECT_TRUE(connected) << connected.error().message();
    Socket& socket = **connected;
    const std::string greeting = read_until(socket, 2);
    const std::size_t at = greeting.find("cram=") + 5;
    const std::string challenge = greeting.substr(at, greeting.size() - at - 1);
    send(socket, fmt::format("auth={}-{}|dataset=GLBX.MDP3|client=test\n",
                             gateway::cram_digest(challenge, key), key.substr(key.size() - 5)));
    const std::string verdict = read_until(socket, 1);
    if (!verdict.starts_with("success=1")) return verdict;
    send(socket, "schema=tbbo|stype_in=parent|symbols=ES.FUT\nstart_session\n");
    return read_until(socket, ~0);
  }

  static void send(Socket& socket, std::string_view text) {
    EXPECT_TRUE(socket.write(text, 10 * kNanosPerSecond));
  }
  static std::string read_until(Socket& socket, int line_feeds) {
    std::string text;
    std::array<std::byte, 4096> chunk;
    while (line_feeds < 0 || std::count(text.begin(), text.end(), '\n') < line_feeds) {
      const auto got = socket.read(chunk, 10 * kNanosPerSecond);
      if (!got || *got == 0) break;
      text.append(reinterpret_cast<const char*>(chunk.data()), *got);
    }
    return text;
  }

  Env& env_ = Env::posix();
  TestDirectory directory_;
  ReplayOptions options_;
  StopSignal stop_;
  std::future<Result<ReplayReport>> report_;
};

TEST_F(ReplayTest, ServesOneSessionAndEnds) {
  options_.once = true;
  const ReplayPlaces places = begin();
  EXPECT_EQ(places.datasets, std::vector<std::string>{"GLBX.MDP3"});
  EXPECT_EQ(places.files, 1u);
  const std::string stream = session(places.live_port, kKey);
  EXPECT_TRUE(stream.starts_with("DBN\x03"));
  EXPECT_GT(stream.size(), 80'000u);
  const auto report = report_.get();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->sessions, 1u);
  EXPECT_EQ(report->records, 1'000u);
}

TEST_F(ReplayTest, ServesBothServicesUntilItIsAskedToStop) {
  options_.http_port = 0;
  options_.https_port = 0;
  const ReplayPlaces places = begin();
  EXPECT_NE(places.http_port, 0);
  EXPECT_NE(places.https_port, 0);
  EXPECT_TRUE(env_.exists(places.certificate));
  EXPECT_GT(session(places.live_port, kKey).size(), 80'000u);
  EXPECT_GT(session(places.live_port, kKey).size(), 80'000u);
  stop_.request();
  const auto report = report_.get();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->sessions, 2u);
  EXPECT_FALSE(env_.exists(places.certificate)) << "its folder is gone with the run";
}

TEST_F(ReplayTest, TakesOneKeyAlone) {
  options_.key_file = directory_.file("key");
  ASSERT_TRUE(write_text_atomically(env_, options_.key_file, std::string(kKey) + "\n"));
  ASSERT_EQ(::chmod(options_.key_file.c_str(), 0600), 0);
  const ReplayPlaces places = begin();
  EXPECT_TRUE(session(places.live_port, "db-zbcdefghijklmnopqrstuvwxyz123")
                  .starts_with("success=0|error=Authentication failed"));
  EXPECT_GT(session(places.live_port, kKey).size(), 80'000u);
  stop_.request();
  EXPECT_TRUE(report_.get());
}

TEST_F(ReplayTest, SaysWhatCannotBe) {
  const std::string readable = directory_.file("readable-key");
  ASSERT_TRUE(write_text_atomically(env_, readable, kKey));
  ASSERT_EQ(::chmod(readable.c_str(), 0644), 0);
  struct {
    std::string speed;
    std::string faults;
    std::string key_file;
    std::string path;
    Code code;
  } const cases[] = {
      {"2", "", "", options_.paths[0], Code::kInvalidArgument},
      {"max", "explode@5", "", options_.paths[0], Code::kInvalidArgument},
      {"max", "http-nonsense", "", options_.paths[0], Code::kInvalidArgument},
      {"max", "", directory_.file("none"), options_.paths[0], Code::kNotFound},
      {"max", "", readable, options_.paths[0], Code::kPermission},
      {"max", "", "", directory_.file("none.dbn"), Code::kNotFound},
  };
  for (const auto& c : cases) {
    ReplayOptions options = options_;
    options.speed = c.speed;
    options.faults = c.faults;
    options.key_file = c.key_file;
    options.paths = {c.path};
    const auto report = replay(env_, options, stop_, [](const ReplayPlaces&) { return Status(); });
    ASSERT_FALSE(report) << c.speed << c.faults << c.key_file << c.path;
    EXPECT_EQ(report.error().code(), c.code) << report.error().message();
  }
}

TEST_F(ReplayTest, SaysThatThePortIsTaken) {
  const auto listener = env_.listen("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  options_.port = (*listener)->port();
  const auto report = replay(env_, options_, stop_, [](const ReplayPlaces&) { return Status(); });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kBusy);
}

}  // namespace
}  // namespace fm::jobs
