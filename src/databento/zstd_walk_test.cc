#include "databento/zstd_walk.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zstd.h>

#include <vector>

#include "dbn/testing_records.h"

namespace fm::databento {
namespace {

using dbn::testing::Bytes;
using dbn::testing::first_of;
using dbn::testing::operator+;

Bytes compressed(const Bytes& plain, int level, bool checksum, bool content_size) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, content_size ? 1 : 0);
  Bytes out(ZSTD_compressBound(plain.size()));
  out.resize(ZSTD_compress2(context, out.data(), out.size(), plain.data(), plain.size()));
  ZSTD_freeCCtx(context);
  return out;
}

Status walk(const Bytes& bytes, std::size_t step) {
  ZstdWalk walk;
  for (std::size_t at = 0; at < bytes.size(); at += step)
    FM_TRY(walk.add(std::span(bytes).subspan(at, std::min(step, bytes.size() - at))));
  return walk.finish();
}

Bytes noise(std::size_t size, bool compressible) {
  Bytes bytes(size);
  std::uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1'664'525U + 1'013'904'223U;
    byte = static_cast<std::byte>(compressible ? (state >> 24) % 5 : state >> 24);
  }
  return bytes;
}

TEST(ZstdWalk, KnowsEveryFormOfFrameAndEveryPlaceWhereItIsCut) {
  const Bytes skippable = {std::byte{0x53}, std::byte{0x2A}, std::byte{0x4D}, std::byte{0x18},
                           std::byte{2},    std::byte{0},    std::byte{0},    std::byte{0},
                           std::byte{9},    std::byte{9}};
  for (const std::size_t size : {0, 1, 255, 256, 70'000, 400'000}) {
    for (const bool compressible : {false, true}) {
      for (const bool checksum : {false, true}) {
        for (const bool content_size : {false, true}) {
          const Bytes frame = compressed(noise(size, compressible), 3, checksum, content_size);
          const Bytes two = frame + skippable + frame;
          for (const std::size_t step : {1, 3, 1'000'000})
            EXPECT_TRUE(walk(two, step)) << size << ' ' << checksum << ' ' << content_size;
          EXPECT_FALSE(walk(first_of(frame, frame.size() - 1), 7));
          EXPECT_FALSE(walk(first_of(two, two.size() - 1), 7));
          const Status cut = walk(first_of(two, frame.size() + 3), 7);
          ASSERT_FALSE(cut);
          EXPECT_EQ(cut.error().code(), Code::kTruncated);
          EXPECT_TRUE(cut.error().can_retry());
        }
      }
    }
  }
}

TEST(ZstdWalk, NothingAndNonsense) {
  EXPECT_EQ(ZstdWalk().finish().error().code(), Code::kTruncated);
  EXPECT_EQ(walk(noise(100, false), 100).error().code(), Code::kCorrupt);
  Bytes frame = compressed(noise(1'000, true), 3, true, true);
  frame[6 + 1] |= std::byte{0x06};  // behind magic, descriptor and a size of two bytes: the block
  EXPECT_EQ(walk(frame, 100).error().code(), Code::kCorrupt);
}

// A prefix is whole exactly where zstd itself says that a frame ends.
RC_GTEST_PROP(ZstdWalk, AgreesWithZstdOnEveryPrefix, ()) {
  const auto sizes =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 3'000));
  Bytes all;
  for (const std::size_t size : sizes)
    all = all + compressed(noise(size, *rc::gen::arbitrary<bool>()), 1, *rc::gen::arbitrary<bool>(),
                           *rc::gen::arbitrary<bool>());
  RC_PRE(!all.empty());
  const std::size_t cut = *rc::gen::inRange<std::size_t>(1, all.size() + 1);
  std::size_t at = 0;
  while (at < cut) {
    const std::size_t frame = ZSTD_findFrameCompressedSize(all.data() + at, cut - at);
    if (ZSTD_isError(frame) != 0) break;
    at += frame;
  }
  const std::size_t step = *rc::gen::inRange<std::size_t>(1, 50);
  RC_ASSERT(walk(first_of(all, cut), step).has_value() == (at == cut));
}

}  // namespace
}  // namespace fm::databento
