// The stream of a session, from its metadata to every way in which it ends.
#include "databento/live_session.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "databento/testing_live_session.h"
#include "dbn/testing_records.h"
#include "dbn/text_json.h"

namespace fm::databento {
namespace {

using dbn::testing::Bytes;
using dbn::testing::bytes_of;
using dbn::testing::compress;
using dbn::testing::first_of;
using dbn::testing::sample_tbbo;
using dbn::testing::operator+;
using testing::Conversation;
using testing::FakeGateway;
using testing::kSoon;
using testing::live_metadata;
using testing::open;
using testing::receive_all;
using testing::Received;
using testing::stream_of;
using testing::ten_records;

Bytes text_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

TEST(LiveSession, GivesMetadataAndRecordsAndEndsCleanly) {
  FakeGateway gateway({[](Conversation& with) {
    with.let_in();
    with.send(stream_of(live_metadata()) + ten_records());
  }});
  const auto session = open(gateway.options());
  ASSERT_TRUE(session) << session.error().message();
  EXPECT_EQ((*session)->metadata(), live_metadata());
  EXPECT_EQ((*session)->session_id(), "1717171717");
  const Received received = receive_all(**session);
  EXPECT_FALSE(received.error) << received.error->message();
  EXPECT_EQ(received.records, ten_records());
  EXPECT_EQ((*session)->bytes_received(),
            stream_of(live_metadata()).size() + received.records.size());
  EXPECT_TRUE((*session)->next()->empty());
}

struct Ending {
  const char* what;
  Bytes sends;
  bool zstd;
  std::uint64_t records;
  std::optional<Code> code;
};

TEST(LiveSession, EveryWayInWhichAStreamEnds) {
  const Bytes whole = stream_of(live_metadata()) + ten_records();
  Bytes flipped = compress(whole);
  flipped.back() ^= std::byte{0x40};  // of the frame's checksum
  const Bytes packed = compress(whole);
  Bytes short_length = whole;
  short_length.resize(short_length.size() + 16);  // a record of length 0
  const Ending endings[] = {
      {"clean", whole, false, 10, std::nullopt},
      {"clean, nothing but metadata", stream_of(live_metadata()), false, 0, std::nullopt},
      {"half a record", first_of(whole, whole.size() - 30), false, 9, Code::kTruncated},
      {"half a header", first_of(whole, whole.size() - 70), false, 9, Code::kTruncated},
      {"a length that cannot be", short_length, false, 10, Code::kCorrupt},
      {"zstd", packed, true, 10, std::nullopt},
      {"zstd, two frames", packed + compress(ten_records()), true, 20, std::nullopt},
      {"zstd, frame not finished", first_of(packed, packed.size() - 2), true, 10, Code::kTruncated},
      {"zstd, a byte flipped", flipped, true, 10, Code::kCorrupt},
  };
  for (const Ending& ending : endings) {
    FakeGateway gateway({[&](Conversation& with) {
      with.let_in();
      with.send(ending.sends);
    }});
    LiveOptions options = gateway.options();
    options.zstd = ending.zstd;
    const auto session = open(options);
    ASSERT_TRUE(session) << ending.what << session.error().message();
    const Received received = receive_all(**session);
    EXPECT_EQ(received.record_count, ending.records) << ending.what;
    ASSERT_EQ(received.error.has_value(), ending.code.has_value()) << ending.what;
    if (!received.error) continue;
    EXPECT_EQ(received.error->code(), *ending.code) << received.error->message();
    EXPECT_TRUE(received.error->can_retry()) << ending.what;
    EXPECT_EQ(received.error->advice(), "") << ending.what;
    const auto again = (*session)->next();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().message(), received.error->message());
  }
}

TEST(LiveSession, StreamsThatDoNotBegin) {
  dbn::Metadata other = live_metadata();
  other.dataset = "XNAS.ITCH";
  const Bytes metadata = stream_of(live_metadata());
  struct {
    const char* what;
    Bytes sends;
    Code code;
    const char* says;
  } const cases[] = {
      {"closed", {}, Code::kTruncated, "is empty"},
      {"half the metadata", first_of(metadata, 60), Code::kTruncated, "in the middle of its"},
      {"no metadata", bytes_of(sample_tbbo(1)), Code::kCorrupt, ""},
      {"another dataset", stream_of(other), Code::kCorrupt, "XNAS.ITCH"},
  };
  for (const auto& one : cases) {
    FakeGateway gateway({[&](Conversation& with) {
      with.let_in();
      with.send(one.sends);
    }});
    const auto session = open(gateway.options());
    ASSERT_FALSE(session) << one.what;
    EXPECT_EQ(session.error().code(), one.code) << one.what;
    EXPECT_NE(session.error().message().find(one.says), std::string::npos)
        << session.error().message();
  }
}

TEST(LiveSession, SilenceEndsItAndHeartbeatsKeepIt) {
  dbn::SystemMsg heartbeat{};
  heartbeat.header.rtype = dbn::RType::kSystem;
  dbn::set_text(heartbeat.msg, "Heartbeat");
  FakeGateway gateway({[&](Conversation& with) {
    with.let_in();
    with.send(stream_of(live_metadata()));
    for (int i = 0; i < 5; ++i) {
      Env::posix().sleep_for(kSoon / 2);
      with.send(bytes_of(heartbeat));
    }
    with.stall();
  }});
  LiveOptions options = gateway.options();
  options.silence_max = 2 * kSoon;
  const auto session = open(options);
  ASSERT_TRUE(session) << session.error().message();
  const Received received = receive_all(**session);
  EXPECT_EQ(received.record_count, 5U);
  ASSERT_TRUE(received.error);
  EXPECT_EQ(received.error->code(), Code::kTimedOut);
  EXPECT_TRUE(received.error->can_retry());
  EXPECT_NE(received.error->message().find("not even a heartbeat"), std::string::npos);
}

TEST(LiveSession, GivesRecordsOutAsTheyCome) {
  for (const bool zstd : {false, true}) {
    FakeGateway gateway({[&](Conversation& with) {
      with.let_in();
      const Bytes first = stream_of(live_metadata()) + bytes_of(sample_tbbo(1));
      with.send(zstd ? compress(first) : first);
      with.stall();
    }});
    LiveOptions options = gateway.options();
    options.zstd = zstd;
    const auto session = open(options);
    ASSERT_TRUE(session) << session.error().message();
    const auto block = (*session)->next();
    ASSERT_TRUE(block);
    EXPECT_EQ(block->record_count, 1U);
  }
}

TEST(LiveSession, StopWakesTheReader) {
  FakeGateway gateway({[](Conversation& with) {
    with.let_in();
    with.send(stream_of(live_metadata()));
    with.stall();
  }});
  const auto session = open(gateway.options());
  ASSERT_TRUE(session) << session.error().message();
  std::thread stopper([&] {
    Env::posix().sleep_for(kSoon / 4);
    (*session)->stop();
  });
  const auto ended = (*session)->next();
  stopper.join();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::kDisconnected);
}

TEST(LiveSession, CarriesTheTimeOfSending) {
  Bytes record = bytes_of(sample_tbbo(1));
  record[0] = static_cast<std::byte>((record.size() + dbn::kTsOutBytes) / 4);
  const Nanos sent = 1'700'000'000'123'456'789;
  const auto* const tail = reinterpret_cast<const std::byte*>(&sent);
  record.insert(record.end(), tail, tail + sizeof sent);
  FakeGateway gateway({[&](Conversation& with) {
    with.let_in();
    with.send(stream_of(live_metadata(true)) + record);
  }});
  LiveOptions options = gateway.options();
  options.ts_out = true;
  const auto session = open(options);
  ASSERT_TRUE(session) << session.error().message();
  const auto block = (*session)->next();
  ASSERT_TRUE(block);
  ASSERT_EQ(block->record_count, 1U);
  EXPECT_EQ((*block->begin()).ts_out(), sent);
  EXPECT_NE((*block->begin()).get_if<dbn::Mbp1Msg>(), nullptr);
}

TEST(LiveSession, ReadsTheJsonEncoding) {
  const std::string_view lines =
      R"({"hd":{"ts_event":"1700000000000000000","rtype":22,"publisher_id":0,"instrument_id":5482},"stype_in":4,"stype_in_symbol":"ES.FUT","stype_out":1,"stype_out_symbol":"ESH1","start_ts":"18446744073709551615","end_ts":"18446744073709551615"}
{"ts_recv":"1609113600246821748","hd":{"ts_event":"1609113600246507011","rtype":1,"publisher_id":1,"instrument_id":5482},"action":"T","side":"B","depth":0,"price":"3702750000000","size":1,"flags":0,"ts_in_delta":18113,"sequence":145885,"levels":[{"bid_px":"3702500000000","ask_px":"3702750000000","bid_sz":8,"ask_sz":8,"bid_ct":7,"ask_ct":8}]}
not a line
{"hd":{"ts_event":"1700000000000000001","rtype":23,"publisher_id":0,"instrument_id":0},"msg":"Heartbeat","code":0}
{"hd":{"ts_event":"1700000000000000002","rtype":21,"publisher_id":0,"instrument_id":0},"err":"Failed to resolve symbol: X","code":4,"is_last":1}
{"hd":{"ts_event":"1700000000000000003","rtype":21,"publisher_id":0,"instrument_id":0},"err":"Internal error"}
)";
  for (const bool zstd : {false, true}) {
    FakeGateway gateway({[&](Conversation& with) {
      with.let_in();
      with.send(zstd ? compress(text_bytes(lines)) : text_bytes(lines));
    }});
    LiveOptions options = gateway.options();
    options.encoding = Encoding::kJson;
    options.zstd = zstd;
    const auto session = open(options);
    ASSERT_TRUE(session) << session.error().message();
    EXPECT_EQ((*session)->metadata().dataset, "GLBX.MDP3");
    const auto block = (*session)->next();
    ASSERT_TRUE(block);
    ASSERT_EQ(block->record_count, 5U);
    EXPECT_EQ(block->common_bytes, 0U);
    auto at = block->begin();
    const auto* const mapping = (*at++).get_if<dbn::SymbolMappingMsg>();
    ASSERT_NE(mapping, nullptr);
    EXPECT_EQ(dbn::text_of(mapping->stype_out_symbol), "ESH1");
    const auto* const trade = (*at++).get_if<dbn::Mbp1Msg>();
    ASSERT_NE(trade, nullptr);
    EXPECT_EQ(trade->sequence, 145'885U);
    EXPECT_EQ(trade->levels[0].ask_ct, 8U);
    const auto* const heartbeat = (*at++).get_if<dbn::SystemMsg>();
    ASSERT_NE(heartbeat, nullptr);
    EXPECT_EQ(heartbeat->code, 0);
    EXPECT_EQ(dbn::text_of(heartbeat->msg), "Heartbeat");
    EXPECT_EQ(heartbeat->header.ts_event, 1'700'000'000'000'000'001U);
    const auto* const unresolved = (*at++).get_if<dbn::ErrorMsg>();
    ASSERT_NE(unresolved, nullptr);
    EXPECT_EQ(unresolved->code, 4);
    EXPECT_EQ(unresolved->is_last, 1);
    const auto internal = closing_error(*at);
    ASSERT_TRUE(internal);
    EXPECT_EQ(internal->why, Closing::kInternal);
    EXPECT_EQ((*session)->malformed_lines(), 1U);
    EXPECT_TRUE((*session)->next()->empty());
  }
}

// A session of records in the JSON encoding, whose lines are those of today's encoder.
template <class Record>
void expect_same_bytes_from_json(Record record, dbn::RType rtype) {
  record.header.length = dbn::kLengthOf<Record>;
  record.header.rtype = rtype;
  record.header.publisher_id = 1;
  record.header.instrument_id = 5'482;
  record.header.ts_event = 1'609'113'600'246'507'011;
  std::string line;
  ASSERT_TRUE(dbn::append_json(dbn::RecordView(record), {}, "", line));
  FakeGateway gateway({[&](Conversation& with) {
    with.let_in();
    with.send(text_bytes(line + line));
  }});
  LiveOptions options = gateway.options();
  options.encoding = Encoding::kJson;
  const auto session = open(options);
  ASSERT_TRUE(session) << session.error().message();
  const auto block = (*session)->next();
  ASSERT_TRUE(block);
  ASSERT_EQ(block->record_count, 2U) << line;
  EXPECT_EQ(block->common_bytes, sizeof(Record));
  EXPECT_EQ(std::memcmp((*block->begin()).bytes().data(), &record, sizeof record), 0) << line;
  EXPECT_EQ((*session)->malformed_lines(), 0U);
}

TEST(LiveSession, TheJsonEncodingGivesTheRecordsOfTheDbnEncoding) {
  dbn::OhlcvMsg bar{};
  bar.open = bar.high = bar.low = bar.close = 4'800'250'000'000;
  bar.volume = 9;
  expect_same_bytes_from_json(bar, dbn::RType::kOhlcv1m);
  expect_same_bytes_from_json(bar, dbn::RType::kOhlcv1d);
  dbn::StatusMsg status{};
  status.ts_recv = 1'609'113'600'246'821'748;
  status.action = 7;
  status.is_trading = 'Y';
  status.is_quoting = status.is_short_sell_restricted = '~';
  expect_same_bytes_from_json(status, dbn::RType::kStatus);
  dbn::StatMsg statistic{};
  statistic.ts_recv = 1'609'113'600'246'821'748;
  statistic.ts_ref = kUndefTime;
  statistic.price = 4'800'250'000'000;
  statistic.quantity = dbn::kUndefStatQuantity;
  statistic.stat_type = 3;
  statistic.update_action = 1;
  expect_same_bytes_from_json(statistic, dbn::RType::kStatistics);
  dbn::InstrumentDefMsg definition{};
  definition.ts_recv = 1'609'113'600'246'821'748;
  definition.expiration = definition.activation = kUndefTime;
  definition.instrument_class = definition.match_algorithm = 'F';
  definition.security_update_action = 'A';
  definition.user_defined_instrument = definition.leg_side = 'N';
  dbn::set_text(definition.raw_symbol, "ESH1");
  expect_same_bytes_from_json(definition, dbn::RType::kDefinition);
}

TEST(LiveSession, JsonThatEndsOrRunsOnWithinALine) {
  struct {
    std::string sends;
    Code code;
  } const cases[] = {{R"({"hd":{"ts_event":"1")", Code::kTruncated},
                     {std::string(300'000, 'x'), Code::kCorrupt}};
  for (const auto& one : cases) {
    FakeGateway gateway({[&](Conversation& with) {
      with.let_in();
      with.send(one.sends);
    }});
    LiveOptions options = gateway.options();
    options.encoding = Encoding::kJson;
    const auto session = open(options);
    ASSERT_TRUE(session) << session.error().message();
    const Received received = receive_all(**session);
    ASSERT_TRUE(received.error);
    EXPECT_EQ(received.error->code(), one.code) << received.error->message();
    EXPECT_TRUE(received.error->can_retry());
  }
}

TEST(ClosingError, TellsWhichErrorsEndASession) {
  struct {
    std::uint8_t code;
    std::optional<Closing> why;
    bool passing;
  } const cases[] = {{1, Closing::kAuthentication, false},
                     {2, Closing::kAuthentication, false},
                     {3, Closing::kConnectionLimit, true},
                     {4, std::nullopt, false},
                     {5, Closing::kRequest, false},
                     {6, Closing::kInternal, true},
                     {7, std::nullopt, false},
                     {8, Closing::kAgedOut, false},
                     {99, std::nullopt, false},
                     {255, std::nullopt, false}};
  for (const auto& one : cases) {
    dbn::ErrorMsg record{};
    record.header.rtype = dbn::RType::kError;
    record.header.length = dbn::kLengthOf<dbn::ErrorMsg>;
    record.code = one.code;
    dbn::set_text(record.err, "words");
    const auto closing = closing_error(dbn::RecordView(record));
    ASSERT_EQ(closing.has_value(), one.why.has_value()) << int{one.code};
    if (!closing) continue;
    EXPECT_EQ(closing->why, *one.why);
    EXPECT_EQ(closing->message, "words");
    EXPECT_EQ(passes(closing->why), one.passing);
  }
  dbn::Mbp1Msg trade = sample_tbbo(1);
  trade.header.length = dbn::kLengthOf<dbn::Mbp1Msg>;
  EXPECT_FALSE(closing_error(dbn::RecordView(trade)));
}

}  // namespace
}  // namespace fm::databento
