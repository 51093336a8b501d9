#include "dbn/upgrade.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "dbn/testing_records.h"

namespace fm::dbn {
namespace {

using testing::Bytes;
using testing::bytes_of;
using testing::read_out;
using testing::ReadOut;
using testing::operator+;

template <class Old>
Old old_record(RType rtype) {
  Old record{};
  record.header = {kLengthOf<Old>, rtype, 1, 42, 1'000};
  return record;
}

TEST(Upgrade, WidensStatistics) {
  auto old = old_record<StatMsgV1>(RType::kStatistics);
  old.ts_recv = 1;
  old.ts_ref = 2;
  old.price = kUndefPrice;
  old.quantity = -5;
  old.sequence = 4;
  old.ts_in_delta = 5;
  old.stat_type = 9;
  old.channel_id = 7;
  old.update_action = 1;
  old.stat_flags = 255;
  StatMsg expected{};
  expected.header = {20, RType::kStatistics, 1, 42, 1'000};
  expected.ts_recv = 1;
  expected.ts_ref = 2;
  expected.price = kUndefPrice;
  expected.quantity = -5;
  expected.sequence = 4;
  expected.ts_in_delta = 5;
  expected.stat_type = 9;
  expected.channel_id = 7;
  expected.update_action = 1;
  expected.stat_flags = 255;
  EXPECT_EQ(upgraded(old), expected);
  old.quantity = kUndefStatQuantityV1;
  EXPECT_EQ(upgraded(old).quantity, kUndefStatQuantity);
}

TEST(Upgrade, WidensMappings) {
  auto old = old_record<SymbolMappingMsgV1>(RType::kSymbolMapping);
  set_text(old.stype_in_symbol, "ES.c.0");
  old.stype_out_symbol.fill('E');  // without its end
  old.start_ts = 5;
  old.end_ts = kUndefTime;
  const SymbolMappingMsg record = upgraded(old);
  EXPECT_EQ(record.header.size_bytes(), sizeof record);
  EXPECT_EQ(record.stype_in, kUndefSType);
  EXPECT_EQ(record.stype_out, kUndefSType);
  EXPECT_EQ(text_of(record.stype_in_symbol), "ES.c.0");
  EXPECT_EQ(text_of(record.stype_out_symbol), std::string(22, 'E'));
  EXPECT_EQ(record.start_ts, 5u);
  EXPECT_EQ(record.end_ts, kUndefTime);
}

TEST(Upgrade, ReadsErrorCodesOffTheText) {
  const struct {
    const char* text;
    ErrorCode code;
  } cases[] = {{"User or API key deactivated", ErrorCode::kKeyDeactivated},
               {"User has reached their open connection limit", ErrorCode::kConnectionLimit},
               {"Failed to resolve symbol: XYZ", ErrorCode::kSymbolResolutionFailed},
               {"Internal error", ErrorCode::kInternalError},
               {"Slow client detected for tbbo", ErrorCode::kSkippedAfterSlowReading},
               {"Internal errors", ErrorCode::kUnset},
               {"", ErrorCode::kUnset}};
  for (const auto& c : cases) {
    auto old = old_record<ErrorMsgV1>(RType::kError);
    set_text(old.err, c.text);
    const ErrorMsg record = upgraded(old);
    EXPECT_EQ(record.code, static_cast<std::uint8_t>(c.code)) << c.text;
    EXPECT_EQ(record.is_last, 255) << c.text;
    EXPECT_EQ(text_of(record.err), c.text);
  }
}

TEST(Upgrade, ReadsSystemCodesOffTheText) {
  const struct {
    const char* text;
    SystemCode code;
  } cases[] = {{"Heartbeat", SystemCode::kHeartbeat},
               {"Subscription request 1 for trades data succeeded", SystemCode::kSubscriptionAck},
               {"Warning: slow reading, not keeping pace", SystemCode::kSlowReaderWarning},
               {"Finished tbbo replay", SystemCode::kReplayCompleted},
               {"End of interval for ohlcv-1s", SystemCode::kEndOfInterval},
               {"Heartbeats", SystemCode::kUnset},
               {"Finished", SystemCode::kUnset}};
  for (const auto& c : cases) {
    auto old = old_record<SystemMsgV1>(RType::kSystem);
    set_text(old.msg, c.text);
    EXPECT_EQ(upgraded(old).code, static_cast<std::uint8_t>(c.code)) << c.text;
    EXPECT_EQ(text_of(upgraded(old).msg), c.text);
  }
}

TEST(Upgrade, GivesDefinitionsEmptyLegs) {
  auto old = old_record<InstrumentDefMsgV1>(RType::kDefinition);
  old.raw_instrument_id = 0xFFFFFFFF;
  set_text(old.raw_symbol, "ESH1");
  set_text(old.asset, "ES");
  old.instrument_class = kClassFuture;
  old.strike_price = kUndefPrice;
  const InstrumentDefMsg record = upgraded(old);
  EXPECT_EQ(record.header.size_bytes(), 520u);
  EXPECT_EQ(record.raw_instrument_id, 0xFFFFFFFFu);
  EXPECT_EQ(text_of(record.raw_symbol), "ESH1");
  EXPECT_EQ(text_of(record.asset), "ES");
  EXPECT_EQ(record.instrument_class, 'F');
  EXPECT_EQ(record.leg_price, kUndefPrice);
  EXPECT_EQ(record.leg_delta, kUndefPrice);
  EXPECT_EQ(record.leg_side, 'N');
  EXPECT_EQ(record.leg_count, 0);
  EXPECT_EQ(record.leg_instrument_class, '\0');
  EXPECT_EQ(text_of(record.leg_raw_symbol), "");
}

TEST(Upgrade, LeavesBlocksWithoutOldFormsWhereTheyAre) {
  auto statistic = old_record<StatMsgV1>(RType::kStatistics);
  const Bytes plain = bytes_of(testing::sample_tbbo(1)) + bytes_of(testing::sample_tbbo(2));
  const Bytes mixed = plain + bytes_of(statistic) + bytes_of(statistic) + plain;
  const ReadOut out = read_out(mixed, {.fragment_version = 1});
  EXPECT_EQ(out.block_count, 3u);
  EXPECT_EQ(out.record_count, 6u);
  EXPECT_EQ(out.records,
            plain + bytes_of(upgraded(statistic)) + bytes_of(upgraded(statistic)) + plain);
  EXPECT_EQ(read_out(mixed, {.fragment_version = 1, .upgrade = false}).block_count, 1u);
}

TEST(Upgrade, FitsManyOldFormsIntoBoundedMemory) {
  Bytes fragment;
  const auto definition = bytes_of(old_record<InstrumentDefMsgV2>(RType::kDefinition));
  for (int i = 0; i < 500; ++i) fragment = fragment + definition;
  const ReadOut out = read_out(fragment, {.fragment_version = 2, .buffer_bytes = 20'000});
  EXPECT_FALSE(out.error.has_value());
  EXPECT_EQ(out.record_count, 500u);
  EXPECT_EQ(out.records.size(), 500 * sizeof(InstrumentDefMsg));
  EXPECT_GT(out.block_count, 10u);
}

// The format's own files hold the same records in three versions.
TEST(Upgrade, MakesTheNewestFilesOutOfTheOld) {
  const std::filesystem::path folder = FM_SHARED_DATA "/dbn-fixtures";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "shared data absent: " << folder;
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string path = entry.path().string();
    const std::size_t version = path.find(".v3.dbn.zst");
    if (version == std::string::npos) continue;
    const ReadOut newest = read_out(testing::read_file(path));
    for (const char* old : {".v1.dbn.zst", ".v2.dbn.zst"}) {
      const std::string old_path = path.substr(0, version) + old;
      if (!std::filesystem::exists(old_path)) continue;
      const ReadOut upgraded = read_out(testing::read_file(old_path));
      ASSERT_FALSE(upgraded.error.has_value()) << old_path;
      EXPECT_EQ(upgraded.records, newest.records) << old_path;
      EXPECT_EQ(upgraded.metadata, newest.metadata) << old_path;
      ++compared;
    }
  }
  EXPECT_GE(compared, 20);
}

}  // namespace
}  // namespace fm::dbn
