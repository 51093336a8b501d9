// From minutes to continuous series as a user goes: load, rollup, continuous, query; again, killed,
// and with what is missing.
#include "program.h"

namespace fm::testing_cli {
namespace {

class RollupProgram : public ProgramTest {
 protected:
  // Two contracts of ES from Monday, 2025-06-09, on, 10:00 in Chicago: the second is the busier one
  // from Wednesday on.
  void write_minutes(const std::string& name, int first_day, int days) {
    std::string text =
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n";
    for (int day = first_day; day < first_day + days; ++day)
      for (int minute = 0; minute < 3; ++minute) {
        const long long time = 1'749'481'200LL + 86'400LL * day + 60 * minute;
        const int price = 100 + day + minute;
        const auto line = [&](const char* symbol, int close, int volume) {
          text += std::to_string(time) + "000000000,33,1,5," + std::to_string(close) + ".0," +
                  std::to_string(close + 1) + ".0," + std::to_string(close - 1) + ".0," +
                  std::to_string(close) + ".0," + std::to_string(volume) + "," + symbol + "\n";
        };
        line("ESM5", price, day < 2 ? 50 : 10);
        line("ESU5", price + 10, 30);
      }
    write(name, text);
  }
  std::string rows(const std::string& sql) {
    return result({"query", "--lake", "lake", "--format", "csv", sql});
  }
};

TEST_F(RollupProgram, GoesFromMinutesToAContinuousSeries) {
  write_minutes("a.csv", 0, 5);
  EXPECT_EQ(run({"load", "a.csv", "--lake", "lake"}).exit_code, 0);
  EXPECT_NE(
      result({"rollup", "--lake", "lake", "--dry-run"}).find("due  market_data.bars_1h  ES  2025"),
      std::string::npos);
  EXPECT_EQ(result({"rollup", "--lake", "lake"}), "2 partitions made, 2 changed, 20 rows\n");
  EXPECT_EQ(result({"rollup", "--lake", "lake"}), "nothing is due\n");
  EXPECT_EQ(rows("SELECT date, symbol, open, high, low, close, volume, basis FROM "
                 "databento_futures_ohlcv_1d ORDER BY date, symbol LIMIT 2"),
            "date,symbol,open,high,low,close,volume,basis\n"
            "2025-06-09,ESM5,100,103,99,102,150,trade_date\n"
            "2025-06-09,ESU5,110,113,109,112,90,trade_date\n");

  const std::string report = result({"continuous", "--rule", "volume", "--lake", "lake"});
  EXPECT_NE(report.find("ES_CONT_VOL"), std::string::npos) << report;
  EXPECT_NE(report.find("1 rolls"), std::string::npos) << report;
  EXPECT_EQ(
      rows("SELECT date, active_contract, close, roll_flag FROM "
           "databento_futures_continuous_1d WHERE cont_id = 'ES_CONT_VOL_BACKADJ' ORDER BY 1"),
      "date,active_contract,close,roll_flag\n"
      "2025-06-10,ESM5,113,false\n"
      "2025-06-11,ESM5,114,false\n"
      "2025-06-12,ESU5,115,true\n"
      "2025-06-13,ESU5,116,false\n");
  EXPECT_EQ(rows("SELECT count(*) FROM databento_futures_continuous_1m WHERE adjustment = 'none'"),
            "count_star()\n12\n");
  EXPECT_EQ(rows("SELECT spread_close FROM calendar_spreads_1d LIMIT 1"), "spread_close\n-10\n");
  EXPECT_EQ(rows("SELECT roll_date, contract, back_adjustment FROM roll_calendar ORDER BY 1"),
            "roll_date,contract,back_adjustment\n2025-06-10,ESM5,\n2025-06-12,ESU5,10\n");
  EXPECT_NE(result({"continuous", "--lake", "lake"}).find("nothing is due"), std::string::npos);
  EXPECT_TRUE(result({"continuous", "--lake", "lake", "--dry-run", "--json"})
                  .starts_with("{\"dry_run\":true"));
}

TEST_F(RollupProgram, MakesBarsOfCandlesThatAddUp) {
  EXPECT_EQ(run({"synth", "--roots", "ES,ZL", "--date", "2025-06-16", "--trades", "40000", "-o",
                 "day.dbn"})
                .exit_code,
            0);
  EXPECT_EQ(run({"candles", "day.dbn", "--lake", "lake"}).exit_code, 0);
  const std::string report = result(
      {"rollup", "--lake", "lake", "--tables", "candle_bars_1m,candle_bars_15m,candle_bars_1d"});
  EXPECT_NE(report.find("6 partitions made, 6 changed"), std::string::npos) << report;
  EXPECT_EQ(result({"rollup", "--lake", "lake", "--tables", "candle_bars_1m"}), "nothing is due\n");
  EXPECT_EQ(rows("SELECT ticker, d.cvd_open = s.cvd_open AS opens, d.cvd_close = s.cvd_close AS "
                 "closes, d.symbol = s.last_symbol AS ends FROM candle_bars_1d d JOIN "
                 "candle_sessions s USING (ticker, trade_date) ORDER BY 1"),
            "ticker,opens,closes,ends\nES,true,true,true\nZL,true,true,true\n");
  for (const char* table : {"candle_bars_1m", "candle_bars_15m"})
    EXPECT_EQ(rows("SELECT ticker, sum(volume), sum(trades), sum(vd), max(high), min(low), "
                   "sum(seconds_traded) FROM " +
                   std::string(table) + " GROUP BY 1 ORDER BY 1"),
              rows("SELECT ticker, sum(volume), sum(trades), sum(vd), max(high), min(low), "
                   "sum(seconds_traded) FROM candle_bars_1d GROUP BY 1 ORDER BY 1"))
        << table;
}

TEST_F(RollupProgram, EqualsTheVendorsOwnHour) {
  if (!is_shared_data_there()) GTEST_SKIP() << "the shared test data are not there";
  const std::string hour = shared("esh4-2023-12-25/glbx-mdp3-20231225.ohlcv-1");
  EXPECT_EQ(run({"load", hour + "m.dbn", hour + "h.dbn", "--lake", "lake"}).exit_code, 0);
  result({"rollup", "--lake", "lake"});
  const std::string columns = "ts_event, symbol, open, high, low, close, volume";
  EXPECT_EQ(rows("SELECT " + columns + " FROM bars_1h"),
            rows("SELECT " + columns + " FROM databento_futures_ohlcv_1h"));
  EXPECT_EQ(rows("SELECT date, volume, bars FROM databento_futures_ohlcv_1d"),
            "date,volume,bars\n2023-12-26,9892,60\n")
      << "the hour after Christmas counts for the 26th";
}

TEST_F(RollupProgram, SaysWhatIsMissing) {
  write_minutes("a.csv", 0, 2);
  EXPECT_EQ(run({"rollup", "--lake", "lake"}).exit_code, 1);
  EXPECT_EQ(run({"load", "a.csv", "--lake", "lake"}).exit_code, 0);
  const Outcome early = run({"continuous", "--rule", "volume", "--lake", "lake"});
  EXPECT_EQ(early.exit_code, 1);
  EXPECT_NE(early.err.find("there are no day bars"), std::string::npos) << early.err;
  result({"rollup", "--lake", "lake"});
  const Outcome refused = run({"continuous", "--rule", "open_interest", "--lake", "lake"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.out.find("refused ES: "), std::string::npos) << refused.out;
  EXPECT_NE(refused.out.find("frontmonth load"), std::string::npos) << refused.out;
  // The registry knows when ES expires.
  for (const char* rule : {"calendar", "days:3"})
    EXPECT_NE(result({"continuous", "--rule", rule, "--lake", "lake"}).find("ES_CONT_"),
              std::string::npos);
}

TEST_F(RollupProgram, CanBeKilledAnywhere) {
  write_minutes("a.csv", 0, 200);
  result({"load", "a.csv", "--lake", "lake"});
  result({"load", "a.csv", "--lake", "killed"});
  result({"rollup", "--lake", "lake"});
  result({"continuous", "--rule", "volume", "--lake", "lake"});
  for (const char* pause : {"0.02", "0.05", "0.08", "0.12", "0.2"})
    shell(std::string("\"$FM\" rollup --lake killed >/dev/null 2>&1 & sleep ") + pause +
          "; kill -9 $! 2>/dev/null; wait");
  EXPECT_EQ(run({"rollup", "--lake", "killed"}).exit_code, 0);
  for (const char* pause : {"0.02", "0.06", "0.1", "0.15", "0.25"})
    shell(std::string("\"$FM\" continuous --rule volume --lake killed >/dev/null 2>&1 & sleep ") +
          pause + "; kill -9 $! 2>/dev/null; wait");
  EXPECT_EQ(run({"continuous", "--rule", "volume", "--lake", "killed"}).exit_code, 0);
  for (const char* table :
       {"bars_1h", "databento_futures_ohlcv_1d", "roll_calendar", "databento_futures_continuous_1d",
        "databento_futures_continuous_1h", "databento_futures_continuous_1m", "futures_curve_1d"}) {
    const std::string files = "ls $LAKE/market_data/" + std::string(table) + "/*/*";
    EXPECT_EQ(shell("LAKE=lake; " + files + " | sed s:^lake::").out,
              shell("LAKE=killed; " + files + " | sed s:^killed::").out)
        << table << ": names are content";
  }
}

}  // namespace
}  // namespace fm::testing_cli
