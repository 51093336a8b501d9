#include "net/gzip.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <zlib.h>

namespace fm::net {
namespace {

std::string unzip(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(4 << 20, '\0');
  std::string in = packed;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(Gzip, IsReadBack) {
  rc::check([](const std::string& text) {
    for (const int level : {1, 6, 9}) RC_ASSERT(unzip(gzip(text, level)) == text);
  });
  const std::string rows(2 << 20, 'r');
  EXPECT_EQ(unzip(gzip(rows)), rows);
  EXPECT_LT(gzip(rows).size(), rows.size() / 100);
  EXPECT_EQ(gzip(rows), gzip(rows));
}

TEST(Gzip, IsSentToWhoTakesIt) {
  struct {
    const char* accept;
    bool takes;
  } const cases[] = {{"", false},
                     {"gzip", true},
                     {"deflate", false},
                     {"deflate, gzip;q=1.0, *;q=0.5", true},
                     {"GZIP", true},
                     {"gzip;q=0", false},
                     {"gzip; q=0.000", false},
                     {"gzip;q=0.001", true},
                     {"*", true},
                     {"*;q=0", false},
                     {"gzipped", false},
                     {"*, gzip;q=0", false}};
  for (const auto& c : cases) EXPECT_EQ(accepts_gzip(c.accept), c.takes) << c.accept;
}

}  // namespace
}  // namespace fm::net
