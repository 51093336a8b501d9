// Trades, with the best quotes before them and without: docs/formats/trades.md.
#include <cstring>
#include <type_traits>

#include "base/hash.h"
#include "jobs/load_kind_list.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

using dbn::Mbp1Msg;
using dbn::TradeMsg;

// The hash of the record as DBN has it, without ts_out: files that write it, and text, give the
// same.
template <class Record>
std::uint64_t record_id(const std::byte* bytes) {
  auto record = load_record_at<Record>(bytes);
  record.header.length = dbn::kLengthOf<Record>;
  return hash_of(std::as_bytes(std::span(&record, 1))).low >> 1;
}

template <class Record>
std::optional<LoadFault> judge_trade(const std::byte* bytes, Nanos interval) {
  if (const auto fault = judge_time<Record>(bytes, interval)) return fault;
  if (load_record_at<Record>(bytes).action != dbn::kActionTrade) return LoadFault::kOtherSchema;
  return std::nullopt;
}

// Every change of the book has the same type of record as a trade with its quotes, which are those
// after it instead of those before it.
std::string_view schema_of_quotes(const std::byte* bytes) {
  return load_record_at<Mbp1Msg>(bytes).action == dbn::kActionTrade ? "" : "mbp-1";
}

void append_size(std::uint32_t size, table::RowAppender& to) {
  if (size == dbn::kUndefOrderSize)
    to.null();
  else
    to.int64(size);
}

template <class Record>
void append_trade(const LoadRow& row, table::RowBatch& batch) {
  const auto trade = load_record_at<Record>(row.record);
  const Nanos time = load_index_time<Record>(row.record);
  table::RowAppender to(batch);
  to.int64(static_cast<std::int64_t>(time)).text(row.symbol->text);
  to.int64(static_cast<std::int64_t>(row.minor)).int64(row.occurrence);
  append_time(time, to);
  append_time(trade.header.ts_event, to);
  if (trade.header.ts_event >= kLoadTimeEnd)
    to.null();
  else
    to.int64(static_cast<std::int64_t>(trade.header.ts_event));
  to.text(row.symbol->root).int64(trade.header.instrument_id).int64(trade.header.publisher_id);
  to.boolean(row.symbol->is_spread);
  append_price(trade.price, to);
  append_size(trade.size, to);
  append_char(trade.side, to);
  to.int32(trade.depth).int32(trade.flags).int32(trade.ts_in_delta).int64(trade.sequence);
  if constexpr (std::is_same_v<Record, Mbp1Msg>) {
    const dbn::BidAskPair& quote = trade.levels[0];
    append_price(quote.bid_px, to);
    append_price(quote.ask_px, to);
    append_size(quote.bid_sz, to);
    append_size(quote.ask_sz, to);
    to.int64(quote.bid_ct).int64(quote.ask_ct);
  }
  append_provenance(row, to);
  to.end();
}

template <class Record>
LoadKind trade_kind(dbn::Schema schema, const table::Table& table) {
  return {.schema = schema,
          .table = &table,
          .record_bytes = sizeof(Record),
          .holds = &holds_record<Record>,
          .time = &load_index_time<Record>,
          .minor = &record_id<Record>,
          .judge = &judge_trade<Record>,
          .append = &append_trade<Record>,
          .is_multiset = true};
}

}  // namespace

LoadKind trades_kind() {
  return trade_kind<TradeMsg>(dbn::Schema::kTrades, table::databento_trades());
}

LoadKind tbbo_kind() {
  LoadKind kind = trade_kind<Mbp1Msg>(dbn::Schema::kTbbo, table::databento_tbbo());
  kind.other_schema = &schema_of_quotes;
  return kind;
}

}  // namespace fm::jobs
