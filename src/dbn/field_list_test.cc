#include "dbn/field_list.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dbn/text_csv.h"

namespace fm::dbn {
namespace {

std::string joined(const std::vector<FieldInfo>& fields, std::string FieldInfo::* part) {
  std::string out;
  for (const FieldInfo& field : fields) out += (out.empty() ? "" : ",") + field.*part;
  return out;
}

TEST(FieldList, NamesTheColumnsOfACsvFile) {
  for (const RType rtype :
       {RType::kTrades, RType::kMbp1, RType::kMbp10, RType::kMbo, RType::kOhlcv1m,
        RType::kDefinition, RType::kStatistics, RType::kStatus, RType::kBbo1s}) {
    std::string header;
    ASSERT_TRUE(append_csv_header(rtype, 3, false, {}, header));
    header.pop_back();  // the line feed
    EXPECT_EQ(joined(fields_of(rtype, FieldOrder::kText), &FieldInfo::name), header);
  }
}

TEST(FieldList, NamesTheBytesOfARecord) {
  const auto fields = fields_of(RType::kTrades, FieldOrder::kBinary);
  EXPECT_EQ(joined(fields, &FieldInfo::name),
            "length,rtype,publisher_id,instrument_id,ts_event,price,size,action,side,flags,depth,"
            "ts_recv,ts_in_delta,sequence");
  EXPECT_EQ(joined(fields, &FieldInfo::binary_type),
            "uint8_t,uint8_t,uint16_t,uint32_t,uint64_t,int64_t,uint32_t,char,char,uint8_t,uint8_t,"
            "uint64_t,int32_t,uint32_t");
  EXPECT_EQ(joined(fields, &FieldInfo::json_type),
            "int,int,int,int,string,string,int,string,string,int,int,string,int,int");
}

TEST(FieldList, TheNewestDefinitionCounts) {
  const auto fields = fields_of(RType::kDefinition, FieldOrder::kBinary);
  const auto symbol = std::ranges::find(fields, "raw_symbol", &FieldInfo::name);
  ASSERT_NE(symbol, fields.end());
  EXPECT_EQ(symbol->binary_type, "char[71]");
  EXPECT_TRUE(fields_of(static_cast<RType>(0x7E), FieldOrder::kText).empty());
}

}  // namespace
}  // namespace fm::dbn
