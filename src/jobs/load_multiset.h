// Which trades of a partition stay when files bring trades of it: those of the file that claims
// their moment and was published last (load_claims.h).
//
//   at a moment of a symbol            the rows there are
//   nobody claims it                   what any file has
//   some file claims it                what those have that were published no earlier than the
//                                      last of those that claim it
//
// of each record as many as that of these files has that has the most. So a file that is loaded
// again adds nothing, one that was published later takes the place of another within the time that
// it claims, and the order in which files are loaded does not count.
//
// A partition's manifest keeps in `sources` what is claimed, and which rows were seen in files that
// were published later than their own and than what is claimed of their moment:
//
//   {"claims":{"ESH4":[[from,to,published],…]},
//    "seen":{"ESH4":[[ts_recv_ns,record_id,occurrence,published],…]}}
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "jobs/load_claims.h"
#include "jobs/load_rule.h"
#include "lake/merge_rule.h"

namespace fm::jobs {

// Above these, what was seen is written into the rows: a manifest stays small.
inline constexpr std::size_t kSeenRowsMax = 10'000;

// A row by its key, and when the newest file that has it was published.
using SeenRow = std::tuple<std::int64_t, std::string, std::int64_t, std::int64_t>;
using SeenRows = std::map<SeenRow, std::int64_t>;

struct TradeSources {
  Claims claims;
  SeenRows seen;
};
[[nodiscard]] std::string encode(const TradeSources& sources);
// Errors: kCorrupt.
[[nodiscard]] Result<TradeSources> decode_trade_sources(std::string_view json);

class MultisetRule final : public lake::MergeRule {
 public:
  // `claims` are those of the files that the fresh rows come from; of these rows, those that do not
  // count among themselves have been left out. `on_row` as that of KnowledgeRule.
  MultisetRule(const table::Table& table, Claims claims,
               std::function<void(std::string_view source, RowFate, std::uint64_t rows)> on_row);

  Status begin(const std::optional<lake::Manifest>& stored) override;
  Fresh added(const table::RowBatch& fresh, std::size_t first, std::size_t rows) override;
  bool goes(const table::RowBatch& stored, std::size_t row) override;
  bool kept(table::RowBatch& rows) override;
  lake::Keep choose(const table::RowBatch& stored, std::size_t stored_row,
                    const table::RowBatch& fresh, std::size_t fresh_row) override;
  lake::CommitInfo finish() override;

  // Stored rows that went, because a newer file does not have them.
  [[nodiscard]] std::uint64_t withdrawn() const { return withdrawn_; }

 private:
  [[nodiscard]] SeenRow key_of(const table::RowBatch& batch, std::size_t row) const;
  [[nodiscard]] std::int64_t published(const table::RowBatch& batch, std::size_t row) const;
  // Of a stored row: when the newest file that is known to have it was published.
  [[nodiscard]] std::int64_t last_seen(const table::RowBatch& stored, std::size_t row);
  // A stored row stays: what is not to be forgotten of it.
  void note(const table::RowBatch& batch, std::size_t row, std::int64_t seen);

  std::function<void(std::string_view, RowFate, std::uint64_t)> on_row_;
  std::size_t time_;
  std::size_t symbol_;
  std::size_t record_;
  std::size_t occurrence_;
  std::size_t published_;
  std::size_t source_;
  Claims fresh_;
  TradeSources stored_;
  TradeSources all_;
  std::uint64_t withdrawn_ = 0;
};

}  // namespace fm::jobs
