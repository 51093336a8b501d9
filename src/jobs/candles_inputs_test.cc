// The same records in other forms, other pieces and other orders give the same rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/testing_forwarding_env.h"
#include "jobs/candles_job.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_conversions.h"

namespace fm::jobs {
namespace {

std::string shared(std::string_view name) { return fmt::format("{}/{}", FM_SHARED_DATA, name); }

class CandlesInputs : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(shared("candles")))
      GTEST_SKIP() << "shared data absent: " << shared("candles");
  }
  static std::string golden_rows(std::string_view set) {
    return read_whole(shared(fmt::format("candles/{}.expected.csv.zst", set)));
  }
  static std::string golden_input(std::string_view set) {
    return shared(fmt::format("candles/{}.jsonl.zst", set));
  }
  std::string rows_of(std::vector<std::string> inputs, CandlesReport* report = nullptr) {
    CandlesOptions options;
    options.inputs = std::move(inputs);
    return candles_csv(options, folder_, report);
  }
  const TestDirectory folder_;
};

TEST_F(CandlesInputs, GoldenSetsAsDbnOfEveryVersionAndAsCsv) {
  for (const char* set : {"small", "late-1", "grains-1", "ties-1"}) {
    const auto records = records_of(golden_input(set));
    const std::string expected = golden_rows(set);
    for (const int version : {1, 2, 3}) {
      const std::string path = folder_.file(version == 2 ? "in.dbn.zst" : "in.dbn");
      write_dbn(path, records, version,
                version == 3 ? Mappings::kAsRecords : Mappings::kInMetadata);
      EXPECT_TRUE(same_rows(expected, rows_of({path}))) << set << " as version " << version;
      std::filesystem::remove(path);
    }
    for (const bool pretty : {false, true}) {
      write_csv(folder_.file("in.csv"), records, pretty);
      EXPECT_TRUE(same_rows(expected, rows_of({folder_.file("in.csv")})))
          << set << " as CSV, pretty " << pretty;
    }
  }
}

TEST_F(CandlesInputs, ChunkingChangesNothing) {
  const auto records = records_of(golden_input("small"));
  write_dbn(folder_.file("in.dbn"), records, 3, Mappings::kInMetadata);
  write_dbn(folder_.file("in.dbn.zst"), records, 1, Mappings::kInMetadata);
  write_csv(folder_.file("in.csv"), records, true);
  const struct {
    std::string input;
    const char* set;
  } cases[] = {{folder_.file("in.dbn"), "small"},
               {folder_.file("in.dbn.zst"), "small"},
               {folder_.file("in.csv"), "small"},
               {golden_input("edge-5"), "edge-5"},
               {golden_input("text-1"), "text-1"}};
  for (const auto& test : cases) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      ForwardingEnv env;
      env.on_open = [&](const std::string& path, std::unique_ptr<ReadableFile> file) {
        return path == test.input ? with_short_reads(std::move(file), seed) : std::move(file);
      };
      CandlesOptions options;
      options.inputs = {test.input};
      options.output = folder_.file("candles.csv");
      NoProgress quiet;
      const auto report = run_candles(env, options, quiet);
      ASSERT_TRUE(report) << report.error().message();
      EXPECT_TRUE(same_rows(golden_rows(test.set), read_whole(options.output)))
          << test.input << " seed " << seed;
    }
  }
}

// Records of one arrival stay together: between files their order is that of the names.
TEST_F(CandlesInputs, SplitFilesInAnyFormAndNamingMergeByArrival) {
  const auto records = records_of(golden_input("small"));
  std::mt19937_64 random(7);
  for (int round = 0; round < 4; ++round) {
    const std::size_t parts = 2 + random() % 9;
    std::vector<std::vector<SymbolRecord>> split(parts);
    std::vector<std::string> names;
    Nanos last = 0;
    std::size_t part = 0;
    for (const SymbolRecord& record : records) {
      // Odd rounds interleave, even ones cut into long stretches.
      const bool move = round % 2 == 1 || random() % 2000 == 0;
      if (last != 0 && record.record.ts_recv != last && move) part = random() % parts;
      last = record.record.ts_recv;
      split[part].push_back(record);
    }
    // The first part says that it covers everything, as one file would.
    const Nanos begin = records.front().record.header.ts_event;
    const TestDirectory folder;
    for (std::size_t i = 0; i < parts; ++i) {
      const std::string name = folder.file(fmt::format("{:04}", random() % 10'000));
      if (split[i].empty()) continue;
      switch (i % 3) {
        case 0:
          write_dbn(name + ".dbn.zst", split[i], 3, Mappings::kInMetadata, begin, last + 1);
          break;
        case 1:
          write_csv(name + ".csv", split[i], false);
          break;
        default:
          write_dbn(name + ".dbn", split[i], 2, Mappings::kAsRecords);
          break;
      }
    }
    CandlesReport report;
    EXPECT_TRUE(same_rows(golden_rows("small"), rows_of({folder.path()}, &report)))
        << "round " << round;
    EXPECT_EQ(report.records, records.size());
  }
}

TEST_F(CandlesInputs, RealFilesGiveTheirOwnVolume) {
  const struct {
    const char* path;
    std::uint64_t records;
    std::uint64_t accepted;
    std::int64_t volume;  // 0: compare with nothing
  } cases[] = {
      {"esh4-2023-12-25/glbx-mdp3-20231225.tbbo.dbn", 2973, 2973, 9892},
      {"esh4-2023-12-25/glbx-mdp3-20231225.mbp-1.dbn.zst", 32075, 2973, 9892},
      {"es-2024-07-01/futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst", 2288, 120, 0},
      {"glbx-fixtures/test_data.tbbo.dbn.zst", 4, 4, 0},
      {"batch-jobs/GLBX-20231226-SYNTHJOB01-dbn", 2973, 2973, 9892}};
  for (const auto& test : cases) {
    CandlesReport report;
    static_cast<void>(rows_of({shared(test.path)}, &report));
    EXPECT_EQ(report.records, test.records) << test.path;
    EXPECT_EQ(report.accepted, test.accepted) << test.path;
    std::int64_t volume = 0;
    for (const TickerReport& ticker : report.tickers) volume += ticker.volume;
    if (test.volume > 0) {
      EXPECT_EQ(volume, test.volume) << test.path;
    }
  }
}

TEST_F(CandlesInputs, FilesOfABatchJobThatHoldNoTradesAreSkipped) {
  const auto inputs = std::vector<std::string>{shared("batch-jobs/GLBX-20231226-SYNTHJOB01-dbn"),
                                               shared("batch-jobs/GLBX-20231226-SYNTHJOB01-csv")};
  CandlesReport report;
  static_cast<void>(rows_of(inputs, &report));
  EXPECT_EQ(report.files, 1u);
  EXPECT_EQ(report.accepted, 2973u);
  EXPECT_GE(report.files_skipped, 7u);
}

TEST_F(CandlesInputs, TbboAndMbp1TogetherAreRefused) {
  CandlesOptions options;
  options.inputs = {shared("esh4-2023-12-25")};
  options.output = folder_.file("x.csv");
  NoProgress quiet;
  const auto report = run_candles(Env::posix(), options, quiet);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kUnsupported) << report.error().message();
  EXPECT_NE(report.error().message().find("mbp-1"), std::string::npos);
}

TEST_F(CandlesInputs, ASecondCopyCountsOnce) {
  const std::string one = shared("esh4-2023-12-25/glbx-mdp3-20231225.tbbo.dbn");
  std::filesystem::copy_file(one, folder_.file("copy.dbn"));
  CandlesReport report;
  EXPECT_TRUE(
      same_rows(golden_rows("esh4"), rows_of({one, one, folder_.file("copy.dbn")}, &report)));
  EXPECT_EQ(report.files, 1u);
  EXPECT_EQ(report.files_skipped, 1u);
}

}  // namespace
}  // namespace fm::jobs
