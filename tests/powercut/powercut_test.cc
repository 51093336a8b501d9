// Power cuts at every change of the disk, made by DuckDB and SQLite themselves, too: what was
// acknowledged is there, what was not is there whole or not at all.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "base/testing_fault_env.h"
#include "disk.h"
#include "lake/lake.h"
#include "lake/testing_rows.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::powercut {
namespace {

const Date kDay(2025, 6, 16);

struct End {
  bool cut = false;
  std::uint64_t acknowledged = 0;
};

// `work` calls its argument after each thing that must last from then on.
End in_child(const Disk& disk, std::uint64_t cut_at,
             const std::function<void(const std::function<void()>&)>& work) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    disk.cut_at(cut_at);
    work([&] { static_cast<void>(::write(ends[1], "x", 1)); });
    ::_exit(0);
  }
  ::close(ends[1]);
  End end;
  for (char byte = 0; ::read(ends[0], &byte, 1) == 1;) ++end.acknowledged;
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  end.cut = WIFSIGNALED(status);
  EXPECT_TRUE(end.cut || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
  disk.lose_unsynced();
  return end;
}

TEST(PowerCut, AnywhereInACommitThePartitionIsWhole) {
  const TestDirectory dir;
  const TestDirectory journal;
  const Disk disk(dir.path(), journal.path());
  const std::string directory = dir.file("lake");
  std::int64_t present = 1;
  {
    auto lake = lake::Lake::open(Env::posix(), directory);
    ASSERT_TRUE(lake && write_version(**lake, "ES", kDay, present));
  }
  std::uint64_t cuts = 0;
  std::uint64_t old_rows = 0;
  for (std::uint64_t call = 1;; ++call) {
    const std::int64_t next = present + 1;
    const End end = in_child(disk, call, [&](const std::function<void()>& acknowledge) {
      auto lake = lake::Lake::open(Env::posix(), directory);
      if (!lake || !write_version(**lake, "ES", kDay, next)) ::_exit(1);
      acknowledge();
    });
    auto lake = lake::Lake::open(Env::posix(), directory);
    ASSERT_TRUE(lake) << call << ": " << lake.error().message();
    const auto found = read_version(**lake, "ES", kDay);
    ASSERT_TRUE(found) << call << ": " << found.error().message();
    ASSERT_TRUE(*found == next || (end.acknowledged == 0 && *found == present)) << call;
    old_rows += *found == present ? 1 : 0;
    present = *found;
    if (!end.cut) break;
    ++cuts;
  }
  std::printf("  %lu power cuts, %lu kept the old rows\n", static_cast<unsigned long>(cuts),
              static_cast<unsigned long>(old_rows));
  // DuckDB's own writes are among them, and cuts on either side of the manifest's rename.
  EXPECT_GT(cuts, 12u);
  EXPECT_GT(old_rows, 5u);
  EXPECT_LT(old_rows, cuts);
}

std::uint64_t count_events(const std::string& file) {
  auto state = ops::State::open(Env::posix(), file);
  EXPECT_TRUE(state) << state.error().message();
  if (!state) return 0;
  const Status whole = state->check_integrity();
  EXPECT_TRUE(whole) << whole.error().message();
  auto rows = state->rows(table::data_quality_events());
  EXPECT_TRUE(rows);
  table::RowBatch batch(table::data_quality_events());
  std::uint64_t count = 0;
  while ((*rows)->next(batch).value_or(false)) count += batch.size();
  return count;
}

TEST(PowerCut, AnywhereInATransactionTheStateKeepsWhatWasAcknowledged) {
  const TestDirectory dir;
  const TestDirectory journal;
  const Disk disk(dir.path(), journal.path());
  const std::string file = ops::state_file(dir.file("state"));
  std::uint64_t before = count_events(file);
  std::uint64_t cuts = 0;
  for (std::uint64_t call = 1;; ++call) {
    const End end = in_child(disk, call, [&](const std::function<void()>& acknowledge) {
      auto state = ops::State::open(Env::posix(), file);
      if (!state) ::_exit(1);
      ops::Event event;
      event.source = "test";
      event.message = "noticed";
      for (int i = 0; i < 3; ++i) {
        if (!state->add_event(event)) ::_exit(2);
        acknowledge();
      }
    });
    const std::uint64_t after = count_events(file);
    ASSERT_GE(after, before + end.acknowledged) << call;
    ASSERT_LE(after, before + end.acknowledged + 1) << call;
    before = after;
    if (!end.cut) break;
    ++cuts;
  }
  std::printf("  %lu power cuts\n", static_cast<unsigned long>(cuts));
  EXPECT_GT(cuts, 5u);
}

// The disk itself: without a sync the content goes, with one it stays.
TEST(PowerCut, TheDiskForgetsWhatWasNotSynced) {
  const TestDirectory dir;
  const TestDirectory journal;
  const Disk disk(dir.path(), journal.path());
  ASSERT_TRUE(write_text_atomically(Env::posix(), dir.file("old"), "old"));
  in_child(disk, 0, [&](const std::function<void()>&) {
    Env& env = Env::posix();
    for (const char* name : {"synced", "lost", "old"}) {
      auto out = env.create(dir.file(name), Create::kTruncate);
      if (!out || !(*out)->write("new")) ::_exit(1);
      if (std::string_view(name) == "synced" && !(*out)->sync()) ::_exit(2);
    }
  });
  EXPECT_EQ(read_text(Env::posix(), dir.file("synced")).value(), "new");
  EXPECT_EQ(read_text(Env::posix(), dir.file("lost")).value(), "");
  EXPECT_EQ(read_text(Env::posix(), dir.file("old")).value(), "old");
}

}  // namespace
}  // namespace fm::powercut
