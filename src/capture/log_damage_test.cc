// Full disks, failing syncs, and bytes that are not what was written.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>

#include "capture/log.h"
#include "capture/segment_files.h"
#include "capture/segment_source.h"
#include "capture/testing_capture.h"

namespace fm::capture {
namespace {

using namespace testing;

constexpr std::size_t kRecord = sizeof(dbn::Mbp1Msg);

class LogDamage : public ::testing::Test {
 protected:
  LogDamage() { env_.set_now(kMorning); }
  static void SetUpTestSuite() { keep_files_in_memory(); }
  std::string file(std::string_view name) const { return join(join(log_, kMonday.iso()), name); }

  // A closed segment of `blocks` blocks of 50 records each.
  Bytes write_blocks(int blocks, bool compress) {
    auto options = by_hand(log_);
    options.compress = compress;
    auto log = *Log::open(env_, options);
    Bytes all;
    for (int i = 0; i < blocks; ++i) {
      const Bytes some = trades(static_cast<std::uint32_t>(all.size() / kRecord), 50,
                                kMorning + static_cast<Nanos>(i) * kNanosPerSecond);
      EXPECT_TRUE(log->append(block_of(some)));
      EXPECT_TRUE(log->sync());
      all = all + some;
    }
    EXPECT_TRUE(log->close());
    EXPECT_TRUE(log->work_off());
    return all;
  }

  TestDirectory dir_;
  FaultEnv env_;
  const std::string log_ = dir_.file("log");
};

TEST_F(LogDamage, AFullDiskRefusesWholeAppends) {
  auto options = by_hand(log_);
  options.segment_bytes = 8'000;
  auto log = *Log::open(env_, options);
  Bytes kept;
  for (std::uint32_t i = 0; i < 40; ++i) {
    const Bytes some = trades(i * 10, 10, kMorning + i * kNanosPerSecond);
    env_.fail_call(Call::kWrite, 1 + i % 4, ENOSPC, 1 + i % 3);
    Status appended = log->append(block_of(some));
    if (appended) appended = log->sync();
    for (int attempt = 0; !appended && attempt < 5; ++attempt) {
      EXPECT_EQ(appended.error().code(), Code::kNoSpace);
      EXPECT_TRUE(appended.error().can_retry());
      const bool counts = log->figures().records == (i + 1) * 10;
      appended = counts ? log->sync() : log->append(block_of(some));
    }
    ASSERT_TRUE(appended) << i;
    kept = kept + some;
  }
  env_.fail_call(Call::kWrite, 1, 0, 0);
  ASSERT_TRUE(log->close());
  ASSERT_TRUE(log->work_off());
  EXPECT_EQ(read_log(env_, log_).records, kept);
}

TEST_F(LogDamage, AFailedSyncIsMadeGoodOrSaid) {
  auto log = *Log::open(env_, by_hand(log_));
  const Bytes first = trades(1, 10, kMorning);
  ASSERT_TRUE(log->append(block_of(first)));
  env_.fail_call(Call::kSync, 1, EIO);
  EXPECT_EQ(log->sync().error().code(), Code::kIo);
  EXPECT_FALSE(log->status());
  EXPECT_EQ(log->synced(), Position{});
  ASSERT_TRUE(log->sync());  // written once more
  EXPECT_TRUE(log->status());

  const Bytes second = trades(11, 10, kMorning + kNanosPerSecond);
  ASSERT_TRUE(log->append(block_of(second)));
  env_.fail_call(Call::kSync, 1, EIO);
  ASSERT_FALSE(log->sync());
  flip(file("0001.dbn"), log->written().byte - 5);  // the page was lost
  const Status lost = log->sync();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), Code::kIo);
  EXPECT_NE(lost.error().message().find("0001.dbn"), std::string::npos);
  EXPECT_FALSE(log->append(block_of(second)));
  EXPECT_EQ(read_log(env_, log_).records, first);
}

TEST_F(LogDamage, AtOnceMeansThatARetryOnlySyncs) {
  auto options = by_hand(log_);
  options.sync_interval = 0;
  auto log = *Log::open(env_, options);
  const Bytes first = trades(1, 3, kMorning);
  const Bytes second = trades(4, 3, kMorning + 5'000'000);
  env_.fail_call(Call::kSync, 1, ENOSPC, 2);
  EXPECT_FALSE(log->append(block_of(first)));
  EXPECT_FALSE(log->append(block_of(first)));
  EXPECT_TRUE(log->append(block_of(first)));
  EXPECT_TRUE(log->append(block_of(second)));
  EXPECT_EQ(log->synced(), log->written());
  EXPECT_EQ(read_log(env_, log_).records, first + second);
}

// Every byte of every file of a segment, one at a time: the readers either name the damage and give
// all other blocks, or it touched nothing that is read.
TEST_F(LogDamage, AFlippedByteIsNamedAndContained) {
  std::mt19937 random(3);
  for (const bool compressed : {false, true}) {
    ASSERT_TRUE(remove_tree(env_, log_));
    const Bytes all = write_blocks(6, compressed);
    for (const std::string& name : files_of(log_, kMonday)) {
      const std::uint64_t size = size_of(file(name));
      for (int i = 0; i < 120; ++i) {
        const std::uint64_t byte = random() % size;
        const std::string context = fmt::format("{} byte {}", name, byte);
        flip(file(name), byte);
        const ReadLog strict = read_log(env_, log_);
        const ReadLog lenient = read_log(env_, log_, {.go_on_behind_damage = true});
        flip(file(name), byte);
        if (strict.error) {
          EXPECT_EQ(strict.error->code(), Code::kCorrupt) << context;
          EXPECT_NE(strict.error->message().find("0001.dbn"), std::string::npos) << context;
          EXPECT_FALSE(strict.error->advice().empty()) << context;
          ASSERT_EQ(lenient.damages.size(), 1U) << context;
          EXPECT_FALSE(lenient.error) << context;
          const Damage& damage = lenient.damages[0];
          EXPECT_GT(damage.bytes, 0U) << context;
          const bool prologue = damage.first_byte == 0 && !compressed;
          const std::size_t lost = compressed ? all.size() : prologue ? 0 : 50 * kRecord;
          EXPECT_EQ(lenient.records.size(), all.size() - lost) << context;
          if (!prologue && !compressed) {
            const Nanos block = kMorning + (damage.block - 1) * kNanosPerSecond;
            EXPECT_LE(damage.after, block) << context;
            EXPECT_GT(damage.before, block + 49'000'000) << context;
          }
        } else {
          EXPECT_EQ(strict.records, all) << context;
          EXPECT_TRUE(name.ends_with(kIndex)) << context << ": only a header or end may be without";
        }
      }
    }
  }
}

// The same for whoever reads the segment as a DBN file.
TEST_F(LogDamage, AFlippedByteIsNamedToReadersOfTheFile) {
  const Bytes all = write_blocks(6, false);
  const std::string data = file("0001.dbn");
  const auto read = [&](std::optional<Error>& error) {
    Bytes bytes;
    auto source = open_segment(env_, data);
    EXPECT_TRUE(source && *source);
    for (std::array<std::byte, 1'000> piece{}; source && *source;) {
      const auto got = (*source)->read(piece);
      if (!got) error = got.error();
      if (!got || *got == 0) break;
      bytes.insert(bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*got));
    }
    return bytes;
  };
  std::optional<Error> none;
  const Bytes whole = read(none);
  EXPECT_FALSE(none);
  EXPECT_EQ(whole.size(), size_of(data));
  for (std::uint64_t byte = 0; byte < whole.size(); byte += 97) {
    flip(data, byte);
    std::optional<Error> error;
    const Bytes before = read(error);
    flip(data, byte);
    ASSERT_TRUE(error) << byte;
    EXPECT_EQ(error->code(), Code::kCorrupt) << byte;
    EXPECT_NE(error->message().find("0001.dbn: block "), std::string::npos) << error->message();
    EXPECT_LE(before.size(), byte);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), whole.begin())) << byte;
  }
}

TEST_F(LogDamage, OnlySegmentsWithAnIndexAreHeldToIt) {
  write_blocks(1, false);
  const auto is_segment = [&](const std::string& path) {
    const auto source = open_segment(env_, path);
    return source && *source != nullptr;
  };
  const std::string data = file("0001.dbn");
  EXPECT_TRUE(is_segment(data));
  EXPECT_FALSE(is_segment(file("0001.idx")));
  EXPECT_FALSE(is_segment(file("0002.dbn")));
  EXPECT_FALSE(is_segment("-"));
  ASSERT_TRUE(env_.remove(file("0001.idx")));
  EXPECT_FALSE(is_segment(data));
}

TEST_F(LogDamage, DamageToOneFrameLeavesTheOthers) {
  auto log = *Log::open(env_, by_hand(log_));
  const Bytes all = trades(1, 60'000, kMorning);  // 4.8 MB
  for (std::size_t at = 0; at < all.size(); at += 8'000) {
    const Bytes some(all.begin() + static_cast<std::ptrdiff_t>(at),
                     all.begin() + static_cast<std::ptrdiff_t>(at + 8'000));
    ASSERT_TRUE(log->append(block_of(some)));
    if (at % 80'000 == 0) {
      ASSERT_TRUE(log->sync());
    }
  }
  ASSERT_TRUE(log->close());
  ASSERT_TRUE(log->work_off());
  EXPECT_EQ(files_of(log_, kMonday), (std::vector<std::string>{"0001.dbn.zst", "0001.idx"}));
  EXPECT_EQ(data_only(read_segment(file("0001.dbn.zst"))), all);
  flip(file("0001.dbn.zst"), size_of(file("0001.dbn.zst")) / 2);
  const ReadLog read = read_log(env_, log_, {.go_on_behind_damage = true});
  ASSERT_EQ(read.damages.size(), 1U);
  EXPECT_EQ(read.records.size() + read.damages[0].bytes, all.size());
  EXPECT_GT(read.damages[0].block, 0U);
  EXPECT_LT(read.damages[0].bytes, all.size() / 3);
}

TEST_F(LogDamage, ATornEndIsCutOff) {
  struct {
    const char* what;
    const char* file;
    std::uint64_t cut;    // bytes taken off the file's end
    std::size_t records;  // of 150 that are left
    bool damaged;
  } const cases[] = {
      {"half an entry", "0001.idx", 32, 150, false},
      {"the footer", "0001.idx", 64, 150, false},
      {"the last block's entry too", "0001.idx", 128, 100, false},
      {"the data", "0001.dbn", 40, 100, true},
  };
  for (const auto& c : cases) {
    ASSERT_TRUE(remove_tree(env_, log_));
    const Bytes all = write_blocks(3, false);
    auto writable = *Env::posix().create(file(c.file), Create::kOverwrite);
    ASSERT_TRUE(writable->truncate(size_of(file(c.file)) - c.cut));
    auto log = *Log::open(env_, by_hand(log_));
    const ReadLog read = read_log(env_, log_, {.go_on_behind_damage = true});
    EXPECT_EQ(read.records.size(), c.records * kRecord) << c.what;
    EXPECT_EQ(!read.damages.empty(), c.damaged) << c.what;
    if (!c.damaged) {
      EXPECT_EQ(data_only(read_segment(file("0001.dbn"))), read.records) << c.what;
    }
  }
}

TEST_F(LogDamage, DataWithoutAnIndexAreSetAsideNotDestroyed) {
  const Bytes all = write_blocks(2, false);
  ASSERT_TRUE(env_.remove(file("0001.idx")));
  auto log = *Log::open(env_, by_hand(log_));
  EXPECT_EQ(log->recovery().set_aside, 1U);
  ASSERT_TRUE(env_.exists(file("0001.dbn.unindexed")));
  EXPECT_TRUE(read_log(env_, log_).records.empty());
}

TEST_F(LogDamage, MissingDataAreNamed) {
  static_cast<void>(write_blocks(2, false));
  ASSERT_TRUE(env_.remove(file("0001.dbn")));
  const ReadLog strict = read_log(env_, log_);
  ASSERT_TRUE(strict.error);
  EXPECT_EQ(strict.error->code(), Code::kNotFound);
  const ReadLog lenient = read_log(env_, log_, {.go_on_behind_damage = true});
  EXPECT_FALSE(lenient.error);
  EXPECT_EQ(lenient.damages.size(), 1U);
}

TEST_F(LogDamage, DamagedDataAreNotCompressed) {
  auto options = by_hand(log_);
  options.compress = true;
  auto log = *Log::open(env_, options);
  ASSERT_TRUE(log->append(block_of(trades(1, 100, kMorning))));
  ASSERT_TRUE(log->close());
  flip(file("0001.dbn"), 5'000);
  const Status sealed = log->work_off();
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().code(), Code::kCorrupt);
  EXPECT_FALSE(log->status());
  EXPECT_EQ(files_of(log_, kMonday), (std::vector<std::string>{"0001.dbn", "0001.idx"}));
}

}  // namespace
}  // namespace fm::capture
