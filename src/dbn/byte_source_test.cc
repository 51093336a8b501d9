#include "dbn/byte_source.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "dbn/testing_records.h"

namespace fm::dbn {
namespace {

using testing::Bytes;
using testing::compress;
using testing::first_of;
using testing::read_out;
using testing::ReadOut;
using testing::TrickleSource;
using testing::operator+;

struct Drained {
  Bytes bytes;
  std::optional<Error> error;
};

Drained drain(ByteSource& source, std::size_t step) {
  Drained out;
  Bytes buffer(step);
  for (;;) {
    const auto count = source.read(buffer);
    if (!count) out.error = count.error();
    if (!count || *count == 0) return out;
    out.bytes.insert(out.bytes.end(), buffer.begin(),
                     buffer.begin() + static_cast<std::ptrdiff_t>(*count));
  }
}

Bytes noise(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 1;
  for (std::byte& byte : bytes)
    byte = static_cast<std::byte>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  return bytes;
}

std::unique_ptr<ByteSource> zstd_of(const Bytes& compressed, std::size_t step = 100'000) {
  return std::make_unique<ZstdSource>(std::make_unique<TrickleSource>(compressed, step));
}

TEST(ZstdSource, ReadsFramesOneBehindTheOther) {
  const Bytes one = noise(1'000);
  const Bytes two = noise(400'000);  // several blocks
  const Bytes compressed = compress(one) + compress(Bytes{}) + compress(two) + compress(one);
  for (const std::size_t step : {1, 7, 1'000, 1'000'000}) {
    for (const std::size_t out_step : {3, 4'096, 1'000'000}) {
      if (step * out_step < 5'000) continue;  // as slow as it sounds
      const Drained out = drain(*zstd_of(compressed, step), out_step);
      EXPECT_FALSE(out.error.has_value());
      EXPECT_TRUE(out.bytes == one + two + one) << step << " " << out_step;
    }
  }
}

TEST(ZstdSource, SkipsSkippableFrames) {
  Bytes skippable = {std::byte{0x5A}, std::byte{0x2A}, std::byte{0x4D}, std::byte{0x18},
                     std::byte{2},    std::byte{0},    std::byte{0},    std::byte{0},
                     std::byte{9},    std::byte{9}};
  EXPECT_EQ(drain(*zstd_of(skippable + compress(noise(50)) + skippable), 1'000).bytes, noise(50));
}

TEST(ZstdSource, NamesAnUnfinishedFrameWhereverItIsCut) {
  const Bytes first = compress(noise(300));
  const Bytes whole = first + compress(noise(200));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Drained out = drain(*zstd_of(first_of(whole, size)), 64);
    if (size == 0 || size == first.size()) {
      EXPECT_FALSE(out.error.has_value());
      continue;
    }
    ASSERT_TRUE(out.error.has_value()) << size;
    EXPECT_EQ(out.error->code(), Code::kTruncated) << size;
    const bool in_first = size < first.size();
    EXPECT_EQ(
        out.error->message(),
        fmt::format("zstd frame {} (from compressed byte {}) is not finished: the file ends at "
                    "compressed byte {}",
                    in_first ? 1 : 2, in_first ? 0 : first.size(), size));
  }
}

TEST(ZstdSource, GivesEverythingBeforeADamagedBlock) {
  const Bytes plain = noise(600'000);  // incompressible: several raw blocks
  Bytes compressed = compress(plain);
  compressed[3 + 300'000] ^= std::byte{1};  // harms only the checksum at the end
  Drained out = drain(*zstd_of(compressed), 1'000'000);
  EXPECT_EQ(out.error->code(), Code::kCorrupt);
  EXPECT_EQ(out.bytes.size(), plain.size());

  // Two bytes of frame header follow the magic; then each block says its type and size in three
  // bytes.
  compressed = compress(plain);
  std::size_t block = 6;
  std::size_t before = 0;
  for (int i = 0; i < 2; ++i) {
    const std::size_t size = std::to_integer<std::size_t>(compressed[block]) >> 3 |
                             std::to_integer<std::size_t>(compressed[block + 1]) << 5 |
                             std::to_integer<std::size_t>(compressed[block + 2]) << 13;
    ASSERT_EQ(std::to_integer<int>(compressed[block]) & 7, 0) << "not a raw block";
    before += size;
    block += 3 + size;
  }
  compressed[block] = std::byte{0x06};  // a type of block that does not exist
  for (const std::size_t step : {1'000, 77'777, 1'000'000}) {
    out = drain(*zstd_of(compressed), step);
    EXPECT_EQ(out.error->code(), Code::kCorrupt);
    EXPECT_EQ(out.bytes.size(), before) << step;
  }
  EXPECT_NE(out.error->message().find("zstd frame 1 (from compressed byte 0) is damaged near "
                                      "compressed byte"),
            std::string::npos)
      << out.error->message();
}

TEST(ZstdSource, SurvivesAFlippedByteAnywhere) {
  const Bytes plain = testing::tbbo_file(3, 40);
  const Bytes compressed = compress(plain);
  for (std::size_t place = 0; place < compressed.size(); ++place) {
    for (const int flip : {0x01, 0x10, 0xFF}) {
      Bytes flipped = compressed;
      flipped[place] ^= static_cast<std::byte>(flip);
      const Drained out = drain(*zstd_of(flipped), 500);
      EXPECT_TRUE(out.error.has_value() || out.bytes == plain) << place;
    }
  }
}

TEST(ZstdSource, CountsWhatSalvagingLost) {
  const Bytes file = testing::tbbo_file(3, 40'000);
  const Bytes compressed = compress(file);
  const Bytes cut = first_of(compressed, compressed.size() / 2);
  const ReadOut strict = read_out(zstd_of(cut));
  EXPECT_EQ(strict.error->code(), Code::kTruncated);
  EXPECT_NE(strict.error->message().find("sample.dbn: record "), std::string::npos);
  const ReadOut out = read_out(zstd_of(cut), {.salvage = true});
  ASSERT_TRUE(out.loss.has_value());
  EXPECT_GT(out.record_count, 1'000u);
  EXPECT_EQ(out.records, strict.records);
  EXPECT_EQ(out.loss->bytes_lost, drain(*zstd_of(cut), 1'000).bytes.size() - out.loss->first_byte);

  const Bytes garbage_behind = compress(testing::tbbo_file(3, 5)) + noise(777);
  const ReadOut kept = read_out(zstd_of(garbage_behind), {.salvage = true});
  EXPECT_EQ(kept.record_count, 5u);
  EXPECT_GE(kept.loss->bytes_lost, 770u);
  EXPECT_LE(kept.loss->bytes_lost, 777u);
}

TEST(ReadAheadSource, GivesTheSameBytes) {
  const Bytes plain = noise(300'000);
  for (const std::size_t buffer_bytes : {1'000, 65'536}) {
    for (const std::size_t buffer_count : {1, 2, 5}) {
      for (const std::size_t step : {77, 4'096, 1'000'000}) {
        ReadAheadSource source(std::make_unique<MemorySource>(plain), {buffer_bytes, buffer_count});
        const Drained out = drain(source, step);
        EXPECT_FALSE(out.error.has_value());
        EXPECT_TRUE(out.bytes == plain);
        Bytes more(10);
        EXPECT_EQ(*source.read(more), 0u);  // the end stays
      }
    }
  }
}

TEST(ReadAheadSource, GivesErrorsAfterTheBytesBeforeThem) {
  const Bytes compressed = compress(testing::tbbo_file(3, 40'000));
  const Bytes cut = first_of(compressed, compressed.size() / 2);
  const ReadOut plain = read_out(zstd_of(cut));
  const ReadOut ahead = read_out(std::make_unique<ReadAheadSource>(zstd_of(cut)));
  EXPECT_EQ(ahead.records, plain.records);
  EXPECT_EQ(ahead.error->message(), plain.error->message());
  const ReadOut salvaged =
      read_out(std::make_unique<ReadAheadSource>(zstd_of(cut)), {.salvage = true});
  EXPECT_EQ(salvaged.loss->bytes_lost, read_out(zstd_of(cut), {.salvage = true}).loss->bytes_lost);
}

TEST(ReadAheadSource, CanBeLeftInTheMiddle) {
  const Bytes plain = noise(100'000);
  for (int reads = 0; reads < 4; ++reads) {
    ReadAheadSource source(std::make_unique<MemorySource>(plain), {1'000, 2});
    Bytes buffer(500);
    for (int i = 0; i < reads; ++i) EXPECT_EQ(*source.read(buffer), 500u);
  }
}

class OpenInput : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const Bytes& bytes) {
    const std::string path = join(::testing::TempDir(), "fm_open_input_" + name);
    auto file = Env::posix().create(path, Create::kTruncate);
    EXPECT_TRUE((*file)->write(bytes).has_value());
    EXPECT_TRUE((*file)->close().has_value());
    written_.push_back(path);
    return path;
  }
  void TearDown() override {
    for (const std::string& path : written_) EXPECT_TRUE(Env::posix().remove(path).has_value());
  }

 private:
  std::vector<std::string> written_;
};

Bytes text(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

TEST_F(OpenInput, TellsFormatsByTheirFirstBytes) {
  const Bytes dbn = testing::tbbo_file(3, 2);
  const Bytes fragment = testing::bytes_of(testing::sample_tbbo(1));
  const struct {
    const char* name;
    Bytes bytes;
    Format format;
  } cases[] = {
      {"a", dbn, Format::kDbn},
      {"a.json", dbn, Format::kDbn},
      {"a.dbn.frag", fragment, Format::kDbnFragment},
      {"b", text("{\"hd\":{}}\n"), Format::kJson},
      {"c", text(" \n {\"hd\":{}}"), Format::kJson},
      {"d", text("ts_recv,ts_event,rtype\n"), Format::kCsv},
      {"e", text("ts_recv\tts_event\trtype\n"), Format::kCsv},
      {"f", text("\xEF\xBB\xBF\"ts_recv\",ts_event\n"), Format::kCsv},
      {"g.json", {}, Format::kJson},
      {"h.csv", text("\n"), Format::kCsv},
      {"i.frag", {}, Format::kDbnFragment},
  };
  for (const auto& c : cases) {
    for (const bool compressed : {false, true}) {
      const std::string path = write(std::string(c.name) + (compressed ? ".zst" : ""),
                                     compressed ? compress(c.bytes) : c.bytes);
      auto input = open_input(Env::posix(), path, {.read_ahead = true});
      ASSERT_TRUE(input.has_value()) << input.error().message();
      EXPECT_EQ(input->format, c.format) << path;
      EXPECT_EQ(input->compressed, compressed) << path;
      EXPECT_EQ(input->name, path);
      EXPECT_EQ(drain(*input->source, 100).bytes, c.bytes) << path;
    }
  }
  EXPECT_EQ(open_input(Env::posix(), write("j", fragment), {.fragment = true})->format,
            Format::kDbnFragment);
}

TEST_F(OpenInput, RefusesWhatItCannotRead) {
  const Bytes zst = compress(text("nothing known"));
  const struct {
    const char* name;
    Bytes bytes;
    Code code;
    const char* message;
  } cases[] = {
      {"a.dbn", {}, Code::kTruncated, "is empty"},
      {"b.dbn", testing::bytes_of(testing::sample_tbbo(1)), Code::kUnsupported,
       "begins with 14 01 01 00, expected"},
      {"c.gz", text("\x1F\x8B\x08 and so on"), Code::kUnsupported,
       "begins with 1f 8b 08 20 (gzip)"},
      {"d.parquet", text("PAR1abcdefghijkl"), Code::kUnsupported, "(Parquet)"},
      {"e.zst", first_of(zst, zst.size() - 6), Code::kTruncated, "is not finished"},
  };
  for (const auto& c : cases) {
    const std::string path = write(c.name, c.bytes);
    const auto input = open_input(Env::posix(), path);
    ASSERT_FALSE(input.has_value()) << c.name;
    EXPECT_EQ(input.error().code(), c.code) << input.error().message();
    EXPECT_NE(input.error().message().find(c.message), std::string::npos)
        << input.error().message();
    EXPECT_TRUE(input.error().message().starts_with(path)) << input.error().message();
  }
  EXPECT_EQ(open_input(Env::posix(), "/no/such/file.dbn").error().code(), Code::kNotFound);
}

TEST_F(OpenInput, RefusesDbzByName) {
  const std::filesystem::path folder = FM_SHARED_DATA "/dbn-fixtures";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "shared data absent: " << folder;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".dbz") continue;
    const auto input = open_input(Env::posix(), entry.path().string());
    ASSERT_FALSE(input.has_value());
    EXPECT_EQ(input.error().code(), Code::kUnsupported);
    EXPECT_NE(input.error().message().find("is DBZ, the format before DBN"), std::string::npos);
    EXPECT_FALSE(input.error().advice().empty());
    ++files;
  }
  EXPECT_GE(files, 10);
}

TEST(Fixtures, ReadAheadGivesWhatPlainReadingGives) {
  const std::filesystem::path folder = FM_SHARED_DATA "/glbx-fixtures";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "shared data absent: " << folder;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    auto plain = open_input(Env::posix(), entry.path().string());
    auto ahead = open_input(Env::posix(), entry.path().string(), {.read_ahead = true});
    ASSERT_TRUE(plain.has_value() && ahead.has_value());
    const ReadOut one = read_out(std::move(plain->source));
    EXPECT_GT(one.record_count, 0u);
    EXPECT_EQ(one.records, read_out(std::move(ahead->source)).records);
  }
}

}  // namespace
}  // namespace fm::dbn
