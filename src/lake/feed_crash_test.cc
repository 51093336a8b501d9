// Processes that die, race and run out of disk while they append, merge and compact.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/testing_fault_env.h"
#include "lake/duckdb.h"
#include "lake/lake.h"
#include "lake/testing_crash.h"
#include "lake/testing_rows.h"

namespace fm::lake {
namespace {

const Date kDay(2025, 6, 16);
const PartitionKey kEs{.root = "ES", .date = kDay};
constexpr std::string_view kGlob = "/market_data/candles_1m/*/*/*.parquet";

// What a foreign tool reads: minutes 0 to n - 1, each whole and once. Errors: those of DuckDB, and
// MIXTURE.
Status read_glob(const std::string& lake) {
  FM_ASSIGN(Database database, Database::open({}));
  FM_ASSIGN(Rows rows,
            database.query(fmt::format(
                "SELECT CASE WHEN count(*) = count(DISTINCT time) AND "
                "count(*) * 10 = epoch(max(time))::BIGINT - {} + 10 AND count(*) % {} = 0 "
                "THEN 'whole' ELSE error('MIX' || 'TURE of ' || count(*) || ' rows') END "
                "FROM read_parquet('{}{}')",
                kDay.first_second(), kRowsOfMinute, lake, kGlob)));
  FM_TRY(rows.next());
  return {};
}

// What the manifest says and what is there, which must agree.
Result<FeedState> state_of(const Lake& lake) {
  FM_ASSIGN(const FeedState state, read_feed(lake, "ES", kDay));
  FM_ASSIGN(const auto manifest, lake.find(table::candles_1m(), kEs));
  if (!manifest) return fail(Code::kNotFound, "no partition");
  const Second final_to = kDay.first_second() + state.minutes * 60;
  if (manifest->final_to != final_to || manifest->rows != kRowsOfMinute * state.minutes)
    return fail(Code::kCorrupt, "{} minutes, {} rows by the manifest, final to {}", state.minutes,
                manifest->rows, manifest->final_to.value_or(0));
  return state;
}

std::vector<std::string> names_of(const Manifest& manifest) {
  std::vector<std::string> names;
  for (const DataFile& file : manifest.files) names.push_back(manifest.visible_name(file));
  std::ranges::sort(names);
  return names;
}

// One way to change a partition that holds some minutes.
struct Change {
  const char* name;
  bool is_append;
  Status (*run)(Lake&, const FeedState& before);
  FeedState after;
};

const Change kChanges[] = {{"append",
                            true,
                            [](Lake& lake, const FeedState& before) -> Status {
                              FM_TRY(append_minute(lake, "ES", kDay, before.minutes));
                              return {};
                            },
                            {.minutes = 5, .first_volume = 1}},
                           {"merge",
                            false,
                            [](Lake& lake, const FeedState&) -> Status {
                              const table::RowBatch batch = minute_rows("ES", kDay, 0, 9);
                              table::BatchStream rows(batch);
                              FM_TRY(lake.merge(table::candles_1m(), kEs, rows, {}));
                              return {};
                            },
                            {.minutes = 4, .first_volume = 9}},
                           {"compact",
                            false,
                            [](Lake& lake, const FeedState&) -> Status {
                              FM_TRY(lake.compact(table::candles_1m(), kEs, Compact::kEverything));
                              return {};
                            },
                            {.minutes = 4, .first_volume = 1}}};

// A lake of a few parts, made once and copied for each run, so that every run makes the same calls.
class Scene {
 public:
  static constexpr FeedState kBefore{.minutes = 4, .first_volume = 1};

  explicit Scene(const LakeOptions& options = {}) : base_(fast_directory(dir_)), options_(options) {
    auto lake = Lake::open(Env::posix(), base_ + "/template/lake", options_);
    EXPECT_TRUE(lake);
    for (std::int64_t minute = 0; minute < kBefore.minutes; ++minute)
      EXPECT_TRUE(append_minute(**lake, "ES", kDay, minute));
    // Old enough to be removed in the middle of the tests, which would change the count of calls.
    const std::string show = base_ + "/template/lake/.store/show";
    EXPECT_TRUE(remove_tree(Env::posix(), show));
    EXPECT_TRUE(Env::posix().make_directories(show));
    made_ = Env::posix().now();
    files_ = *files_as_of(**lake, made_);
    EXPECT_EQ(files_.size(), 4u);
  }
  ~Scene() { EXPECT_TRUE(remove_tree(Env::posix(), base_)); }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  // A fresh copy of it.
  [[nodiscard]] std::string lake() const {
    EXPECT_TRUE(remove_tree(Env::posix(), base_ + "/run"));
    const std::string copy = fmt::format("cp -a {0}/template {0}/run", base_);
    EXPECT_EQ(std::system(copy.c_str()), 0);
    return base_ + "/run/lake";
  }

  // Whatever came after it.
  void expect_kept(const Lake& lake) const {
    if (options_.keep == 0) return;
    const auto files = files_as_of(lake, made_);
    ASSERT_TRUE(files) << files.error().message();
    EXPECT_EQ(*files, files_);
    for (const DataFile& file : *files) EXPECT_TRUE(Env::posix().exists(lake.store_path(file)));
  }

  [[nodiscard]] const LakeOptions& options() const { return options_; }

 private:
  TestDirectory dir_;
  std::string base_;
  LakeOptions options_;
  Nanos made_ = 0;
  std::vector<DataFile> files_;
};

class FeedCrashTest : public testing::TestWithParam<Nanos> {
 protected:
  // Versions are kept, or not.
  const Scene scene_{LakeOptions{.state_dir = "", .keep = GetParam()}};
};

INSTANTIATE_TEST_SUITE_P(Keep, FeedCrashTest,
                         testing::Values(Nanos{0}, Nanos{86'400} * kNanosPerSecond),
                         [](const auto& test) { return test.param == 0 ? "Nothing" : "Versions"; });

std::vector<std::string> calls_of(const Change& change, const Scene& scene) {
  FaultEnv env;
  auto lake = Lake::open(env, scene.lake(), scene.options());
  EXPECT_TRUE(lake && change.run(**lake, Scene::kBefore));
  return env.calls();
}

void expect_whole(const Lake& lake, const std::string& directory) {
  ASSERT_TRUE(read_glob(directory)) << read_glob(directory).error().message();
  EXPECT_EQ(leftovers(lake), std::vector<std::string>{});
  const auto manifest = lake.find(table::candles_1m(), kEs);
  ASSERT_TRUE(manifest && *manifest);
  EXPECT_EQ(*Env::posix().list(directory + "/market_data/candles_1m/p_root=ES/p_day=2025-06-16"),
            names_of(**manifest));
}

TEST_P(FeedCrashTest, KilledAnywhereThePartitionIsWhole) {
  for (const Change& change : kChanges) {
    SCOPED_TRACE(change.name);
    const auto points = points_of(calls_of(change, scene_));
    const FeedState before = Scene::kBefore;
    std::map<std::string, int> histogram;
    std::size_t in_commit = 0;
    std::size_t after_it = 0;
    for (std::size_t i = 0; i < points.size(); i += kSanitized ? 5 : 1) {
      const Point& point = points[i];
      const std::string directory = scene_.lake();
      wait_for(in_child([&] {
        FaultEnv env;
        env.kill_at(point.call, point.moment);
        auto lake = Lake::open(env, directory, scene_.options());
        return lake && change.run(**lake, before) ? 0 : 1;
      }));
      auto lake = Lake::open(Env::posix(), directory, scene_.options());
      ASSERT_TRUE(lake) << lake.error().message();
      const auto found = state_of(**lake);
      ASSERT_TRUE(found) << found.error().message();
      ASSERT_TRUE(*found == before || *found == change.after) << name_of(point);
      const bool counts = (*(*lake)->find(table::candles_1m(), kEs))->version > 4;
      EXPECT_TRUE(counts || *found == before);
      expect_whole(**lake, directory);
      scene_.expect_kept(**lake);
      // Whoever does it again does it once: an append that counts already is refused.
      const auto again = change.run(**lake, before);
      EXPECT_TRUE(again || (change.is_append && counts && again.error().code() == Code::kConflict));
      EXPECT_EQ(*state_of(**lake), change.after) << name_of(point);
      scene_.expect_kept(**lake);
      ++histogram[fmt::format("{} {}", name_of(point), counts ? "new" : "old")];
      in_commit += point.in_commit ? 1 : 0;
      after_it += counts ? 1 : 0;
    }
    std::printf("%s:\n", change.name);
    for (const auto& [what, count] : histogram)
      std::printf("  killed %s: %d\n", what.c_str(), count);
    EXPECT_GE(in_commit * 2, points.size() / (kSanitized ? 5 : 1));
    EXPECT_GT(after_it, 0u);
  }
}

TEST_P(FeedCrashTest, FailingCallsLeaveOldOrNewRowsAndRetrySucceeds) {
  const FeedState before = Scene::kBefore;
  for (const Change& change : kChanges) {
    SCOPED_TRACE(change.name);
    for (std::size_t kind = 0; kind < kCallKinds; ++kind) {
      const Call call = static_cast<Call>(kind);
      for (std::uint64_t n = 1; n < 12; n += kSanitized ? 3 : 1) {
        const std::string directory = scene_.lake();
        FaultEnv env;
        auto lake = Lake::open(env, directory, scene_.options());
        ASSERT_TRUE(lake);
        const std::uint64_t calls = env.count(call);
        env.fail_call(call, n, ENOSPC);
        const auto done = change.run(**lake, before);
        const bool happened = env.count(call) >= calls + n;
        env.fail_call(call, 1, ENOSPC, 0);  // one that did not happen shall not come later
        EXPECT_TRUE(done || done.error().code() == Code::kNoSpace) << done.error().message();
        const auto found = state_of(**lake);
        ASSERT_TRUE(found) << name(call) << n << ": " << found.error().message();
        ASSERT_TRUE(*found == change.after || (!done && *found == before)) << name(call) << n;
        const auto again = change.run(**lake, before);
        ASSERT_TRUE(again || (change.is_append && again.error().code() == Code::kConflict))
            << "a retry must succeed: " << again.error().message();
        EXPECT_EQ(*state_of(**lake), change.after);
        // Opening mends what an error behind the commit left.
        auto mended = Lake::open(Env::posix(), directory, scene_.options());
        ASSERT_TRUE(mended);
        expect_whole(**mended, directory);
        scene_.expect_kept(**mended);
        if (!happened) break;
      }
    }
  }
}

TEST(FeedCrash, PowerCutAfterAnAppendKeepsIt) {
  const TestDirectory dir;
  FaultEnv env;
  {
    auto lake = Lake::open(env, dir.file("lake"));
    ASSERT_TRUE(lake);
    for (std::int64_t minute = 0; minute < 3; ++minute)
      ASSERT_TRUE(append_minute(**lake, "ES", kDay, minute));
    ASSERT_TRUE((*lake)->compact(table::candles_1m(), kEs, Compact::kEverything));
    ASSERT_TRUE(append_minute(**lake, "ES", kDay, 3));
  }
  env.drop_unsynced();
  auto lake = Lake::open(Env::posix(), dir.file("lake"));
  ASSERT_TRUE(lake);
  EXPECT_EQ(state_of(**lake)->minutes, 4);
  expect_whole(**lake, dir.file("lake"));
}

TEST(FeedCrash, FullDiskIsACleanError) {
  const TestDirectory dir;
  ASSERT_TRUE(Env::posix().make_directories(dir.file("small")));
  if (::mount("tmpfs", dir.file("small").c_str(), "tmpfs", 0, "size=300k") != 0)
    GTEST_SKIP() << "cannot mount a small file system here; the faults of FaultEnv cover it";
  {
    const std::string directory = dir.file("small/lake");
    auto lake = Lake::open(Env::posix(), directory);
    ASSERT_TRUE(lake) << lake.error().message();
    std::int64_t minute = 0;
    for (; minute < 100; ++minute) {
      const auto appended = append_minute(**lake, "ES", kDay, minute);
      if (appended) continue;
      EXPECT_EQ(appended.error().code(), Code::kNoSpace) << appended.error().message();
      break;
    }
    EXPECT_GT(minute, 2);
    EXPECT_LT(minute, 100);
    EXPECT_EQ(state_of(**lake)->minutes, minute);
    EXPECT_TRUE(read_glob(directory)) << read_glob(directory).error().message();
  }
  EXPECT_EQ(::umount(dir.file("small").c_str()), 0);
}

TEST(FeedRace, ReadersSeeWholeMinutesWhilePartsAreAppendedAndMerged) {
  const TestDirectory dir;
  const std::string base = fast_directory(dir);
  const std::string directory = base + "/lake";
  const std::string stop = base + "/stop";
  auto lake = Lake::open(Env::posix(), directory);
  ASSERT_TRUE(lake && append_minute(**lake, "ES", kDay, 0));
  const auto reader = [&](const std::function<Status()>& read) {
    return in_child([&stop, read] {
      while (!Env::posix().exists(stop)) {
        const Status found = read();
        if (found) continue;
        std::fprintf(stderr, "%s\n", found.error().message().c_str());
        return 1;
      }
      return 0;
    });
  };
  const pid_t ours = reader([&, newest = std::int64_t{0}]() mutable -> Status {
    FM_ASSIGN(const FeedState state, read_feed(*Lake::view(Env::posix(), directory), "ES", kDay));
    if (state.minutes < newest) return fail(Code::kCorrupt, "rows went away");
    newest = state.minutes;
    return {};
  });
  const pid_t foreign = reader([&]() -> Status {
    const Status found = read_glob(directory);
    // A file that went away while its directory was being read is a clean error.
    if (!found && !found.error().message().contains("MIXTURE")) return {};
    return found;
  });
  const pid_t compactor = reader([&]() -> Status {
    FM_ASSIGN(auto own, Lake::open(Env::posix(), directory));
    FM_TRY(own->compact(table::candles_1m(), kEs, Compact::kEverything));
    Env::posix().sleep_for(kNanosPerSecond / 5);
    return {};
  });
  const std::int64_t minutes = kSanitized ? 60 : 300;
  for (std::int64_t minute = 1; minute < minutes; ++minute) {
    const auto written = append_minute(**lake, "ES", kDay, minute);
    ASSERT_TRUE(written) << written.error().message();
  }
  ASSERT_TRUE(write_text_atomically(Env::posix(), stop, "stop"));
  EXPECT_EQ(wait_for(ours), 0);
  EXPECT_EQ(wait_for(foreign), 0);
  EXPECT_EQ(wait_for(compactor), 0);
  EXPECT_EQ(state_of(**lake)->minutes, minutes);
  EXPECT_TRUE(remove_tree(Env::posix(), base));
}

// Two sinks that both believe they are the only one: each minute is stored once.
TEST(FeedRace, OfTwoAppendsOfAMinuteOneIsRefused) {
  const TestDirectory dir;
  const std::string directory = dir.file("lake");
  constexpr std::int64_t kMinutes = 12;
  const auto sink = [&] {
    return in_child([&] {
      auto lake = Lake::open(Env::posix(), directory);
      if (!lake) return 1;
      for (std::int64_t minute = 0; minute < kMinutes; ++minute) {
        const auto done = append_minute(**lake, "ES", kDay, minute);
        if (!done && done.error().code() != Code::kConflict) return 2;
      }
      return 0;
    });
  };
  const pid_t one = sink();
  const pid_t two = sink();
  EXPECT_EQ(wait_for(one), 0);
  EXPECT_EQ(wait_for(two), 0);
  auto lake = Lake::open(Env::posix(), directory);
  ASSERT_TRUE(lake);
  EXPECT_EQ(state_of(**lake)->minutes, kMinutes);
  EXPECT_EQ((*(*lake)->find(table::candles_1m(), kEs))->version, std::uint64_t{kMinutes});
  expect_whole(**lake, directory);
}

}  // namespace
}  // namespace fm::lake
