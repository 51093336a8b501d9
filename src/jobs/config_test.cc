#include "jobs/config.h"

#include <gtest/gtest.h>

#include <set>

#include "base/testing_fault_env.h"
#include "base/yaml.h"

namespace fm::jobs {
namespace {

const std::string kSample = FM_SOURCE_DIR "/config/frontmonth.yaml";

class ConfigTest : public testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view text) {
    const std::string path = join(folder_, name);
    EXPECT_TRUE(env_.make_directories(parent_of(path)));
    EXPECT_TRUE(write_text_atomically(env_, path, text));
    return path;
  }
  Result<Config> load(std::string_view text, Variables environment = {},
                      std::map<std::string, GivenFlag, std::less<>> flags = {}) {
    return load_config(env_,
                       {write("frontmonth.yaml", text), std::move(environment), std::move(flags)});
  }

  Env& env_ = Env::posix();
  const TestDirectory directory_;
  const std::string& folder_ = directory_.path();
};

void collect_leaves(const Yaml& node, const std::string& prefix, Variables& leaves) {
  for (const auto& [word, value] : node.entries()) {
    const std::string path = prefix.empty() ? word : prefix + "." + word;
    if (value.is_mapping())
      collect_leaves(value, path, leaves);
    else
      leaves[path] = value.text().value();
  }
}

TEST_F(ConfigTest, SampleHoldsEveryKeyWithItsDefaultAndNoOther) {
  const auto text = read_text(env_, kSample);
  ASSERT_TRUE(text);
  const auto yaml = Yaml::parse(*text, kSample);
  ASSERT_TRUE(yaml);
  Variables in_sample;
  collect_leaves(*yaml, "", in_sample);
  Variables in_code;
  for (const auto& key : config_keys())
    in_code[std::string(key.path)] = std::string(key.default_value);
  EXPECT_EQ(in_sample, in_code);
  EXPECT_TRUE(load_config(env_, {kSample, {}, {}}));
}

TEST_F(ConfigTest, DefaultsHoldWithoutAFile) {
  const auto config = load_config(env_, {write("empty.yaml", "# nothing\n"), {}, {}});
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->lake, "lake");
  EXPECT_EQ(config->state_dir, "frontmonth-state-lake");
  EXPECT_EQ(config->candles.warmup, 60);
  EXPECT_FALSE(config->candles.every_second);
  for (const auto& key : config_keys()) EXPECT_TRUE(config->is_default(key.path)) << key.path;
}

TEST_F(ConfigTest, FlagOutranksEnvironmentOutranksFile) {
  const std::string file = "candles: {warmup: 10}\nlog: {json: true}\nquery: {threads: 3}\n";
  const Variables environment = {{"FRONTMONTH_CANDLES_WARMUP", "20"},
                                 {"FRONTMONTH_LOG_JSON", "false"}};
  const auto config = load(file, environment, {{"candles.warmup", {"--warmup", "30"}}});
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->candles.warmup, 30);
  EXPECT_EQ(config->origin.at("candles.warmup"), Config::Origin::kFlag);
  EXPECT_FALSE(config->log.json);
  EXPECT_EQ(config->origin.at("log.json"), Config::Origin::kEnvironment);
  EXPECT_EQ(config->query.threads, 3);
  EXPECT_EQ(config->origin.at("query.threads"), Config::Origin::kFile);
}

TEST_F(ConfigTest, PathsInTheFileStartAtItsFolder) {
  const auto config = load("lake: data/lake\nuniverse: /registry.yaml\n");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->lake, join(folder_, "data/lake"));
  EXPECT_EQ(config->state_dir, join(folder_, "data/frontmonth-state-lake"));
  EXPECT_EQ(config->universe, "/registry.yaml");
}

TEST_F(ConfigTest, ErrorsSayWhereWhatAndWhatWasExpected) {
  struct {
    const char* text;
    const char* expected;
  } const cases[] = {
      {"laek: x\n", ":1: unknown key 'laek'; did you mean 'lake'?"},
      {"candles:\n  warmpu: 3\n", ":2: unknown key 'warmpu'; did you mean 'warmup'?"},
      {"candles:\n  warmup: soon\n",
       ":2: candles.warmup: found 'soon', expected a whole number of seconds from 1 to 86400"},
      {"candles:\n  warmup: 0\n", "found '0'"},
      {"log:\n  level: loud\n",
       ":2: log.level: found 'loud', expected debug, info, warning or error"},
      {"candles: fast\n", "expected keys and values"},
      {"lake: [a, b]\n", "expected a text"},
      {"lake: a\nlake: b\n", "stands here twice"},
      {"lake: [unclosed\n", "frontmonth.yaml:"},
  };
  for (const auto& c : cases) {
    const auto config = load(c.text);
    ASSERT_FALSE(config) << c.text;
    EXPECT_EQ(config.error().code(), Code::kInvalidConfig) << c.text;
    EXPECT_NE(config.error().message().find(c.expected), std::string::npos)
        << config.error().message();
  }
}

TEST_F(ConfigTest, BadVariablesAndFlagsAreNamed) {
  const auto variable = load("", {{"FRONTMONTH_QUERY_THREADS", "many"}});
  ASSERT_FALSE(variable);
  EXPECT_EQ(
      variable.error().message(),
      "environment variable FRONTMONTH_QUERY_THREADS: found 'many', expected a whole number from 0 "
      "(all cores) to 1024");
  const auto flag = load("", {}, {{"candles.warmup", {"--warmup", "-1"}}});
  ASSERT_FALSE(flag);
  EXPECT_EQ(flag.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(flag.error().message(),
            "--warmup: found '-1', expected a whole number of seconds from 1 to 86400");
}

TEST_F(ConfigTest, MissingFileThatWasNamedIsAnError) {
  const auto config = load_config(env_, {join(folder_, "absent.yaml"), {}, {}});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code(), Code::kNotFound);
  EXPECT_FALSE(config.error().advice().empty());
}

TEST_F(ConfigTest, UsualPlacesFollowTheEnvironment) {
  write("xdg/frontmonth/frontmonth.yaml", "candles: {warmup: 7}\n");
  const auto config =
      load_config(env_, {std::nullopt, {{"XDG_CONFIG_HOME", join(folder_, "xdg")}}, {}});
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->candles.warmup, 7);
  EXPECT_EQ(config->file, join(folder_, "xdg/frontmonth/frontmonth.yaml"));
  EXPECT_EQ(usual_config_files({{"HOME", "/home/a"}})[1],
            "/home/a/.config/frontmonth/frontmonth.yaml");
}

TEST(Config, StateLiesBesideTheLake) {
  struct {
    const char* lake;
    const char* state;
  } const cases[] = {{"lake", "frontmonth-state-lake"},
                     {"./lake", "./frontmonth-state-lake"},
                     {"data/lake/", "data/frontmonth-state-lake"},
                     {"/srv/lake", "/srv/frontmonth-state-lake"}};
  for (const auto& c : cases) EXPECT_EQ(default_state_dir(c.lake), c.state) << c.lake;
}

TEST(Config, EnvironmentNamesAreDistinct) {
  std::set<std::string> names;
  for (const auto& key : config_keys())
    EXPECT_TRUE(names.insert(environment_name(key.path)).second);
  EXPECT_EQ(environment_name("candles.front_month"), "FRONTMONTH_CANDLES_FRONT_MONTH");
}

}  // namespace
}  // namespace fm::jobs
