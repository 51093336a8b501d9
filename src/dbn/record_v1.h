// The forms that five kinds of record had before version 3. A Reader turns them into today's unless
// told not to. Statistics changed in version 3, definitions in 2 and 3, the rest in 2. Source:
// Databento's DBN encoding, versions 1 and 2.
#pragma once

#include "dbn/record.h"

namespace fm::dbn {

// A statistic, versions 1 and 2.
struct StatMsgV1 {
  RecordHeader header;
  Nanos ts_recv;
  Nanos ts_ref;
  Price price;
  std::int32_t quantity;
  std::uint32_t sequence;
  std::int32_t ts_in_delta;
  std::uint16_t stat_type;
  std::uint16_t channel_id;
  std::uint8_t update_action;
  std::uint8_t stat_flags;
  std::array<std::uint8_t, 6> reserved;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kStatistics; }
  friend bool operator==(const StatMsgV1&, const StatMsgV1&) = default;
};
static_assert(sizeof(StatMsgV1) == 64);

// A symbol mapping, version 1.
struct SymbolMappingMsgV1 {
  RecordHeader header;
  std::array<char, 22> stype_in_symbol;
  std::array<char, 22> stype_out_symbol;
  std::array<std::uint8_t, 4> reserved;
  Nanos start_ts;
  Nanos end_ts;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kSymbolMapping; }
  friend bool operator==(const SymbolMappingMsgV1&, const SymbolMappingMsgV1&) = default;
};
static_assert(sizeof(SymbolMappingMsgV1) == 80);

// A gateway failure, version 1.
struct ErrorMsgV1 {
  RecordHeader header;
  std::array<char, 64> err;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kError; }
  friend bool operator==(const ErrorMsgV1&, const ErrorMsgV1&) = default;
};
static_assert(sizeof(ErrorMsgV1) == 80);

// A gateway message, version 1.
struct SystemMsgV1 {
  RecordHeader header;
  std::array<char, 64> msg;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kSystem; }
  friend bool operator==(const SystemMsgV1&, const SystemMsgV1&) = default;
};
static_assert(sizeof(SystemMsgV1) == 80);

// A definition, version 1.
struct InstrumentDefMsgV1 {
  RecordHeader header;
  Nanos ts_recv;
  Price min_price_increment;
  Price display_factor;
  Nanos expiration;
  Nanos activation;
  Price high_limit_price;
  Price low_limit_price;
  Price max_price_variation;
  Price trading_reference_price;
  Price unit_of_measure_qty;
  Price min_price_increment_amount;
  Price price_ratio;
  std::int32_t inst_attrib_value;
  std::uint32_t underlying_id;
  std::uint32_t raw_instrument_id;
  std::int32_t market_depth_implied;
  std::int32_t market_depth;
  std::uint32_t market_segment_id;
  std::uint32_t max_trade_vol;
  std::int32_t min_lot_size;
  std::int32_t min_lot_size_block;
  std::int32_t min_lot_size_round_lot;
  std::uint32_t min_trade_vol;
  std::array<std::uint8_t, 4> reserved;
  std::int32_t contract_multiplier;
  std::int32_t decay_quantity;
  std::int32_t original_contract_size;
  std::array<std::uint8_t, 4> reserved2;
  std::uint16_t trading_reference_date;
  std::int16_t appl_id;
  std::uint16_t maturity_year;
  std::uint16_t decay_start_date;
  std::uint16_t channel_id;
  std::array<char, 4> currency;
  std::array<char, 4> settl_currency;
  std::array<char, 6> secsubtype;
  std::array<char, 22> raw_symbol;
  std::array<char, 21> group;
  std::array<char, 5> exchange;
  std::array<char, 7> asset;
  std::array<char, 7> cfi;
  std::array<char, 7> security_type;
  std::array<char, 31> unit_of_measure;
  std::array<char, 21> underlying;
  std::array<char, 4> strike_price_currency;
  char instrument_class;
  std::array<std::uint8_t, 2> reserved3;
  Price strike_price;
  std::array<std::uint8_t, 6> reserved4;
  char match_algorithm;
  std::uint8_t md_security_trading_status;
  std::uint8_t main_fraction;
  std::uint8_t price_display_format;
  std::uint8_t settl_price_type;
  std::uint8_t sub_fraction;
  std::uint8_t underlying_product;
  char security_update_action;
  std::uint8_t maturity_month;
  std::uint8_t maturity_day;
  std::uint8_t maturity_week;
  char user_defined_instrument;
  std::int8_t contract_multiplier_unit;
  std::int8_t flow_schedule_type;
  std::uint8_t tick_rule;
  std::array<std::uint8_t, 3> reserved5;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kDefinition; }
  friend bool operator==(const InstrumentDefMsgV1&, const InstrumentDefMsgV1&) = default;
};
static_assert(sizeof(InstrumentDefMsgV1) == 360);

// A definition, version 2.
struct InstrumentDefMsgV2 {
  RecordHeader header;
  Nanos ts_recv;
  Price min_price_increment;
  Price display_factor;
  Nanos expiration;
  Nanos activation;
  Price high_limit_price;
  Price low_limit_price;
  Price max_price_variation;
  Price trading_reference_price;
  Price unit_of_measure_qty;
  Price min_price_increment_amount;
  Price price_ratio;
  Price strike_price;
  std::int32_t inst_attrib_value;
  std::uint32_t underlying_id;
  std::uint32_t raw_instrument_id;
  std::int32_t market_depth_implied;
  std::int32_t market_depth;
  std::uint32_t market_segment_id;
  std::uint32_t max_trade_vol;
  std::int32_t min_lot_size;
  std::int32_t min_lot_size_block;
  std::int32_t min_lot_size_round_lot;
  std::uint32_t min_trade_vol;
  std::int32_t contract_multiplier;
  std::int32_t decay_quantity;
  std::int32_t original_contract_size;
  std::uint16_t trading_reference_date;
  std::int16_t appl_id;
  std::uint16_t maturity_year;
  std::uint16_t decay_start_date;
  std::uint16_t channel_id;
  std::array<char, 4> currency;
  std::array<char, 4> settl_currency;
  std::array<char, 6> secsubtype;
  std::array<char, 71> raw_symbol;
  std::array<char, 21> group;
  std::array<char, 5> exchange;
  std::array<char, 7> asset;
  std::array<char, 7> cfi;
  std::array<char, 7> security_type;
  std::array<char, 31> unit_of_measure;
  std::array<char, 21> underlying;
  std::array<char, 4> strike_price_currency;
  char instrument_class;
  char match_algorithm;
  std::uint8_t md_security_trading_status;
  std::uint8_t main_fraction;
  std::uint8_t price_display_format;
  std::uint8_t settl_price_type;
  std::uint8_t sub_fraction;
  std::uint8_t underlying_product;
  char security_update_action;
  std::uint8_t maturity_month;
  std::uint8_t maturity_day;
  std::uint8_t maturity_week;
  char user_defined_instrument;
  std::int8_t contract_multiplier_unit;
  std::int8_t flow_schedule_type;
  std::uint8_t tick_rule;
  std::array<std::uint8_t, 10> reserved;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kDefinition; }
  friend bool operator==(const InstrumentDefMsgV2&, const InstrumentDefMsgV2&) = default;
};
static_assert(sizeof(InstrumentDefMsgV2) == 400);

}  // namespace fm::dbn
