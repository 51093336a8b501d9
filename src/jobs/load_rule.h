// Which of two rows with the same key counts: the one that the vendor published later; of two files
// published at the same time, that with the greater content hash. Equal values stay as they are
// stored.
//
// A file that says again what is stored, and was published later, changes no row; but it must be
// remembered, or else a file from between the two, which says otherwise and is loaded last, would
// count. So the partition's manifest lists, in `sources`, which stored rows were confirmed:
//
//   [{"symbol":"ESH4","from":1703545200000000,"to":1703548740000000,
//     "published":1703548800000000,"source":"6b1f…"}]
//
// says that every stored row of ESH4 from `from` to `to` (by the key's time, in its own unit) was
// found again in the file with the hash `source`, published then.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lake/merge_rule.h"
#include "table/catalogue.h"

namespace fm::jobs {

// When and by which file a value is known; the greater one counts.
struct Knowledge {
  std::int64_t published_us = 0;
  std::string source;
  friend auto operator<=>(const Knowledge&, const Knowledge&) = default;
};

struct ConfirmedSpan {
  std::string symbol;
  std::int64_t from = 0;  // by the first column of the key
  std::int64_t to = 0;    // included
  Knowledge by;
  friend bool operator==(const ConfirmedSpan&, const ConfirmedSpan&) = default;
};

// Above these, what is confirmed is written into the rows: a manifest stays small.
inline constexpr std::size_t kConfirmedSpansMax = 2'000;

[[nodiscard]] std::string encode(const std::vector<ConfirmedSpan>& spans);
// Errors: kCorrupt.
[[nodiscard]] Result<std::vector<ConfirmedSpan>> decode_confirmed(std::string_view json);

enum class RowFate : std::uint8_t { kAdded, kCorrected, kUnchanged, kOutdated };

class KnowledgeRule final : public lake::MergeRule {
 public:
  // `on_row` is told the fate of every fresh row, by the file it came from.
  KnowledgeRule(const table::Table& table,
                std::function<void(std::string_view source, RowFate, std::uint64_t rows)> on_row);

  Status begin(const std::optional<lake::Manifest>& stored) override;
  Fresh added(const table::RowBatch& fresh, std::size_t first, std::size_t rows) override;
  bool kept(table::RowBatch& rows) override;
  lake::Keep choose(const table::RowBatch& stored, std::size_t stored_row,
                    const table::RowBatch& fresh, std::size_t fresh_row) override;
  lake::CommitInfo finish() override;

 private:
  // The spans of one symbol: those that were stored, and those of the rows so far.
  struct Symbol {
    std::vector<ConfirmedSpan> stored;  // by time
    std::size_t next = 0;               // the first that may reach further rows
    std::size_t open = kNone;           // in spans_: the last row belongs to it
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  [[nodiscard]] Symbol* find(const table::RowBatch& batch, std::size_t row);
  [[nodiscard]] const Knowledge* confirmed(Symbol* symbol, std::int64_t time) const;
  // The row stays, confirmed by `by` or by nothing beyond itself.
  void note(Symbol* symbol, std::string_view text, std::int64_t time, const Knowledge* by);

  std::function<void(std::string_view, RowFate, std::uint64_t)> on_row_;
  std::size_t time_;
  std::size_t symbol_;
  std::size_t published_;
  std::size_t source_;
  std::vector<std::size_t> provenance_;                 // columns that are no values
  std::map<std::string, Symbol, std::less<>> symbols_;  // those with a span
  std::vector<ConfirmedSpan> spans_;                    // of the partition as it will be
};

}  // namespace fm::jobs
