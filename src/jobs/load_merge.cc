#include "jobs/load_merge.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <tuple>
#include <utility>

#include "jobs/load_multiset.h"
#include "market/contract.h"

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
      merge_.append(0, batch);
    }
    return batch.size() > 0;
  }

 private:
  LoadMerge& merge_;
};

// The trades of one partition: of each, as many as count, out of those that the files have.
class LoadMerge::Trades final : public table::RowStream {
 public:
  Trades(LoadMerge& merge, Claims claims, Date day) : merge_(merge), claims_(std::move(claims)) {
    published_.reserve(merge.sources_.size());
    for (const LoadSource* const source : merge.sources_)
      published_.push_back(source->published.at(day));
  }
  [[nodiscard]] const table::Table& table() const override { return *merge_.kind_.table; }

  Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    while (!batch.full()) {
      while (next_ == count_) {
        FM_ASSIGN(const bool more, take_equal());
        if (!more) return batch.size() > 0;
      }
      while (counts_[file_].rows <= static_cast<std::uint64_t>(next_)) ++file_;
      merge_.winner_.key.source = counts_[file_].source;
      merge_.append(next_++, batch);
    }
    return true;
  }

 private:
  struct Count {
    std::uint32_t source = 0;
    std::uint64_t rows = 0;
  };

  // The next record that any file has: how many of it count.
  Result<bool> take_equal() {
    if (!merge_.has_head_ || merge_.head_.partition != merge_.partition_) return false;
    merge_.winner_ = merge_.head_;
    std::memcpy(merge_.winner_record_.data(), merge_.head_.record, merge_.winner_record_.size());
    counts_.clear();
    do {
      const std::uint32_t source = merge_.head_.key.source;
      if (counts_.empty() || counts_.back().source != source) counts_.push_back({source, 0});
      counts_.back().rows += merge_.head_.count;
      FM_TRY(merge_.advance());
    } while (merge_.has_winners_key());
    unite_counts();
    choose();
    return true;
  }

  // One count for each file, whose rows may come from several runs of the sorter.
  void unite_counts() {
    std::ranges::sort(counts_, {}, &Count::source);
    std::size_t kept = 0;
    for (std::size_t i = 1; i < counts_.size(); ++i) {
      if (counts_[i].source == counts_[kept].source)
        counts_[kept].rows += counts_[i].rows;
      else
        counts_[++kept] = counts_[i];
    }
    counts_.resize(kept + 1);
  }

  // Of files that were published no earlier than what is claimed of the moment, the one that has
  // the most of the record counts; each row is that of the newest file that has it.
  void choose() {
    const LoadKey& key = merge_.winner_.key;
    const auto claimed =
        claims_.at(merge_.symbols_[key.symbol].text, static_cast<std::int64_t>(key.time));
    std::ranges::sort(counts_, [this](const Count& a, const Count& b) {
      return std::tuple(published_[a.source], std::string_view(hash_of(a))) >
             std::tuple(published_[b.source], std::string_view(hash_of(b)));
    });
    next_ = 0;
    count_ = 0;
    for (Count& count : counts_) {
      if (claimed && published_[count.source] < *claimed) {
        tell_outdated(count);
        continue;
      }
      const std::uint64_t rows = std::min(count.rows, kOccurrencesMax);
      if (count.rows > rows) reject(count.source, count.rows - rows);
      // What a newer file has, too, is that one's.
      const std::uint64_t others = std::min(rows, static_cast<std::uint64_t>(count_));
      if (others > 0) merge_.count(hash_of(count), RowFate::kUnchanged, others);
      count.rows = rows;
      count_ = std::max(count_, static_cast<std::int64_t>(rows));
    }
    file_ = 0;
  }

  // All newer files are counted already.
  void tell_outdated(const Count& count) {
    const std::uint64_t others = std::min(count.rows, static_cast<std::uint64_t>(count_));
    if (others > 0) merge_.count(hash_of(count), RowFate::kUnchanged, others);
    if (count.rows > others) merge_.count(hash_of(count), RowFate::kOutdated, count.rows - others);
  }

  void reject(std::uint32_t source, std::uint64_t rows) {
    LoadSource& from = *merge_.sources_[source];
    from.faults[static_cast<std::size_t>(LoadFault::kTooOften)] += rows;
    from.account.rows_rejected += rows;
  }

  [[nodiscard]] const std::string& hash_of(const Count& count) const {
    return merge_.sources_[count.source]->account.content_hash;
  }

  LoadMerge& merge_;
  Claims claims_;
  std::vector<std::int64_t> published_;  // of each file
  std::vector<Count> counts_;            // of the record in hand: the newest file first
  std::size_t file_ = 0;                 // in counts_: whose row is the next
  std::int64_t next_ = 0;
  std::int64_t count_ = 0;
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
  for (std::uint32_t number = 0; number < sources_.size(); ++number) {
    LoadSource* const source = sources_[number];
    by_hash_.emplace(source->account.content_hash, source);
    if (source->action != LoadAction::kLoad) continue;
    for (const SymbolDay& of : std::exchange(source->symbol_days, {}))
      presences_.push_back({of, number});
  }
  std::ranges::sort(presences_, {}, [](const Presence& presence) { return presence.of.day; });
}

void LoadMerge::append(std::int64_t occurrence, table::RowBatch& batch) {
  const LoadKey& key = winner_.key;
  const LoadSource& source = *sources_[key.source];
  const Date day = Date::of_second(second_of(key.time));
  kind_.append({.record = winner_record_.data(),
                .symbol = &symbols_[key.symbol],
                .day = day,
                .delivery = delivery_of(key.symbol, day),
                .published_us = source.published.at(day),
                .source_hash = source.account.content_hash,
                .ingested_us = ingested_us_,
                .minor = key.minor,
                .occurrence = occurrence},
               batch);
}

// Contracts are resolved by the year of a row: that of the row before is nearly always its own.
std::optional<Date> LoadMerge::delivery_of(std::uint32_t symbol, Date day) {
  if (deliveries_.size() <= symbol) deliveries_.resize(symbols_.size());
  Delivery& known = deliveries_[symbol];
  const int year = day.year();
  if (known.year == year) return known.date;
  known = {.year = year, .date = {}};
  if (symbols_[symbol].is_spread) return known.date;
  if (const auto contract = market::Contract::parse(symbols_[symbol].text, day))
    known.date = Date(contract->delivery().year, contract->delivery().month, 1);
  return known.date;
}

bool LoadMerge::has_winners_key() const {
  return has_head_ && head_.partition == partition_ && head_.key.time == winner_.key.time &&
         head_.key.symbol == winner_.key.symbol && head_.key.minor == winner_.key.minor;
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
  if (!has_winners_key()) return true;
  Knowledge best = knowledge_of(winner_);
  while (has_winners_key()) {
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

Result<lake::CommitReport> LoadMerge::merge_keyed(const lake::PartitionKey& key) {
  KnowledgeRule rule(*kind_.table, [this](std::string_view source, RowFate fate,
                                          std::uint64_t rows) { count(source, fate, rows); });
  Rows rows(*this);
  return lake_.merge_sorted(*kind_.table, key, rows, rule);
}

Result<Claims> LoadMerge::claims_of(const lake::PartitionKey& key) const {
  constexpr auto kNanosOfDay = static_cast<std::int64_t>(kNanosPerDay);
  const std::int32_t day = key.date.days_since_1970();
  const std::int64_t begin = day * kNanosOfDay;
  Claims claims;
  const auto of_day = std::ranges::equal_range(
      presences_, day, {}, [](const Presence& presence) { return presence.of.day; });
  for (const Presence& presence : of_day) {
    const LoadSymbol& symbol = symbols_[presence.of.symbol];
    if (symbol.root != key.root) continue;
    Claim claim = claim_of(*sources_[presence.source]);
    claim.from = std::max(claim.from, begin);
    claim.to = std::min(claim.to, begin + kNanosOfDay);
    claim.published_us = sources_[presence.source]->published.at(key.date);
    claims.add(symbol.text, claim);
  }
  FM_TRY(claims.settle());
  return claims;
}

Result<lake::CommitReport> LoadMerge::merge_trades(const lake::PartitionKey& key) {
  FM_ASSIGN(const Claims claims, claims_of(key));
  MultisetRule rule(*kind_.table, claims,
                    [this](std::string_view source, RowFate fate, std::uint64_t rows) {
                      count(source, fate, rows);
                    });
  Trades rows(*this, claims, key.date);
  auto merged = lake_.merge_sorted(*kind_.table, key, rows, rule);
  withdrawn_ += rule.withdrawn();
  return merged;
}

Status LoadMerge::run() {
  const auto& repeated = sorter_.repeated();
  for (std::size_t i = 0; i < repeated.size(); ++i)
    sources_[i]->account.rows_unchanged += repeated[i];
  const LoadShape shape = kind_.shape();
  FM_TRY(advance());
  while (has_head_) {
    partition_ = head_.partition;
    const lake::PartitionKey key{
        .root = std::string(shape.by_root ? symbols_[head_.key.symbol].root : ""),
        .date = first_day_of(shape, partition_.period)};
    FM_ASSIGN(const lake::CommitReport report,
              kind_.is_multiset ? merge_trades(key) : merge_keyed(key));
    if (!report.unchanged) ++partitions_changed_;
    for (LoadSource* const source : sources_)
      if (!source->partitions.empty()) source->partitions.erase({key.root, partition_.period});
    if (on_partition) FM_TRY(on_partition(report));
  }
  return {};
}

}  // namespace fm::jobs
