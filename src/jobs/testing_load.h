// Bars for tests of loading, written as the vendor writes them, and what the lake makes of them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing_fault_env.h"
#include "dbn/record.h"
#include "jobs/load.h"
#include "ops/state.h"

namespace fm::jobs {

inline constexpr Nanos kBarDay = 1'750'032'000 * kNanosPerSecond;  // 2025-06-16T00:00:00Z
inline constexpr Nanos kBarMinute = 60 * kNanosPerSecond;

// A bar whose four prices are `close`.
struct TestBar {
  Nanos time = 0;
  std::string symbol;
  double close = 0;
  std::uint64_t volume = 1;
  friend auto operator<=>(const TestBar&, const TestBar&) = default;
};

[[nodiscard]] TestBar minute_bar(int minute, std::string symbol, double close,
                                 std::uint64_t volume = 1);
[[nodiscard]] dbn::OhlcvMsg record_of(const TestBar& bar, std::uint32_t instrument,
                                      dbn::Schema schema);

// As DBN with mappings, JSON lines or CSV with symbols: what the name ends in, also in ".zst". Only
// for symbols that were met before: numbers of instruments are given in the order of names.
void write_bars(const std::string& path, const std::vector<TestBar>& bars,
                dbn::Schema schema = dbn::Schema::kOhlcv1m,
                const std::string& dataset = "GLBX.MDP3");
// A trade of ESU5, some seconds into kBarDay.
struct TestTrade {
  int second = 0;
  std::uint32_t size = 1;
  friend auto operator<=>(const TestTrade&, const TestTrade&) = default;
};
void write_test_trades(const std::string& path, const std::vector<TestTrade>& trades);
// Each as often as it is stored, in order.
[[nodiscard]] std::vector<TestTrade> stored_test_trades(const std::string& lake);

// When the file was changed last.
void set_modified(const std::string& path, Nanos time);

// Every row of a table of bars, in the order of its key.
[[nodiscard]] std::vector<TestBar> stored_bars_of(const std::string& lake,
                                                  const table::Table& table);
[[nodiscard]] std::vector<TestBar> stored_minutes(const std::string& lake);
// The files of a table's partitions, by partition: what must not change where nothing is new.
[[nodiscard]] std::map<std::string, std::vector<std::string>> files_in(const std::string& lake,
                                                                       const table::Table& table);

// Runs and expects it to end with a report.
LoadReport load(const LoadOptions& options, Env& env = Env::posix());

// A folder `in` for files, and a lake that they are loaded into.
class LoadFixture : public ::testing::Test {
 protected:
  LoadFixture() {
    options_.lake = folder_.file("lake");
    EXPECT_TRUE(Env::posix().make_directories(folder_.file("in")));
  }

  std::string in(const std::string& name) { return folder_.file("in/" + name); }
  LoadReport load_all() {
    options_.inputs = {folder_.file("in")};
    return load(options_);
  }
  std::vector<TestBar> stored() { return stored_minutes(options_.lake); }
  std::vector<ops::LoadedFile> state() {
    auto state =
        ops::State::open_to_read(Env::posix(), folder_.file("frontmonth-state-lake/ops.sqlite"));
    EXPECT_TRUE(state);
    return state ? state->loads().value() : std::vector<ops::LoadedFile>{};
  }
  LoadedFileReport only_file(const LoadReport& report) {
    EXPECT_EQ(report.files.size(), 1U);
    return report.files.empty() ? LoadedFileReport{} : report.files.front();
  }

  const TestDirectory folder_;
  LoadOptions options_;
};

}  // namespace fm::jobs
