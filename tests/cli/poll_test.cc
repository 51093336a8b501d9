// poll against the historical service of replay, both as a user runs them.
#include "program.h"

namespace fm::testing_cli {
namespace {

constexpr const char* kKey = "db-0123456789abcdefghijklmnPLANT";

class PollProgram : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (!is_shared_data_there()) GTEST_SKIP() << "shared data absent: " << FM_SHARED_DATA;
  }

  // Polls the bars of half an hour that replay serves: 23:40 to 00:10, of ES and NQ.
  Outcome poll(const std::string& flags) {
    return shell(
        "rm -f places.json\n"
        "\"$FM\" replay '" +
        shared("es-2024-07-01/futures_ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst") +
        "' --port 0 --http-port 0 --json >places.json 2>replay.err &\n"
        "SERVER=$!\n"
        "trap 'kill $SERVER 2>/dev/null; wait $SERVER' EXIT\n"
        "for i in $(seq 400); do [ -s places.json ] && break; sleep 0.05; done\n"
        "URL=http://127.0.0.1:$(sed 's/.*\"http_port\":\\([0-9]*\\).*/\\1/' places.json)\n"
        "export FRONTMONTH_DATABENTO_HISTORICAL_URL=$URL DATABENTO_API_KEY=" +
        std::string(kKey) + "\n\"$FM\" poll --lake lake --lookback 1440 " + flags);
  }
};

TEST_F(PollProgram, EndsWithAnExitCodeThatTells) {
  struct {
    const char* flags;
    int exit_code;
    const char* says;
  } const cases[] = {
      {"--roots es --once", 0, "ES: 10 bars added"},
      {"--roots ES --interval 0 --json", 0, "\"added\":20,\"corrected\":0,\"bars\":30"},
      {"--roots ES,XX --once", 1, "the service knows no contract of XX.FUT"},
      {"--roots ES --once --url http://127.0.0.1:1", 4, "ES: 0 bars added"},
      {"--roots ES.FUT --once", 2, "'ES.FUT' is no root"},
      {"--once", 2, "--roots"},
      {"--roots ES --interval -1", 2, "--interval"},
      {"--roots ES --outlier -1 --once", 2, "--outlier"},
  };
  for (const auto& c : cases) {
    const Outcome outcome = poll(c.flags);
    EXPECT_EQ(outcome.exit_code, c.exit_code) << c.flags << "\n" << outcome.out << outcome.err;
    EXPECT_NE((outcome.out + outcome.err).find(c.says), std::string::npos)
        << c.flags << "\n"
        << outcome.out << outcome.err;
    EXPECT_EQ((outcome.out + outcome.err).find(kKey), std::string::npos) << c.flags;
  }
}

TEST_F(PollProgram, EndsCleanlyWhenItIsAskedTo) {
  const Outcome outcome = poll(
      "--roots ES --interval 3600 >poll.out 2>poll.err & POLL=$!\n"
      "for i in $(seq 400); do grep -q 'ES: 10 bars' poll.err && break; sleep 0.05; done\n"
      "kill -TERM $POLL; wait $POLL");
  EXPECT_EQ(outcome.exit_code, 0) << read("poll.err");
  EXPECT_NE(read("poll.out").find("1 poll, then stopped"), std::string::npos) << read("poll.out");
}

}  // namespace
}  // namespace fm::testing_cli
