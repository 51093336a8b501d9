#include "capture/markers.h"

#include <gtest/gtest.h>

namespace fm::capture {
namespace {

TEST(Markers, SurviveTheirRecord) {
  const Marker markers[] = {
      SessionMarker{.start = 1'718'571'600'000'000'000},
      SessionMarker{.start = 0},
      GapMarker{.from = 5, .to = 9, .reason = "silent for 35 s"},
      GapMarker{.from = 0, .to = kUndefTime, .reason = "x to=5 reason=y"},
  };
  for (const Marker& marker : markers) {
    const auto record = encode(marker, 77);
    EXPECT_EQ(record.header.ts_event, 77U);
    EXPECT_EQ(record.header.publisher_id, 0U);
    EXPECT_EQ(decode_marker(dbn::RecordView(record)), marker) << dbn::text_of(record.msg);
  }
}

TEST(Markers, GiveReasonsTheirDue) {
  const auto none = encode(GapMarker{.from = 1, .to = 2, .reason = ""}, 0);
  EXPECT_EQ(std::get<GapMarker>(*decode_marker(dbn::RecordView(none))).reason, "unknown");
  const auto longer = encode(GapMarker{.from = 1, .to = 2, .reason = std::string(500, 'r')}, 0);
  const auto read = std::get<GapMarker>(*decode_marker(dbn::RecordView(longer)));
  EXPECT_EQ(read.from, 1U);
  EXPECT_GT(read.reason.size(), 200U);
}

TEST(Markers, AreToldFromOtherRecords) {
  const auto changed = [](auto change) {
    auto record = encode(SessionMarker{.start = 5}, 0);
    change(record);
    return decode_marker(dbn::RecordView(record)).has_value();
  };
  EXPECT_TRUE(changed([](auto&) {}));
  EXPECT_FALSE(changed([](auto& r) { r.code = 0; }));
  EXPECT_FALSE(changed([](auto& r) { r.header.publisher_id = 1; }));
  EXPECT_FALSE(changed([](auto& r) { r.header.rtype = dbn::RType::kError; }));
  EXPECT_FALSE(changed([](auto& r) { dbn::set_text(r.msg, "Heartbeat"); }));
  EXPECT_FALSE(changed([](auto& r) { dbn::set_text(r.msg, "frontmonth.session start="); }));
  EXPECT_FALSE(changed([](auto& r) { dbn::set_text(r.msg, "frontmonth.session start=5 x"); }));
  EXPECT_FALSE(
      changed([](auto& r) { dbn::set_text(r.msg, "frontmonth.gap from=5 to= reason=x"); }));
  EXPECT_FALSE(changed([](auto& r) {
    dbn::set_text(r.msg, "frontmonth.gap from=99999999999999999999999 to=5 reason=x");
  }));
}

}  // namespace
}  // namespace fm::capture
