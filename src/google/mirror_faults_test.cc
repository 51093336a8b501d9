// Whatever breaks on the way, in the end the copy has each row of the lake, once.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "google/mirror.h"
#include "google/testing_cloud.h"
#include "lake/testing_rows.h"

namespace fm::google {
namespace {

const Date kDay(2025, 6, 16);
constexpr int kRounds = 6;
constexpr int kCyclesMax = 12;  // without faults, until everything is there

std::uint64_t seeds() {
  const char* const text = std::getenv("FM_MIRROR_SEEDS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 40;
}
std::uint64_t first_seed() {
  const char* const text = std::getenv("FM_MIRROR_FIRST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

// One random history of a lake, its mirror, and what happens to both.
class History {
 public:
  explicit History(std::uint64_t seed) : cloud_(seed), random_(0, seed * 2 + 1) {}

  void run() {
    start();
    if (process_.mirror == nullptr) return;
    cloud_.cloud->start_faults(random(), 0.02 + 0.18 * static_cast<double>(random() % 100) / 100);
    for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
      for (std::uint64_t changes = random() % 3 + 1; changes > 0; --changes) change();
      if (random() % 2 == 0) cloud_.env.kill_at(random() % 120 + 1);
      try {
        cycle();
        cloud_.env.spare();
      } catch (const Killed&) {
        ++kills_;
        cloud_.env.spare();
        process_ = {};
        keep_or_restore();
        start();
        if (process_.mirror == nullptr) return;
      }
      // A mirror that was down for hours: rows are merged behind its back.
      if (random() % 4 == 0) change();
    }
    settle();
  }

  [[nodiscard]] int kills() const { return kills_; }
  [[nodiscard]] int restored() const { return restored_; }
  TestCloud& cloud() { return cloud_; }

 private:
  std::uint64_t random() { return random_.random(); }

  void start() {
    // Opening asks the services, too, and they may be down.
    for (int attempt = 0; attempt < 100; ++attempt) {
      auto options = cloud_.options();
      options.parts_max = 1 + random() % 5;
      auto started = cloud_.start(options);
      if (started) {
        process_ = *std::move(started);
        return;
      }
      ASSERT_TRUE(started.error().can_retry()) << started.error().message();
    }
    FAIL() << "the services never came back";
  }

  void cycle() {
    const auto report = process_.mirror->cycle();
    if (!report) {
      ASSERT_TRUE(report.error().can_retry()) << report.error().message();
      return;
    }
    // Only what passes by itself; that one token after the other is revoked is bad luck.
    for (const MirrorProblem& problem : report->problems)
      EXPECT_TRUE(problem.error.can_retry() || problem.error.message().contains("HTTP 401"))
          << problem.table << ": " << problem.error.message();
  }

  void change() {
    const std::string root = random() % 2 == 0 ? "ES" : "NQ";
    const Date day = kDay + static_cast<int>(random() % 2);
    auto& lake = *process_.lake;
    switch (random() % 6) {
      case 0:
      case 1:
      case 2: {
        auto& minutes = minutes_[{root, day}];
        if (minutes < 0) break;
        ASSERT_TRUE(lake::append_minute(lake, root, day, minutes));
        ++minutes;
        break;
      }
      case 3: {
        if (minutes_[{root, day}] <= 0) break;
        ASSERT_TRUE(lake.compact(table::candles_1m(), {.root = root, .date = day},
                                 lake::Compact::kEverything));
        break;
      }
      case 4: {
        minutes_[{root, day}] = -1;  // no feed's minutes any more
        ASSERT_TRUE(
            lake::write_version(lake, root, day, static_cast<std::int64_t>(random() % 3 + 1)));
        break;
      }
      case 5: {
        const auto row = lake::session_row(root, day, static_cast<std::int64_t>(random() % 3), 1);
        table::BatchStream rows(row);
        ASSERT_TRUE(lake.replace_dates(table::candle_sessions(), root, rows, {}));
        break;
      }
    }
  }

  // The state goes back to what it was at an earlier death, alone or with the lake.
  void keep_or_restore() {
    if (!kept_minutes_) {
      cloud_.copy_folder("state", "kept-state");
      cloud_.copy_folder("lake", "kept-lake");
      kept_minutes_ = minutes_;
    } else if (random() % 2 == 0) {
      ++restored_;
      cloud_.env.sleep_for(3'600 * kNanosPerSecond);  // the jobs that nobody knows of have ended
      cloud_.copy_folder("kept-state", "state");
      if (random() % 2 == 0) return;
      cloud_.copy_folder("kept-lake", "lake");
      minutes_ = *kept_minutes_;
    }
  }

  // The lake may have lost partitions whose rows the copy has: they come back with other rows.
  void fill() {
    auto& lake = *process_.lake;
    for (const std::string root : {"ES", "NQ"}) {
      for (const Date day : {kDay, kDay + 1})
        if (!lake.find(table::candles_1m(), lake::PartitionKey{root, day}).value()) {
          ASSERT_TRUE(lake::write_version(lake, root, day, 2));
        }
      const auto row = lake::session_row(root, kDay, 1, 1);
      table::BatchStream rows(row);
      if (!lake.find(table::candle_sessions(), lake::PartitionKey{root, kDay}).value()) {
        ASSERT_TRUE(lake.replace_dates(table::candle_sessions(), root, rows, {}));
      }
    }
  }

  // The faults end; the mirror must come to its end, and remove what is left over.
  void settle() {
    cloud_.cloud->stop_faults();
    if (restored_ > 0) fill();
    for (int cycles = 0; cycles < kCyclesMax; ++cycles) {
      const auto report = process_.mirror->cycle();
      ASSERT_TRUE(report) << report.error().message();
      if (report->problems.empty() && report->parts_waiting == 0 && report->batches == 0) break;
      ASSERT_LT(cycles + 1, kCyclesMax)
          << report->parts_waiting << " waiting, "
          << (report->problems.empty() ? "" : report->problems.front().error.message());
    }
    ASSERT_TRUE(process_.mirror->collect_garbage());
    std::set<std::string> objects, wanted;
    for (const std::string& object : cloud_.objects()) objects.insert(object);
    for (const table::Table* const table : cloud_.options().tables) {
      EXPECT_EQ(cloud_.copied(*table), cloud_.stored(*table)) << table->name;
      const auto partitions = process_.lake->partitions(*table);
      ASSERT_TRUE(partitions);
      for (const lake::Manifest& manifest : *partitions)
        for (const lake::DataFile& file : manifest.files)
          wanted.insert(cloud_.options().destination.object_of(*table, manifest.key(), file.name));
    }
    EXPECT_EQ(objects, wanted);
    if (::testing::Test::HasFailure()) explain();
    // A staging table whose removal was lost goes by itself.
    cloud_.env.sleep_for(25 * 3'600 * kNanosPerSecond);
    ASSERT_TRUE(process_.mirror->bigquery().dataset("ops"));
    EXPECT_EQ(cloud_.cloud->tables().size(), cloud_.options().tables.size());
  }

  // What a failure is looked into with.
  void explain() {
    const std::string destination = cloud_.options().destination.name();
    const auto batches = process_.state->mirror_batches({.destination = destination}).value();
    for (const auto& batch : batches)
      fmt::print("batch {} {} {} parts {} rows {} {} attempt {} {}\n", batch.batch_id.substr(0, 8),
                 batch.table, ops::name(batch.kind), batch.parts, batch.rows,
                 ops::name(batch.stage), batch.attempt, batch.error_message.value_or(""));
    const auto parts = process_.state->mirror_parts({.destination = destination}).value();
    for (const auto& part : parts)
      fmt::print("part {} {} rows {} {} of {} since {}\n", part.part.substr(0, 8), part.partition,
                 part.rows, ops::name(part.stage), part.batch_id.value_or("-").substr(0, 8),
                 part.since);
    std::map<std::string, std::pair<int, int>> rows;  // of root and date: in the copy, in the lake
    const auto place_of = [](const std::string& line) {
      const std::size_t root = line.find('|') + 1;
      return line.substr(root, line.find('|', line.find('|', root) + 1) - root);
    };
    for (const auto& line : cloud_.copied(table::candles_1m())) ++rows[place_of(line)].first;
    for (const auto& line : cloud_.stored(table::candles_1m())) ++rows[place_of(line)].second;
    for (const auto& [place, count] : rows)
      fmt::print("{}: {} rows in the copy, {} in the lake\n", place, count.first, count.second);
    for (const auto& job : cloud_.cloud->jobs())
      fmt::print("job {} {}\n", job.id, job.error ? job.error->message : "");
  }

  TestCloud cloud_;
  SteppedEnv random_;
  TestCloud::Process process_;
  std::map<std::pair<std::string, Date>, std::int64_t> minutes_;
  std::optional<std::map<std::pair<std::string, Date>, std::int64_t>> kept_minutes_;
  int kills_ = 0;
  int restored_ = 0;
};

// Four tests, so that they may run side by side.
constexpr std::uint64_t kQuarters = 4;
class MirrorFaults : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(MirrorFaults, EndInEqualRows) {
  std::map<std::string, std::uint64_t, std::less<>> faults;
  int kills = 0, restored = 0;
  const std::uint64_t end = first_seed() + seeds();
  for (std::uint64_t seed = first_seed() + GetParam(); seed < end; seed += kQuarters) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    History history(seed);
    history.run();
    kills += history.kills();
    restored += history.restored();
    for (const auto& [name, count] : history.cloud().cloud->faults_seen()) faults[name] += count;
    if (HasFailure()) break;
  }
  std::string seen;
  for (const auto& [name, count] : faults) seen += fmt::format(" {} {}", name, count);
  fmt::print("a quarter of {} seeds, {} kills, {} restored states, faults:{}\n", seeds(), kills,
             restored, seen);
  EXPECT_GT(kills, 0);
}
INSTANTIATE_TEST_SUITE_P(Quarters, MirrorFaults, ::testing::Range<std::uint64_t>(0, kQuarters));

}  // namespace
}  // namespace fm::google
