#include "gateway/control_line.h"

#include <gtest/gtest.h>

namespace fm::gateway {
namespace {

const std::string kDigest(64, 'a');

TEST(ControlLine, ReadsAuthenticationsOfEveryClient) {
  const std::string auth = "auth=" + kDigest + "-12345|dataset=GLBX.MDP3|";
  struct {
    std::string line;
    bool zstd;
    bool ts_out;
    int heartbeat;
    SlowReader slow_reader;
  } const cases[] = {
      {auth + "encoding=dbn|ts_out=0|compression=none|client=C++ 0.65", false, false, 30,
       SlowReader::kDefault},
      {auth + "encoding=dbn|compression=zstd|ts_out=1|client=Rust|slow_reader_behavior=skip", true,
       true, 30, SlowReader::kSkip},
      {auth + "encoding=dbn|details|ts_out=0", false, false, 30, SlowReader::kDefault},
      {auth + "ts_out=0|heartbeat_interval_s=1800|slow_reader_behavior=warn|new_key=?\r", false,
       false, 1'800, SlowReader::kWarn},
  };
  for (const auto& c : cases) {
    const auto request = parse_auth(c.line);
    if (c.line.find("details") != std::string::npos) {
      EXPECT_FALSE(request);
      continue;
    }
    ASSERT_TRUE(request) << request.error().message();
    EXPECT_EQ(request->digest, kDigest);
    EXPECT_EQ(request->bucket, "12345");
    EXPECT_EQ(request->dataset, "GLBX.MDP3");
    EXPECT_EQ(request->zstd, c.zstd);
    EXPECT_EQ(request->ts_out, c.ts_out);
    EXPECT_EQ(request->heartbeat_interval_s, c.heartbeat);
    EXPECT_EQ(request->slow_reader, c.slow_reader);
  }
}

TEST(ControlLine, ReadsSubscriptionsInAnyOrder) {
  for (const char* line :
       {"schema=tbbo|stype_in=continuous|start=5|id=7|symbols=ES.c.0,NQ.c.0|snapshot=0|is_last=0",
        "schema=tbbo|stype_in=continuous|id=7|start=5|symbols=ES.c.0,NQ.c.0|snapshot=0|is_last=0",
        "is_last=0|symbols=ES.c.0, NQ.c.0,|later=x|stype_in=continuous|schema=tbbo|start=5|id=7"}) {
    const auto request = parse_subscribe(line);
    ASSERT_TRUE(request) << request.error().message();
    EXPECT_EQ(request->schema, dbn::Schema::kTbbo);
    EXPECT_EQ(request->stype_in, dbn::SType::kContinuous);
    EXPECT_EQ(request->symbols, (std::vector<std::string>{"ES.c.0", "NQ.c.0"}));
    EXPECT_EQ(request->start, Nanos{5});
    EXPECT_EQ(request->id, 7u);
    EXPECT_FALSE(request->is_last);
    EXPECT_FALSE(request->snapshot);
  }
  const auto shortest = parse_subscribe("schema=trades|symbols=ESH4");
  ASSERT_TRUE(shortest);
  EXPECT_TRUE(shortest->is_last);
  EXPECT_EQ(shortest->start, std::nullopt);
  EXPECT_EQ(shortest->id, std::nullopt);
}

TEST(ControlLine, ErrorsCanTravelInALine) {
  for (const char* line : {"schema=a\tb", "schema=\x01\xff|symbols=x", "a|b", "=x",
                           "id=99999999999", "schema=trades|symbols=,,,"}) {
    const auto request = parse_subscribe(line);
    ASSERT_FALSE(request) << line;
    for (const char c : request.error().message())
      EXPECT_TRUE(c >= ' ' && c < '\x7F' && c != '|') << request.error().message();
  }
}

TEST(ControlLine, TellsStartFromSubscriptions) {
  EXPECT_EQ(kind_of("start_session"), LineKind::kStart);
  EXPECT_EQ(kind_of("start_session=0"), LineKind::kStart);
  EXPECT_EQ(kind_of("start_session\r"), LineKind::kStart);
  EXPECT_EQ(kind_of("start_sessions"), LineKind::kSubscribe);
  EXPECT_EQ(kind_of(""), LineKind::kSubscribe);
}

TEST(ControlLine, ReadsMoments) {
  const Nanos noon = *parse_iso_nanos("2024-06-02T12:00:00Z");
  struct {
    const char* text;
    std::optional<Nanos> moment;
  } const cases[] = {{"0", 0},
                     {"1717329600000000000", noon},
                     {"2024-06-02", noon - 12 * 3'600 * kNanosPerSecond},
                     {"20240602", noon - 12 * 3'600 * kNanosPerSecond},
                     {"2024-06-02T12:00", noon},
                     {"2024-06-02T12:00:00", noon},
                     {"2024-06-02 12:00:00", noon},
                     {"2024-06-02T12:00:00Z", noon},
                     {"2024-06-02T12:00:00.5Z", noon + kNanosPerSecond / 2},
                     {"2024-06-02T07:00:00-05:00", noon},
                     {"2024-06-02T14:00:00+0200", noon},
                     {"2024-06-02T14:00:00+02", noon},
                     {"", std::nullopt},
                     {"now", std::nullopt},
                     {"-5", std::nullopt},
                     {"1900-01-01", std::nullopt},
                     {"2024-02-30", std::nullopt},
                     {"2024-06-02T25:00:00", std::nullopt},
                     {"2024-06-02T12:00:00+99:00", std::nullopt},
                     {"1970-01-01T00:00:00+01:00", std::nullopt},
                     {"99999999999999999999", std::nullopt}};
  for (const auto& c : cases) {
    const auto moment = parse_moment(c.text);
    EXPECT_EQ(moment.has_value(), c.moment.has_value()) << c.text;
    EXPECT_EQ(moment.value_or(0), c.moment.value_or(0)) << c.text;
  }
}

}  // namespace
}  // namespace fm::gateway
