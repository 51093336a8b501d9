#include "jobs/load_merge.h"

#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/thread.h"

namespace fm::jobs {

LoadMerge::LoadMerge(lake::Lake& lake, const LoadKind& kind, const LoadSymbols& symbols,
                     LoadSorter& sorter, std::vector<LoadSource*> sources, std::int64_t ingested_us)
    : lake_(lake),
      inputs_{.kind = kind,
              .symbols = symbols,
              .sources = std::move(sources),
              .by_hash = {},
              .presences = {},
              .ingested_us = ingested_us},
      sorter_(sorter) {
  for (std::uint32_t number = 0; number < inputs_.sources.size(); ++number) {
    LoadSource* const source = inputs_.sources[number];
    inputs_.by_hash.emplace(source->account.content_hash, source);
    if (source->action != LoadAction::kLoad) continue;
    for (const SymbolDay& of : std::exchange(source->symbol_days, {}))
      inputs_.presences.push_back({of, number});
  }
  std::ranges::sort(inputs_.presences, {},
                    [](const LoadPresence& presence) { return presence.of.day; });
}

Status LoadMerge::run() {
  const auto& repeated = sorter_.repeated();
  for (std::size_t i = 0; i < repeated.size(); ++i)
    inputs_.sources[i]->account.rows_unchanged += repeated[i];
  const std::optional<LoadPartition> middle = sorter_.middle();
  LoadPass first(lake_, inputs_, sorter_, std::nullopt, middle);
  if (!middle) return run(first);
  LoadPass second(lake_, inputs_, sorter_, middle, std::nullopt);
  Status of_second;
  std::thread other([&] {
    name_thread("fm-merge");
    of_second = run(second);
  });
  Status of_first = run(first);
  other.join();
  FM_TRY(std::move(of_first));
  return of_second;
}

Status LoadMerge::run(LoadPass& pass) {
  for (;;) {
    auto merged = pass.merge_next();
    const std::scoped_lock lock(mutex_);
    const auto note = [&]() -> Status {
      if (!merged) return std::unexpected(merged.error());
      const LoadPass::Merged& done = **merged;
      if (!done.commit.unchanged) ++partitions_changed_;
      withdrawn_ += done.withdrawn;
      for (LoadSource* const source : inputs_.sources)
        if (!source->partitions.empty()) source->partitions.erase({done.root, done.period});
      return on_partition ? on_partition(done.commit) : Status();
    };
    if (merged && !*merged) return {};
    if (Status noted = note(); !noted) {
      has_failed_ = true;
      return noted;
    }
    if (has_failed_) return {};
  }
}

}  // namespace fm::jobs
