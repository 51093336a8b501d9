// What a partition held at an earlier time.
#include "lake/history.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/testing_fault_env.h"
#include "lake/lake.h"
#include "lake/row_reader.h"
#include "lake/store.h"
#include "lake/testing_rows.h"

namespace fm::lake {
namespace {

using table::BatchStream;
using table::RowBatch;

const Date kDay(2025, 6, 16);
const PartitionKey kEs{.root = "ES", .date = kDay};
constexpr Nanos kHour = 3600 * kNanosPerSecond;
constexpr Nanos kKeep = 24 * kHour;

// Volume by second.
using Content = std::map<Second, std::int64_t>;

class HistoryTest : public testing::Test {
 protected:
  void SetUp() override {
    env_.set_now(start_);
    open(kKeep);
  }

  void open(Nanos keep) {
    auto lake = Lake::open(env_, dir_.file("lake"), {.state_dir = "", .keep = keep});
    ASSERT_TRUE(lake) << lake.error().message();
    lake_ = *std::move(lake);
  }

  Manifest manifest() {
    const auto found = lake_->find(table::candles_1m(), kEs);
    EXPECT_TRUE(found && *found);
    return **found;
  }

  Result<Content> content_of(const std::vector<DataFile>& files) {
    const Store store(env_, dir_.file("lake"), lake_->state_dir(), 0, 0, 0);
    FM_ASSIGN(const auto rows, read_in_order(store, table::candles_1m(), files));
    Content content;
    RowBatch batch(table::candles_1m());
    for (;;) {
      FM_ASSIGN(const bool more, rows->next(batch));
      if (!more) return content;
      for (std::size_t row = 0; row < batch.size(); ++row)
        content[batch.int64s(0)[row] / kMicrosPerSecond] =
            batch.int64s(batch.table().column_index("volume"))[row];
    }
  }

  // Of the one partition; nothing where it did not exist yet.
  Result<Content> as_of(Nanos at, const PartitionKey& key = kEs) {
    FM_ASSIGN(const auto past, lake_->partitions_as_of(table::candles_1m(), at));
    FM_ASSIGN(const auto name, key.directory(table::candles_1m()));
    const auto found = std::ranges::find(past, name, &PastPartition::partition);
    if (found == past.end()) return Content{};
    return content_of(found->files);
  }

  Content rows_as_of(Nanos at) {
    auto content = as_of(at);
    EXPECT_TRUE(content) << content.error().message();
    return content.value_or(Content{});
  }

  Content now() {
    auto content = content_of(manifest().files);
    EXPECT_TRUE(content) << content.error().message();
    return content.value_or(Content{});
  }

  std::string message_as_of(Nanos at) {
    const auto content = as_of(at);
    return content ? "rows" : content.error().message();
  }

  void write(std::int64_t seed) { ASSERT_TRUE(write_version(*lake_, "ES", kDay, seed)); }
  void append(std::int64_t minute) {
    const auto appended = append_minute(*lake_, "ES", kDay, minute);
    ASSERT_TRUE(appended) << appended.error().message();
  }
  void compact() { ASSERT_TRUE(lake_->compact(table::candles_1m(), kEs, Compact::kEverything)); }
  void merge(std::int64_t minute, std::int64_t volume) {
    const RowBatch batch = minute_rows("ES", kDay, minute, volume);
    BatchStream rows(batch);
    ASSERT_TRUE(lake_->merge(table::candles_1m(), kEs, rows, {}));
  }

  std::string history() {
    return dir_.file("lake/.store/history/market_data.candles_1m/p_root=ES/p_day=2025-06-16");
  }
  std::size_t entries() {
    const auto names = env_.list(history());
    return names ? names->size() : 0;
  }
  std::size_t parts() {
    const auto names = env_.list(dir_.file("lake/.store"));
    return static_cast<std::size_t>(
        std::ranges::count_if(*names, [](const auto& name) { return name.ends_with(".part"); }));
  }

  // Behind the times that the file system gives to new files.
  const Nanos start_ = Env::posix().now() + kHour;
  TestDirectory dir_;
  FaultEnv env_;
  std::unique_ptr<Lake> lake_;
};

TEST_F(HistoryTest, EveryCommitIsReadAsOfItsTime) {
  const struct {
    const char* what;
    std::function<void()> commit;
    std::size_t entries;
  } steps[] = {{"the first minute", [&] { append(0); }, 0},
               {"an append", [&] { append(1); }, 0},
               {"another", [&] { append(2); }, 0},
               {"parts merged", [&] { compact(); }, 1},
               {"an append behind it", [&] { append(3); }, 1},
               {"rows corrected", [&] { merge(0, 9); }, 2},
               {"corrected back", [&] { merge(0, 1); }, 3},
               {"nothing new", [&] { merge(0, 1); }, 3},
               {"an append behind that", [&] { append(4); }, 3},
               {"written whole", [&] { write(5); }, 4},
               {"and again", [&] { write(6); }, 5},
               {"an old version comes back", [&] { write(5); }, 6}};
  std::vector<std::pair<Nanos, Content>> recorded;
  for (const auto& step : steps) {
    SCOPED_TRACE(step.what);
    env_.sleep_for(10 * kNanosPerSecond);
    step.commit();
    EXPECT_EQ(entries(), step.entries);
    recorded.emplace_back(env_.now(), now());
  }
  env_.sleep_for(kHour);
  for (const bool cleaned : {false, true}) {
    ASSERT_TRUE(!cleaned || lake_->clean());
    for (std::size_t i = 0; i < recorded.size(); ++i) {
      const auto& [at, content] = recorded[i];
      SCOPED_TRACE(steps[i].what);
      EXPECT_EQ(rows_as_of(at - 1), i == 0 ? Content{} : recorded[i - 1].second);
      EXPECT_EQ(rows_as_of(at), content);
      EXPECT_EQ(rows_as_of(at + 5 * kNanosPerSecond), content);
    }
    EXPECT_EQ(rows_as_of(env_.now()), recorded.back().second);
  }
}

TEST_F(HistoryTest, WithoutKeepOnlyAppendsCanBeUndone) {
  open(0);
  append(0);
  const Nanos first = env_.now();
  env_.sleep_for(kHour);
  append(1);
  EXPECT_EQ(rows_as_of(first).size(), kRowsOfMinute);
  env_.sleep_for(kHour);
  compact();
  EXPECT_FALSE(env_.exists(dir_.file("lake/.store/history")));
  const auto gone = as_of(first);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code(), Code::kNotFound);
  EXPECT_EQ(gone.error().message(),
            fmt::format("market_data.candles_1m p_root=ES/p_day=2025-06-16: what it held at {} is "
                        "no longer kept; its versions begin at {}",
                        iso_nanos(first), iso_nanos(env_.now())));
  EXPECT_TRUE(gone.error().advice().contains("lake_keep_days"));
  EXPECT_EQ(rows_as_of(first - 1), Content{}) << "it did not exist";
  EXPECT_EQ(rows_as_of(env_.now()), now());
}

TEST_F(HistoryTest, WhatIsToComeIsRefused) {
  append(0);
  const auto refused = as_of(env_.now() + 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(refused.error().message(), fmt::format("as of {}: that is still to come; it is {}",
                                                   iso_nanos(start_ + 1), iso_nanos(start_)));
}

TEST_F(HistoryTest, VersionsGoWhenTheirTimeIsOver) {
  write(1);
  for (std::int64_t seed = 2; seed <= 3; ++seed) {
    env_.sleep_for(12 * kHour);
    write(seed);
  }
  const auto at = [&](std::int64_t hours) { return start_ + static_cast<Nanos>(hours) * kHour; };
  const struct {
    std::int64_t hour;  // of the cleaning
    std::size_t entries;
    std::size_t parts;
    bool first_is_kept;
    bool second_is_kept;
  } cases[] = {{35, 2, 3, true, true}, {36, 1, 2, false, true}, {48, 0, 1, false, false}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.hour);
    env_.set_now(at(c.hour));
    ASSERT_TRUE(lake_->clean());
    EXPECT_EQ(entries(), c.entries);
    EXPECT_EQ(parts(), c.parts);
    EXPECT_EQ(as_of(at(0)).has_value(), c.first_is_kept);
    EXPECT_EQ(as_of(at(12)).has_value(), c.second_is_kept);
    EXPECT_EQ(rows_as_of(at(24)).size(), rows_of_version(3));
  }
  EXPECT_TRUE(message_as_of(at(0)).contains("versions begin at " + iso_nanos(at(24))));
  EXPECT_FALSE(env_.exists(history()));
}

TEST_F(HistoryTest, WhoWritesForDaysCleansDaily) {
  for (std::int64_t day = 0; day < 6; ++day) {
    write(day + 1);
    EXPECT_LE(entries(), 2u);
    EXPECT_LE(parts(), 3u);
    env_.sleep_for(kKeep);
  }
}

TEST_F(HistoryTest, AShortKeepDoesNotShortenTheGrace) {
  open(1);
  write(1);
  write(2);
  env_.sleep_for(14 * 60 * kNanosPerSecond);
  ASSERT_TRUE(lake_->clean());
  EXPECT_EQ(entries(), 0u);
  EXPECT_EQ(parts(), 2u);
}

TEST_F(HistoryTest, AWriterWithoutKeepRemovesWhatIsThere) {
  write(1);
  write(2);
  env_.sleep_for(kHour);
  EXPECT_EQ(rows_as_of(start_).size(), rows_of_version(1));
  open(0);
  EXPECT_FALSE(env_.exists(dir_.file("lake/.store/history")));
  EXPECT_EQ(parts(), 1u);
  EXPECT_FALSE(as_of(start_));
  EXPECT_EQ(rows_as_of(env_.now()), now());
  // What changed meanwhile is not made up for.
  write(3);
  open(kKeep);
  env_.sleep_for(kHour);
  write(4);
  EXPECT_FALSE(as_of(start_));
  EXPECT_EQ(rows_as_of(start_ + kHour).size(), rows_of_version(3));
}

TEST_F(HistoryTest, AClockThatWasSetBackKeepsTheOrder) {
  write(1);
  write(2);  // in the same nanosecond
  env_.set_now(start_ - kHour);
  write(3);
  EXPECT_EQ(manifest().created, start_ + 2);
  env_.set_now(start_ + kHour);
  for (std::int64_t seed = 1; seed <= 3; ++seed) {
    const auto content = as_of(start_ + static_cast<Nanos>(seed - 1));
    ASSERT_TRUE(content) << content.error().message();
    EXPECT_EQ(content->begin()->second, seed);
  }
  EXPECT_EQ(rows_as_of(start_ - 1), Content{});
}

// A writer that died between the entry and the manifest; then an append by an earlier clock.
TEST_F(HistoryTest, AnEntryWithoutASuccessorCountsForNothing) {
  append(0);
  env_.sleep_for(kHour);
  append(1);
  compact();
  const Nanos compacted = env_.now();
  ASSERT_TRUE(env_.hard_link(
      dir_.file("lake/.store/manifests/market_data.candles_1m/p_root=ES/p_day=2025-06-16.json"),
      fmt::format("{}/{}.json", history(), compacted + 2 * kHour)));
  env_.sleep_for(kHour);
  append(2);
  const auto expect_rows = [&] {
    EXPECT_EQ(rows_as_of(start_).size(), kRowsOfMinute);
    EXPECT_EQ(rows_as_of(compacted + kHour - 1).size(), 2 * kRowsOfMinute);
    EXPECT_EQ(rows_as_of(compacted + kHour).size(), 3 * kRowsOfMinute);
  };
  expect_rows();
  env_.sleep_for(2 * kHour);
  compact();
  EXPECT_EQ(entries(), 3u);
  expect_rows();
  ASSERT_TRUE(lake_->clean());
  EXPECT_EQ(entries(), 2u);
  expect_rows();
}

TEST_F(HistoryTest, AnEntryTakesALeftoversPlace) {
  append(0);
  env_.sleep_for(kHour);
  append(1);
  ASSERT_TRUE(env_.make_directories(history()));
  env_.sleep_for(kHour);
  ASSERT_TRUE(write_text_atomically(env_, fmt::format("{}/{}.json", history(), env_.now()), "x"));
  write(5);
  EXPECT_EQ(rows_as_of(env_.now() - 1).size(), 2 * kRowsOfMinute);
}

TEST_F(HistoryTest, ADamagedEntryIsNamedAndStopsNobody) {
  for (std::int64_t seed = 1; seed <= 4; ++seed) {
    write(seed);
    env_.sleep_for(kHour);
  }
  const std::string entry = fmt::format("{}/{}.json", history(), start_ + 2 * kHour);
  ASSERT_TRUE(write_text_atomically(env_, entry, "damaged"));
  open(kKeep);
  EXPECT_EQ(entries(), 3u);
  write(5);
  const auto damaged = as_of(start_ + kHour);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code(), Code::kCorrupt);
  EXPECT_TRUE(damaged.error().message().contains(entry)) << damaged.error().message();
  EXPECT_EQ(rows_as_of(start_ + 2 * kHour).begin()->second, 3);
  EXPECT_EQ(rows_as_of(env_.now()), now());
}

TEST_F(HistoryTest, AManifestThatSaysNothingOfBeforeIsNoWitness) {
  append(0);
  env_.sleep_for(kHour);
  append(1);
  std::string text = encode(manifest());
  for (const std::string member : {",\"since\":", ",\"began\":"}) {
    for (std::size_t at = text.find(member); at != std::string::npos; at = text.find(member))
      text.erase(at, text.find_first_of(",}", at + 1) - at);
  }
  const std::size_t body = text.find("\"manifest\":") + 11;
  text.replace(13, 32, hash_of(text.substr(body, text.size() - body - 2)).hex());
  const auto decoded = decode_manifest(text, "m");
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(decoded->began, 0u);
  EXPECT_EQ(decoded->since, decoded->created);
  const History history(env_, dir_.file("lake"), dir_.file("history"), kKeep);
  EXPECT_FALSE(history.files_at(*decoded, decoded->created - 1));
  EXPECT_EQ((*history.files_at(*decoded, decoded->created))->size(), decoded->files.size());
}

// However commits follow each other: as of a commit's time, the rows are those that it left.
TEST_F(HistoryTest, AnySequenceIsReadAsOfEachOfItsTimes) {
  Date date = kDay;
  EXPECT_TRUE(rc::check([&] {
    date = date + 1;
    const PartitionKey day{.root = "ES", .date = date};
    const Nanos start = env_.now();
    std::vector<std::pair<Nanos, Content>> recorded = {{start, {}}};
    std::int64_t minutes = 0;
    bool is_feed = true;
    const int steps = *rc::gen::inRange(1, 9);
    for (int step = 0; step < steps; ++step) {
      env_.sleep_for(*rc::gen::element<Nanos>(1, kNanosPerSecond, kHour));
      const int kind = *rc::gen::inRange(0, 6);
      if (kind <= 2 && is_feed) {
        RC_ASSERT(append_minute(*lake_, "ES", date, minutes).has_value());
        ++minutes;
      } else if (kind == 3 && is_feed && minutes > 0) {
        const RowBatch batch = minute_rows("ES", date, *rc::gen::inRange<std::int64_t>(0, minutes),
                                           *rc::gen::inRange(1, 3));
        BatchStream rows(batch);
        RC_ASSERT(lake_->merge(table::candles_1m(), day, rows, {}).has_value());
      } else if (kind == 4) {
        RC_ASSERT(lake_->compact(table::candles_1m(), day, Compact::kEverything).has_value());
      } else if (kind == 5) {
        RC_ASSERT(write_version(*lake_, "ES", date, *rc::gen::inRange(1, 4)).has_value());
        is_feed = false;
      }
      if (*rc::gen::inRange(0, 5) == 0) RC_ASSERT(lake_->clean().has_value());
      const auto present = lake_->find(table::candles_1m(), day);
      RC_ASSERT(present.has_value());
      if (!*present) continue;
      auto content = content_of((*present)->files);
      RC_ASSERT(content.has_value());
      recorded.emplace_back(env_.now(), *std::move(content));
    }
    env_.sleep_for(kNanosPerSecond);
    for (std::size_t i = 0; i < recorded.size(); ++i) {
      const Nanos end = i + 1 < recorded.size() ? recorded[i + 1].first : env_.now();
      for (const Nanos at : {recorded[i].first, end - 1}) {
        // A day of one partition's versions is kept, and no sequence takes that long.
        const auto found = as_of(at, day);
        RC_ASSERT(found.has_value());
        RC_ASSERT(*found == recorded[i].second);
      }
    }
  }));
}

}  // namespace
}  // namespace fm::lake
