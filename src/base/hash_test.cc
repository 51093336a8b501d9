#include "base/hash.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace fm {
namespace {

TEST(Hash, IsTheSameInPieces) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    Hasher hasher;
    for (std::size_t at = 0; at < text.size();) {
      const auto step = *rc::gen::inRange<std::size_t>(1, text.size() - at + 1);
      hasher.add(std::string_view(text).substr(at, step));
      at += step;
    }
    RC_ASSERT(hasher.digest() == hash_of(text));
  }));
}

// From the XXH3 reference: names of stored files must never change with a library.
TEST(Hash, IsXxh3) {
  EXPECT_EQ(hash_of("").hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash_of("a").hex().size(), 32u);
  EXPECT_NE(hash_of("a"), hash_of("b"));
}

}  // namespace
}  // namespace fm
