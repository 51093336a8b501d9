// Streams of random requests over random files give what sorting all records would.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <tuple>

#include "base/testing_fault_env.h"
#include "gateway/archive.h"
#include "gateway/testing_archive.h"

namespace fm::gateway {
namespace {

using testing::day;

struct RandomFile {
  int start_day = 0;
  std::vector<dbn::TradeMsg> trades;
};

struct Expected {
  Nanos place;
  std::size_t file;
  std::uint32_t sequence;
};

std::vector<RandomFile> random_files(std::uint32_t& sequence) {
  std::vector<RandomFile> files(*rc::gen::inRange<std::size_t>(1, 7));
  for (RandomFile& file : files) {
    file.start_day = *rc::gen::inRange(0, 3);
    const auto seconds =
        *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 50));
    for (const std::uint64_t second : seconds)
      file.trades.push_back(testing::trade(*rc::gen::inRange<std::uint32_t>(1, 4),
                                           day(file.start_day, second), sequence++));
    // Mostly in order, as files are.
    if (*rc::gen::inRange(0, 3) != 0)
      std::ranges::stable_sort(file.trades, {}, &dbn::TradeMsg::ts_recv);
  }
  return files;
}

std::vector<std::uint32_t> sorted(const std::vector<RandomFile>& files,
                                  const ReadRequest& request) {
  std::vector<Expected> all;
  for (std::size_t i = 0; i < files.size(); ++i) {
    Nanos place = day(files[i].start_day);
    for (const dbn::TradeMsg& trade : files[i].trades) {
      const bool is_wanted = trade.ts_recv >= request.from && trade.ts_recv < request.to &&
                             request.selection.matches(trade.header.instrument_id, trade.ts_recv);
      if (!is_wanted) continue;
      place = std::max(place, trade.ts_recv);
      all.push_back({place, i, trade.sequence});
    }
  }
  std::ranges::stable_sort(all, [](const Expected& a, const Expected& b) {
    return std::tie(a.place, a.file) < std::tie(b.place, b.file);
  });
  std::vector<std::uint32_t> out;
  for (const Expected& one : all) out.push_back(one.sequence);
  return out;
}

RC_GTEST_PROP(ArchiveProperty, StreamsAreMerges, ()) {
  std::uint32_t sequence = 0;
  const std::vector<RandomFile> files = random_files(sequence);
  const TestDirectory directory;
  for (std::size_t i = 0; i < files.size(); ++i)
    testing::write_file(directory.file(fmt::format("{}.dbn", i)), {.start_day = files[i].start_day},
                        files[i].trades);
  const auto archive = Archive::open(Env::posix(), std::vector{directory.path()});
  RC_ASSERT(archive.has_value());

  ReadRequest request;
  request.dataset = "GLBX.MDP3";
  request.schemas = {dbn::Schema::kTrades};
  request.from = day(0, *rc::gen::inRange<std::uint64_t>(0, 60));
  request.to = day(*rc::gen::inRange(0, 3), *rc::gen::inRange<std::uint64_t>(0, 60));
  if (*rc::gen::arbitrary<bool>()) {
    request.selection = Selection();
    request.selection.add(1, 0, day(1, 20));
    request.selection.add(2, day(0, 30));
  }

  auto stream = (*archive)->read(request);
  RC_ASSERT(stream.has_value());
  std::vector<std::uint32_t> given;
  // Asked in steps of time, as a paced session asks.
  Nanos limit = day(0);
  for (;;) {
    const auto run = stream->next(limit);
    RC_ASSERT(run.has_value());
    RC_ASSERT(run->empty() || run->last_time <= limit);
    for (const dbn::RecordView record : run->block)
      given.push_back(record.get_if<dbn::TradeMsg>()->sequence);
    if (!run->empty()) continue;
    const auto next = stream->next_time();
    RC_ASSERT(next.has_value());
    if (!*next) break;
    RC_ASSERT(**next > limit);
    limit = std::max(limit + 7 * kNanosPerSecond, **next);
  }
  RC_ASSERT(given == sorted(files, request));
}

RC_GTEST_PROP(SelectionProperty, HoldsWhatWasAdded, ()) {
  struct Added {
    std::uint32_t id;
    Nanos from;
    Nanos to;
  };
  std::vector<Added> added;
  Selection selection;
  const auto count = *rc::gen::inRange(0, 60);
  for (int i = 0; i < count; ++i) {
    const Added one{*rc::gen::inRange<std::uint32_t>(0, 40), *rc::gen::inRange<Nanos>(0, 20),
                    *rc::gen::inRange<Nanos>(0, 20)};
    selection.add(one.id, one.from, one.to);
    added.push_back(one);
  }
  for (std::uint32_t id = 0; id < 42; ++id) {
    for (Nanos time = 0; time < 21; ++time) {
      const bool expected = std::ranges::any_of(added, [&](const Added& one) {
        return one.id == id && time >= one.from && time < one.to;
      });
      RC_ASSERT(selection.matches(id, time) == expected);
    }
  }
}

}  // namespace
}  // namespace fm::gateway
