// What files cover and what is still to be fetched.
#include "quality/file_ranges.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fm::quality {
namespace {

Interval days(Date from, Date before) { return {from.first_second(), before.first_second()}; }

std::vector<FileRange> files() {
  return {{"a.dbn", "ohlcv-1m", {"ES", "ZL"}, days({2025, 6, 2}, {2025, 6, 9})},
          {"b.dbn", "ohlcv-1m", {"ES"}, days({2025, 6, 6}, {2025, 6, 16})},
          {"c.dbn", "ohlcv-1d", {"ES"}, days({2025, 6, 2}, {2025, 6, 9})}};
}

TEST(FileRanges, OverlapsAreOfOneRootAndSchema) {
  const auto es = overlaps(files(), "ES", "ohlcv-1m");
  ASSERT_EQ(es.size(), 1U);
  EXPECT_EQ(es[0].path, "b.dbn");
  EXPECT_EQ(es[0].other, "a.dbn");
  EXPECT_EQ(es[0].both, days({2025, 6, 6}, {2025, 6, 9}));
  EXPECT_TRUE(overlaps(files(), "ZL", "ohlcv-1m").empty());
  EXPECT_TRUE(overlaps(files(), "ES", "ohlcv-1d").empty());
  EXPECT_EQ(covered_times(files(), "ES", "ohlcv-1m").size(), 2U);
}

TEST(FileRanges, AFileWithinAnotherDoesNotHideWhatFollows) {
  const auto found = overlaps({{"long", "s", {"R"}, {0, 100}},
                               {"short", "s", {"R"}, {10, 20}},
                               {"next", "s", {"R"}, {90, 120}}},
                              "R", "s");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].path, "next");
  EXPECT_EQ(found[1].other, "long");
  EXPECT_EQ(found[1].both, (Interval{90, 100}));
}

std::vector<DownloadRequest> plan(std::vector<std::string> roots, Date from, Date to,
                                  const std::vector<Density>& densities = {}) {
  return missing_downloads(
      files(), {.roots = std::move(roots), .schemas = {{"ohlcv-1m", 60}}, .from = from, .to = to},
      market::Universe::builtin(), market::Calendar::builtin(), densities);
}

TEST(DownloadPlan, AsksForWhatNoFileCovers) {
  const auto requests = plan({"ES", "ZL"}, {2025, 5, 31}, {2025, 6, 19},
                             {{"ES", "ohlcv-1m", 1.5}, {"ZL", "ohlcv-1m", 2}});
  // ES on Sunday evening (ZL opens at 00:00 UTC), then ZL from the 9th and ES from the 16th on.
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].from, Date(2025, 5, 31));
  EXPECT_EQ(requests[0].to, Date(2025, 6, 2));
  EXPECT_EQ(requests[0].roots, (std::vector<std::string>{"ES"}));
  EXPECT_EQ(requests[0].estimated_records, 2 * 60 * 1.5);
  EXPECT_EQ(requests[1].from, Date(2025, 6, 9));
  EXPECT_EQ(requests[1].roots, (std::vector<std::string>{"ZL"}));
  EXPECT_EQ(requests[2].from, Date(2025, 6, 16));
  EXPECT_EQ(requests[2].to, Date(2025, 6, 19));
  EXPECT_EQ(requests[2].roots, (std::vector<std::string>{"ES"}));
  EXPECT_EQ(requests[2].estimated_records, 3 * 23 * 60 * 1.5) << "three UTC dates of 23 hours";
  EXPECT_EQ(requests[2].estimated_bytes, 3 * 23 * 60 * 1.5 * 56);
}

TEST(DownloadPlan, SharesARequestAndSaysWhereNothingIsKnown) {
  const auto requests = plan({"CL", "NQ"}, {2025, 6, 2}, {2025, 6, 7}, {{"CL", "ohlcv-1m", 1}});
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].roots, (std::vector<std::string>{"CL", "NQ"}));
  EXPECT_FALSE(requests[0].estimated_records);
  EXPECT_FALSE(requests[0].estimated_bytes);
}

TEST(DownloadPlan, NothingBeforeAProductBegan) {
  const market::Root* const mes = market::Universe::builtin().find("MES");
  ASSERT_NE(mes, nullptr);
  ASSERT_TRUE(mes->first_trade_date);
  const auto requests = plan({"MES"}, {2010, 6, 6}, {2020, 1, 1});
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].from, *mes->first_trade_date - 1) << "its evening";
  EXPECT_TRUE(plan({"MES"}, {2010, 6, 6}, {2015, 1, 1}).empty());
}

}  // namespace
}  // namespace fm::quality
