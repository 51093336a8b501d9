// The lake is the same however the same rows are cut into files, whatever the order and however
// often these are loaded; and what the parts of a load do, against plain models of them.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <tuple>

#include "jobs/load_rule.h"
#include "jobs/load_sort.h"
#include "jobs/testing_load.h"
#include "lake/lake.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

using Bars = std::vector<TestBar>;

const char* const kSymbols[] = {"ESU5", "ESZ5", "ESU5-ESZ5", "ZLN5"};
const char* const kEndings[] = {"dbn", "json", "csv.zst"};

// A file of some rows, published at a time of its own.
struct TestFile {
  std::string name;
  Bars bars;
  Nanos published = 0;
};

std::vector<TestFile> any_files() {
  std::vector<TestFile> files;
  const int count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    TestFile file;
    file.name = fmt::format("{}.{}", i, kEndings[*rc::gen::inRange(0, 3)]);
    // A few keys, so that files speak of the same rows; a year's end lies between them.
    const int rows = *rc::gen::inRange(1, 12);
    for (int row = 0; row < rows; ++row)
      file.bars.push_back(minute_bar(*rc::gen::inRange(0, 6) * 60 * 24 * 60,
                                     kSymbols[*rc::gen::inRange(0, 4)], *rc::gen::inRange(1, 4)));
    // Some are published at the same time: then content decides.
    file.published = kBarDay + static_cast<Nanos>(*rc::gen::inRange(0, 3)) * kNanosPerDay;
    files.push_back(std::move(file));
  }
  return files;
}

Bars lake_of(const std::vector<TestFile>& files,
             const std::vector<std::vector<std::size_t>>& runs) {
  const TestDirectory folder;
  LoadOptions options;
  options.lake = folder.file("lake");
  for (const auto& run : runs) {
    options.inputs.clear();
    for (const std::size_t i : run) {
      const std::string path = folder.file(files[i].name);
      write_bars(path, files[i].bars);
      set_modified(path, files[i].published);
      options.inputs.push_back(path);
    }
    options.again = *rc::gen::arbitrary<bool>();
    options.memory.sort_bytes = static_cast<std::size_t>(*rc::gen::inRange(1, 20'000));
    if (!options.inputs.empty()) load(options);
  }
  return stored_minutes(options.lake);
}

TEST(LoadProperty, SplitsOrdersAndRepeatsOfFilesGiveTheSameLake) {
  RC_ASSERT(rc::check("same lake", [] {
    const auto files = any_files();
    std::vector<std::size_t> all(files.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    const Bars expected = lake_of(files, {all});

    std::vector<std::vector<std::size_t>> runs;
    const int repeats = *rc::gen::inRange(1, 3);
    for (int repeat = 0; repeat < repeats; ++repeat)
      for (std::vector<std::size_t> rest = all; !rest.empty();) {
        runs.emplace_back();
        for (int count = *rc::gen::inRange(1, 4); count > 0 && !rest.empty(); --count) {
          const auto at = *rc::gen::inRange<std::size_t>(0, rest.size());
          runs.back().push_back(rest[at]);
          rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(at));
        }
      }
    RC_ASSERT(lake_of(files, runs) == expected);
  }));
}

TEST(LoadProperty, TheSorterSortsStablyWhateverItsMemory) {
  EXPECT_TRUE(rc::check("sorted", [] {
    const TestDirectory folder;
    LoadSymbols symbols;
    const bool by_root = *rc::gen::arbitrary<bool>();
    const LoadShape shape{.by_root = by_root, .by_day = *rc::gen::arbitrary<bool>()};
    LoadSorter sorter(
        Env::posix(), folder.file("x.frontmonth-spill"), 8, shape, symbols,
        {.sort_bytes = static_cast<std::size_t>(*rc::gen::inRange(1, 30'000)), .store_bytes = 1});
    using Row = std::tuple<std::string, int, Nanos, std::string, std::uint64_t, std::uint64_t>;
    std::vector<Row> expected;
    const auto rows = *rc::gen::inRange<std::uint64_t>(0, 3'000);
    std::uint64_t random = *rc::gen::arbitrary<std::uint64_t>() | 1;
    for (std::uint64_t i = 0; i < rows; ++i) {
      random = random * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
      const std::string text = kSymbols[(random >> 60) % 4];
      const LoadKey key{kBarDay + ((random >> 40) % 400) * kNanosPerDay, (random >> 33) % 3,
                        *symbols.intern(text), static_cast<std::uint32_t>(i)};
      const Date day = Date::of_second(second_of(key.time));
      expected.emplace_back(by_root ? std::string(symbols[key.symbol].root) : "",
                            load_period(shape, day), key.time, text, key.minor, i);
      RC_ASSERT(sorter.add(key, reinterpret_cast<const std::byte*>(&i)).has_value());
    }
    RC_ASSERT(sorter.finish().has_value());
    std::ranges::sort(expected);
    // One stream of all, or two that meet in the middle.
    std::vector<std::unique_ptr<LoadSorter::Stream>> streams;
    const auto middle = sorter.middle();
    const bool is_split = middle && *rc::gen::arbitrary<bool>();
    RC_TAG(is_split);
    const auto boundary = is_split ? middle : std::nullopt;
    streams.push_back(std::make_unique<LoadSorter::Stream>(sorter, std::nullopt, boundary));
    if (is_split)
      streams.push_back(std::make_unique<LoadSorter::Stream>(sorter, boundary, std::nullopt));
    SortedRow row;
    std::size_t taken = 0;
    std::size_t stream = 0;
    const auto next = [&] {
      for (; stream < streams.size(); ++stream, taken = 0) {
        if (*streams[stream]->next(row)) return ++taken > 0;
        RC_ASSERT(!is_split || taken > 0);  // neither half is empty
      }
      return false;
    };
    for (const Row& one : expected) {
      RC_ASSERT(next());
      std::uint64_t record = 0;
      std::memcpy(&record, row.record, sizeof record);
      RC_ASSERT(record == std::get<5>(one));
      RC_ASSERT(row.partition.period == std::get<1>(one));
    }
    RC_ASSERT(!next());
  }));
}

TEST(LoadRule, SpansAreReadAsTheyWereWritten) {
  const std::vector<ConfirmedSpan> spans = {{"ESU5", 1, 5, {7, "ab"}}, {"A\"b", -3, -3, {8, ""}}};
  EXPECT_EQ(decode_confirmed(encode(spans)).value(), spans);
  EXPECT_EQ(decode_confirmed(encode({})).value(), std::vector<ConfirmedSpan>{});
  for (const char* bad : {"", "{}", "[1]", "[{\"symbol\":\"A\"}]",
                          R"([{"symbol":"A","from":2,"to":1,"published":0,"source":""}])"}) {
    const auto read = decode_confirmed(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code(), Code::kCorrupt);
  }
}

// Rows of one symbol and root whose volume is their value.
class RuleMerge {
 public:
  void merge(std::int64_t published, const std::string& source,
             const std::map<int, std::int64_t>& values) {
    table::RowBatch batch(table_, values.size());
    for (const auto& [minute, value] : values)
      table::RowAppender(batch)
          .timestamp(static_cast<std::int64_t>((kBarDay + static_cast<Nanos>(minute) * kBarMinute) /
                                               1'000))
          .text("ES")
          .text("ESU5")
          .int64(1)
          .int64(1)
          .number(1)
          .number(1)
          .number(1)
          .number(1)
          .int64(value)
          .boolean(false)
          .date(Date(2025, 9, 1))
          .date(Date::of_second(second_of(kBarDay + static_cast<Nanos>(minute) * kBarMinute)))
          .timestamp(published)
          .text(source)
          .timestamp(published)
          .end();
    table::BatchStream rows(batch);
    std::uint64_t told = 0;
    KnowledgeRule rule(table_, [&](std::string_view, RowFate, std::uint64_t n) { told += n; });
    const auto merged = lake_->merge_sorted(table_, key_, rows, rule);
    RC_ASSERT(merged.has_value());
    RC_ASSERT(told == values.size());
    changed_ = !merged->unchanged;
  }

  [[nodiscard]] std::map<int, std::int64_t> stored() const {
    std::map<int, std::int64_t> values;
    for (const TestBar& bar : stored_minutes(folder_.file("lake")))
      values[static_cast<int>((bar.time - kBarDay) / kBarMinute)] =
          static_cast<std::int64_t>(bar.volume);
    return values;
  }
  [[nodiscard]] bool changed() const { return changed_; }
  [[nodiscard]] std::string sources() const { return (*lake_->find(table_, key_))->sources; }

 private:
  const table::Table& table_ = table::databento_futures_ohlcv_1m();
  const lake::PartitionKey key_{"ES", Date(2025, 6, 16)};
  const TestDirectory folder_;
  std::unique_ptr<lake::Lake> lake_ = lake::Lake::open(Env::posix(), folder_.file("lake")).value();
  bool changed_ = false;
};

TEST(LoadRule, TheLatestKnowledgeOfEachRowCountsAndEqualValuesChangeNothing) {
  EXPECT_TRUE(rc::check("knowledge", [] {
    RuleMerge merge;
    struct Known {
      std::int64_t published;
      std::string source;
      std::int64_t value;
    };
    std::map<int, Known> model;
    const int merges = *rc::gen::inRange(2, 8);
    for (int i = 0; i < merges; ++i) {
      const std::int64_t published = *rc::gen::inRange(0, 5);
      const std::string source = fmt::format("{}-{}", *rc::gen::inRange(0, 3), i);
      std::map<int, std::int64_t> values;
      const int rows = *rc::gen::inRange(1, 7);
      for (int row = 0; row < rows; ++row)
        values[*rc::gen::inRange(0, 6)] = *rc::gen::inRange(1, 3);
      bool is_news = false;
      for (const auto& [minute, value] : values) {
        const auto known = model.find(minute);
        if (known == model.end()) {
          is_news = true;
          model[minute] = {published, source, value};
        } else if (std::tie(published, source) >
                   std::tie(known->second.published, known->second.source)) {
          is_news |= known->second.value != value;
          known->second = {published, source, value};
        }
      }
      merge.merge(published, source, values);
      RC_ASSERT(merge.changed() == is_news);
      std::map<int, std::int64_t> expected;
      for (const auto& [minute, known] : model) expected[minute] = known.value;
      RC_ASSERT(merge.stored() == expected);
    }
  }));
}

TEST(LoadRule, WhatIsConfirmedAsOneTakesOneLine) {
  RuleMerge merge;
  std::map<int, std::int64_t> values;
  for (int minute = 0; minute < 1'000; ++minute) values[minute] = minute;
  merge.merge(1, "a", values);
  EXPECT_EQ(merge.sources(), "[]");
  merge.merge(2, "b", values);
  EXPECT_FALSE(merge.changed());
  EXPECT_EQ(decode_confirmed(merge.sources())->size(), 1U) << merge.sources();
  // What lies between two confirmed rows and was not confirmed itself parts them.
  merge.merge(1, "c", {{2'000, 1}});
  EXPECT_EQ(decode_confirmed(merge.sources())->size(), 1U) << merge.sources();
}

TEST(LoadRule, TooManySpansAreWrittenIntoTheRows) {
  RuleMerge merge;
  std::map<int, std::int64_t> all;
  std::map<int, std::int64_t> every_other;
  const int rows = 2 * (static_cast<int>(kConfirmedSpansMax) + 500);
  for (int minute = 0; minute < rows; ++minute) {
    all[minute] = 1;
    if (minute % 2 == 0) every_other[minute] = 1;
  }
  merge.merge(1, "a", all);
  merge.merge(3, "b", every_other);
  EXPECT_LE(decode_confirmed(merge.sources())->size(), kConfirmedSpansMax);
  // Between the two: counts only where nothing later confirmed the row.
  std::map<int, std::int64_t> other;
  for (const auto& [minute, value] : all) other[minute] = 2;
  merge.merge(2, "c", other);
  for (const auto& [minute, value] : merge.stored()) EXPECT_EQ(value, minute % 2 == 0 ? 1 : 2);
}

}  // namespace
}  // namespace fm::jobs
