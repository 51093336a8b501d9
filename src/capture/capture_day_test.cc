#include "capture/capture_day.h"

#include <gtest/gtest.h>

#include <set>

#include "market/session.h"
#include "market/universe.h"

namespace fm::capture {
namespace {

TEST(CaptureDay, RunsFromCutToCutInChicagoTime) {
  struct {
    const char* utc;
    Date day;
  } const cases[] = {
      {"2025-06-16T21:29:59.999999999Z", {2025, 6, 16}},  // 16:29:59 in summer
      {"2025-06-16T21:30:00Z", {2025, 6, 17}},
      {"2025-01-15T22:29:59Z", {2025, 1, 15}},  // in winter
      {"2025-01-15T22:30:00Z", {2025, 1, 16}},
      {"2025-06-15T22:00:00Z", {2025, 6, 16}},  // Sunday's opening is Monday's
      {"2025-06-13T21:30:00Z", {2025, 6, 14}},  // behind Friday's cut comes Saturday
      {"2025-03-09T21:30:00Z", {2025, 3, 10}},  // the day the clocks went forward
      {"2025-11-02T22:29:59Z", {2025, 11, 2}},  // … and back
  };
  auto days = CaptureDays::make();
  ASSERT_TRUE(days.has_value());
  for (const auto& c : cases) {
    const Nanos time = *parse_iso_nanos(c.utc);
    EXPECT_EQ(days->day_of(time), c.day) << c.utc;
    EXPECT_GT(days->end_of(c.day), time) << c.utc;
    EXPECT_LE(days->end_of(c.day - 1), time) << c.utc;
  }
}

TEST(CaptureDay, NoRegisteredRootTradesAtTheCut) {
  const auto& calendar = market::Calendar::builtin();
  std::set<market::TemplateId> templates;
  for (const auto& root : market::Universe::builtin().roots())
    templates.insert(calendar.template_of(root.name));
  ASSERT_GT(templates.size(), 3U);
  auto days = CaptureDays::make();
  ASSERT_TRUE(days.has_value());
  for (Date day(2010, 1, 1); day < Date(2028, 12, 31); day = day + 1) {
    const Second cut = second_of(days->end_of(day));
    for (const auto id : templates)
      EXPECT_FALSE(calendar.span_at(id, cut)) << calendar.name(id) << " " << day.iso();
  }
}

}  // namespace
}  // namespace fm::capture
