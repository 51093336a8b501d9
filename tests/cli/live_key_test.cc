// Where `frontmonth live` takes its key from, and that the key stays there.
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>

#include "testing_feed.h"

namespace fm::testing_cli {
namespace {

// Not to be mistaken for anything else; its last five characters go over the wire as they are.
constexpr const char* kPlanted = "db-PLANTEDplantedPLANTEDplant00";
constexpr const char* kPlantedPart = "PLANTEDplantedPLANTED";

class LiveKey : public FeedTest {
 protected:
  void write_key(const std::string& name, unsigned mode) {
    write(name, std::string(kPlanted) + "\n");
    ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
  }

  // Everything below the test's folder but the file that holds the key.
  void expect_key_nowhere_but(const std::string& holder) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (!entry.is_regular_file() || entry.path() == path(holder)) continue;
      ++files;
      const std::string text = read_text(env_, entry.path().string()).value_or("");
      EXPECT_EQ(text.find(kPlantedPart), std::string::npos) << entry.path();
    }
    EXPECT_GT(files, 20U) << "the log, the lake and the state are looked through";
  }

  // Runs a feed that breaks once, stops, and goes on to the end: everything that says something.
  void stream(const std::string& lake, const std::vector<std::string>& arguments,
              const std::map<std::string, std::string>& variables) {
    const Gateway gateway =
        serve({"--key-file", "gateway-key", "--fault", "half@10000", "--work-dir", "work"});
    std::vector<std::string> all = {"live",        "--gateway",   "127.0.0.1:" + gateway.port,
                                    "--start",     "0",           "--lake",
                                    lake,          "--until-end", "--json",
                                    "--log-level", "debug"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto feed = start(lake, all, variables);
    EXPECT_EQ(feed->wait(), 0) << feed->err();
    // Refused, with the key at hand.
    const Gateway other = serve({"--key-file", "other-key"});
    all[2] = "127.0.0.1:" + other.port;
    const auto refused = start(lake + "-refused", all, variables);
    EXPECT_EQ(refused->wait(), 1);
  }
};

TEST_F(LiveKey, IsInNothingThatIsWritten) {
  write("frontmonth.yaml",
        "databento:\n  symbols: ES.FUT,NQ.FUT,CL.FUT,ZL.FUT\n"
        "live:\n  schemas: tbbo\n  flush_seconds: 1\n");
  const struct {
    const char* name;
    std::string holder;  // the file with the key
    std::vector<std::string> arguments;
    std::map<std::string, std::string> variables;
  } cases[] = {
      {"file", "secrets/key", {"--key-file", path("secrets/key")}, {}},
      {"environment", "", {}, {{"DATABENTO_API_KEY", kPlanted}}},
      {"credential",
       "credentials/databento_api_key",
       {},
       {{"CREDENTIALS_DIRECTORY", path("credentials")}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    // The gateway's own copy is gone before anything is looked at.
    write_key("gateway-key", 0600);
    if (!c.holder.empty()) write_key(c.holder, 0600);
    stream(c.name, c.arguments, c.variables);
    EXPECT_TRUE(env_.remove(path("gateway-key")));
    expect_key_nowhere_but(c.holder);
    if (!c.holder.empty()) {
      EXPECT_TRUE(env_.remove(path(c.holder)));
    }
  }
}

TEST_F(LiveKey, AFileThatOthersMayReadIsRefused) {
  write_key("open-key", 0644);
  const Outcome refused = run({"live", "--key-file", "open-key", "--lake", "lake"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("open-key: holds a secret and has mode 0644, expected 0600"),
            std::string::npos)
      << refused.err;
  EXPECT_NE(refused.err.find("chmod 600"), std::string::npos) << refused.err;
  EXPECT_EQ(refused.err.find(kPlantedPart), std::string::npos);
  EXPECT_FALSE(env_.exists(path("lake")));
}

}  // namespace
}  // namespace fm::testing_cli
