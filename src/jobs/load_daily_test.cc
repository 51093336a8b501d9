// Daily files that are no feed: read, kept apart, refused where they pretend.
#include "jobs/load_daily.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "jobs/daily_csv.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_load.h"
#include "lake/lake.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr const char* kYahoo =
    "Date,Open,High,Low,Close,Adj Close,Volume\n"
    "2000-11-13,14.95,14.95,14.93,14.93,14.93,23\n"
    "2001-03-02,null,null,null,16.5,16.5,\n"
    "2010-06-04,38.1,38.5,37.9,39,39,1200\n";

class LoadDailyTest : public LoadFixture {
 protected:
  LoadReport load_as(DailyForm form, std::vector<std::string> inputs) {
    options_.inputs = std::move(inputs);
    auto report = run_load_daily(Env::posix(), options_, form);
    EXPECT_TRUE(report) << report.error().message();
    return report ? *report : LoadReport{};
  }
  // Close by date (and symbol), as stored.
  std::map<std::string, double> closes(const table::Table& table, std::string_view column) {
    std::map<std::string, double> out;
    auto rows = lake::Lake::view(Env::posix(), options_.lake)->read(table, {});
    EXPECT_TRUE(rows);
    table::RowBatch batch(table);
    const auto symbol = table.find_column("symbol");
    while (*(*rows)->next(batch))
      for (std::size_t row = 0; row < batch.size(); ++row)
        out[Date::from_days(batch.int32s(table.column_index("date"))[row]).iso() +
            (symbol ? " " + std::string(batch.text(*symbol, row)) : "")] =
            batch.doubles(table.column_index(column))[row];
    return out;
  }
  std::map<std::string, double> bridge() {
    return closes(table::yahoo_zl_historical_2000_2010(), "yahoo_zl_close");
  }
};

TEST_F(LoadDailyTest, TheBridgeHasATableOfItsOwn) {
  write_whole(in("ZL=F.csv"), kYahoo);
  const LoadReport report = load_as(DailyForm::kYahoo, {in("ZL=F.csv")});
  EXPECT_EQ(report.verdict(), LoadVerdict::kOk) << to_text(report);
  EXPECT_EQ(only_file(report).added, 3U);
  EXPECT_EQ(only_file(report).roots, "ZL");
  EXPECT_EQ(bridge(), (std::map<std::string, double>{
                          {"2000-11-13", 14.93}, {"2001-03-02", 16.5}, {"2010-06-04", 39}}));
  EXPECT_TRUE(stored().empty()) << "and none of the feed's";
  const auto again = load_as(DailyForm::kYahoo, {in("ZL=F.csv")});
  EXPECT_EQ(only_file(again).action, LoadAction::kUnchanged);
}

TEST_F(LoadDailyTest, NothingElseIsTakenForTheBridge) {
  write_whole(in("ZL.csv"), std::string(kYahoo) +
                                "2010-06-07,38,38,38,38,38,1\n"
                                "2011-01-03,58,58,58,58,58,1\n");
  const LoadReport report = load_as(DailyForm::kYahoo, {in("ZL.csv")});
  EXPECT_EQ(only_file(report).added, 3U);
  EXPECT_EQ(only_file(report).rejected.at("not_taken"), 2U) << "the feed begins on 2010-06-06";
  EXPECT_FALSE(report.quarantine.empty());
  write_whole(in("ZS.csv"), kYahoo);
  const LoadReport other = load_as(DailyForm::kYahoo, {in("ZS.csv")});
  EXPECT_EQ(only_file(other).action, LoadAction::kRefused);
  EXPECT_NE(only_file(other).why.find("the bridge is of ZL alone"), std::string::npos)
      << only_file(other).why;
  // Without --as they are no futures prices at all.
  write_whole(in("daily.csv"), "Date,Open,High,Low,Close\n2011-01-03,58,58,58,58\n");
  options_.inputs = {in("daily.csv")};
  const LoadReport canonical = load(options_);
  EXPECT_EQ(only_file(canonical).action, LoadAction::kRefused);
  EXPECT_NE(only_file(canonical).advice.find("exchange's own feed"), std::string::npos);
  EXPECT_EQ(bridge().size(), 3U);
}

TEST_F(LoadDailyTest, ContractsAreNamedByTheirFiles) {
  write_whole(in("zlz25_price-history-10-03-2025.csv"),
              "Time,Open,High,Low,Last,Change,%Change,Volume,\"Open Int\"\r\n"
              "2025-10-03,50.44,50.58,49.95,50.05,-0.39,-0.77%,41426,0\r\n"
              "10/02/2025,50.42,50.75,49.98,50.44,0.02,+0.04%,68759,260956\r\n"
              "\"Downloaded from Barchart.com as of 10-03-2025 04:56pm CDT\"\r\n");
  const LoadReport report =
      load_as(DailyForm::kBarchart, {in("zlz25_price-history-10-03-2025.csv")});
  EXPECT_EQ(only_file(report).added, 2U) << to_text(report);
  EXPECT_TRUE(only_file(report).rejected.empty());
  EXPECT_EQ(
      closes(table::barchart_contract_1d(), "close"),
      (std::map<std::string, double>{{"2025-10-02 ZLZ25", 50.44}, {"2025-10-03 ZLZ25", 50.05}}));
  write_whole(in("prices.csv"), "Date,Close\n2025-10-03,1\n");
  const LoadReport unnamed = load_as(DailyForm::kBarchart, {in("prices.csv")});
  EXPECT_EQ(only_file(unnamed).action, LoadAction::kRefused);
  EXPECT_NE(only_file(unnamed).why.find("\"PRICES\" is no contract"), std::string::npos)
      << only_file(unnamed).why;
}

TEST_F(LoadDailyTest, WhatWasKnownLaterCountsInAnyOrder) {
  for (const bool newer_first : {false, true}) {
    std::filesystem::remove_all(options_.lake);
    std::filesystem::remove_all(folder_.file("frontmonth-state-lake"));
    write_whole(in("zl_a.csv"), "Date,Close\n2001-01-02,10\n2001-01-03,11\n");
    write_whole(in("zl_b.csv"), "Date,Close\n2001-01-03,12\n2002-01-02,13\n");
    set_modified(in("zl_a.csv"), kBarDay);
    set_modified(in("zl_b.csv"), kBarDay + kNanosPerDay);
    std::vector<std::string> order{in("zl_a.csv"), in("zl_b.csv")};
    if (newer_first) std::swap(order[0], order[1]);
    for (const std::string& file : order) load_as(DailyForm::kYahoo, {file});
    EXPECT_EQ(bridge(), (std::map<std::string, double>{
                            {"2001-01-02", 10}, {"2001-01-03", 12}, {"2002-01-02", 13}}))
        << newer_first;
  }
}

TEST(DailyCsv, SaysWhatIsWrongWithALine) {
  const struct {
    const char* line;
    const char* reason;
  } cases[] = {{"2001-01-02,1,2,0.5,1.5", ""},
               {"2001-01-02,1,2,0.5", "not as many cells as the header has"},
               {"2001-01-02,1,2,0.5,1.5,9", "not as many cells as the header has"},
               {"2001-13-02,1,2,0.5,1.5", "a value does not parse"},
               {"2001-01-02,one,2,0.5,1.5", "a value does not parse"},
               {"2001-01-02,1e999,2,0.5,1.5", "a value does not parse"},
               {"2001-01-02,1,2,0.5,", "has no close"},
               {"\"2001-01-02,1,2,0.5,1.5", "a quoted cell does not end"}};
  for (const auto& c : cases) {
    const std::string text = std::string("Date,Open,High,Low,Close\n") + c.line + "\n";
    const auto lines = read_daily_csv(text);
    ASSERT_TRUE(lines) << c.line;
    ASSERT_EQ(lines->size(), 1U) << c.line;
    EXPECT_EQ(lines->front().reason, c.reason) << c.line;
    EXPECT_EQ(lines->front().number, 2U);
  }
  EXPECT_FALSE(read_daily_csv("ts_event,open,high,low,close\n1,1,1,1,1\n"));
  EXPECT_FALSE(read_daily_csv(""));
  EXPECT_TRUE(read_daily_csv("Date,Close")->empty());
}

TEST(DailyCsv, RealFilesAreRead) {
  const std::string shared = FM_SHARED_DATA;
  if (!std::filesystem::exists(shared)) GTEST_SKIP() << "shared data absent: " << shared;
  for (const auto& [file, rows] : std::map<std::string, std::size_t>{
           {"contracts/zlz25_price-history-10-03-2025.csv", 100}, {"daily/zl_1d.csv", 5'000}}) {
    const auto text = read_text(Env::posix(), join(shared, file));
    ASSERT_TRUE(text);
    const auto lines = read_daily_csv(*text);
    ASSERT_TRUE(lines) << lines.error().message();
    EXPECT_GT(lines->size(), rows) << file;
    for (const DailyLine& line : *lines) EXPECT_EQ(line.reason, "") << file << " " << line.text;
  }
}

}  // namespace
}  // namespace fm::jobs
