#include "lake/testing_crash.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace fm::lake {

pid_t in_child(const std::function<int()>& work) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is stopped leaves no readers behind
    ::_exit(work());
  }
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

std::vector<std::string> leftovers(const Lake& lake) {
  std::vector<std::string> found;
  Env& env = Env::posix();
  const std::string store = join(lake.directory(), ".store");
  const auto names = env.list(store);
  for (const auto& name : *names)
    if (name.ends_with(".draft") || name.ends_with(".manifest") || name.ends_with(".tmp"))
      found.push_back(name);
  const auto shows = env.list(join(store, "show"));
  for (const auto& name : *shows)
    if (!name.starts_with("retired,")) found.push_back("show/" + name);
  return found;
}

Result<std::vector<DataFile>> files_as_of(const Lake& lake, Nanos at) {
  FM_ASSIGN(const auto past, lake.partitions_as_of(table::candles_1m(), at));
  EXPECT_LE(past.size(), 1u);
  return past.empty() ? std::vector<DataFile>{} : past.front().files;
}

std::vector<Point> points_of(const std::vector<std::string>& calls) {
  const auto is_place = [](const std::string& call) {
    return call.starts_with("rename ") && call.ends_with(".part");
  };
  const auto commit = std::ranges::find_if(calls, is_place);
  EXPECT_NE(commit, calls.end());
  std::vector<Point> points;
  for (auto call = calls.begin(); call != calls.end(); ++call) {
    const std::string kind = call->substr(0, call->find(' '));
    if (kind == "mkdir" || kind == "create") continue;
    const bool in_commit = call >= commit;
    for (const auto moment : {FaultEnv::Moment::kBefore, FaultEnv::Moment::kAfter})
      points.push_back(
          {static_cast<std::uint64_t>(call - calls.begin()) + 1, moment, kind, in_commit});
  }
  return points;
}

std::string name_of(const Point& point) {
  return fmt::format("{:8} {:6}", point.kind,
                     point.moment == FaultEnv::Moment::kBefore ? "before" : "after");
}

std::string fast_directory(const TestDirectory& dir) {
  const std::string memory = "/dev/shm/" + std::string(base_name(dir.path()));
  return ::access("/dev/shm", W_OK) == 0 ? memory : dir.path();
}

}  // namespace fm::lake
