#include "base/env.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "base/testing_fault_env.h"

namespace fm {
namespace {

Status write_file(Env& env, const std::string& path, std::string_view text, bool sync = true) {
  FM_ASSIGN(auto file, env.create(path, Create::kTruncate));
  FM_TRY(file->write(text));
  if (sync) FM_TRY(file->sync());
  return file->close();
}

TEST(Paths, JoinAndTakeApart) {
  EXPECT_EQ(join("a", "b"), "a/b");
  EXPECT_EQ(join("a/", "b"), "a/b");
  EXPECT_EQ(join("", "b"), "b");
  const struct {
    const char* path;
    const char* parent;
    const char* base;
  } cases[] = {{"a/b", "a", "b"}, {"a", ".", "a"}, {"/a", "/", "a"}, {"/a/b/c", "/a/b", "c"}};
  for (const auto& c : cases) {
    EXPECT_EQ(parent_of(c.path), c.parent) << c.path;
    EXPECT_EQ(base_name(c.path), c.base) << c.path;
  }
}

TEST(Env, WritesReadsAndAppends) {
  const TestDirectory dir;
  Env& env = Env::posix();
  const std::string path = dir.file("file");
  ASSERT_TRUE(write_file(env, path, "one"));
  {
    auto file = env.create(path, Create::kAppend);
    ASSERT_TRUE(file && (*file)->write(" two") && (*file)->close());
  }
  EXPECT_EQ(read_text(env, path), "one two");
  EXPECT_EQ(env.create(path, Create::kNew).error().code(), Code::kAlreadyExists);
  EXPECT_EQ(env.create(path, Create::kNewPrivate).error().code(), Code::kAlreadyExists);
  ASSERT_TRUE(env.create(dir.file("private"), Create::kNewPrivate));
  EXPECT_EQ(env.info(dir.file("private"))->mode, 0600U);
  EXPECT_EQ(read_text(env, path, 3).error().code(), Code::kUnsupported);
  EXPECT_EQ(read_text(env, dir.file("none")).error().code(), Code::kNotFound);
  EXPECT_EQ(env.open(dir.path()).error().code(), Code::kInvalidArgument);
  auto reader = env.open(path);
  ASSERT_TRUE(reader && (*reader)->seek(4));
  std::array<std::byte, 8> bytes{};
  EXPECT_EQ((*reader)->read(bytes), 3u);
}

TEST(Env, MakesListsLinksAndRemoves) {
  const TestDirectory dir;
  Env& env = Env::posix();
  ASSERT_TRUE(env.make_directories(dir.file("a/b/c")));
  EXPECT_TRUE(env.make_directories(dir.file("a/b/c")));
  ASSERT_TRUE(write_file(env, dir.file("a/file"), "x"));
  ASSERT_TRUE(env.hard_link(dir.file("a/file"), dir.file("a/link")));
  EXPECT_EQ(env.list(dir.file("a")), (std::vector<std::string>{"b", "file", "link"}));
  EXPECT_EQ(env.info(dir.file("a/link"))->links, 2u);
  EXPECT_FALSE(env.remove(dir.file("a")));  // not empty
  EXPECT_FALSE(env.make_directories(dir.file("a/file/d")));
  EXPECT_TRUE(remove_tree(env, dir.file("a")));
  EXPECT_TRUE(remove_tree(env, dir.file("a")));
  EXPECT_FALSE(env.exists(dir.file("a")));
  EXPECT_GT(env.disk_space(dir.path())->total_bytes, 0u);
}

TEST(Env, ExchangesDirectories) {
  const TestDirectory dir;
  Env& env = Env::posix();
  ASSERT_TRUE(env.make_directories(dir.file("one/1")) && env.make_directories(dir.file("two/2")));
  ASSERT_TRUE(env.exchange(dir.file("one"), dir.file("two")));
  EXPECT_TRUE(env.exists(dir.file("one/2")) && env.exists(dir.file("two/1")));
  EXPECT_EQ(env.exchange(dir.file("one"), dir.file("none")).error().code(), Code::kNotFound);
}

TEST(Env, LocksExcludeEachOther) {
  const TestDirectory dir;
  Env& env = Env::posix();
  auto first = env.lock(dir.file("lock"), 0);
  ASSERT_TRUE(first);
  const auto second = env.lock(dir.file("lock"), 5'000'000);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kBusy);
  EXPECT_TRUE(second.error().can_retry());
  first->reset();
  EXPECT_TRUE(env.lock(dir.file("lock"), 0));
}

TEST(Env, AtomicTextKeepsTheOldWhateverFails) {
  const TestDirectory dir;
  const std::string path = dir.file("text");
  for (const Call call : {Call::kCreate, Call::kWrite, Call::kSync, Call::kRename}) {
    FaultEnv env;
    ASSERT_TRUE(write_text_atomically(env, path, "old"));
    env.fail_call(call, 1, ENOSPC);
    const auto failed = write_text_atomically(env, path, "new");
    ASSERT_FALSE(failed) << name(call);
    EXPECT_EQ(failed.error().code(), Code::kNoSpace);
    EXPECT_EQ(read_text(env, path), "old");
    EXPECT_EQ(env.list(dir.path())->size(), 1u) << "a draft stayed behind a failing " << name(call);
  }
}

TEST(FaultEnv, FailsTheCallsItWasToldTo) {
  const TestDirectory dir;
  FaultEnv env;
  env.fail_call(Call::kMakeDirectory, 2, EACCES, 2);
  EXPECT_TRUE(env.make_directories(dir.file("1")));
  EXPECT_EQ(env.make_directories(dir.file("2")).error().code(), Code::kPermission);
  EXPECT_EQ(env.make_directories(dir.file("2")).error().code(), Code::kPermission);
  EXPECT_TRUE(env.make_directories(dir.file("2")));
  EXPECT_EQ(env.count(Call::kMakeDirectory), 4u);
  EXPECT_EQ(env.calls().back(), "mkdir " + dir.file("2"));
}

TEST(FaultEnv, PowerCutDropsWhatWasNotSynced) {
  const TestDirectory dir;
  FaultEnv env;
  ASSERT_TRUE(write_file(env, dir.file("synced"), "kept"));
  ASSERT_TRUE(write_file(env, dir.file("lazy"), "lost", false));
  ASSERT_TRUE(env.rename(dir.file("lazy"), dir.file("renamed")));
  {
    auto file = env.create(dir.file("synced"), Create::kAppend);
    ASSERT_TRUE((*file)->write(" lost"));
  }
  env.drop_unsynced();
  EXPECT_EQ(read_text(env, dir.file("synced")), "kept");
  EXPECT_EQ(read_text(env, dir.file("renamed")), "");
}

TEST(FaultEnv, PowerCutRevertsWhatWasWrittenOver) {
  const TestDirectory dir;
  FaultEnv env;
  const std::string path = dir.file("log");
  auto file = *env.create(path, Create::kNew);
  const auto put = [&](std::uint64_t at, std::string_view text) {
    ASSERT_TRUE(file->write_at(at, std::as_bytes(std::span(text.data(), text.size()))));
  };
  ASSERT_TRUE(file->preallocate(8));
  put(0, "one");
  ASSERT_TRUE(file->sync());
  put(1, "XY");
  put(3, "two");
  put(7, "behind the end");
  ASSERT_TRUE(file->truncate(5));
  env.drop_unsynced();
  EXPECT_EQ(*read_text(env, path), std::string("one\0\0\0\0\0", 8));

  put(3, "two");
  put(6, "Z");
  env.drop_unsynced([n = 0]() mutable { return n++ == 0; });  // the newest change survives
  EXPECT_EQ(*read_text(env, path), std::string("one\0\0\0Z\0", 8));
}

TEST(FaultEnv, KillsBeforeOrAfterACall) {
  for (const auto moment : {FaultEnv::Moment::kBefore, FaultEnv::Moment::kAfter}) {
    const TestDirectory dir;
    const pid_t child = ::fork();
    if (child == 0) {
      FaultEnv env;
      env.kill_at(2, moment);
      static_cast<void>(env.make_directories(dir.file("1")));
      static_cast<void>(env.make_directories(dir.file("2")));
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    EXPECT_TRUE(Env::posix().exists(dir.file("1")));
    EXPECT_EQ(Env::posix().exists(dir.file("2")), moment == FaultEnv::Moment::kAfter);
  }
}

TEST(FaultEnv, TimeStandsStillOnceSet) {
  FaultEnv env;
  env.set_now(1'000);
  env.sleep_for(500);
  EXPECT_EQ(env.now(), 1'500u);
}

}  // namespace
}  // namespace fm
