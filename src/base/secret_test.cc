#include "base/secret.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <type_traits>

#include "base/testing_fault_env.h"

namespace fm {
namespace {

const SecretPlaces kPlaces{.name = "databento_api_key", .variable = "DATABENTO_API_KEY"};

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_convertible_v<Secret, std::string>);
static_assert(!fmt::is_formattable<Secret>::value);

void write_file(const std::string& path, std::string_view text, mode_t mode) {
  auto file = Env::posix().create(path, Create::kTruncate).value();
  ASSERT_TRUE(file->write(text));
  ASSERT_TRUE(file->close());
  ASSERT_EQ(::chmod(path.c_str(), mode), 0);
}

TEST(Secret, IsFoundInTheFirstPlaceThatHoldsIt) {
  const TestDirectory dir;
  write_file(dir.file("key"), " from-file \n", 0600);
  write_file(dir.file("databento_api_key"), "from-credential\n", 0400);
  const std::string& credentials = dir.path();
  const struct {
    std::string file;
    Variables variables;
    const char* value;
  } cases[] = {
      {dir.file("key"), {{"DATABENTO_API_KEY", "from-variable"}}, "from-file"},
      {"",
       {{"CREDENTIALS_DIRECTORY", credentials}, {"DATABENTO_API_KEY", "from-variable"}},
       "from-credential"},
      {dir.file("missing"), {{"DATABENTO_API_KEY", "\tfrom-variable"}}, "from-variable"},
  };
  for (const auto& c : cases) {
    SecretPlaces places = kPlaces;
    places.file = c.file;
    const auto found = find_secret(Env::posix(), c.variables, places);
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->secret.reveal(), c.value);
  }
}

TEST(Secret, AFileThatOthersMayReadIsRefused) {
  const TestDirectory dir;
  write_file(dir.file("key"), "planted", 0640);
  SecretPlaces places = kPlaces;
  places.file = dir.file("key");
  const auto found = find_secret(Env::posix(), {}, places);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Code::kPermission);
  EXPECT_NE(found.error().message().find("0640"), std::string::npos);
  EXPECT_EQ(found.error().message().find("planted"), std::string::npos);
}

TEST(Secret, NowhereSaysWhereItWasLookedFor) {
  const auto found = find_secret(Env::posix(), {}, kPlaces);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Code::kNotFound);
  EXPECT_NE(found.error().message().find("DATABENTO_API_KEY"), std::string::npos);
}

}  // namespace
}  // namespace fm
