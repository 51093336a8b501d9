#include "dbn/metadata.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstring>

#include "dbn/testing_records.h"

namespace fm::dbn {
namespace {

using testing::Bytes;
using testing::sample_metadata;

Result<Metadata> decode(const Bytes& file) {
  FM_ASSIGN(const Prelude prelude, decode_prelude(std::span(file).first<kPreludeBytes>()));
  return decode_metadata(prelude.version, std::span(file).subspan(kPreludeBytes));
}

template <class T>
T at(const Bytes& bytes, std::size_t place) {
  T value{};
  std::memcpy(&value, bytes.data() + place, sizeof value);
  return value;
}

template <class T>
Bytes with(Bytes bytes, std::size_t place, T value) {
  std::memcpy(bytes.data() + place, &value, sizeof value);
  return bytes;
}

TEST(Metadata, LiesInTheFileAsTheFormatSays) {
  const Bytes v1 = *encode(sample_metadata(1));
  EXPECT_EQ(std::memcmp(v1.data(), "DBN\x01", 4), 0);
  EXPECT_EQ(at<std::uint32_t>(v1, 4), v1.size() - 8);
  EXPECT_EQ(std::memcmp(v1.data() + 8, "GLBX.MDP3\0", 10), 0);
  EXPECT_EQ(at<std::uint16_t>(v1, 24), 3);
  EXPECT_EQ(at<std::uint64_t>(v1, 26), 1'609'113'600'000'000'000u);
  EXPECT_EQ(at<std::uint64_t>(v1, 42), 4u);
  EXPECT_EQ(at<std::uint64_t>(v1, 50), ~std::uint64_t{0});  // the dead record count
  EXPECT_EQ(at<std::uint8_t>(v1, 58), 1);
  EXPECT_EQ(at<std::uint32_t>(v1, 108), 0u);
  EXPECT_EQ(at<std::uint32_t>(v1, 112), 1u);
  EXPECT_EQ(std::memcmp(v1.data() + 116, "ESH1\0", 5), 0);

  const Bytes v2 = *encode(sample_metadata(2));
  EXPECT_EQ(at<std::uint8_t>(v2, 50), 1);
  EXPECT_EQ(at<std::uint16_t>(v2, 53), 71);
  EXPECT_EQ(at<std::uint32_t>(v2, 108), 0u);
  EXPECT_EQ(v2.size() % 8, 1u);
  EXPECT_EQ(encode(sample_metadata(3))->size() % 8, 0u);
}

TEST(Metadata, SurvivesEveryVersion) {
  rc::check("decode(encode(metadata)) == metadata", [] {
    const int version = *rc::gen::inRange(1, 4);
    const auto width = version == 1 ? kSymbolBytesV1 : kSymbolBytes;
    const auto name =
        rc::gen::resize(static_cast<int>(width) - 1,
                        rc::gen::container<std::string>(rc::gen::inRange<char>('!', '~')));
    const auto names = rc::gen::container<std::vector<std::string>>(name);
    Metadata metadata = sample_metadata(version);
    metadata.dataset = *rc::gen::element<std::string>("", "GLBX.MDP3", "FIFTEEN.LETTERS");
    if (*rc::gen::arbitrary<bool>()) metadata.schema.reset();
    if (*rc::gen::arbitrary<bool>()) metadata.stype_in.reset();
    if (*rc::gen::arbitrary<bool>()) metadata.end.reset();
    if (*rc::gen::arbitrary<bool>()) metadata.limit.reset();
    metadata.ts_out = *rc::gen::arbitrary<bool>();
    metadata.start = *rc::gen::arbitrary<std::uint64_t>();
    metadata.symbols = *names;
    metadata.partial = *names;
    metadata.not_found = *names;
    for (const std::string& symbol : metadata.symbols) {
      SymbolMapping mapping{symbol, {}};
      const int count = *rc::gen::inRange(0, 4);
      for (int i = 0; i < count; ++i) {
        const Date start = Date::from_days(*rc::gen::inRange(0, 40'000));
        mapping.intervals.push_back({start, start + i, *name});
      }
      metadata.mappings.push_back(mapping);
    }
    const auto bytes = encode(metadata);
    RC_ASSERT(bytes.has_value());
    const auto decoded = decode(*bytes);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == metadata);
  });
}

TEST(Metadata, RefusesDamageAndNamesItsPlace) {
  const Bytes v3 = *encode(sample_metadata(3));
  const std::size_t mapping = 112 + 4 + 71 + 4 + 4;  // byte of the number of mappings
  Bytes unended = v3;
  std::memset(unended.data() + 116, 'E', 71);
  const struct {
    const char* what;
    Bytes bytes;
    Code code;
    const char* message;
  } cases[] = {
      {"magic", with(v3, 0, 'd'), Code::kCorrupt, "byte 0: found 64 42 4e 03"},
      {"version 0", with(v3, 3, '\0'), Code::kUnsupported, "byte 3: DBN version 0, expected 1 … 3"},
      {"version 4", with(v3, 3, '\4'), Code::kUnsupported, "byte 3: DBN version 4, expected 1 … 3"},
      {"short length", with(v3, 4, 99u), Code::kCorrupt, "byte 4: metadata of 99 bytes"},
      {"absurd length", with(v3, 4, 0xFFFFFFFFu), Code::kCorrupt, "metadata of 4294967295 bytes"},
      {"dataset", with(with(v3, 16, 0x41414141'41414141u), 8, 0x41414141'41414141u), Code::kCorrupt,
       "byte 8: the dataset of 16 bytes has no end"},
      {"not ASCII", with(v3, 8, '\xE4'), Code::kCorrupt, "byte 8: the dataset is not ASCII"},
      {"ts_out", with(v3, 52, '\2'), Code::kCorrupt, "byte 52: ts_out is 2, expected 0 or 1"},
      {"narrow symbols", with(v3, 53, std::uint16_t{0}), Code::kCorrupt,
       "byte 53: symbols of 0 bytes, expected 22"},
      {"wide symbols", with(v3, 53, std::uint16_t{65'535}), Code::kCorrupt,
       "symbols of 65535 bytes"},
      {"schema definition", with(v3, 108, 5u), Code::kUnsupported,
       "byte 108: a schema definition of 5 bytes, expected none"},
      {"number of symbols", with(v3, 112, 0xFFFFFFFFu), Code::kCorrupt,
       "byte 112: 4294967295 symbols are announced, but there is room for"},
      {"a symbol without end", unended, Code::kCorrupt,
       "byte 116: a symbol of 71 bytes has no end"},
      {"number of mappings", with(v3, mapping, 100u), Code::kCorrupt,
       "100 mappings are announced, but there is room for"},
      {"number of intervals", with(v3, mapping + 4 + 71, 9u), Code::kCorrupt,
       "9 mapping intervals are announced, but there is room for 1"},
      {"a day that is none", with(v3, mapping + 4 + 71 + 4, 20'201'301u), Code::kCorrupt,
       "start date 20201301 is not a day"},
      {"a day of nine digits", with(v3, mapping + 4 + 71 + 8, 202'012'281u), Code::kCorrupt,
       "end date 202012281 is not a day"},
  };
  for (const auto& c : cases) {
    const auto decoded = decode(c.bytes);
    ASSERT_FALSE(decoded.has_value()) << c.what;
    EXPECT_EQ(decoded.error().code(), c.code) << c.what;
    EXPECT_NE(decoded.error().message().find(c.message), std::string::npos)
        << c.what << ": " << decoded.error().message();
  }
}

TEST(Metadata, RefusesToEndEarly) {
  for (const int version : {1, 2, 3}) {
    Metadata metadata = sample_metadata(version);
    metadata.version = version;
    const Bytes bytes = *encode(metadata);
    const std::size_t padding = version == 3 ? 7 : 0;
    for (std::size_t size = kPreludeBytes; size + padding < bytes.size(); ++size)
      EXPECT_FALSE(decode(testing::first_of(bytes, size)).has_value()) << version << " " << size;
  }
}

TEST(Metadata, RefusesToWriteWhatDoesNotFit) {
  Metadata metadata = sample_metadata(1);
  metadata.symbols = {std::string(21, 'A')};
  EXPECT_TRUE(encode(metadata).has_value());
  metadata.symbols = {std::string(22, 'A')};
  EXPECT_EQ(encode(metadata).error().code(), Code::kInvalidArgument);
  metadata = sample_metadata(3);
  metadata.mappings[0].intervals[0].symbol = std::string(71, '1');
  EXPECT_EQ(encode(metadata).error().code(), Code::kInvalidArgument);
  metadata = sample_metadata(3);
  metadata.dataset = std::string(16, 'D');
  EXPECT_EQ(encode(metadata).error().code(), Code::kInvalidArgument);
  metadata = sample_metadata(3);
  metadata.version = 4;
  EXPECT_EQ(encode(metadata).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace fm::dbn
