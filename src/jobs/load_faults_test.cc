// Loads that die or run out of disk: whatever is left, running again makes the lake that one whole
// run makes.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>

#include "base/testing_forwarding_env.h"
#include "jobs/testing_load.h"
#include "lake/lake.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

namespace fs = std::filesystem;
using Bars = std::vector<TestBar>;

// A quarter of the kills: the program's shards run side by side.
constexpr int kKills = 50;
constexpr int kQuarters = 4;

constexpr std::size_t kFiles = 6;

// Two roots, two years, three schemas, a corrected row, and rows that are left out.
void write_inputs(const TestDirectory& folder) {
  const auto at = [&](const std::string& name) { return folder.file("in/" + name); };
  ASSERT_TRUE(Env::posix().make_directories(folder.file("in")));
  Bars first, second;
  for (int day = 0; day < 400; day += 40)
    for (const char* symbol : {"ESU5", "ZLN5"}) {
      first.push_back(minute_bar(day * 1'440, symbol, 10 + day));
      second.push_back(minute_bar(day * 1'440 + 1, symbol, 11 + day));
    }
  second.push_back(minute_bar(0, "ESU5", 99));
  write_bars(at("a.dbn"), first);
  write_bars(at("b.json"), second);
  write_bars(at("c.csv"), {minute_bar(0, "ES.c.0", 1), minute_bar(7, "ESU5", 5)});
  write_bars(at("d.dbn"), first, dbn::Schema::kOhlcv1h);
  write_test_trades(at("e.dbn"), {{0, 1}, {1, 5}, {1, 5}, {2, 7}});
  write_test_trades(at("f.dbn"), {{0, 2}, {1, 5}, {3, 7}, {86'400, 1}});
  for (const char* name : {"a.dbn", "b.json", "c.csv", "d.dbn", "e.dbn", "f.dbn"})
    set_modified(at(name), kBarDay + static_cast<Nanos>(name[0]) * kNanosPerSecond);
}

LoadOptions options_of(const TestDirectory& folder) {
  LoadOptions options;
  options.inputs = {folder.file("in")};
  options.lake = folder.file("lake");
  options.memory = {.sort_bytes = 2'000, .store_bytes = 1};  // so that the disk is used for sorting
  return options;
}

struct Stored {
  Bars minutes;
  Bars hours;
  std::vector<TestTrade> trades;
  friend bool operator==(const Stored&, const Stored&) = default;
};

Stored stored_in(const std::string& lake) {
  return {stored_minutes(lake), stored_bars_of(lake, table::databento_futures_ohlcv_1h()),
          stored_test_trades(lake)};
}

// What a whole run stores.
const Stored& expected() {
  static const Stored kStored = [] {
    const TestDirectory folder;
    write_inputs(folder);
    load(options_of(folder));
    return stored_in(folder.file("lake"));
  }();
  return kStored;
}

void expect_mended(const TestDirectory& folder, const std::string& what) {
  const LoadReport report = load(options_of(folder));
  EXPECT_EQ(report.verdict(), LoadVerdict::kOk) << what << to_text(report);
  EXPECT_EQ(stored_in(folder.file("lake")), expected()) << what;
  auto state =
      ops::State::open_to_read(Env::posix(), folder.file("frontmonth-state-lake/ops.sqlite"));
  ASSERT_TRUE(state) << what;
  std::map<std::string, ops::LoadStatus> newest;
  const auto loads = state->loads().value();
  for (const ops::LoadedFile& file : loads) newest[file.path] = file.status;
  EXPECT_EQ(newest.size(), kFiles) << what;
  for (const auto& [path, status] : newest)
    EXPECT_EQ(status, ops::LoadStatus::kSuccess) << what << path;
  for (const auto& entry : fs::directory_iterator(folder.file("frontmonth-state-lake")))
    EXPECT_FALSE(entry.path().string().ends_with(kSpillEnding)) << what << entry.path();
  // And once more: nothing is left to be done.
  const LoadReport again = load(options_of(folder));
  EXPECT_EQ(again.count(LoadAction::kUnchanged), kFiles) << what << to_text(again);
}

int run_in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(work());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

// A whole run's calls that write, sync or rename, by their number among all; and those of them that
// commit something to the lake.
struct Moments {
  std::vector<std::string> calls;
  std::vector<std::uint64_t> all;
  std::vector<std::uint64_t> commits;
};

const Moments& moments() {
  static const Moments kMoments = [] {
    Moments moments;
    const TestDirectory folder;
    write_inputs(folder);
    FaultEnv env;
    load(options_of(folder), env);
    moments.calls = env.calls();
    for (std::size_t i = 0; i < moments.calls.size(); ++i) {
      const std::string& call = moments.calls[i];
      const std::string kind = call.substr(0, call.find(' '));
      if (kind != "write" && kind != "sync" && kind != "rename" && kind != "exchange") continue;
      moments.all.push_back(i + 1);
      if (call.contains("/lake/")) moments.commits.push_back(i + 1);
    }
    return moments;
  }();
  return kMoments;
}

class LoadKills : public ::testing::TestWithParam<int> {};

TEST_P(LoadKills, RunningAgainMakesTheSameLake) {
  const auto& [calls, all, commits] = moments();
  ASSERT_GT(commits.size(), 40U);
  std::mt19937_64 random(static_cast<std::uint64_t>(7 + GetParam()));
  std::map<std::string, int> histogram;
  int inside = 0;
  int killed = 0;
  for (int i = 0; i < kKills; ++i) {
    const auto& among = i % 2 == 0 ? commits : all;
    // Spread over the run, and the quarters between one another, so that every stage is met.
    const auto slot = static_cast<std::size_t>(i / 2 * kQuarters + GetParam());
    const std::size_t slots = static_cast<std::size_t>(kKills / 2) * kQuarters;
    const std::size_t width = among.size() / slots + 1;
    const std::uint64_t n = among[(slot * among.size() / slots + random() % width) % among.size()];
    const auto moment = random() % 2 == 0 ? FaultEnv::Moment::kBefore : FaultEnv::Moment::kAfter;
    const std::string& call = calls[n - 1];
    inside += call.contains("/lake/") ? 1 : 0;
    ++histogram[call.substr(0, call.find(' ')) + (call.contains("/lake/") ? " of a commit" : "") +
                (moment == FaultEnv::Moment::kBefore ? ", before" : ", after")];
    const TestDirectory folder;
    write_inputs(folder);
    const int status = run_in_child([&] {
      FaultEnv env;
      env.kill_at(n, moment);
      NoProgress progress;
      return run_load(env, options_of(folder), progress) ? 0 : 1;
    });
    killed += WIFSIGNALED(status) ? 1 : 0;
    expect_mended(folder, fmt::format("{} {}: ", n, call));
  }
  EXPECT_GE(2 * inside, kKills);
  EXPECT_EQ(killed, kKills);
  for (const auto& [what, count] : histogram) std::printf("  %-32s %d\n", what.c_str(), count);
}

INSTANTIATE_TEST_SUITE_P(Quarters, LoadKills, ::testing::Range(0, kQuarters));

TEST(LoadFaults, TwoLoadsAtOnceMakeTheSameLake) {
  for (int round = 0; round < 3; ++round) {
    const TestDirectory folder;
    write_inputs(folder);
    const auto start = [&] {
      const pid_t child = ::fork();
      if (child != 0) return child;
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      NoProgress progress;
      const auto report = run_load(Env::posix(), options_of(folder), progress);
      // Whoever waits too long says so.
      ::_exit(report || report.error().code() == Code::kBusy ? 0 : 1);
    };
    const pid_t children[] = {start(), start(), start()};
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
    }
    expect_mended(folder, "three at once");
  }
}

TEST(LoadFaults, AFileThatIsCutWhileItIsReadKeepsNothing) {
  // Found out at its end, or by its size.
  for (const int reads : {2, 3}) {
    const TestDirectory folder;
    write_inputs(folder);
    const std::string whole = read_text(Env::posix(), folder.file("in/a.dbn")).value();
    ForwardingEnv env;
    int opened = 0;
    env.on_open = [&](const std::string& path, std::unique_ptr<ReadableFile> file) {
      if (path.ends_with("a.dbn") && ++opened == reads)
        fs::resize_file(path, fs::file_size(path) - 3 * sizeof(dbn::OhlcvMsg));
      return file;
    };
    const LoadReport report = load(options_of(folder), env);
    EXPECT_EQ(report.count(LoadAction::kFailed), 1U) << to_text(report);
    EXPECT_EQ(report.count(LoadAction::kLoad), kFiles - 1);
    fs::remove(folder.file("in/a.dbn"));
    ASSERT_TRUE((*Env::posix().create(folder.file("in/a.dbn"), Create::kNew))->write(whole));
    set_modified(folder.file("in/a.dbn"), kBarDay + static_cast<Nanos>('a') * kNanosPerSecond);
    expect_mended(folder, "cut");
  }
}

TEST(LoadFaults, AFullOrBrokenDiskIsACleanErrorAndRunningAgainMendsIt) {
  for (const Call kind : {Call::kCreate, Call::kWrite, Call::kSync, Call::kRename, Call::kExchange,
                          Call::kLink, Call::kMakeDirectory}) {
    for (const int error_number : {ENOSPC, EIO}) {
      for (const std::uint64_t n : {1, 2, 4, 9}) {
        const TestDirectory folder;
        write_inputs(folder);
        FaultEnv env;
        env.fail_call(kind, n, error_number, 1'000'000);
        NoProgress progress;
        const auto report = run_load(env, options_of(folder), progress);
        const std::string what = fmt::format("{} {} {}: ", name(kind), n, error_number);
        if (!report) {
          // A lake takes a probe of its disk that fails for a disk that it cannot live on.
          const Code code = report.error().code();
          EXPECT_TRUE(code == Code::kNoSpace || code == Code::kIo || code == Code::kUnsupported)
              << what << report.error().message();
        }
        expect_mended(folder, what);
      }
    }
  }
}

TEST(LoadFaults, AnUnreadableFileFailsAlone) {
  const TestDirectory folder;
  write_inputs(folder);
  class BrokenFile final : public ReadableFile {
   public:
    Result<std::size_t> read(std::span<std::byte>) override {
      return fail(Code::kIo, "b.json: read: Input/output error");
    }
    Status seek(std::uint64_t) override { return {}; }
  };
  ForwardingEnv env;
  env.on_open = [](const std::string& path,
                   std::unique_ptr<ReadableFile> file) -> std::unique_ptr<ReadableFile> {
    if (path.ends_with("b.json")) return std::make_unique<BrokenFile>();
    return file;
  };
  const LoadReport report = load(options_of(folder), env);
  EXPECT_EQ(report.count(LoadAction::kFailed), 1U) << to_text(report);
  EXPECT_EQ(report.count(LoadAction::kLoad), kFiles - 1);
  expect_mended(folder, "EIO");
}

}  // namespace
}  // namespace fm::jobs
