// Processes that die, race and run out of disk while they replace a partition.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
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
constexpr std::string_view kGlob = "/market_data/candles_1m/*/*/*.parquet";

// What a foreign tool reads. Errors: those of DuckDB, and MIXTURE, which stands nowhere in the
// statement that DuckDB quotes in the others.
Status read_glob(const std::string& lake) {
  FM_ASSIGN(Database database, Database::lease({}));
  FM_ASSIGN(Rows rows,
            database.query(fmt::format(
                "SELECT CASE WHEN min(volume) = max(volume) AND count(*) = 20 + min(volume) % 7 "
                "THEN 'whole' ELSE error('MIX' || 'TURE') END FROM read_parquet('{}{}')",
                lake, kGlob)));
  FM_TRY(rows.next());
  return {};
}

// The changing calls of one write, from a run that is left alone.
std::vector<std::string> calls_of_a_write(const std::string& directory, std::int64_t seed,
                                          const LakeOptions& options = {}) {
  FaultEnv env;
  auto lake = Lake::open(env, directory, options);
  EXPECT_TRUE(lake && write_version(**lake, "ES", kDay, seed));
  return env.calls();
}

void write_and_die(const std::string& directory, const Point& point, std::int64_t seed,
                   const LakeOptions& options) {
  wait_for(in_child([&] {
    FaultEnv env;
    env.kill_at(point.call, point.moment);
    auto lake = Lake::open(env, directory, options);
    return lake && write_version(**lake, "ES", kDay, seed) ? 0 : 1;
  }));
}

class CrashTest : public testing::TestWithParam<Nanos> {
 protected:
  // Versions are kept, or not.
  const LakeOptions options_{.state_dir = "", .keep = GetParam()};
};

// One for each version but the present one.
bool has_all_entries(const Lake& lake) {
  const auto manifest = lake.find(table::candles_1m(), {.root = "ES", .date = kDay});
  const auto entries = Env::posix().list(
      lake.directory() + "/.store/history/market_data.candles_1m/p_root=ES/p_day=2025-06-16");
  return (entries ? entries->size() : 0) == (*manifest)->version - 1;
}

INSTANTIATE_TEST_SUITE_P(Keep, CrashTest,
                         testing::Values(Nanos{0}, Nanos{86'400} * kNanosPerSecond),
                         [](const auto& test) { return test.param == 0 ? "Nothing" : "Versions"; });

TEST_P(CrashTest, KilledAnywhereThePartitionIsWhole) {
  const TestDirectory dir;
  const std::string directory = dir.file("lake");
  std::int64_t present = 1;
  ASSERT_EQ(calls_of_a_write(directory, present, options_).empty(), false);
  // The first version that is kept needs directories.
  ASSERT_EQ(calls_of_a_write(directory, ++present, options_).empty(), false);
  auto points = points_of(calls_of_a_write(directory, ++present, options_));
  ASSERT_FALSE(points.empty());
  constexpr std::size_t kPoints = 200;
  std::map<std::string, int> histogram;
  std::size_t in_commit = 0;
  for (std::size_t i = 0; i < kPoints; ++i) {
    const Point& point = points[i % points.size()];
    // Never a version that an earlier, killed run may have left in the store: every run makes the
    // same calls.
    const auto next = static_cast<std::int64_t>(i) + 10;
    const Nanos before = Env::posix().now();
    const auto old_files = files_as_of(*Lake::view(Env::posix(), directory), before);
    write_and_die(directory, point, next, options_);
    auto lake = Lake::open(Env::posix(), directory, options_);
    ASSERT_TRUE(lake) << lake.error().message();
    const auto found = read_version(**lake, "ES", kDay);
    ASSERT_TRUE(found) << found.error().message();
    ASSERT_TRUE(*found == present || *found == next) << *found;
    ASSERT_TRUE(read_glob(directory)) << read_glob(directory).error().message();
    EXPECT_EQ(leftovers(**lake), std::vector<std::string>{});
    const auto manifest = (*lake)->find(table::candles_1m(), {.root = "ES", .date = kDay});
    const auto visible =
        Env::posix().list(directory + "/market_data/candles_1m/p_root=ES/p_day=2025-06-16");
    ASSERT_EQ(visible->size(), 1u);
    EXPECT_EQ(visible->front(), fmt::format("part-{}.parquet", (*manifest)->files.front().name));
    if (options_.keep > 0) {
      EXPECT_EQ(*files_as_of(**lake, before), *old_files) << name_of(point);
      EXPECT_TRUE(has_all_entries(**lake)) << name_of(point);
    }
    ++histogram[fmt::format("{} {}", name_of(point), *found == next ? "new rows" : "old rows")];
    in_commit += point.in_commit ? 1 : 0;
    present = *found;
  }
  for (const auto& [what, count] : histogram) std::printf("  killed %s: %d\n", what.c_str(), count);
  std::printf("  %zu of %zu inside a commit\n", in_commit, kPoints);
  EXPECT_GE(in_commit * 2, kPoints);
}

TEST(Crash, KilledInTheFirstCommitLeavesNothingOrAll) {
  std::size_t calls = 1000;
  for (std::uint64_t call = 1; call <= calls; call += kSanitized ? 3 : 1) {
    const TestDirectory dir;
    const std::string directory = dir.file("lake");
    const int status = wait_for(in_child([&] {
      FaultEnv env;
      env.kill_at(call, FaultEnv::Moment::kAfter);
      auto lake = Lake::open(env, directory);
      return lake && write_version(**lake, "ES", kDay, 3) ? 0 : 1;
    }));
    auto lake = Lake::open(Env::posix(), directory);
    ASSERT_TRUE(lake) << call << ": " << lake.error().message();
    const auto found = read_version(**lake, "ES", kDay);
    EXPECT_TRUE(found ? *found == 3 : found.error().code() == Code::kNotFound) << call;
    EXPECT_EQ(read_glob(directory).has_value(), found.has_value()) << call;
    EXPECT_EQ(leftovers(**lake), std::vector<std::string>{}) << call;
    if (WIFEXITED(status)) calls = call;
  }
  EXPECT_LT(calls, 1000u);
}

TEST(Crash, PowerCutAfterACommitKeepsIt) {
  const TestDirectory dir;
  FaultEnv env;
  {
    auto lake = Lake::open(env, dir.file("lake"));
    ASSERT_TRUE(lake && write_version(**lake, "ES", kDay, 3));
  }
  env.drop_unsynced();
  auto lake = Lake::open(Env::posix(), dir.file("lake"));
  ASSERT_TRUE(lake);
  EXPECT_EQ(read_version(**lake, "ES", kDay), 3);
}

// Everything a reader opens must have been synced before the manifest named it.
TEST(Crash, SyncsBeforeItRenames) {
  const TestDirectory dir;
  calls_of_a_write(dir.file("lake"), 1);
  const auto calls = calls_of_a_write(dir.file("lake"), 2);
  const auto at = [&](std::string_view start, std::string_view end) {
    return std::ranges::find_if(calls, [&](const std::string& call) {
      return call.starts_with(start) && call.ends_with(end);
    });
  };
  EXPECT_LT(at("sync", ".draft"), at("rename", ".part"));
  EXPECT_LT(at("rename", ".part"), at("sync", ".store"));
  EXPECT_LT(at("sync", ".store"), at("rename", ".json"));
  EXPECT_LT(at("sync", ".manifest"), at("rename", ".json"));
  EXPECT_LT(at("sync", ".store/show"), at("rename", ".json"));
  EXPECT_LT(at("rename", ".json"), at("exchange", ""));
  const auto retire = std::ranges::find_if(calls, [](const std::string& call) {
    return call.contains(" retired,") || call.contains("/retired,");
  });
  EXPECT_LT(at("exchange", ""), retire);
  EXPECT_NE(retire, calls.end());
  EXPECT_EQ(at("remove", ".parquet"), calls.end()) << "a reader may be listing them";
}

TEST(Crash, SyncsTheOldVersionBeforeTheNewOneCounts) {
  const TestDirectory dir;
  const LakeOptions options{.state_dir = "", .keep = kNanosPerSecond};
  calls_of_a_write(dir.file("lake"), 1, options);
  const auto calls = calls_of_a_write(dir.file("lake"), 2, options);
  const auto at = [&](std::string_view start, std::string_view part) {
    return std::ranges::find_if(calls, [&](const std::string& call) {
      return call.starts_with(start) && call.contains(part);
    });
  };
  const auto link = at("link", "/.store/history/");
  const auto sync = std::find_if(link, calls.end(), [](const std::string& call) {
    return call.starts_with("sync") && call.ends_with("/p_day=2025-06-16");
  });
  EXPECT_LT(link, sync);
  EXPECT_LT(sync, at("rename", "/manifests/"));
  EXPECT_NE(at("rename", "/manifests/"), calls.end());
}

TEST_P(CrashTest, FailingCallsLeaveOldOrNewRowsAndRetrySucceeds) {
  const TestDirectory dir;
  std::int64_t present = 1;
  {
    auto lake = Lake::open(Env::posix(), dir.file("lake"), options_);
    ASSERT_TRUE(lake && write_version(**lake, "ES", kDay, present));
  }
  for (std::size_t kind = 0; kind < kCallKinds; ++kind) {
    const Call call = static_cast<Call>(kind);
    for (const int error_number : {ENOSPC, EACCES}) {
      for (std::uint64_t n = 1; n < 12; ++n) {
        FaultEnv env;
        auto lake = Lake::open(env, dir.file("lake"), options_);
        ASSERT_TRUE(lake);
        const Nanos time_before = env.now();
        const auto old_files = files_as_of(**lake, time_before);
        const std::uint64_t before = env.count(call);
        env.fail_call(call, n, error_number);
        const auto written = write_version(**lake, "ES", kDay, present + 1);
        const bool happened = env.count(call) >= before + n;
        env.fail_call(call, 1, error_number, 0);  // one that did not happen shall not come later
        const Code expected = error_number == ENOSPC ? Code::kNoSpace : Code::kPermission;
        EXPECT_TRUE(written || written.error().code() == expected) << written.error().message();
        const auto found = read_version(**lake, "ES", kDay);
        ASSERT_TRUE(found) << name(call) << " " << n << ": " << found.error().message();
        ASSERT_TRUE(*found == present + 1 || (!written && *found == present)) << name(call) << n;
        if (options_.keep > 0) {
          EXPECT_TRUE(has_all_entries(**lake)) << name(call) << n;
        }
        ASSERT_TRUE(write_version(**lake, "ES", kDay, present + 1)) << "a retry must succeed";
        EXPECT_EQ(read_version(**lake, "ES", kDay), present + 1);
        EXPECT_TRUE(read_glob(dir.file("lake")));
        if (options_.keep > 0) {
          EXPECT_EQ(*files_as_of(**lake, time_before), *old_files);
        }
        ++present;
        if (!happened) break;
      }
    }
  }
  auto lake = Lake::open(Env::posix(), dir.file("lake"), options_);
  ASSERT_TRUE(lake);
  EXPECT_EQ(leftovers(**lake), std::vector<std::string>{});
}

TEST(Crash, FullDiskIsACleanError) {
  const TestDirectory dir;
  ASSERT_TRUE(Env::posix().make_directories(dir.file("small")));
  if (::mount("tmpfs", dir.file("small").c_str(), "tmpfs", 0, "size=160k") != 0)
    GTEST_SKIP() << "cannot mount a small file system here; the faults of FaultEnv cover it";
  {
    auto lake = Lake::open(Env::posix(), dir.file("small/lake"));
    ASSERT_TRUE(lake) << lake.error().message();
    std::int64_t present = 0;
    Code code = Code::kInternal;
    for (std::int64_t seed = 1; seed < 100; ++seed) {
      const auto written = write_version(**lake, "ES", kDay, seed);
      if (!written) {
        code = written.error().code();
        break;
      }
      present = seed;
    }
    EXPECT_GT(present, 0);
    EXPECT_EQ(code, Code::kNoSpace);
    EXPECT_EQ(read_version(**lake, "ES", kDay), present);
    EXPECT_TRUE(read_glob(dir.file("small/lake")));
  }
  EXPECT_EQ(::umount(dir.file("small").c_str()), 0);
}

TEST(Crash, ReadOnlyDirectoryIsACleanError) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere; FaultEnv's EACCES covers it";
  const TestDirectory dir;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0555), 0);
  const auto lake = Lake::open(Env::posix(), dir.file("lake"));
  ASSERT_FALSE(lake);
  EXPECT_EQ(lake.error().code(), Code::kPermission);
}

TEST(Race, ReadersSeeOldOrNewRowsWhileAPartitionIsRewritten) {
  const TestDirectory dir;
  const std::string base = fast_directory(dir);
  const std::string directory = base + "/lake";
  const std::string stop = base + "/stop";
  auto lake = Lake::open(Env::posix(), directory);
  ASSERT_TRUE(lake && write_version(**lake, "ES", kDay, 1));
  // Exit codes: 0 all sums right, 1 an error of our reader, 3 a wrong sum.
  const pid_t ours = in_child([&] {
    while (!Env::posix().exists(stop)) {
      const auto found = read_version(*Lake::view(Env::posix(), directory), "ES", kDay);
      if (found) continue;
      std::fprintf(stderr, "our reader: %s\n", found.error().message().c_str());
      return found.error().code() == Code::kCorrupt ? 3 : 1;
    }
    return 0;
  });
  const pid_t foreign = in_child([&] {
    while (!Env::posix().exists(stop)) {
      const auto found = read_glob(directory);
      if (found || !found.error().message().contains("MIXTURE")) continue;
      std::fprintf(stderr, "glob reader: %s\n", found.error().message().c_str());
      return 3;
    }
    return 0;
  });
  const std::int64_t rewrites = kSanitized ? 100 : 1000;
  for (std::int64_t seed = 2; seed < rewrites + 2; ++seed) {
    const auto written = write_version(**lake, "ES", kDay, seed);
    ASSERT_TRUE(written) << written.error().message();
  }
  ASSERT_TRUE(write_text_atomically(Env::posix(), stop, "stop"));
  EXPECT_EQ(wait_for(ours), 0);
  EXPECT_EQ(wait_for(foreign), 0);
  EXPECT_TRUE(remove_tree(Env::posix(), base));
}

TEST(Race, TwoWritersOfAPartitionTakeTurns) {
  const TestDirectory dir;
  const std::string directory = dir.file("lake");
  constexpr std::int64_t kWrites = 15;
  const auto writer = [&](std::int64_t first_seed) {
    return in_child([&, first_seed] {
      auto lake = Lake::open(Env::posix(), directory);
      if (!lake) return 1;
      for (std::int64_t i = 0; i < kWrites; ++i)
        if (!write_version(**lake, "ES", kDay, first_seed + i)) return 2;
      return 0;
    });
  };
  const pid_t one = writer(100);
  const pid_t two = writer(500);
  EXPECT_EQ(wait_for(one), 0);
  EXPECT_EQ(wait_for(two), 0);
  auto lake = Lake::open(Env::posix(), directory);
  ASSERT_TRUE(lake);
  const auto manifest = (*lake)->find(table::candles_1m(), {.root = "ES", .date = kDay});
  ASSERT_TRUE(manifest && *manifest);
  EXPECT_EQ((*manifest)->version, std::uint64_t{2 * kWrites});
  EXPECT_TRUE(read_version(**lake, "ES", kDay));
  EXPECT_TRUE(read_glob(directory));
  EXPECT_EQ(leftovers(**lake), std::vector<std::string>{});
}

}  // namespace
}  // namespace fm::lake
