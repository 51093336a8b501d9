// Which files a load takes: folders of batch jobs, files that were loaded before, copies, and those
// that are left for later.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/sha256.h"
#include "base/testing_forwarding_env.h"
#include "jobs/load.h"
#include "jobs/testing_candles.h"
#include "jobs/testing_load.h"
#include "lake/lake.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

namespace fs = std::filesystem;
using Bars = std::vector<TestBar>;

using LoadFolders = LoadFixture;

const Bars kBars = {minute_bar(0, "ESU5", 6000), minute_bar(0, "ESU5-ESZ5", -50.25),
                    minute_bar(0, "ZLN5", 48.5), minute_bar(1, "ESU5", 6000.25, 7)};

TEST_F(LoadFolders, WhatIsUnchangedIsNotRead) {
  write_bars(in("a.dbn"), kBars);
  write_bars(in("b.json"), {minute_bar(5, "ESU5", 6001)});
  load_all();
  const auto files = files_in(options_.lake, table::databento_futures_ohlcv_1m());
  std::vector<std::string> opened;
  ForwardingEnv env;
  env.on_open = [&](const std::string& path, std::unique_ptr<ReadableFile> file) {
    if (path.contains("/in/")) opened.push_back(path);
    return file;
  };
  const LoadReport again = load(options_, env);
  EXPECT_EQ(again.count(LoadAction::kUnchanged), 2U) << to_text(again);
  EXPECT_EQ(opened, std::vector<std::string>{});

  options_.rehash = true;
  EXPECT_EQ(load(options_, env).count(LoadAction::kUnchanged), 2U);
  EXPECT_FALSE(opened.empty()) << "--rehash reads";
  options_.rehash = false;
  set_modified(in("a.dbn"), kBarDay);
  EXPECT_EQ(load(options_).count(LoadAction::kUnchanged), 2U) << "touched, and the same content";
  opened.clear();
  EXPECT_EQ(load(options_, env).count(LoadAction::kUnchanged), 2U);
  EXPECT_EQ(opened, std::vector<std::string>{}) << "the new time is remembered";
  EXPECT_EQ(files_in(options_.lake, table::databento_futures_ohlcv_1m()), files);
}

TEST_F(LoadFolders, CopiesAreLoadedOnce) {
  write_bars(in("a.dbn"), kBars);
  fs::copy_file(in("a.dbn"), in("b.dbn"));
  LoadReport report = load_all();
  EXPECT_EQ(report.count(LoadAction::kLoad), 1U);
  EXPECT_EQ(report.count(LoadAction::kCopy), 1U);
  fs::copy_file(in("a.dbn"), in("c.dbn"));
  report = load_all();
  EXPECT_EQ(report.count(LoadAction::kUnchanged), 2U);
  EXPECT_EQ(report.count(LoadAction::kCopy), 1U) << to_text(report);
  EXPECT_TRUE(report.files.back().why.ends_with("/in/a.dbn")) << report.files.back().why;
}

TEST_F(LoadFolders, ALakeThatWasDeletedIsFilledAgain) {
  write_bars(in("a.dbn"), kBars);
  fs::copy_file(in("a.dbn"), in("b.dbn"));
  load_all();
  fs::remove_all(options_.lake);
  EXPECT_EQ(load_all().count(LoadAction::kLoad), 1U);
  EXPECT_EQ(stored().size(), kBars.size());
}

// A batch job's folder around files that are there.
void write_manifest(const std::string& folder, const std::vector<std::string>& files) {
  std::string list;
  for (const std::string& file : files) {
    const std::string path = join(folder, file);
    const std::string content = fs::exists(path) ? [&] {
      std::ifstream in(path, std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(in), {});
    }()
                                                 : "gone";
    list += fmt::format(R"({}{{"filename":"{}","size":{},"hash":"sha256:{}","urls":{{}}}})",
                        list.empty() ? "" : ",", file, content.size(), sha256_of(content));
  }
  write_whole(join(folder, "manifest.json"),
              fmt::format(R"({{"job_id":"GLBX-20250701-ABCDEFGHIJ","files":[{}]}})", list));
}

TEST_F(LoadFolders, ABatchJobIsHeldAgainstItsManifest) {
  write_bars(in("a.dbn"), kBars);
  write_bars(in("b.dbn"), {minute_bar(9, "ESU5", 6000)});
  write_bars(in("c.dbn"), {minute_bar(10, "ESU5", 6000)});
  write_manifest(folder_.file("in"), {"a.dbn", "b.dbn", "c.dbn", "gone.dbn"});
  write_bars(in("b.dbn"), {minute_bar(9, "ESU5", 6001)});  // of the same size
  write_bars(in("c.dbn"), kBars);
  const LoadReport report = load_all();
  EXPECT_EQ(report.count(LoadAction::kLoad), 1U);
  EXPECT_EQ(report.count(LoadAction::kFailed), 2U);
  EXPECT_EQ(report.verdict(), LoadVerdict::kFailed);
  const std::string text = to_text(report);
  EXPECT_TRUE(text.contains("b.dbn: its SHA-256 is not what manifest.json says")) << text;
  EXPECT_TRUE(text.contains("c.dbn: its size of")) << text;
  EXPECT_TRUE(text.contains("1 file of its manifest.json missing: gone.dbn")) << text;
  EXPECT_EQ(state().front().job_id, "GLBX-20250701-ABCDEFGHIJ");
  EXPECT_EQ(state().front().published_at, Nanos{1'751'328'000} * kNanosPerSecond)
      << "the job's date";
}

TEST_F(LoadFolders, MissingFilesAreAProblemAndDamagedSideFilesAFailure) {
  write_bars(in("a.dbn"), kBars);
  write_manifest(folder_.file("in"), {"a.dbn", "gone.dbn"});
  EXPECT_EQ(load_all().verdict(), LoadVerdict::kProblems);
  for (const char* name : {"manifest.json", "condition.json", "metadata.json"}) {
    const TestDirectory folder;
    LoadOptions options;
    options.lake = folder.file("lake");
    options.inputs = {folder.path()};
    write_bars(folder.file("a.dbn"), kBars);
    write_whole(folder.file(name), "{\"half\":");
    const LoadReport report = load(options);
    EXPECT_EQ(report.verdict(), LoadVerdict::kFailed) << name;
    EXPECT_TRUE(to_text(report).contains(name)) << to_text(report);
  }
}

TEST_F(LoadFolders, ConditionsSayWhenADayWasKnownAndWhichAreNotSound) {
  write_bars(in("a.dbn"), {minute_bar(0, "ESU5", 1), minute_bar(1'440, "ESU5", 1)});
  write_whole(in("condition.json"),
              R"([{"date":"2025-06-16","condition":"degraded","last_modified_date":"2025-06-20"},)"
              R"({"date":"2025-06-17","condition":"available","last_modified_date":"2025-06-18"},)"
              R"({"date":"2025-06-18","condition":"missing","last_modified_date":null}])");
  const LoadReport report = load_all();
  EXPECT_TRUE(to_text(report).contains(
      "the vendor does not vouch for 2 days: 2025-06-16 degraded, 2025-06-18 missing"))
      << to_text(report);
  const auto events = [&] {
    auto state =
        ops::State::open_to_read(Env::posix(), folder_.file("frontmonth-state-lake/ops.sqlite"));
    auto rows = state->rows(table::data_quality_events());
    table::RowBatch batch(table::data_quality_events());
    EXPECT_TRUE(*(*rows)->next(batch));
    return batch.size();
  };
  EXPECT_EQ(events(), 2U);
  // Known before the job's second look at the 16th, and after its look at the 17th.
  const std::string other = folder_.file("other.json");
  write_bars(other, {minute_bar(0, "ESU5", 2), minute_bar(1'440, "ESU5", 2)});
  set_modified(other, Nanos{1'750'291'200} * kNanosPerSecond);  // 2025-06-19
  options_.inputs = {other};
  load(options_);
  EXPECT_EQ(stored(), (Bars{minute_bar(0, "ESU5", 1), minute_bar(1'440, "ESU5", 2)}));
  options_.again = true;
  load_all();
  EXPECT_EQ(events(), 2U) << "the same day is the same event";
}

TEST_F(LoadFolders, ADryRunChangesNothing) {
  write_bars(in("a.dbn"), kBars);
  write_whole(in("bad.csv"), "Date,Open\n2010-01-04,1\n");
  options_.dry_run = true;
  const std::string text = to_text(load_all());
  EXPECT_TRUE(text.contains("load       " + in("a.dbn") + "  ohlcv-1m  ES,ZL")) << text;
  EXPECT_TRUE(text.contains("2025-06-16 to 2025-06-16")) << text;
  EXPECT_TRUE(text.contains("refused    " + in("bad.csv"))) << text;
  EXPECT_FALSE(fs::exists(options_.lake));
  EXPECT_FALSE(fs::exists(folder_.file("frontmonth-state-lake")));
  options_.dry_run = false;
  load_all();
  options_.dry_run = true;
  EXPECT_EQ(load_all().count(LoadAction::kUnchanged), 1U);
  // What an older program has left knows of no loads.
  fs::remove(folder_.file("frontmonth-state-lake/ops.sqlite"));
  write_whole(folder_.file("frontmonth-state-lake/ops.sqlite"), "");
  EXPECT_EQ(load_all().count(LoadAction::kLoad), 1U);
}

TEST_F(LoadFolders, TestOneLoadsOneFileOfEachRootAndSchema) {
  for (const char* name : {"a.dbn", "b.dbn"})
    write_bars(in(name), {minute_bar(name[0], "ESU5", 1)});
  write_bars(in("c.dbn"), {minute_bar(0, "ZLN5", 1)});
  write_bars(in("d.dbn"), {minute_bar(0, "ESU5", 1)}, dbn::Schema::kOhlcv1h);
  options_.test_one = true;
  LoadReport report = load_all();
  EXPECT_EQ(report.count(LoadAction::kLoad), 3U) << to_text(report);
  EXPECT_EQ(report.count(LoadAction::kLeft), 1U);
  options_.test_one = false;
  report = load_all();
  EXPECT_EQ(report.count(LoadAction::kUnchanged), 3U);
  EXPECT_EQ(report.count(LoadAction::kLoad), 1U);
}

TEST_F(LoadFolders, TwoLoadsAtOnceWaitOrSaySo) {
  write_bars(in("a.dbn"), kBars);
  load_all();
  const auto held = Env::posix().lock(folder_.file("frontmonth-state-lake/load.lock"), 0).value();
  NoProgress progress;
  FaultEnv env;
  const auto report = run_load(env, options_, progress);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kBusy);
  EXPECT_TRUE(report.error().can_retry());
  EXPECT_TRUE(report.error().message().contains("another load is at work"));
}

TEST_F(LoadFolders, NothingToLoadAndWrongNamesAreSaid) {
  NoProgress progress;
  const struct {
    std::vector<std::string> inputs;
    Code code;
  } cases[] = {{{}, Code::kInvalidArgument}, {{folder_.file("nowhere")}, Code::kNotFound}};
  for (const auto& c : cases) {
    options_.inputs = c.inputs;
    const auto report = run_load(Env::posix(), options_, progress);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), c.code);
    EXPECT_FALSE(report.error().advice().empty());
  }
  EXPECT_TRUE(to_text(load_all()).contains("nothing to load"));
}

TEST_F(LoadFolders, ManySmallFilesAreOneMerge) {
  constexpr int kFiles = 10'000;
  for (int i = 0; i < kFiles; ++i)
    write_bars(in(fmt::format("glbx-mdp3-{}.ohlcv-1m.csv", i)),
               {minute_bar(i, "ESU5", i % 7 + 1, static_cast<std::uint64_t>(i) + 1)});
  const LoadReport first = load_all();
  EXPECT_EQ(first.count(LoadAction::kLoad), std::uint64_t{kFiles});
  EXPECT_EQ(first.partitions_changed, 1U);
  EXPECT_EQ(stored().size(), std::size_t{kFiles});
  EXPECT_EQ(load_all().count(LoadAction::kUnchanged), std::uint64_t{kFiles});
}

// The vendor's own files, in the vendor's own layout.
TEST_F(LoadFolders, RealBatchJobsAndTextFormsAgree) {
  const std::string shared = FM_SHARED_DATA;
  if (!fs::exists(shared)) GTEST_SKIP() << "shared data absent: " << shared;
  options_.inputs = {shared + "/batch-jobs"};
  LoadReport report = load(options_);
  EXPECT_EQ(report.verdict(), LoadVerdict::kProblems) << to_text(report);
  EXPECT_EQ(report.count(LoadAction::kLoad), 3U) << to_text(report);
  EXPECT_EQ(stored().size(), 60U);
  EXPECT_EQ(stored_bars_of(options_.lake, table::databento_futures_ohlcv_1h()),
            (Bars{{Nanos{1'703'545'200} * kNanosPerSecond, "ESH4", 4810, 9892}}));
  std::uint64_t volume = 0;
  for (const TestBar& bar : stored()) volume += bar.volume;
  EXPECT_EQ(volume, 9892U);
  const auto files = files_in(options_.lake, table::databento_futures_ohlcv_1m());

  // The same hour as the vendor's binary file, and the forms of another day.
  options_.inputs = {shared + "/esh4-2023-12-25"};
  report = load(options_);
  EXPECT_EQ(report.count(LoadAction::kLoad), 5U) << to_text(report);
  EXPECT_EQ(report.count(LoadAction::kRefused), 1U) << "mbp-1";
  EXPECT_EQ(files_in(options_.lake, table::databento_futures_ohlcv_1m()), files)
      << "CSV and DBN say the same";
  EXPECT_EQ(stored_bars_of(options_.lake, table::databento_futures_ohlcv_1s()).size(), 988U);

  for (const char* schema : {"ohlcv-1s", "ohlcv-1m", "ohlcv-1h", "ohlcv-1d"}) {
    options_.inputs = {fmt::format("{}/text-samples/glbx.{}.pretty-sym.json", shared, schema)};
    const LoadReport json = load(options_);
    EXPECT_GT(only_file(json).added, 0U) << schema;
    options_.inputs = {fmt::format("{}/text-samples/glbx.{}.pretty-sym.csv", shared, schema)};
    const LoadReport csv = load(options_);
    EXPECT_EQ(only_file(csv).unchanged, only_file(json).added) << to_text(csv);
    options_.inputs = {fmt::format("{}/text-samples/glbx.{}.raw.json", shared, schema)};
    const LoadReport raw = load(options_);
    EXPECT_TRUE(only_file(raw).why.contains("unknown_instrument")) << only_file(raw).why;
  }
}

}  // namespace
}  // namespace fm::jobs
