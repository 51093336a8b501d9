#include "jobs/load_rule.h"

#include <simdjson.h>

#include <algorithm>
#include <tuple>

#include "base/json_text.h"

namespace fm::jobs {
namespace {

using table::RowBatch;

// A timestamp, or nanoseconds as a number: 64 bits either way.
std::size_t time_column(const table::Table& table) { return table.column_index(table.key.front()); }

}  // namespace

std::string encode(const std::vector<ConfirmedSpan>& spans) {
  std::string out = "[";
  for (const ConfirmedSpan& span : spans)
    out += fmt::format("{}{{\"symbol\":{},\"from\":{},\"to\":{},\"published\":{},\"source\":{}}}",
                       out.size() > 1 ? "," : "", json_quoted(span.symbol), span.from, span.to,
                       span.by.published_us, json_quoted(span.by.source));
  return out + "]";
}

Result<std::vector<ConfirmedSpan>> decode_confirmed(std::string_view json) {
  namespace dom = simdjson::dom;
  dom::parser parser;
  dom::array array;
  std::vector<ConfirmedSpan> spans;
  if (!parser.parse(simdjson::padded_string(json)).get_array().get(array)) {
    for (const dom::element element : array) {
      ConfirmedSpan span;
      std::string_view symbol;
      std::string_view source;
      if (element["symbol"].get_string().get(symbol) ||
          element["source"].get_string().get(source) ||
          element["from"].get_int64().get(span.from) || element["to"].get_int64().get(span.to) ||
          element["published"].get_int64().get(span.by.published_us) || span.to < span.from)
        return fail(Code::kCorrupt, "the sources of a partition hold an entry that is no span");
      span.symbol = symbol;
      span.by.source = source;
      spans.push_back(std::move(span));
    }
    return spans;
  }
  return fail(Code::kCorrupt, "the sources of a partition are no list");
}

KnowledgeRule::KnowledgeRule(
    const table::Table& table,
    std::function<void(std::string_view source, RowFate, std::uint64_t rows)> on_row)
    : on_row_(std::move(on_row)),
      time_(time_column(table)),
      symbol_(table.column_index("symbol")),
      published_(table.column_index("source_published_at")),
      source_(table.column_index("source_hash")),
      provenance_{published_, source_} {}

Status KnowledgeRule::begin(const std::optional<lake::Manifest>& stored) {
  if (!stored) return {};
  auto spans = decode_confirmed(stored->sources);
  if (!spans)
    return std::unexpected(std::move(spans).error().in(stored->table + " " + stored->partition));
  for (ConfirmedSpan& span : *spans) symbols_[span.symbol].stored.push_back(std::move(span));
  for (auto& [text, symbol] : symbols_) std::ranges::sort(symbol.stored, {}, &ConfirmedSpan::from);
  return {};
}

KnowledgeRule::Symbol* KnowledgeRule::find(const RowBatch& batch, std::size_t row) {
  if (symbols_.empty()) return nullptr;
  const auto found = symbols_.find(batch.text(symbol_, row));
  return found == symbols_.end() ? nullptr : &found->second;
}

const Knowledge* KnowledgeRule::confirmed(Symbol* symbol, std::int64_t time) const {
  if (symbol == nullptr) return nullptr;
  while (symbol->next < symbol->stored.size() && symbol->stored[symbol->next].to < time)
    ++symbol->next;
  if (symbol->next == symbol->stored.size() || symbol->stored[symbol->next].from > time)
    return nullptr;
  return &symbol->stored[symbol->next].by;
}

void KnowledgeRule::note(Symbol* symbol, std::string_view text, std::int64_t time,
                         const Knowledge* by) {
  if (symbol == nullptr) return;
  if (by == nullptr) {
    symbol->open = kNone;
    return;
  }
  if (symbol->open != kNone && spans_[symbol->open].by == *by) {
    spans_[symbol->open].to = time;
    return;
  }
  symbol->open = spans_.size();
  spans_.push_back({std::string(text), time, time, *by});
}

lake::MergeRule::Fresh KnowledgeRule::added(const RowBatch& fresh, std::size_t first,
                                            std::size_t rows) {
  const auto sources = fresh.text_codes(source_);
  for (std::size_t row = first; row < first + rows;) {
    std::size_t end = row + 1;
    while (end < first + rows && sources[end] == sources[row]) ++end;
    on_row_(fresh.text(source_, row), RowFate::kAdded, end - row);
    row = end;
  }
  if (!symbols_.empty())
    for (std::size_t row = first; row < first + rows; ++row) note(find(fresh, row), {}, 0, nullptr);
  return {rows, true};
}

bool KnowledgeRule::kept(RowBatch& rows) {
  const std::size_t row = rows.size() - 1;
  Symbol* const symbol = find(rows, row);
  if (symbol == nullptr) return false;
  const std::int64_t time = rows.int64s(time_)[row];
  const Knowledge* const by = confirmed(symbol, time);
  const bool is_room = spans_.size() < kConfirmedSpansMax ||
                       (by != nullptr && symbol->open != kNone && spans_[symbol->open].by == *by);
  if (by == nullptr || is_room) {
    note(symbol, rows.text(symbol_, row), time, by);
    return false;
  }
  note(symbol, {}, 0, nullptr);
  rows.int64s(published_)[row] = by->published_us;
  rows.set_text(source_, row, by->source);
  return true;
}

lake::Keep KnowledgeRule::choose(const RowBatch& stored, std::size_t stored_row,
                                 const RowBatch& fresh, std::size_t fresh_row) {
  const std::string_view source = fresh.text(source_, fresh_row);
  const std::int64_t time = stored.int64s(time_)[stored_row];
  const bool is_equal = lake::same_values(stored, stored_row, fresh, fresh_row, provenance_);
  const auto later_than = [&](std::int64_t published, std::string_view by) {
    const std::int64_t own = fresh.int64s(published_)[fresh_row];
    return own != published ? own > published : source > by;
  };
  Symbol* symbol = find(stored, stored_row);
  const Knowledge* by = confirmed(symbol, time);
  const bool is_later =
      later_than(stored.int64s(published_)[stored_row], stored.text(source_, stored_row)) &&
      (by == nullptr || later_than(by->published_us, by->source));

  if (!is_later) {
    on_row_(source, is_equal ? RowFate::kUnchanged : RowFate::kOutdated, 1);
    // A span that is carried on may stand above the maximum until the next merge writes it out.
    note(symbol, stored.text(symbol_, stored_row), time, by);
    return lake::Keep::kStored;
  }
  if (is_equal && spans_.size() < kConfirmedSpansMax) {
    on_row_(source, RowFate::kUnchanged, 1);
    const std::string_view text = stored.text(symbol_, stored_row);
    if (symbol == nullptr) symbol = &symbols_[std::string(text)];
    const Knowledge fresh_by{fresh.int64s(published_)[fresh_row], std::string(source)};
    note(symbol, text, time, &fresh_by);
    return lake::Keep::kStored;
  }
  on_row_(source, is_equal ? RowFate::kUnchanged : RowFate::kCorrected, 1);
  note(symbol, {}, 0, nullptr);
  return lake::Keep::kFresh;
}

lake::CommitInfo KnowledgeRule::finish() {
  std::ranges::sort(spans_, [](const ConfirmedSpan& a, const ConfirmedSpan& b) {
    return std::tie(a.symbol, a.from) < std::tie(b.symbol, b.from);
  });
  return {.sources = encode(spans_), .parameters = "{}", .final_to = {}};
}

}  // namespace fm::jobs
