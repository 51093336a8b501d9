// A gateway over generated trades and a live feed of it, each a program of its own, and the batch
// run over the same trades that the feed must equal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "program.h"

namespace fm::testing_cli {

inline constexpr const char* kFeedKey = "db-0123456789abcdefghijklmnopq";
inline constexpr const char* kFirstDate = "2025-06-10";
inline constexpr const char* kOtherKey = "db-9876543210abcdefghijklmnopq";

class FeedTest : public ProgramTest {
 protected:
  // The trades of four roots from kFirstDate on, and `frontmonth candles` of them in a lake; made
  // once for the test program.
  struct Source {
    std::string trades;
    std::string lake;
    std::string rows = {};  // the batch run's, once they were asked for
  };
  [[nodiscard]] virtual std::uint64_t trade_count() const { return 60'000; }
  [[nodiscard]] virtual int trade_dates() const { return 1; }
  [[nodiscard]] Source& source() const;

  struct Gateway {
    std::unique_ptr<Process> process;
    std::string port;
  };

  void SetUp() override;

  // `frontmonth replay` as fast as it is read. Port 0 is any free one; no path: the trades.
  [[nodiscard]] Gateway serve(const std::vector<std::string>& more = {},
                              const std::string& port = "0", const std::string& path = "");
  // Faults that make every session rest for so many milliseconds after every so many records.
  [[nodiscard]] std::string rests(std::uint64_t records, int milliseconds) const;
  // A fault: the first session falls silent behind so many records, until somebody ends it.
  [[nodiscard]] static std::string pause_at(std::uint64_t records) {
    return "stall@" + std::to_string(records) + ":10m";
  }
  // `frontmonth live` into the lake `lake` from the gateway's beginning, as frontmonth.yaml says;
  // what it says is in LAKE.out and LAKE.err.
  [[nodiscard]] std::unique_ptr<Process> live(const Gateway& gateway, const std::string& lake,
                                              const std::vector<std::string>& more = {},
                                              const std::string& begin = "0");
  // The same to the gateway's end; returns its report, one JSON object.
  std::string live_to_the_end(const Gateway& gateway, const std::string& lake,
                              const std::vector<std::string>& more = {});

  [[nodiscard]] std::string log_of(const std::string& lake) const {
    return path("frontmonth-state-" + lake + "/capture/GLBX.MDP3");
  }
  // Durable records, with what the log adds of its own.
  [[nodiscard]] std::uint64_t records_in_log(const std::string& lake) const;
  // Until the log of a running feed holds so many.
  void await_records(Process& feed, const std::string& lake, std::uint64_t records);

  // The rows of candles_1m, candles_1s, candle_session_contracts and candle_sessions are the batch
  // run's, cell by cell. Left out is what says when and from what they were made.
  void expect_batch_rows(const std::string& lake);
  // The log, read as files by a batch run, gives them, too: every record is there, and once.
  void expect_batch_rows_from_log(const std::string& lake);

 private:
  [[nodiscard]] std::string rows(const std::string& lake);
};

// A number of a JSON object such as the program prints.
[[nodiscard]] std::uint64_t number_in(const std::string& json, const std::string& key);

}  // namespace fm::testing_cli
