#include "gateway/schema_facts.h"

#include <algorithm>

namespace fm::gateway {
namespace {

using dbn::RType;
using dbn::Schema;

struct Shape {
  std::size_t bytes;
  std::size_t ts_recv_at;  // 0: it has none
};

Shape shape_of(Schema schema) {
  switch (schema) {
    case Schema::kMbo:
      return {sizeof(dbn::MboMsg), offsetof(dbn::MboMsg, ts_recv)};
    case Schema::kTrades:
      return {sizeof(dbn::TradeMsg), offsetof(dbn::TradeMsg, ts_recv)};
    case Schema::kMbp1:
    case Schema::kTbbo:
      return {sizeof(dbn::Mbp1Msg), offsetof(dbn::Mbp1Msg, ts_recv)};
    case Schema::kMbp10:
      return {sizeof(dbn::Mbp10Msg), offsetof(dbn::Mbp10Msg, ts_recv)};
    case Schema::kBbo1s:
    case Schema::kBbo1m:
      return {sizeof(dbn::BboMsg), offsetof(dbn::BboMsg, ts_recv)};
    case Schema::kCmbp1:
    case Schema::kTcbbo:
      return {sizeof(dbn::Cmbp1Msg), offsetof(dbn::Cmbp1Msg, ts_recv)};
    case Schema::kCbbo1s:
    case Schema::kCbbo1m:
      return {sizeof(dbn::CbboMsg), offsetof(dbn::CbboMsg, ts_recv)};
    case Schema::kStatus:
      return {sizeof(dbn::StatusMsg), offsetof(dbn::StatusMsg, ts_recv)};
    case Schema::kStatistics:
      return {sizeof(dbn::StatMsg), offsetof(dbn::StatMsg, ts_recv)};
    case Schema::kDefinition:
      return {sizeof(dbn::InstrumentDefMsg), offsetof(dbn::InstrumentDefMsg, ts_recv)};
    case Schema::kImbalance:
      return {sizeof(dbn::ImbalanceMsg), offsetof(dbn::ImbalanceMsg, ts_recv)};
    case Schema::kOhlcv1s:
    case Schema::kOhlcv1m:
    case Schema::kOhlcv1h:
    case Schema::kOhlcv1d:
    case Schema::kOhlcvEod:
      return {sizeof(dbn::OhlcvMsg), 0};
  }
  return {dbn::kHeaderBytes, 0};
}

constexpr std::size_t kTsEventAt = offsetof(dbn::RecordHeader, ts_event);

bool is_book_sample(Schema schema) {
  return schema == Schema::kBbo1s || schema == Schema::kBbo1m || schema == Schema::kCbbo1s ||
         schema == Schema::kCbbo1m;
}

RecordFacts facts_of(Schema schema, Filter filter, Order order) {
  const Shape shape = shape_of(schema);
  const Nanos shift = is_bar(schema) ? interval_of(schema) : 0;
  RecordFacts facts;
  facts.schema = schema;
  facts.wanted = true;
  facts.size_min = static_cast<std::uint8_t>(shape.bytes / 4);
  facts.index_at =
      static_cast<std::uint16_t>(shape.ts_recv_at != 0 ? shape.ts_recv_at : kTsEventAt);
  const bool by_event = filter == Filter::kTsEvent && !is_book_sample(schema);
  facts.filter_at = by_event ? std::uint16_t{kTsEventAt} : facts.index_at;
  facts.filter_shift = filter == Filter::kArrival ? shift : 0;
  facts.arrival_shift = order == Order::kArrival ? shift : 0;
  return facts;
}

}  // namespace

RecordTable record_table(std::span<const Schema> schemas, Filter filter, Order order) {
  RecordTable table{};
  for (const Schema schema : schemas) {
    const RecordFacts facts = facts_of(schema, filter, order);
    table[static_cast<std::uint8_t>(dbn::rtype_of(schema))] = facts;
    // Old bars do not say their interval; the file does.
    if (is_bar(schema)) table[static_cast<std::uint8_t>(RType::kOhlcvDeprecated)] = facts;
  }
  return table;
}

std::optional<Schema> schema_of(RType rtype) {
  if (rtype == RType::kMbp1) return Schema::kTbbo;
  for (std::uint16_t number = 0; number < kSchemaCount; ++number)
    if (dbn::rtype_of(static_cast<Schema>(number)) == rtype) return static_cast<Schema>(number);
  return std::nullopt;
}

Nanos interval_of(Schema schema) {
  switch (schema) {
    case Schema::kOhlcv1s:
    case Schema::kBbo1s:
    case Schema::kCbbo1s:
      return kNanosPerSecond;
    case Schema::kOhlcv1m:
    case Schema::kBbo1m:
    case Schema::kCbbo1m:
      return 60 * kNanosPerSecond;
    case Schema::kOhlcv1h:
      return 3'600 * kNanosPerSecond;
    case Schema::kOhlcv1d:
    case Schema::kOhlcvEod:
      return kNanosPerDay;
    default:
      return 0;
  }
}

bool is_bar(Schema schema) {
  return schema == Schema::kOhlcv1s || schema == Schema::kOhlcv1m || schema == Schema::kOhlcv1h ||
         schema == Schema::kOhlcv1d || schema == Schema::kOhlcvEod;
}

}  // namespace fm::gateway
