// fetch against the historical service of replay, both as a user runs them.
#include "program.h"

namespace fm::testing_cli {
namespace {

constexpr const char* kKey = "db-0123456789abcdefghijklmnPLANT";

class FetchProgram : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    result({"synth", "--roots", "ES,NQ", "--date", "2025-06-16", "--trades", "3000", "-o",
            "day.dbn.zst"});
  }

  // Runs `line` while replay serves day.dbn.zst; $URL is its historical service, and fetch() asks
  // it for June 15 and 16 with a key.
  Outcome with_service(const std::string& line, const std::string& replay_flags = "") {
    return shell(
        "rm -f places.json\n\"$FM\" replay day.dbn.zst --speed max --port 0 --http-port 0 --json " +
        replay_flags +
        " >places.json 2>replay.err & SERVER=$!\n"
        "trap 'kill $SERVER 2>/dev/null; wait $SERVER' EXIT\n"
        "for i in $(seq 400); do [ -s places.json ] && break; sleep 0.05; done\n"
        "URL=http://127.0.0.1:$(sed 's/.*\"http_port\":\\([0-9]*\\).*/\\1/' places.json)\n"
        "export DATABENTO_API_KEY=" +
        kKey +
        "\n"
        "fetch() { \"$FM\" fetch --url \"$URL\" --symbols ES.FUT,NQ.FUT --start 2025-06-15"
        " --end 2025-06-17 \"$@\"; }\n" +
        line);
  }

  // All records of DBN files, in the order of their names.
  std::string records_of(const std::string& files) {
    return shell("for f in " + files + "; do \"$FM\" dump \"$f\"; done").out;
  }
};

TEST_F(FetchProgram, StreamsEveryRecordOfTheFilesAndKeepsWhatIsThere) {
  const Outcome first = with_service("fetch --split day --yes --json -o got");
  ASSERT_EQ(first.exit_code, 0) << first.err << read("replay.err");
  EXPECT_NE(first.out.find("\"state\":\"fetched\""), std::string::npos) << first.out;
  EXPECT_NE(first.err.find("fetch: 3,000 records"), std::string::npos) << first.err;
  EXPECT_EQ(env_.list(path("got"))->size(), 2u);
  EXPECT_EQ(records_of("got/*.dbn.zst"), records_of("day.dbn.zst"));
  EXPECT_EQ((first.out + first.err + read("replay.err")).find(kKey), std::string::npos);

  // Nothing is asked for again: neither agreement nor data.
  const Outcome again = with_service("fetch --split day -o got");
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.out.find("was there already, and is whole"), std::string::npos) << again.out;
  EXPECT_EQ(again.err, "");
}

TEST_F(FetchProgram, WritesTextThatReadsLikeTheRecords) {
  const Outcome csv = with_service("fetch --encoding csv --compression none --yes -o got");
  ASSERT_EQ(csv.exit_code, 0) << csv.err;
  EXPECT_EQ(count_lines(read("got/glbx-mdp3-20250615-20250616.tbbo.csv")), 3'001u);
}

TEST_F(FetchProgram, AsksBeforeItCosts) {
  const Outcome unasked = with_service("fetch -o got");
  EXPECT_EQ(unasked.exit_code, 2) << unasked.err;
  EXPECT_NE(unasked.err.find("nobody here can agree"), std::string::npos) << unasked.err;
  EXPECT_NE(unasked.err.find("--yes"), std::string::npos);
  const Outcome dear = with_service("fetch --yes --max-cost 0 -o got");
  EXPECT_EQ(dear.exit_code, 2) << dear.err;
  EXPECT_NE(dear.err.find("more than the 0.00 allowed"), std::string::npos) << dear.err;
  EXPECT_EQ(env_.list(path("got"))->size(), 0u);
}

TEST_F(FetchProgram, NoShortFileWhateverBreaks) {
  for (const std::string fault :
       {"http-close-after=20000", "http-no-last-chunk", "http-open-frame"}) {
    const Outcome broken = with_service("fetch --yes -o got", "--fault " + fault);
    EXPECT_EQ(broken.exit_code, 4) << fault << ": " << broken.err;
    EXPECT_EQ(env_.list(path("got"))->size(), 0u) << fault;
    EXPECT_EQ(broken.err.find(kKey), std::string::npos);
  }
}

TEST_F(FetchProgram, ABatchJobIsMadeOnceAndResumed) {
  const std::string batch = "fetch --batch --yes --json -o got";
  const Outcome broken = with_service(batch, "--fault http-close-after=5000");
  EXPECT_EQ(broken.exit_code, 4) << broken.err;
  // A service that was started anew does not know the job any more.
  const Outcome gone = with_service(batch);
  EXPECT_EQ(gone.exit_code, 1) << gone.err;
  ASSERT_EQ(env_.remove(path("got/frontmonth-jobs.tsv")).has_value(), true);

  // The side files and Sunday's are shorter than that; the fifth answer breaks.
  const Outcome whole = with_service(batch + " && " + batch, "--fault 'http-close-after=5000*5'");
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_NE(whole.out.find("\"state\":\"resumed\""), std::string::npos) << whole.out;
  EXPECT_EQ(count_lines(read("got/frontmonth-jobs.tsv")), 1u);
  const std::string jobs = read("got/frontmonth-jobs.tsv");
  const std::string folder = "got/" + jobs.substr(0, jobs.find('\t'));
  EXPECT_TRUE(env_.exists(path(folder + "/manifest.json")));
  EXPECT_TRUE(env_.exists(path(folder + "/symbology.json")));
  EXPECT_EQ(records_of(folder + "/*.dbn.zst"), records_of("day.dbn.zst"));
}

TEST_F(FetchProgram, SaysWhatIsWrongWithTheCommandLine) {
  struct {
    std::vector<std::string> arguments;
    const char* says;
  } const cases[] = {
      {{"fetch", "--symbols", "ES.FUT"}, "--start is required"},
      {{"fetch", "--start", "2025-06-16"}, "no symbols"},
      {{"fetch", "--symbols", "ES.FUT", "--start", "June"}, "--start: found 'June'"},
      {{"fetch", "--symbols", "ES.FUT", "--start", "2025-06-16T10:00:00Z"}, "give --end"},
      {{"fetch", "--symbols", "ES.FUT", "--start", "2025-06-16", "--schema", "ticks"}, "--schema"},
      {{"fetch", "--symbols", "ES.FUT", "--start", "2025-06-16", "--split", "hour"}, "--split"},
      {{"fetch", "--symbols", "ES.FUT", "--start", "2025-06-16", "--encoding", "xml"},
       "--encoding"}};
  for (const auto& one : cases) {
    const Outcome outcome = run(one.arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(one.says), std::string::npos) << outcome.err;
  }
}

}  // namespace
}  // namespace fm::testing_cli
