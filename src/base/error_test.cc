#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

namespace fm {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Code::kInvalidArgument, "{} is odd", number);
  return number / 2;
}
Result<int> quarter(int number) {
  FM_ASSIGN(const int halved, half(number));
  FM_TRY_IN(half(halved), "second half");
  return halved / 2;
}

TEST(Error, TravelsUpWithItsPlaces) {
  EXPECT_EQ(quarter(8), 2);
  EXPECT_EQ(quarter(3).error().message(), "3 is odd");
  EXPECT_EQ(quarter(6).error().message(), "second half: 3 is odd");
  EXPECT_EQ(quarter(6).error().code(), Code::kInvalidArgument);
}

TEST(Error, KeepsAdviceAndRetryThroughPlaces) {
  const Error error = Error(Code::kBusy, "locked").hint("Wait.").retryable().in("lake");
  EXPECT_EQ(error.message(), "lake: locked");
  EXPECT_EQ(error.advice(), "Wait.");
  EXPECT_TRUE(error.can_retry());
}

TEST(Error, NamesOperatingSystemFailures) {
  const struct {
    int number;
    Code code;
  } cases[] = {{ENOSPC, Code::kNoSpace},       {EDQUOT, Code::kNoSpace},
               {EACCES, Code::kPermission},    {EPERM, Code::kPermission},
               {EROFS, Code::kPermission},     {ENOENT, Code::kNotFound},
               {EEXIST, Code::kAlreadyExists}, {EIO, Code::kIo}};
  for (const auto& c : cases) {
    const Error error = errno_error(c.number, "write", "some/file");
    EXPECT_EQ(error.code(), c.code) << c.number;
    EXPECT_NE(error.message().find("some/file"), std::string::npos);
  }
}

TEST(Error, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(Code::kInternal); ++code)
    EXPECT_TRUE(names.insert(name(static_cast<Code>(code))).second) << code;
}

}  // namespace
}  // namespace fm
