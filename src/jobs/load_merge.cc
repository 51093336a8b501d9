#include "jobs/load_merge.h"

#include <cstring>
#include <utility>

namespace fm::jobs {

// The rows of one partition, each key once.
class LoadMerge::Rows final : public table::RowStream {
 public:
  explicit Rows(LoadMerge& merge) : merge_(merge) {}
  [[nodiscard]] const table::Table& table() const override { return *merge_.kind_.table; }

  Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    while (!batch.full()) {
      FM_ASSIGN(const bool more, merge_.take_winner());
      if (!more) break;
      const SortedRow& row = merge_.winner_;
      const LoadSource& source = *merge_.sources_[row.key.source];
      const Date day = Date::of_second(second_of(row.key.time));
      merge_.kind_.append({.record = merge_.winner_record_.data(),
                           .symbol = &merge_.symbols_[row.key.symbol],
                           .day = day,
                           .published_us = source.published.at(day),
                           .source_hash = source.account.content_hash,
                           .ingested_us = merge_.ingested_us_},
                          batch);
    }
    return batch.size() > 0;
  }

 private:
  LoadMerge& merge_;
};

LoadMerge::LoadMerge(lake::Lake& lake, const LoadKind& kind, const LoadSymbols& symbols,
                     LoadSorter& sorter, std::vector<LoadSource*> sources, std::int64_t ingested_us)
    : lake_(lake),
      kind_(kind),
      symbols_(symbols),
      sorter_(sorter),
      sources_(std::move(sources)),
      ingested_us_(ingested_us),
      winner_record_(kind.record_bytes) {
  for (LoadSource* const source : sources_) by_hash_.emplace(source->account.content_hash, source);
}

// Rows of files that turned out to be damaged do not count.
bool LoadMerge::counts(const SortedRow& row) const {
  return sources_[row.key.source]->action == LoadAction::kLoad;
}

Status LoadMerge::advance() {
  do {
    FM_ASSIGN(has_head_, sorter_.next(head_));
  } while (has_head_ && !counts(head_));
  return {};
}

Knowledge LoadMerge::knowledge_of(const SortedRow& row) const {
  const LoadSource& source = *sources_[row.key.source];
  return {source.published.at(Date::of_second(second_of(row.key.time))),
          source.account.content_hash};
}

Result<bool> LoadMerge::take_winner() {
  if (!has_head_ || head_.partition != partition_) return false;
  winner_ = head_;
  std::memcpy(winner_record_.data(), head_.record, winner_record_.size());
  FM_TRY(advance());
  const auto is_same_key = [&] {
    return has_head_ && head_.partition == partition_ && head_.key.time == winner_.key.time &&
           head_.key.symbol == winner_.key.symbol && head_.key.minor == winner_.key.minor;
  };
  if (!is_same_key()) return true;
  Knowledge best = knowledge_of(winner_);
  while (is_same_key()) {
    Knowledge other = knowledge_of(head_);
    const bool is_equal =
        std::memcmp(winner_record_.data(), head_.record, winner_record_.size()) == 0;
    // Of one file, the row that comes later counts.
    const bool wins = other >= best;
    const SortedRow& loser = wins ? winner_ : head_;
    count(sources_[loser.key.source]->account.content_hash,
          is_equal ? RowFate::kUnchanged : RowFate::kOutdated, 1);
    if (wins) {
      winner_ = head_;
      std::memcpy(winner_record_.data(), head_.record, winner_record_.size());
      best = std::move(other);
    }
    FM_TRY(advance());
  }
  return true;
}

void LoadMerge::count(std::string_view source_hash, RowFate fate, std::uint64_t rows) {
  ops::LoadedFile& account = by_hash_.at(source_hash)->account;
  switch (fate) {
    case RowFate::kAdded:
      account.rows_added += rows;
      return;
    case RowFate::kCorrected:
      account.rows_corrected += rows;
      return;
    case RowFate::kUnchanged:
      account.rows_unchanged += rows;
      return;
    case RowFate::kOutdated:
      account.rows_outdated += rows;
      return;
  }
}

Status LoadMerge::run() {
  const auto& repeated = sorter_.repeated();
  for (std::size_t i = 0; i < repeated.size(); ++i)
    sources_[i]->account.rows_unchanged += repeated[i];
  FM_TRY(advance());
  while (has_head_) {
    partition_ = head_.partition;
    const std::string root(kind_.by_root() ? symbols_[head_.key.symbol].root : "");
    KnowledgeRule rule(*kind_.table, [this](std::string_view source, RowFate fate,
                                            std::uint64_t rows) { count(source, fate, rows); });
    Rows rows(*this);
    FM_ASSIGN(const lake::CommitReport report,
              lake_.merge_sorted(*kind_.table, {.root = root, .date = Date(partition_.year, 1, 1)},
                                 rows, rule));
    if (!report.unchanged) ++partitions_changed_;
    for (LoadSource* const source : sources_)
      if (!source->partitions.empty()) source->partitions.erase({root, partition_.year});
    if (on_partition) FM_TRY(on_partition(report));
  }
  return {};
}

}  // namespace fm::jobs
