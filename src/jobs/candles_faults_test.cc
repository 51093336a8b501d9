// What goes wrong is said, and leaves nothing behind.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing_forwarding_env.h"
#include "jobs/candles_job.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_conversions.h"

namespace fm::jobs {
namespace {

// A minute and a half of trades, one a second: enough for rows.
std::vector<SymbolRecord> some_records(std::size_t count = 90) {
  std::vector<SymbolRecord> records;
  for (std::size_t i = 0; i < count; ++i) {
    SymbolRecord record{{}, "ESM5"};
    record.record.header.publisher_id = 1;
    record.record.header.ts_event = (1'750'080'000 + i) * kNanosPerSecond;
    record.record.ts_recv = record.record.header.ts_event + 1'000;
    record.record.price = 6'000 * kPriceScale + static_cast<Price>(i % 7) * kPriceScale / 4;
    record.record.size = 1 + static_cast<std::uint32_t>(i % 5);
    record.record.action = 'T';
    record.record.side = i % 2 == 0 ? 'A' : 'B';
    record.record.levels[0] = {6'000 * kPriceScale, 6'001 * kPriceScale, 3, 4, 1, 1};
    records.push_back(record);
  }
  return records;
}

class CandlesFaults : public ::testing::Test {
 protected:
  Error error_of(Env& env, const CandlesOptions& options) {
    NoProgress quiet;
    auto report = run_candles(env, options, quiet);
    if (!report) return std::move(report).error();
    ADD_FAILURE() << "the run worked";
    return {Code::kInternal, ""};
  }
  Error error_of(const CandlesOptions& options) { return error_of(Env::posix(), options); }
  CandlesOptions options(std::string input) {
    CandlesOptions options;
    options.inputs = {std::move(input)};
    options.output = folder_.file("out.csv");
    return options;
  }
  std::string damaged_file() {
    write_dbn(folder_.file("whole.dbn"), some_records(), 3, Mappings::kInMetadata);
    const std::string bytes = read_whole(folder_.file("whole.dbn"));
    std::filesystem::remove(folder_.file("whole.dbn"));
    write_whole(folder_.file("torn.dbn"),
                std::string_view(bytes).substr(0, bytes.size() - 10 * 80 - 7));
    return folder_.file("torn.dbn");
  }
  const TestDirectory folder_;
};

TEST_F(CandlesFaults, OptionsThatCannotBe) {
  write_dbn(folder_.file("in.dbn"), some_records(), 3, Mappings::kInMetadata);
  const CandlesOptions good = options(folder_.file("in.dbn"));
  const struct {
    const char* what;
    void (*change)(CandlesOptions&);
    Code code;
  } cases[] = {
      {"nothing named", [](CandlesOptions& o) { o.inputs.clear(); }, Code::kInvalidArgument},
      {"no output", [](CandlesOptions& o) { o.output.clear(); }, Code::kInvalidArgument},
      {"two outputs", [](CandlesOptions& o) { o.lake = "x"; }, Code::kInvalidArgument},
      {"unknown ending", [](CandlesOptions& o) { o.output += ".txt"; }, Code::kInvalidArgument},
      {"Parquet on standard output",
       [](CandlesOptions& o) {
         o.output = "-";
         o.format = OutputFormat::kParquet;
       },
       Code::kInvalidArgument},
      {"no warm-up", [](CandlesOptions& o) { o.warmup_seconds = 0; }, Code::kInvalidArgument},
      {"unknown rule", [](CandlesOptions& o) { o.front_month = "v"; }, Code::kInvalidArgument},
      {"input as output",
       [](CandlesOptions& o) {
         o.output = o.inputs[0];
         o.format = OutputFormat::kCsv;
       },
       Code::kInvalidArgument},
      {"a directory as output",
       [](CandlesOptions& o) {
         o.output = o.inputs[0] + "/..";
         o.format = OutputFormat::kCsv;
       },
       Code::kInvalidArgument},
      {"missing file", [](CandlesOptions& o) { o.inputs[0] += "x"; }, Code::kNotFound},
  };
  for (const auto& test : cases) {
    CandlesOptions changed = good;
    test.change(changed);
    const Error error = error_of(changed);
    EXPECT_EQ(error.code(), test.code) << test.what << ": " << error.message();
  }
  EXPECT_EQ(names_below(folder_), std::vector<std::string>{"in.dbn"});
}

TEST_F(CandlesFaults, FolderWithoutTradesSaysWhatItSkipped) {
  std::filesystem::create_directories(folder_.file("job"));
  write_whole(folder_.file("job/manifest.json"), "{}");
  const Error error = error_of(options(folder_.file("job")));
  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_NE(error.message().find("manifest.json"), std::string::npos) << error.message();
}

TEST_F(CandlesFaults, AMissingInputIsNamedWithWhatToDo) {
  const Error error = error_of(options(folder_.file("absent.dbn")));
  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_NE(error.message().find("absent.dbn"), std::string::npos) << error.message();
  EXPECT_NE(error.advice().find("Check the name"), std::string::npos) << error.advice();
}

TEST_F(CandlesFaults, EmptyTextGivesNoRows) {
  write_whole(folder_.file("empty.jsonl"), "");
  EXPECT_EQ(lines_of(candles_csv(options(folder_.file("empty.jsonl")), folder_)).size(), 1u);
}

TEST_F(CandlesFaults, DamageStopsTheRunAndKeepsTheOldOutput) {
  const CandlesOptions made = options(damaged_file());
  write_whole(made.output, "old");
  const Error error = error_of(made);
  EXPECT_EQ(error.code(), Code::kTruncated) << error.message();
  EXPECT_NE(error.message().find("torn.dbn"), std::string::npos) << error.message();
  EXPECT_EQ(read_whole(made.output), "old");
  EXPECT_EQ(names_below(folder_), (std::vector<std::string>{"out.csv", "torn.dbn"}));
}

TEST_F(CandlesFaults, SalvageKeepsWhatComesBefore) {
  CandlesOptions made = options(damaged_file());
  made.salvage = true;
  write_whole(made.output, "old");
  const CandlesReport report = run(made);
  EXPECT_TRUE(report.lost_input());
  EXPECT_EQ(report.records, 79u);
  EXPECT_EQ(lines_of(read_whole(made.output)).size(), 1u + 20u);
}

TEST_F(CandlesFaults, FullDiskLeavesNoDebris) {
  write_dbn(folder_.file("in.dbn"), some_records(5000), 3, Mappings::kInMetadata);
  for (const char* ending : {".frontmonth-spill", ".frontmonth-draft"}) {
    ForwardingEnv env;
    env.on_create =
        [&](const std::string& path,
            std::unique_ptr<WritableFile> file) -> Result<std::unique_ptr<WritableFile>> {
      if (!path.ends_with(ending)) return file;
      return with_full_disk(std::move(file), 100'000);
    };
    CandlesOptions made = options(folder_.file("in.dbn"));
    made.buffer_bytes = 1;
    const Error error = error_of(env, made);
    EXPECT_EQ(error.code(), Code::kNoSpace) << ending << ": " << error.message();
    EXPECT_EQ(names_below(folder_), std::vector<std::string>{"in.dbn"}) << ending;
  }
}

TEST_F(CandlesFaults, LeftOutRecordsAreKeptForInspection) {
  auto records = some_records();
  records[10].record.price = kUndefPrice;
  records[20].symbol = "";
  records[30].symbol = "ESM5-ESU5";
  write_dbn(folder_.file("in.dbn"), records, 3, Mappings::kInMetadata);
  CandlesReport report;
  CandlesOptions made = options(folder_.file("in.dbn"));
  static_cast<void>(candles_csv(made, folder_, &report));
  EXPECT_EQ(report.quarantined, 2u);
  EXPECT_EQ(report.rejected.at("not_outright"), 1u);
  ASSERT_EQ(report.quarantine_file, folder_.file("candles.csv.quarantine.jsonl"));
  const auto lines = lines_of(read_whole(report.quarantine_file));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find("\"position\":\"record 10\",\"reason\":\"no_price\""), std::string::npos)
      << lines[0];
  EXPECT_NE(lines[1].find("\"reason\":\"unmapped\",\"symbol\":null,\"record\":{\"ts_recv\":"),
            std::string::npos)
      << lines[1];

  // Another run with nothing to complain about takes the old list away.
  write_dbn(folder_.file("in.dbn"), some_records(), 3, Mappings::kInMetadata);
  static_cast<void>(candles_csv(made, folder_, &report));
  EXPECT_EQ(report.quarantine_file, "");
  EXPECT_FALSE(std::filesystem::exists(folder_.file("candles.csv.quarantine.jsonl")));
}

TEST_F(CandlesFaults, MalformedLinesAreQuarantinedAsTheyStand) {
  write_csv(folder_.file("in.csv"), some_records(), true);
  write_whole(folder_.file("in.csv"), read_whole(folder_.file("in.csv")) + "nonsense,\"\xff\n");
  CandlesReport report;
  static_cast<void>(candles_csv(options(folder_.file("in.csv")), folder_, &report));
  const auto lines = lines_of(read_whole(report.quarantine_file));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("\"position\":\"line 92\",\"reason\":\"malformed\",\"symbol\":null,"
                          "\"record\":\"nonsense,\\\"\\u00ff\"}"),
            std::string::npos)
      << lines[0];
}

TEST_F(CandlesFaults, EveryFormatSaysTheSame) {
  write_dbn(folder_.file("in.dbn"), some_records(), 3, Mappings::kInMetadata);
  CandlesOptions made = options(folder_.file("in.dbn"));
  for (const char* name : {"o.csv", "o.csv.zst", "o.jsonl", "o.json.zst", "o.parquet"}) {
    made.output = folder_.file(name);
    const CandlesReport report = run(made);
    EXPECT_EQ(report.rows, 31u) << name;
    EXPECT_GT(report.output_bytes, 0u) << name;
    EXPECT_EQ(report.output_bytes, std::filesystem::file_size(made.output)) << name;
  }
  EXPECT_EQ(read_whole(folder_.file("o.csv")), read_whole(folder_.file("o.csv.zst")));
  EXPECT_EQ(read_whole(folder_.file("o.jsonl")), read_whole(folder_.file("o.json.zst")));
  EXPECT_EQ(lines_of(read_whole(folder_.file("o.csv"))).size(), 32u);
  EXPECT_EQ(lines_of(read_whole(folder_.file("o.jsonl"))).size(), 31u);
  EXPECT_TRUE(read_whole(folder_.file("o.parquet")).starts_with("PAR1"));
}

}  // namespace
}  // namespace fm::jobs
