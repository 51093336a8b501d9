#include "jobs/load_pass.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>
#include <tuple>
#include <utility>

#include "jobs/load_multiset.h"
#include "market/contract.h"

namespace fm::jobs {
namespace {

// Another pass may have rows of the same file.
void add_to(std::uint64_t& total, std::uint64_t rows) {
  std::atomic_ref(total).fetch_add(rows, std::memory_order_relaxed);
}

}  // namespace

// The rows of one partition, each key once.
class LoadPass::Rows final : public table::RowStream {
 public:
  explicit Rows(LoadPass& merge) : merge_(merge) {}
  [[nodiscard]] const table::Table& table() const override { return *merge_.in_.kind.table; }

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
  LoadPass& merge_;
};

// The trades of one partition: of each, as many as count, out of those that the files have.
class LoadPass::Trades final : public table::RowStream {
 public:
  Trades(LoadPass& merge, Claims claims, Date day) : merge_(merge), claims_(std::move(claims)) {
    published_.reserve(merge.in_.sources.size());
    for (const LoadSource* const source : merge.in_.sources)
      published_.push_back(source->published.at(day));
  }
  [[nodiscard]] const table::Table& table() const override { return *merge_.in_.kind.table; }

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
        claims_.at(merge_.in_.symbols[key.symbol].text, static_cast<std::int64_t>(key.time));
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
    LoadSource& from = *merge_.in_.sources[source];
    add_to(from.faults[static_cast<std::size_t>(LoadFault::kTooOften)], rows);
    add_to(from.account.rows_rejected, rows);
  }

  [[nodiscard]] const std::string& hash_of(const Count& count) const {
    return merge_.in_.sources[count.source]->account.content_hash;
  }

  LoadPass& merge_;
  Claims claims_;
  std::vector<std::int64_t> published_;  // of each file
  std::vector<Count> counts_;            // of the record in hand: the newest file first
  std::size_t file_ = 0;                 // in counts_: whose row is the next
  std::int64_t next_ = 0;
  std::int64_t count_ = 0;
};

LoadPass::LoadPass(lake::Lake& lake, const LoadPassInputs& inputs, LoadSorter& sorter,
                   std::optional<LoadPartition> from, std::optional<LoadPartition> to)
    : lake_(lake),
      in_(inputs),
      sorted_(sorter, from, to),
      winner_record_(inputs.kind.record_bytes) {}

void LoadPass::append(std::int64_t occurrence, table::RowBatch& batch) {
  const LoadKey& key = winner_.key;
  const LoadSource& source = *in_.sources[key.source];
  const Date day = Date::of_second(second_of(key.time));
  in_.kind.append({.record = winner_record_.data(),
                   .symbol = &in_.symbols[key.symbol],
                   .day = day,
                   .delivery = delivery_of(key.symbol, day),
                   .published_us = source.published.at(day),
                   .source_hash = source.account.content_hash,
                   .ingested_us = in_.ingested_us,
                   .minor = key.minor,
                   .occurrence = occurrence},
                  batch);
}

// Contracts are resolved by the year of a row: that of the row before is nearly always its own.
std::optional<Date> LoadPass::delivery_of(std::uint32_t symbol, Date day) {
  if (deliveries_.size() <= symbol) deliveries_.resize(in_.symbols.size());
  Delivery& known = deliveries_[symbol];
  const int year = day.year();
  if (known.year == year) return known.date;
  known = {.year = year, .date = {}};
  if (in_.symbols[symbol].is_spread) return known.date;
  if (const auto contract = market::Contract::parse(in_.symbols[symbol].text, day))
    known.date = Date(contract->delivery().year, contract->delivery().month, 1);
  return known.date;
}

bool LoadPass::has_winners_key() const {
  return has_head_ && head_.partition == partition_ && head_.key.time == winner_.key.time &&
         head_.key.symbol == winner_.key.symbol && head_.key.minor == winner_.key.minor;
}

// Rows of files that turned out to be damaged do not count.
bool LoadPass::counts(const SortedRow& row) const {
  return in_.sources[row.key.source]->action == LoadAction::kLoad;
}

Status LoadPass::advance() {
  do {
    FM_ASSIGN(has_head_, sorted_.next(head_));
  } while (has_head_ && !counts(head_));
  return {};
}

Knowledge LoadPass::knowledge_of(const SortedRow& row) const {
  const LoadSource& source = *in_.sources[row.key.source];
  return {source.published.at(Date::of_second(second_of(row.key.time))),
          source.account.content_hash};
}

Result<bool> LoadPass::take_winner() {
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
    count(in_.sources[loser.key.source]->account.content_hash,
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

void LoadPass::count(std::string_view source_hash, RowFate fate, std::uint64_t rows) {
  ops::LoadedFile& account = in_.by_hash.at(source_hash)->account;
  switch (fate) {
    case RowFate::kAdded:
      add_to(account.rows_added, rows);
      return;
    case RowFate::kCorrected:
      add_to(account.rows_corrected, rows);
      return;
    case RowFate::kUnchanged:
      add_to(account.rows_unchanged, rows);
      return;
    case RowFate::kOutdated:
      add_to(account.rows_outdated, rows);
      return;
  }
}

Result<lake::CommitReport> LoadPass::merge_keyed(const lake::PartitionKey& key) {
  KnowledgeRule rule(*in_.kind.table, [this](std::string_view source, RowFate fate,
                                             std::uint64_t rows) { count(source, fate, rows); });
  Rows rows(*this);
  return lake_.merge_sorted(*in_.kind.table, key, rows, rule);
}

Result<Claims> LoadPass::claims_of(const lake::PartitionKey& key) const {
  constexpr auto kNanosOfDay = static_cast<std::int64_t>(kNanosPerDay);
  const std::int32_t day = key.date.days_since_1970();
  const std::int64_t begin = day * kNanosOfDay;
  Claims claims;
  const auto of_day = std::ranges::equal_range(
      in_.presences, day, {}, [](const LoadPresence& presence) { return presence.of.day; });
  for (const LoadPresence& presence : of_day) {
    const LoadSymbol& symbol = in_.symbols[presence.of.symbol];
    if (symbol.root != key.root) continue;
    Claim claim = claim_of(*in_.sources[presence.source]);
    claim.from = std::max(claim.from, begin);
    claim.to = std::min(claim.to, begin + kNanosOfDay);
    claim.published_us = in_.sources[presence.source]->published.at(key.date);
    claims.add(symbol.text, claim);
  }
  FM_TRY(claims.settle());
  return claims;
}

Result<lake::CommitReport> LoadPass::merge_trades(const lake::PartitionKey& key,
                                                  std::uint64_t& withdrawn) {
  FM_ASSIGN(const Claims claims, claims_of(key));
  MultisetRule rule(*in_.kind.table, claims,
                    [this](std::string_view source, RowFate fate, std::uint64_t rows) {
                      count(source, fate, rows);
                    });
  Trades rows(*this, claims, key.date);
  auto merged = lake_.merge_sorted(*in_.kind.table, key, rows, rule);
  withdrawn = rule.withdrawn();
  return merged;
}

Result<std::optional<LoadPass::Merged>> LoadPass::merge_next() {
  if (!std::exchange(has_begun_, true)) FM_TRY(advance());
  if (!has_head_) return std::nullopt;
  const LoadShape shape = in_.kind.shape();
  partition_ = head_.partition;
  Merged merged{.root = std::string(shape.by_root ? in_.symbols[head_.key.symbol].root : ""),
                .period = partition_.period,
                .commit = {},
                .withdrawn = 0};
  const lake::PartitionKey key{.root = merged.root, .date = first_day_of(shape, merged.period)};
  FM_ASSIGN(merged.commit,
            in_.kind.is_multiset ? merge_trades(key, merged.withdrawn) : merge_keyed(key));
  return merged;
}

}  // namespace fm::jobs
