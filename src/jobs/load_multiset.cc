#include "jobs/load_multiset.h"

#include <simdjson.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/json_text.h"

namespace fm::jobs {
namespace {

using table::RowBatch;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(Code::kCorrupt, "the sources of a partition of trades hold {}", what);
}

bool read_seen(const simdjson::dom::element& element, std::string_view symbol, SeenRows& seen) {
  simdjson::dom::array numbers;
  if (element.get_array().get(numbers) || numbers.size() != 4) return false;
  std::int64_t number[4];
  for (std::size_t i = 0; i < 4; ++i)
    if (numbers.at(i).get_int64().get(number[i])) return false;
  seen[{number[0], std::string(symbol), number[1], number[2]}] = number[3];
  return true;
}

}  // namespace

std::string encode(const TradeSources& sources) {
  std::map<std::string_view, std::string> by_symbol;
  for (const auto& [row, published] : sources.seen) {
    const auto& [time, symbol, record, occurrence] = row;
    std::string& list = by_symbol[symbol];
    list += fmt::format("{}[{},{},{},{}]", list.empty() ? "" : ",", time, record, occurrence,
                        published);
  }
  std::string out = fmt::format("{{\"claims\":{},\"seen\":{{", sources.claims.encode());
  for (const auto& [symbol, list] : by_symbol)
    out += fmt::format("{}{}:[{}]", out.back() == '{' ? "" : ",", json_quoted(symbol), list);
  return out + "}}";
}

Result<TradeSources> decode_trade_sources(std::string_view json) {
  namespace dom = simdjson::dom;
  TradeSources sources;
  if (json == "[]") return sources;  // of a partition that something else made
  dom::parser parser;
  dom::object root;
  dom::object claims;
  dom::object seen;
  if (parser.parse(simdjson::padded_string(json)).get_object().get(root) ||
      root["claims"].get_object().get(claims) || root["seen"].get_object().get(seen))
    return corrupt("no claims");
  FM_ASSIGN(sources.claims, Claims::decode(simdjson::minify(claims)));
  for (const auto [symbol, value] : seen) {
    dom::array list;
    if (value.get_array().get(list)) return corrupt("what is no row");
    for (const dom::element element : list)
      if (!read_seen(element, symbol, sources.seen)) return corrupt("what is no row");
  }
  return sources;
}

MultisetRule::MultisetRule(
    const table::Table& table, Claims claims,
    std::function<void(std::string_view source, RowFate, std::uint64_t rows)> on_row)
    : on_row_(std::move(on_row)),
      time_(table.column_index(table.key.front())),
      symbol_(table.column_index("symbol")),
      record_(table.column_index("record_id")),
      occurrence_(table.column_index("occurrence")),
      published_(table.column_index("source_published_at")),
      source_(table.column_index("source_hash")),
      fresh_(std::move(claims)) {}

Status MultisetRule::begin(const std::optional<lake::Manifest>& stored) {
  if (stored) {
    auto sources = decode_trade_sources(stored->sources);
    if (!sources)
      return std::unexpected(
          std::move(sources).error().in(stored->table + " " + stored->partition));
    stored_ = *std::move(sources);
  }
  all_.claims = stored_.claims;
  all_.claims.add_all(fresh_);
  return all_.claims.settle();
}

SeenRow MultisetRule::key_of(const RowBatch& batch, std::size_t row) const {
  return {batch.int64s(time_)[row], std::string(batch.text(symbol_, row)),
          batch.int64s(record_)[row], batch.int64s(occurrence_)[row]};
}

std::int64_t MultisetRule::published(const RowBatch& batch, std::size_t row) const {
  return batch.int64s(published_)[row];
}

std::int64_t MultisetRule::last_seen(const RowBatch& stored, std::size_t row) {
  const auto claimed = stored_.claims.at(stored.text(symbol_, row), stored.int64s(time_)[row]);
  std::int64_t last = std::max(published(stored, row), claimed.value_or(kNever));
  if (stored_.seen.empty()) return last;
  const auto seen = stored_.seen.find(key_of(stored, row));
  return seen == stored_.seen.end() ? last : std::max(last, seen->second);
}

void MultisetRule::note(const RowBatch& batch, std::size_t row, std::int64_t seen) {
  const auto claimed = all_.claims.at(batch.text(symbol_, row), batch.int64s(time_)[row]);
  if (seen > published(batch, row) && seen > claimed.value_or(kNever))
    all_.seen[key_of(batch, row)] = seen;
}

lake::MergeRule::Fresh MultisetRule::added(const RowBatch& fresh, std::size_t first, std::size_t) {
  const auto claimed = stored_.claims.at(fresh.text(symbol_, first), fresh.int64s(time_)[first]);
  const bool is_taken = !claimed || published(fresh, first) >= *claimed;
  on_row_(fresh.text(source_, first), is_taken ? RowFate::kAdded : RowFate::kOutdated, 1);
  return {1, is_taken};
}

bool MultisetRule::goes(const RowBatch& stored, std::size_t row) {
  const auto claimed = fresh_.at(stored.text(symbol_, row), stored.int64s(time_)[row]);
  const bool is_gone = claimed && last_seen(stored, row) < *claimed;
  withdrawn_ += is_gone ? 1 : 0;
  return is_gone;
}

bool MultisetRule::kept(RowBatch& rows) {
  const std::size_t row = rows.size() - 1;
  if (!stored_.seen.empty()) note(rows, row, last_seen(rows, row));
  return false;
}

lake::Keep MultisetRule::choose(const RowBatch& stored, std::size_t stored_row,
                                const RowBatch& fresh, std::size_t fresh_row) {
  on_row_(fresh.text(source_, fresh_row), RowFate::kUnchanged, 1);
  const std::int64_t before = last_seen(stored, stored_row);
  const std::int64_t now = published(fresh, fresh_row);
  if (now > before && all_.seen.size() >= kSeenRowsMax) return lake::Keep::kFresh;
  note(stored, stored_row, std::max(before, now));
  return lake::Keep::kStored;
}

lake::CommitInfo MultisetRule::finish() {
  return {.sources = encode(all_), .parameters = "{}", .final_to = {}};
}

}  // namespace fm::jobs
