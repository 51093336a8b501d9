#include "ops/state.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

#include "base/testing_fault_env.h"
#include "ops/schema.h"
#include "ops/sqlite.h"

namespace fm::ops {
namespace {

class StateTest : public testing::Test {
 protected:
  State open() {
    auto state = State::open(env_, file_);
    EXPECT_TRUE(state) << state.error().message();
    return std::move(*state);
  }

  // All rows as text, one string per row, cells separated by '|', NULL as "-".
  static std::vector<std::string> read(State& state, const table::Table& table) {
    std::vector<std::string> lines;
    auto stream = state.rows(table);
    EXPECT_TRUE(stream) << stream.error().message();
    table::RowBatch batch(table, 64);
    for (;;) {
      const auto more = (*stream)->next(batch);
      EXPECT_TRUE(more) << more.error().message();
      if (!more || !*more) return lines;
      for (std::size_t row = 0; row < batch.size(); ++row) lines.push_back(line_of(batch, row));
    }
  }

  static std::string line_of(const table::RowBatch& batch, std::size_t row) {
    std::string line;
    for (std::size_t c = 0; c < batch.table().columns.size(); ++c) {
      if (c > 0) line += '|';
      if (batch.is_null(c, row)) {
        line += '-';
        continue;
      }
      switch (batch.table().columns[c].type) {
        case table::Type::kText:
          line += batch.text(c, row);
          break;
        case table::Type::kDate:
          line += Date::from_days(batch.int32s(c)[row]).iso();
          break;
        case table::Type::kBool:
          line += batch.int8s(c)[row] ? "true" : "false";
          break;
        default:
          line += std::to_string(batch.int64s(c)[row]);
      }
    }
    return line;
  }

  static std::vector<std::string> cells(const std::string& line) {
    std::vector<std::string> found(1);
    for (const char c : line) {
      if (c == '|')
        found.emplace_back();
      else
        found.back() += c;
    }
    return found;
  }

  Env& env_ = Env::posix();
  const TestDirectory directory_;
  const std::string file_ = state_file(directory_.file("state"));
};

TEST_F(StateTest, ColumnsAreTheCataloguesInItsOrder) {
  open();
  auto sqlite = Sqlite::open(file_, true, 0);
  ASSERT_TRUE(sqlite);
  for (const auto* table : State::tables()) {
    auto info = sqlite->prepare(fmt::format("PRAGMA table_info({})", table->name));
    ASSERT_TRUE(info);
    std::vector<std::string> in_file;
    while (*info->step())
      in_file.push_back(std::string(info->text(1)) + (info->integer(3) ? " NN" : ""));
    std::vector<std::string> in_catalogue;
    for (const auto& column : table->columns) {
      // A primary key of one column needs no NOT NULL of its own here.
      const bool is_primary = table->key.size() == 1 && table->key.front() == column.name;
      const bool declared = !column.nullable && !is_primary;
      in_catalogue.push_back(std::string(column.name) + (declared ? " NN" : ""));
    }
    EXPECT_EQ(in_file, in_catalogue) << table->name;
  }
}

TEST_F(StateTest, RunsAreKeptFromStartToEnd) {
  State state = open();
  const auto good = state.begin_run({.job = "candles", .parameters_json = R"({"warmup":60})"});
  const auto bad = state.begin_run({.job = "demo", .parameters_json = "{}"});
  ASSERT_TRUE(good && bad);
  EXPECT_NE(*good, *bad);
  EXPECT_TRUE(state.finish_run(*good, {.rows_processed = 42, .error_message = {}}));
  EXPECT_TRUE(state.finish_run(*bad, {.rows_processed = {}, .error_message = "disk full"}));

  std::set<std::string> statuses;
  for (const auto& line : read(state, table::job_runs())) {
    const auto cell = cells(line);
    ASSERT_EQ(cell.size(), table::job_runs().columns.size());
    statuses.insert(cell[2] + " " + cell[3] + " " + cell[6] + " " + cell[7] + " " + cell[8]);
    EXPECT_GE(std::stoll(cell[5]), std::stoll(cell[4]));
    EXPECT_EQ(cell[9], FM_VERSION);
  }
  EXPECT_EQ(statuses, (std::set<std::string>{R"(candles success 42 - {"warmup":60})",
                                             "demo failed - disk full {}"}));
}

TEST_F(StateTest, ARunEndsOnce) {
  State state = open();
  const auto run = state.begin_run({.job = "candles", .parameters_json = "{}"});
  ASSERT_TRUE(run);
  EXPECT_TRUE(state.finish_run(*run, {}));
  for (const std::string& name : {*run, std::string("no-such-run")}) {
    const auto again = state.finish_run(name, {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), Code::kNotFound);
  }
}

TEST_F(StateTest, EventsKeepTheirWordsAsTheyAre) {
  State state = open();
  const std::string message = "ES 2025-06-16: 12 trades outside the session; \"quoted\" | línea\n";
  ASSERT_TRUE(state.add_event({.source = "candles",
                               .dataset = "market_data",
                               .table_name = "candles_1m",
                               .severity = Severity::kError,
                               .check_type = "calendar_contradicted",
                               .message = message,
                               .payload_json = R"({"count":12})"}));
  ASSERT_TRUE(state.add_event({.source = "doctor",
                               .dataset = "ops",
                               .table_name = {},
                               .severity = Severity::kInfo,
                               .check_type = {},
                               .message = "",
                               .payload_json = {}}));
  auto stream = state.rows(table::data_quality_events());
  ASSERT_TRUE(stream);
  table::RowBatch batch(table::data_quality_events());
  ASSERT_TRUE(*(*stream)->next(batch));
  ASSERT_EQ(batch.size(), 2u);
  const auto& events = table::data_quality_events();
  const std::size_t first = batch.text(events.column_index("source"), 0) == "candles" ? 0 : 1;
  EXPECT_EQ(batch.text(events.column_index("message"), first), message);
  EXPECT_EQ(batch.text(events.column_index("severity"), first), "error");
  EXPECT_EQ(batch.text(events.column_index("message"), 1 - first), "");
  EXPECT_TRUE(batch.is_null(events.column_index("payload"), 1 - first));
  EXPECT_TRUE(batch.is_null(events.column_index("resolved_at"), first));
}

TEST_F(StateTest, RejectsOfADateTakeThePlaceOfThoseBefore) {
  State state = open();
  const Date monday(2025, 6, 16);
  const std::vector<Rejects> first = {
      {"ES", monday, {{"late", 3}, {"off_session", 12}, {"no_price", 0}}},
      {"NQ", monday, {{"late", 1}}},
      {std::nullopt, monday, {{"malformed", 9}}}};
  ASSERT_TRUE(state.record_rejects(first));
  auto before = read(state, table::candle_rejects());
  ASSERT_EQ(before.size(), 4u);
  ASSERT_TRUE(state.record_rejects(first));
  EXPECT_EQ(read(state, table::candle_rejects()), before) << "the same again changes nothing";

  ASSERT_TRUE(state.record_rejects(std::vector<Rejects>{
      {"ES", monday, {{"late", 4}}}, {std::nullopt, monday, {{"unmapped", 2}}}}));
  std::vector<std::string> now;
  for (const auto& line : read(state, table::candle_rejects())) {
    now.push_back(line.substr(0, line.rfind('|')));
    if (line.starts_with("ES|")) {
      EXPECT_EQ(cells(line)[4], cells(before[1])[4]) << "created_at is the first load's";
    }
  }
  EXPECT_EQ(now, (std::vector<std::string>{"-|2025-06-16|unmapped|2", "ES|2025-06-16|late|4",
                                           "NQ|2025-06-16|late|1"}));
}

TEST_F(StateTest, ManyRowsComeInBatches) {
  State state = open();
  std::vector<Rejects> rejects;
  for (int day = 0; day < 300; ++day)
    rejects.push_back({"ES", Date(2025, 1, 1) + day, {{"late", day + 1}}});
  ASSERT_TRUE(state.record_rejects(rejects));
  const auto lines = read(state, table::candle_rejects());
  ASSERT_EQ(lines.size(), 300u);
  EXPECT_EQ(cells(lines[299])[3], "300");
}

TEST_F(StateTest, WhatWasWrittenIsThereAfterReopening) {
  {
    ASSERT_TRUE(open().begin_run({.job = "candles", .parameters_json = "{}"}));
  }
  State again = open();
  EXPECT_EQ(read(again, table::job_runs()).size(), 1u);
  auto reader = State::open_to_read(env_, file_);
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_EQ(read(*reader, table::job_runs()).size(), 1u);
  EXPECT_TRUE(reader->check_integrity());
  EXPECT_FALSE(reader->begin_run({.job = "candles", .parameters_json = "{}"}));
}

TEST_F(StateTest, GapsAreRecordedOnceAndRepairedOnce) {
  State state = open();
  const Nanos monday = static_cast<Nanos>(Date(2025, 6, 16).first_second()) * kNanosPerSecond;
  const Gap late{"GLBX.MDP3", "tbbo", monday + 90'000'000'123, monday + 95'000'000'000, "restart"};
  const Gap early{"GLBX.MDP3", std::nullopt, monday + 1, monday + 2, "disconnect"};
  const Gap other{"XNAS.ITCH", "tbbo", monday, monday + 5, "disconnect"};
  const auto late_id = state.add_gap(late);
  ASSERT_TRUE(late_id && state.add_gap(early) && state.add_gap(other));
  EXPECT_EQ(*state.add_gap(late), *late_id) << "the same gap again";
  Gap longer = late;
  longer.to += 1;
  EXPECT_NE(*state.add_gap(longer), *late_id);

  auto all = state.gaps("GLBX.MDP3", Gaps::kAll);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ(all->at(0).gap.schema, std::nullopt);
  EXPECT_EQ(all->at(0).gap.from, early.from);
  const auto is_late = [&](const StoredGap& gap) { return gap.gap_id == *late_id; };
  const auto found = std::ranges::find_if(*all, is_late);
  ASSERT_NE(found, all->end());
  EXPECT_EQ(found->gap.from, late.from) << "to the nanosecond";
  EXPECT_EQ(found->gap.to, late.to);
  EXPECT_EQ(found->gap.reason, "restart");
  EXPECT_FALSE(found->repaired || found->repaired_at || found->repaired_by);

  ASSERT_TRUE(state.mark_repaired(*late_id, "segment 0001"));
  ASSERT_TRUE(state.mark_repaired(*late_id, "segment 0002"));
  ASSERT_TRUE(state.add_gap(late)) << "noticed again after its repair";
  all = state.gaps("GLBX.MDP3", Gaps::kAll);
  const auto repaired = std::ranges::find_if(*all, is_late);
  ASSERT_NE(repaired, all->end());
  EXPECT_TRUE(repaired->repaired && repaired->repaired_at);
  EXPECT_EQ(repaired->repaired_by, "segment 0001");
  EXPECT_EQ(state.gaps("GLBX.MDP3", Gaps::kOpen)->size(), 2u);
  EXPECT_EQ(state.gaps("GLBX", Gaps::kAll)->size(), 0u);

  const auto lines = read(state, table::feed_gaps());
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_TRUE(std::ranges::any_of(lines, [](const std::string& line) {
    return line.contains("|2025-06-16|GLBX.MDP3|-|") && line.contains("|disconnect|false|-|-|");
  })) << lines[0];
}

TEST_F(StateTest, GapsThatCannotBeAreRefused) {
  State state = open();
  for (const Gap& gap : {Gap{"GLBX.MDP3", {}, 5, 5, "x"}, Gap{"GLBX.MDP3", {}, 6, 5, "x"}}) {
    const auto refused = state.add_gap(gap);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  }
  const auto unknown = state.mark_repaired("no-such-gap", "x");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), Code::kNotFound);
}

TEST_F(StateTest, AnOlderFileIsBroughtUpToDate) {
  {
    ASSERT_TRUE(open().begin_run({.job = "before", .parameters_json = "{}"}));
    auto sqlite = Sqlite::open(file_, false, 0);
    // The first step alone: what the first release wrote.
    ASSERT_TRUE(
        sqlite &&
        sqlite->execute(
            "DROP TABLE feed_gaps; DROP TABLE databento_load_state; DROP TABLE mirror_state; "
            "DROP TABLE mirror_batches; PRAGMA user_version = 1"));
  }
  const auto reader = State::open_to_read(env_, file_);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), Code::kUnsupported);
  State state = open();
  EXPECT_EQ(read(state, table::job_runs()).size(), 1u);
  EXPECT_TRUE(state.add_gap({"GLBX.MDP3", {}, 5, 6, "x"}));
}

TEST_F(StateTest, OtherTablesAreNotKeptHere) {
  State state = open();
  const auto stream = state.rows(table::candles_1m());
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code(), Code::kNotFound);
}

// Runs `work` in `count` processes at once; true when all succeed.
bool in_processes(int count, const std::function<bool(int)>& work) {
  std::vector<pid_t> children;
  for (int i = 0; i < count; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work(i) ? 0 : 1);
    children.push_back(child);
  }
  bool good = true;
  for (const pid_t child : children) {
    int status = 0;
    good = ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
           good;
  }
  return good;
}

TEST_F(StateTest, ProcessesWriteAtTheSameTime) {
  constexpr int kProcesses = 4;
  constexpr int kRuns = 25;
  // They also race for creating the file and its schema.
  EXPECT_TRUE(in_processes(kProcesses, [&](int process) {
    auto state = State::open(env_, file_);
    if (!state) return false;
    for (int i = 0; i < kRuns; ++i) {
      const auto run = state->begin_run({.job = "candles", .parameters_json = "{}"});
      const std::vector<Rejects> rejects = {{"ES", Date(2025, 1, 1) + i, {{"late", process + 1}}}};
      if (!run || !state->record_rejects(rejects) ||
          !state->finish_run(*run, {.rows_processed = i, .error_message = {}}))
        return false;
    }
    return true;
  }));
  State state = open();
  const auto runs = read(state, table::job_runs());
  EXPECT_EQ(runs.size(), static_cast<std::size_t>(kProcesses * kRuns));
  for (const auto& run : runs) EXPECT_EQ(cells(run)[3], "success");
  EXPECT_EQ(read(state, table::candle_rejects()).size(), static_cast<std::size_t>(kRuns));
  EXPECT_TRUE(state.check_integrity());
}

TEST_F(StateTest, AReaderSeesOneMomentWhileAnotherWrites) {
  State writer = open();
  ASSERT_TRUE(writer.record_rejects(std::vector<Rejects>{{"ES", Date(2025, 1, 1), {{"late", 1}}}}));
  auto reader = State::open_to_read(env_, file_);
  ASSERT_TRUE(reader);
  std::vector<Rejects> many;
  for (int day = 0; day < 200; ++day) many.push_back({"NQ", Date(2025, 1, 1) + day, {{"late", 1}}});
  ASSERT_TRUE(writer.record_rejects(many));
  auto stream = reader->rows(table::candle_rejects());
  ASSERT_TRUE(stream);
  table::RowBatch batch(table::candle_rejects(), 64);
  ASSERT_TRUE(*(*stream)->next(batch));
  std::size_t seen = batch.size();
  for (auto& of_date : many) of_date.counts.clear();
  ASSERT_TRUE(writer.record_rejects(many));
  while (*(*stream)->next(batch)) seen += batch.size();
  EXPECT_EQ(seen, 201u);
}

TEST_F(StateTest, DamagedFileIsNamedWithAWayOut) {
  const std::string noise =
      "This is no database, and long enough to hold a header. " + std::string(4096, 'x');
  ASSERT_TRUE(env_.make_directories(parent_of(file_)));
  ASSERT_TRUE(write_text_atomically(env_, file_, noise));
  for (const auto& state : {State::open(env_, file_), State::open_to_read(env_, file_)}) {
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().code(), Code::kCorrupt) << state.error().message();
    EXPECT_NE(state.error().message().find(file_), std::string::npos);
    EXPECT_FALSE(state.error().advice().empty());
  }
  EXPECT_EQ(read_text(env_, file_).value(), noise) << "left as it was";
}

TEST_F(StateTest, DamageInsideIsFound) {
  {
    open();
  }
  // Damage to the schema is damage to every statement, and `open` tells of it.
  const std::size_t schema_pages = read_text(env_, file_).value().size() / 4096;
  {
    State state = open();
    std::vector<Rejects> rejects;
    for (int day = 0; day < 2'000; ++day)
      rejects.push_back({"ES", Date(2015, 1, 1) + day, {{"off_session", 1}}});
    ASSERT_TRUE(state.record_rejects(rejects));
  }
  std::string bytes = read_text(env_, file_).value();
  ASSERT_GT(bytes.size(), (schema_pages + 5) * 4096);
  for (std::size_t page = schema_pages; page + 1 < bytes.size() / 4096; ++page)
    for (std::size_t i = 0; i < 64; ++i) bytes[page * 4096 + i] = '\xa5';
  ASSERT_TRUE(write_text_atomically(env_, file_, bytes));
  auto state = State::open(env_, file_);
  ASSERT_TRUE(state) << state.error().message();
  const auto checked = state->check_integrity();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), Code::kCorrupt);
}

TEST_F(StateTest, NewerSchemaIsRefusedAndLeftAlone) {
  {
    open();
  }
  {
    auto sqlite = Sqlite::open(file_, false, 0);
    ASSERT_TRUE(sqlite && sqlite->execute("PRAGMA user_version = 99"));
  }
  for (const auto& state : {State::open(env_, file_), State::open_to_read(env_, file_)}) {
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().code(), Code::kUnsupported);
    EXPECT_NE(state.error().message().find("schema 99"), std::string::npos)
        << state.error().message();
  }
}

TEST_F(StateTest, MissingFileIsNotMadeByReading) {
  const auto state = State::open_to_read(env_, file_);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code(), Code::kNotFound);
  EXPECT_FALSE(env_.exists(parent_of(file_)));
}

TEST_F(StateTest, AnotherProcessesLockIsATemporaryError) {
  open();
  auto holder = Sqlite::open(file_, false, 0);
  ASSERT_TRUE(holder);
  const auto held = Transaction::begin(*holder);
  ASSERT_TRUE(held);
  auto waiter = Sqlite::open(file_, false, 1'000'000);
  ASSERT_TRUE(waiter);
  const auto refused = Transaction::begin(*waiter);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kBusy);
  EXPECT_TRUE(refused.error().can_retry());
}

TEST_F(StateTest, FullDiskIsAnErrorAndTheFileStaysGood) {
  {
    ASSERT_TRUE(open().begin_run({.job = "before", .parameters_json = "{}"}));
  }
  // A limit on the size of files stands in for the disk: the write fails in the same place.
  EXPECT_TRUE(in_processes(1, [&](int) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto state = State::open(env_, file_);
    const rlimit limit{64 << 10, 64 << 10};
    if (!state || ::setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
    const std::string large(1 << 20, 'p');
    const auto run = state->begin_run({.job = "candles", .parameters_json = large});
    return !run && run.error().code() == Code::kNoSpace && run.error().can_retry();
  }));
  State state = open();
  EXPECT_EQ(read(state, table::job_runs()).size(), 1u);
  EXPECT_TRUE(state.check_integrity());
}

}  // namespace
}  // namespace fm::ops
