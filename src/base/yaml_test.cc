#include "base/yaml.h"

#include <gtest/gtest.h>

#include <string>

namespace fm {
namespace {

constexpr std::string_view kFile = R"(
lake: /data/lake
roots: [ES, NQ]
threads: 4
tick: 0.25
sync: true
since: 2024-02-29
nothing:
nested:
  warmup: 60
)";

TEST(Yaml, ReadsScalarsSequencesAndMappings) {
  const auto file = Yaml::parse(kFile, "frontmonth.yaml");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->at("lake")->text(), "/data/lake");
  EXPECT_EQ(file->at("threads")->integer(), 4);
  EXPECT_EQ(file->at("tick")->decimal(), 250'000'000);
  EXPECT_EQ(file->at("sync")->boolean(), true);
  EXPECT_EQ(file->at("since")->date(), Date(2024, 2, 29));
  EXPECT_EQ(file->at("roots")->items().size(), 2u);
  EXPECT_EQ(file->at("nested")->at("warmup")->integer(), 60);
  EXPECT_FALSE(file->find("nothing"));
  EXPECT_FALSE(file->find("absent"));
  EXPECT_EQ(file->entries().front().first, "lake");
}

TEST(Yaml, ErrorsNameFileAndLine) {
  const auto file = Yaml::parse(kFile, "frontmonth.yaml");
  ASSERT_TRUE(file);
  const auto number = file->at("lake")->integer();
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().code(), Code::kInvalidConfig);
  EXPECT_TRUE(number.error().message().starts_with("frontmonth.yaml:2"))
      << number.error().message();
  EXPECT_FALSE(file->at("absent"));
  EXPECT_FALSE(Yaml::parse("a: [1, 2", "broken.yaml"));
}

TEST(Yaml, UnknownKeysNameTheNearestKnownOne) {
  const auto file = Yaml::parse("lake: x\nstate_dri: y\n", "frontmonth.yaml");
  ASSERT_TRUE(file);
  const auto checked = file->allow_keys({"lake", "state_dir", "threads"});
  ASSERT_FALSE(checked);
  const std::string said = checked.error().message() + " " + checked.error().advice();
  EXPECT_NE(said.find("state_dri"), std::string::npos) << said;
  EXPECT_NE(said.find("state_dir"), std::string::npos) << said;
  EXPECT_NE(said.find("frontmonth.yaml:2"), std::string::npos) << said;
  EXPECT_TRUE(file->allow_keys({"lake", "state_dri"}));
}

TEST(Yaml, RefusesAKeyTwice) {
  const auto file = Yaml::parse("lake: x\nlake: y\n", "frontmonth.yaml");
  EXPECT_TRUE(!file || !file->allow_keys({"lake"}));
}

TEST(Yaml, NearestIsNothingWhenNothingIsClose) {
  EXPECT_EQ(nearest("wramup", {"warmup", "lake"}), "warmup");
  EXPECT_FALSE(nearest("completely_different", {"warmup", "lake"}));
}

}  // namespace
}  // namespace fm
