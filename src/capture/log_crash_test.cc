// Deaths and power cuts at every point: what was synced is there afterwards, and nothing that was
// not appended.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <random>

#include "base/assert.h"
#include "capture/log.h"
#include "capture/segment_files.h"
#include "capture/testing_capture.h"

namespace fm::capture {
namespace {

using namespace testing;

constexpr std::size_t kRecord = sizeof(dbn::Mbp1Msg);
constexpr Nanos kStep = 1'000'000;  // between records

LogOptions small_segments(const std::string& directory) {
  LogOptions options = by_hand(directory);
  options.segment_bytes = 2'000;  // 25 records
  return options;
}

// What the run tells whoever looks at it after its death.
struct Progress {
  std::uint32_t appended = 0;
  std::uint32_t synced = 0;
};

// Appends, syncs, fills segments, crosses a cut, compresses, closes and goes on once.
Status run(Env& env, const std::string& directory, Progress& progress) {
  const Nanos begin = *parse_iso_nanos("2025-06-16T21:29:59.950Z");
  for (int round = 0; round < 2; ++round) {
    FM_ASSIGN(auto log, Log::open(env, small_segments(directory)));
    FM_TRY(log->begin_session(session_metadata(begin)));
    for (int i = 0; i < 9; ++i) {
      const Bytes some = trades(progress.appended, 9, begin + progress.appended * kStep);
      progress.appended += 9;
      FM_TRY(log->append(block_of(some)));
      if (i % 2 == 0) continue;
      FM_TRY(log->sync());
      progress.synced = progress.appended;
      if (i % 4 == 1) FM_TRY(log->work_off());
    }
    FM_TRY(log->close());
    progress.synced = progress.appended;
  }
  return {};
}

// A log that is a beginning of what was appended, with all that was synced, closed and clean.
void expect_recovered(Env& env, const std::string& directory, const Progress& progress,
                      const std::string& context) {
  const Nanos begin = *parse_iso_nanos("2025-06-16T21:29:59.950Z");
  auto log = Log::open(env, small_segments(directory));
  ASSERT_TRUE(log.has_value()) << context << log.error().message();
  EXPECT_EQ((*log)->recovery().set_aside, 0U) << context;
  const ReadLog read = read_log(env, directory);
  ASSERT_FALSE(read.error) << context << read.error->message();
  const std::size_t count = read.records.size() / kRecord;
  EXPECT_GE(count, progress.synced) << context;
  EXPECT_LE(count, progress.appended) << context;
  EXPECT_EQ(read.records, trades(0, count, begin)) << context;

  Bytes from_files;
  const auto all_days = days(env, directory);
  ASSERT_TRUE(all_days.has_value());
  for (const Date day : *all_days)
    for (const std::string& name : files_of(directory, day)) {
      EXPECT_FALSE(name.ends_with(kDraft)) << context << name;
      if (name.ends_with(kData) || name.ends_with(kCompressed))
        from_files = from_files + data_only(read_segment(join(day_path(directory, day), name)));
    }
  EXPECT_EQ(from_files, read.records) << context << "every segment stands alone";

  // It goes on where it was.
  const Bytes next = bytes_of(trade(static_cast<std::uint32_t>(count), begin + count * kStep));
  ASSERT_TRUE((*log)->append(block_of(next))) << context;
  ASSERT_TRUE((*log)->close()) << context;
  ASSERT_TRUE((*log)->work_off()) << context;
  EXPECT_EQ(read_log(env, directory).records, trades(0, count + 1, begin)) << context;
}

class LogCrash : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { keep_files_in_memory(); }
};

TEST_F(LogCrash, NothingSyncedIsLostWhereverTheProcessDies) {
  std::uint64_t calls = 0;
  {
    const TestDirectory dir;
    FaultEnv env;
    Progress progress;
    ASSERT_TRUE(run(env, dir.file("log"), progress));
    calls = env.count_all();
    expect_recovered(env, dir.file("log"), progress, "no death: ");
  }
  ASSERT_GT(calls, 150U);
  auto* const shared = static_cast<Progress*>(
      ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(shared, MAP_FAILED);
  for (std::uint64_t n = 1; n <= calls; ++n) {
    const auto moment = n % 2 == 0 ? FaultEnv::Moment::kBefore : FaultEnv::Moment::kAfter;
    const TestDirectory dir;
    *shared = {};
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      FaultEnv env;
      env.kill_at(n, moment);
      static_cast<void>(run(env, dir.file("log"), *shared));
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << n;
    expect_recovered(Env::posix(), dir.file("log"), *shared, fmt::format("death at call {}: ", n));
    if (HasFailure()) break;
  }
  ::munmap(shared, sizeof(Progress));
}

TEST_F(LogCrash, NothingSyncedIsLostWhereverThePowerFails) {
  const Call kinds[] = {Call::kWrite,  Call::kSync,   Call::kCreate,
                        Call::kRename, Call::kRemove, Call::kMakeDirectory};
  std::mt19937 random(7);
  int cuts = 0;
  for (const Call kind : kinds) {
    std::uint64_t calls = 0;
    {
      const TestDirectory dir;
      FaultEnv env;
      Progress progress;
      ASSERT_TRUE(run(env, dir.file("log"), progress));
      calls = env.count(kind);
    }
    for (std::uint64_t n = 1; n <= calls; n += 1 + calls / 60) {
      for (const bool some_survive : {false, true}) {
        const TestDirectory dir;
        FaultEnv env;
        Progress progress;
        env.fail_call(kind, n, EIO, ~std::uint64_t{0} >> 1);
        if (run(env, dir.file("log"), progress)) continue;  // the failure was not met or not needed
        env.fail_call(kind, 1, 0, 0);
        if (some_survive)
          env.drop_unsynced([&] { return random() % 2 == 0; });
        else
          env.drop_unsynced();
        ++cuts;
        expect_recovered(env, dir.file("log"), progress,
                         fmt::format("power cut at {} {} ({}): ", name(kind), n, some_survive));
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(cuts, 200);
}

// Random lives of a log against a plain list of what was appended.
RC_GTEST_PROP(LogLife, EndsInABeginningOfWhatWasAppended,
              (const std::vector<std::uint8_t>& actions, std::uint32_t seed)) {
  keep_files_in_memory();
  const TestDirectory dir;
  FaultEnv env;
  std::mt19937 random(seed);
  const std::string directory = dir.file("log");
  Bytes kept;    // as the log must hold it
  Bytes synced;  // a beginning of it
  Nanos at = kMorning;
  auto log = *Log::open(env, small_segments(directory));
  const auto reopen = [&] {
    log.reset();
    auto opened = Log::open(env, small_segments(directory));
    RC_ASSERT(opened.has_value());
    log = *std::move(opened);
    const Bytes found = read_log(env, directory).records;
    RC_ASSERT(found.size() >= synced.size());
    RC_ASSERT(found.size() <= kept.size());
    RC_ASSERT(std::equal(found.begin(), found.end(), kept.begin()));
    kept = synced = found;
  };
  for (const std::uint8_t action : actions) {
    switch (action % 8) {
      case 0:
        RC_ASSERT(log->sync().has_value());
        synced = kept;
        break;
      case 1:
        RC_ASSERT(log->work_off().has_value());
        break;
      case 2:
        RC_ASSERT(log->close().has_value());
        synced = kept;
        reopen();
        break;
      case 3:
        log.reset();
        env.drop_unsynced([&] { return random() % 3 == 0; });
        reopen();
        break;
      case 4:
        at += kNanosPerDay;
        break;
      case 5: {  // the disk is full for a moment
        env.fail_call(Call::kWrite, 1, ENOSPC);
        const Bytes some = trades(action, 3, at);
        const Status appended = log->append(block_of(some));
        if (appended) kept = kept + some;
        env.fail_call(Call::kWrite, 1, 0, 0);
        break;
      }
      default: {
        const Bytes some = trades(action, action % 16 + 1, at);
        at += 16 * kStep;
        RC_ASSERT(log->append(block_of(some)).has_value());
        kept = kept + some;
      }
    }
  }
  RC_ASSERT(log->close().has_value());
  RC_ASSERT(log->work_off().has_value());
  RC_ASSERT(read_log(env, directory).records == kept);
}

}  // namespace
}  // namespace fm::capture
