#include "dbn/upgrade.h"

#include <cstring>
#include <string_view>

#include "base/assert.h"

namespace fm::dbn {
namespace {

constexpr std::uint8_t kUnset = 255;

template <class New, class Old>
New with_header_of(const Old& old) {
  New record{};
  record.header = old.header;
  record.header.length = kLengthOf<New>;
  return record;
}

template <std::size_t new_size, std::size_t old_size>
void widen(std::array<char, new_size>& out, const std::array<char, old_size>& old) {
  static_assert(new_size >= old_size);
  out.fill('\0');
  std::memcpy(out.data(), old.data(), old_size);
}

ErrorCode guess_error_code(std::string_view text) {
  if (text == "User or API key deactivated") return ErrorCode::kKeyDeactivated;
  if (text == "User has reached their open connection limit") return ErrorCode::kConnectionLimit;
  if (text.starts_with("Failed to resolve symbol")) return ErrorCode::kSymbolResolutionFailed;
  if (text == "Internal error") return ErrorCode::kInternalError;
  if (text.starts_with("Slow client detected for ")) return ErrorCode::kSkippedAfterSlowReading;
  return ErrorCode::kUnset;
}

SystemCode guess_system_code(std::string_view text) {
  if (text == "Heartbeat") return SystemCode::kHeartbeat;
  if (text.starts_with("Subscription request ") && text.ends_with(" succeeded"))
    return SystemCode::kSubscriptionAck;
  if (text.starts_with("Warning: slow reading")) return SystemCode::kSlowReaderWarning;
  if (text.starts_with("Finished ") && text.ends_with(" replay"))
    return SystemCode::kReplayCompleted;
  if (text.starts_with("End of interval for ")) return SystemCode::kEndOfInterval;
  return SystemCode::kUnset;
}

// The fields that all three versions of a definition share, apart from those whose width changed.
template <class Old>
InstrumentDefMsg upgraded_definition(const Old& old) {
  auto record = with_header_of<InstrumentDefMsg>(old);
  record.ts_recv = old.ts_recv;
  record.min_price_increment = old.min_price_increment;
  record.display_factor = old.display_factor;
  record.expiration = old.expiration;
  record.activation = old.activation;
  record.high_limit_price = old.high_limit_price;
  record.low_limit_price = old.low_limit_price;
  record.max_price_variation = old.max_price_variation;
  record.unit_of_measure_qty = old.unit_of_measure_qty;
  record.min_price_increment_amount = old.min_price_increment_amount;
  record.price_ratio = old.price_ratio;
  record.strike_price = old.strike_price;
  record.inst_attrib_value = old.inst_attrib_value;
  record.underlying_id = old.underlying_id;
  record.market_depth_implied = old.market_depth_implied;
  record.market_depth = old.market_depth;
  record.market_segment_id = old.market_segment_id;
  record.max_trade_vol = old.max_trade_vol;
  record.min_lot_size = old.min_lot_size;
  record.min_lot_size_block = old.min_lot_size_block;
  record.min_lot_size_round_lot = old.min_lot_size_round_lot;
  record.min_trade_vol = old.min_trade_vol;
  record.contract_multiplier = old.contract_multiplier;
  record.decay_quantity = old.decay_quantity;
  record.original_contract_size = old.original_contract_size;
  record.appl_id = old.appl_id;
  record.maturity_year = old.maturity_year;
  record.decay_start_date = old.decay_start_date;
  record.channel_id = old.channel_id;
  record.currency = old.currency;
  record.settl_currency = old.settl_currency;
  record.secsubtype = old.secsubtype;
  record.group = old.group;
  record.exchange = old.exchange;
  record.cfi = old.cfi;
  record.security_type = old.security_type;
  record.unit_of_measure = old.unit_of_measure;
  record.underlying = old.underlying;
  record.strike_price_currency = old.strike_price_currency;
  record.instrument_class = old.instrument_class;
  record.match_algorithm = old.match_algorithm;
  record.main_fraction = old.main_fraction;
  record.price_display_format = old.price_display_format;
  record.sub_fraction = old.sub_fraction;
  record.underlying_product = old.underlying_product;
  record.security_update_action = old.security_update_action;
  record.maturity_month = old.maturity_month;
  record.maturity_day = old.maturity_day;
  record.maturity_week = old.maturity_week;
  record.user_defined_instrument = old.user_defined_instrument;
  record.contract_multiplier_unit = old.contract_multiplier_unit;
  record.flow_schedule_type = old.flow_schedule_type;
  record.tick_rule = old.tick_rule;
  widen(record.raw_symbol, old.raw_symbol);
  widen(record.asset, old.asset);
  record.raw_instrument_id = old.raw_instrument_id;
  record.leg_price = kUndefPrice;
  record.leg_delta = kUndefPrice;
  record.leg_side = kSideNone;
  return record;
}

template <class Old>
void upgrade_as(const std::byte* record, std::size_t tail_bytes, std::byte* out) {
  Old old;
  std::memcpy(&old, record, sizeof old);
  auto fresh = upgraded(old);
  fresh.header.length = static_cast<std::uint8_t>((sizeof fresh + tail_bytes) / 4);
  std::memcpy(out, &fresh, sizeof fresh);
  std::memcpy(out + sizeof fresh, record + sizeof old, tail_bytes);
}

// One row per form that changed.
struct Change {
  RType rtype;
  std::size_t old_bytes;
  std::size_t new_bytes;
  void (*upgrade)(const std::byte*, std::size_t, std::byte*);
};

template <class Old, class New>
constexpr Change change(RType rtype) {
  return {rtype, sizeof(Old), sizeof(New), &upgrade_as<Old>};
}

constexpr Change kChanges[] = {
    change<InstrumentDefMsgV1, InstrumentDefMsg>(RType::kDefinition),
    change<InstrumentDefMsgV2, InstrumentDefMsg>(RType::kDefinition),
    change<StatMsgV1, StatMsg>(RType::kStatistics),
    change<SymbolMappingMsgV1, SymbolMappingMsg>(RType::kSymbolMapping),
    change<ErrorMsgV1, ErrorMsg>(RType::kError),
    change<SystemMsgV1, SystemMsg>(RType::kSystem),
};

const Change* find_change(RType rtype, std::size_t size_bytes, std::size_t tail_bytes) {
  for (const Change& row : kChanges)
    if (row.rtype == rtype && row.old_bytes + tail_bytes == size_bytes) return &row;
  return nullptr;
}

}  // namespace

StatMsg upgraded(const StatMsgV1& old) {
  auto record = with_header_of<StatMsg>(old);
  record.ts_recv = old.ts_recv;
  record.ts_ref = old.ts_ref;
  record.price = old.price;
  record.quantity = old.quantity == kUndefStatQuantityV1 ? kUndefStatQuantity : old.quantity;
  record.sequence = old.sequence;
  record.ts_in_delta = old.ts_in_delta;
  record.stat_type = old.stat_type;
  record.channel_id = old.channel_id;
  record.update_action = old.update_action;
  record.stat_flags = old.stat_flags;
  return record;
}

SymbolMappingMsg upgraded(const SymbolMappingMsgV1& old) {
  auto record = with_header_of<SymbolMappingMsg>(old);
  record.stype_in = kUndefSType;
  widen(record.stype_in_symbol, old.stype_in_symbol);
  record.stype_out = kUndefSType;
  widen(record.stype_out_symbol, old.stype_out_symbol);
  record.start_ts = old.start_ts;
  record.end_ts = old.end_ts;
  return record;
}

ErrorMsg upgraded(const ErrorMsgV1& old) {
  auto record = with_header_of<ErrorMsg>(old);
  widen(record.err, old.err);
  record.code = static_cast<std::uint8_t>(guess_error_code(text_of(old.err)));
  record.is_last = kUnset;
  return record;
}

SystemMsg upgraded(const SystemMsgV1& old) {
  auto record = with_header_of<SystemMsg>(old);
  widen(record.msg, old.msg);
  record.code = static_cast<std::uint8_t>(guess_system_code(text_of(old.msg)));
  return record;
}

InstrumentDefMsg upgraded(const InstrumentDefMsgV1& old) { return upgraded_definition(old); }

InstrumentDefMsg upgraded(const InstrumentDefMsgV2& old) { return upgraded_definition(old); }

std::size_t upgraded_bytes(RType rtype, std::size_t size_bytes, std::size_t tail_bytes) {
  const Change* row = find_change(rtype, size_bytes, tail_bytes);
  return row == nullptr ? 0 : row->new_bytes + tail_bytes;
}

void upgrade(const std::byte* record, std::size_t tail_bytes, std::byte* out) {
  RecordHeader header;
  std::memcpy(&header, record, sizeof header);
  const Change* row = find_change(header.rtype, header.size_bytes(), tail_bytes);
  FM_ASSERT(row != nullptr);
  row->upgrade(record, tail_bytes, out);
}

}  // namespace fm::dbn
