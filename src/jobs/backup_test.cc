// A backup is a lake; the way back gives what was there; dying on the way loses nothing.
#include "jobs/backup.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "jobs/testing_candles.h"
#include "jobs/testing_load.h"
#include "lake/lake.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

using Bars = std::vector<TestBar>;

class BackupTest : public LoadFixture {
 protected:
  BackupTest() {
    write_bars(in("a.dbn"), {minute_bar(0, "ESU5", 6'000), minute_bar(1, "ZLN5", 48.5),
                             minute_bar(-200 * 1'440, "ESU5", 5'000)});
    load_all();
    options = {.lake = options_.lake, .state_dir = "", .directory = folder_.file("backup")};
    EXPECT_TRUE(Env::posix().make_directories(folder_.file(kCapture)));
    write_whole(folder_.file(std::string(kCapture) + "/0001.dbn"), "a segment");
    write_whole(folder_.file(std::string(kCapture) + "/0001.dbn.idx"), "its index");
  }

  BackupReport backup(Env& env = Env::posix()) {
    auto report = run_backup(env, options);
    EXPECT_TRUE(report) << report.error().message();
    return report ? *report : BackupReport{};
  }
  // A backup read by itself.
  Bars saved() { return stored_minutes(folder_.file("backup/lake")); }

  static constexpr const char* kCapture = "frontmonth-state-lake/capture/GLBX.MDP3/2025-06-16";
  BackupOptions options;
};

TEST_F(BackupTest, IsALakeOfItsOwn) {
  const BackupReport report = backup();
  EXPECT_EQ(report.lake.rows, 3U);
  EXPECT_GT(report.lake.bytes_copied, 0U);
  EXPECT_EQ(saved(), stored());
  auto state = ops::State::open_to_read(Env::posix(),
                                        folder_.file("backup/frontmonth-state-lake/ops.sqlite"));
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_TRUE(state->check_integrity());
  EXPECT_EQ(state->loads().value(), this->state());
  for (const char* name : {"0001.dbn", "0001.dbn.idx"})
    EXPECT_TRUE(Env::posix().exists(folder_.file(std::string("backup/") + kCapture + "/" + name)));
}

TEST_F(BackupTest, TheNextOneCopiesWhatIsNew) {
  backup();
  const BackupReport again = backup();
  EXPECT_EQ(again.lake.partitions, 3U);
  EXPECT_EQ(again.lake.partitions_changed, 0U);
  EXPECT_EQ(again.lake.bytes_copied, 0U);
  // A correction, a partition more, and an open segment that has grown within its length.
  write_bars(in("b.dbn"), {minute_bar(0, "ESU5", 6'001), minute_bar(0, "NQU5", 20'000)});
  load_all();
  write_whole(folder_.file(std::string(kCapture) + "/0001.dbn"), "A SEGMENT");
  const BackupReport third = backup();
  EXPECT_EQ(third.lake.partitions_changed, 2U);
  EXPECT_EQ(third.state_files_copied, 2U) << "ops.sqlite and the segment";
  EXPECT_EQ(saved(), stored());
}

TEST_F(BackupTest, TheWayBackGivesWhatWasThere) {
  const std::string id = lake::Lake::open(Env::posix(), options_.lake).value()->id().value();
  backup();
  const Bars before = stored();
  const auto loads = state();
  const BackupOptions back{
      .lake = folder_.file("new/lake"), .state_dir = "", .directory = options.directory};
  const auto report = run_restore(Env::posix(), back);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(stored_minutes(back.lake), before);
  EXPECT_EQ(lake::Lake::open(Env::posix(), back.lake).value()->id().value(), id);
  auto state =
      ops::State::open_to_read(Env::posix(), folder_.file("new/frontmonth-state-lake/ops.sqlite"));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->loads().value(), loads);
  // Loading goes on where it stopped.
  LoadOptions onward = options_;
  onward.lake = back.lake;
  EXPECT_EQ(load(onward).count(LoadAction::kUnchanged), 1U);
}

TEST_F(BackupTest, IsRecordedWithWhatBecameOfIt) {
  const auto record = [&] {
    auto state =
        ops::State::open_to_read(Env::posix(), folder_.file("frontmonth-state-lake/ops.sqlite"));
    EXPECT_TRUE(state);
    const auto last = last_backup(*state);
    EXPECT_TRUE(last) << last.error().message();
    return last.value_or(BackupRecord{});
  };
  EXPECT_FALSE(record().made);
  backup();
  EXPECT_TRUE(record().made);
  EXPECT_EQ(record().directory, options.directory);
  EXPECT_FALSE(record().verified);
  options.verify = true;
  EXPECT_EQ(backup().partitions_verified, 3U);
  EXPECT_TRUE(record().verified);
  EXPECT_FALSE(record().failed);
  // The backup's own state does not speak of a backup that is not over.
  auto saved = ops::State::open_to_read(Env::posix(),
                                        folder_.file("backup/frontmonth-state-lake/ops.sqlite"));
  ASSERT_TRUE(saved);
  EXPECT_TRUE(last_backup(*saved)->made);
}

TEST_F(BackupTest, AFileThatRotsIsFound) {
  backup();
  const std::string store = folder_.file("backup/lake/.store");
  const auto names = Env::posix().list(store);
  ASSERT_TRUE(names);
  const auto part =
      std::ranges::find_if(*names, [](const std::string& name) { return name.ends_with(".part"); });
  ASSERT_NE(part, names->end());
  std::string bytes = read_text(Env::posix(), join(store, *part)).value();
  ASSERT_GT(bytes.size(), 200U);
  for (std::size_t at = 4; at < 120; ++at) bytes[at] = static_cast<char>(~bytes[at]);
  write_whole(join(store, *part), bytes);
  options.verify = true;
  const auto report = run_backup(Env::posix(), options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kCorrupt) << report.error().message();
  auto state =
      ops::State::open_to_read(Env::posix(), folder_.file("frontmonth-state-lake/ops.sqlite"));
  ASSERT_TRUE(state);
  const auto last = last_backup(*state);
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->failed);
  EXPECT_NE(last->error.find("the rows are not those"), std::string::npos) << last->error;
}

TEST_F(BackupTest, RefusesWhatWouldHurt) {
  const struct {
    BackupOptions options;
    bool restore;
    Code code;
  } cases[] = {
      {{.lake = folder_.file("none"), .state_dir = "", .directory = options.directory},
       false,
       Code::kNotFound},
      {{.lake = options_.lake, .state_dir = "", .directory = options_.lake + "/backup"},
       false,
       Code::kInvalidArgument},
      {{.lake = options_.lake,
        .state_dir = "",
        .directory = folder_.file("backup/../lake/./backup")},
       false,
       Code::kInvalidArgument},
      {{.lake = options_.lake, .state_dir = "", .directory = folder_.file("none")},
       true,
       Code::kNotFound},
      {options, true, Code::kConflict},
  };
  backup();
  for (const auto& c : cases) {
    const auto report =
        c.restore ? run_restore(Env::posix(), c.options) : run_backup(Env::posix(), c.options);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), c.code) << report.error().message();
  }
  EXPECT_EQ(saved(), stored());
}

TEST_F(BackupTest, AFullDiskLeavesTheLastBackup) {
  backup();
  const Bars before = saved();
  write_bars(in("b.dbn"), {minute_bar(0, "ESU5", 6'001)});
  load_all();
  for (const Call call : {Call::kWrite, Call::kSync, Call::kRename, Call::kLink}) {
    FaultEnv env;
    env.fail_call(call, 1, ENOSPC, 1'000);
    EXPECT_FALSE(run_backup(env, options)) << name(call);
    EXPECT_EQ(saved(), before) << name(call);
  }
  backup();
  EXPECT_EQ(saved(), stored());
}

// Each partition is the old one or the new one, and the next backup ends as if nothing had
// happened.
TEST_F(BackupTest, KilledAnywhereTheNextOneIsWhole) {
  backup();
  const Bars before = saved();
  write_bars(in("b.dbn"), {minute_bar(0, "ESU5", 6'001), minute_bar(2, "ZLN5", 50)});
  load_all();
  const std::filesystem::path whole = folder_.file("backup");
  const std::filesystem::path kept = folder_.file("kept");
  std::filesystem::copy(whole, kept, std::filesystem::copy_options::recursive);
  FaultEnv counted;
  backup(counted);
  const Bars after = saved();
  ASSERT_EQ(after, stored());
  const std::uint64_t calls = counted.count_all();
  ASSERT_GT(calls, 20U);
  for (std::uint64_t n = 1; n <= calls; n += 1 + calls / 40) {
    std::filesystem::remove_all(whole);
    std::filesystem::copy(kept, whole, std::filesystem::copy_options::recursive);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      FaultEnv env;
      env.kill_at(n, n % 2 == 0 ? FaultEnv::Moment::kBefore : FaultEnv::Moment::kAfter);
      static_cast<void>(run_backup(env, options));
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    const Bars found = saved();
    ASSERT_EQ(found.size() == before.size() || found.size() == after.size(), true) << n;
    backup();
    EXPECT_EQ(saved(), after) << n;
  }
}

}  // namespace
}  // namespace fm::jobs
