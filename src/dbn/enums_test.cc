#include "dbn/enums.h"

#include <gtest/gtest.h>

namespace fm::dbn {
namespace {

TEST(Enums, NamesAndNumbersBelongTogether) {
  for (std::uint16_t i = 0; i <= 19; ++i)
    EXPECT_EQ(parse_schema(name(static_cast<Schema>(i))), static_cast<Schema>(i)) << i;
  for (std::uint8_t i = 0; i <= 15; ++i)
    EXPECT_EQ(parse_stype(name(static_cast<SType>(i))), static_cast<SType>(i)) << +i;
  EXPECT_EQ(name(Schema::kTbbo), "tbbo");
  EXPECT_EQ(name(Schema::kOhlcvEod), "ohlcv-eod");
  EXPECT_EQ(name(SType::kParent), "parent");
  EXPECT_EQ(name(SType::kSecurityId), "security_id");
}

TEST(Enums, AcceptsOldWordsAndRefusesOthers) {
  EXPECT_EQ(parse_stype("native"), SType::kRawSymbol);
  EXPECT_EQ(parse_stype("product_id"), SType::kInstrumentId);
  EXPECT_EQ(parse_stype("Parent"), std::nullopt);
  EXPECT_EQ(parse_schema("mbp-2"), std::nullopt);
  EXPECT_EQ(name(static_cast<Schema>(20)), "unknown");
  EXPECT_EQ(name(static_cast<SType>(255)), "unknown");
}

TEST(Enums, KnowsTheRecordsOfASchema) {
  EXPECT_EQ(rtype_of(Schema::kTbbo), RType::kMbp1);
  EXPECT_EQ(rtype_of(Schema::kMbp1), RType::kMbp1);
  EXPECT_EQ(rtype_of(Schema::kTcbbo), RType::kTcbbo);
  EXPECT_EQ(rtype_of(Schema::kBbo1m), RType::kBbo1m);
}

}  // namespace
}  // namespace fm::dbn
