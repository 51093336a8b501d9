#include "base/crc32c.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <string_view>

namespace fm {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Vectors of RFC 3720, B.4, and the check value of the polynomial.
TEST(Crc32c, IsCastagnolis) {
  std::string ascending, descending;
  for (int i = 0; i < 32; ++i) {
    ascending += static_cast<char>(i);
    descending += static_cast<char>(31 - i);
  }
  struct {
    std::string text;
    std::uint32_t crc;
  } const cases[] = {{"", 0},
                     {"123456789", 0xE3069283},
                     {std::string(32, '\0'), 0x8A9136AA},
                     {std::string(32, '\xFF'), 0x62A8AB43},
                     {ascending, 0x46DD794E},
                     {descending, 0x113FDB5C}};
  for (const auto& c : cases) EXPECT_EQ(crc32c(bytes_of(c.text)), c.crc) << c.text.size();
}

TEST(Crc32c, IsTheSameInPieces) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    const auto cut = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
    const auto bytes = bytes_of(text);
    RC_ASSERT(crc32c(bytes.subspan(cut), crc32c(bytes.first(cut))) == crc32c(bytes));
  }));
}

}  // namespace
}  // namespace fm
