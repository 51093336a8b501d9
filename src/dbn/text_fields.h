// Every kind of record in the order its fields have as text, once for JSON and CSV alike.
//
// Private to text_json.h and text_csv.h.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>

#include "dbn/record_v1.h"
#include "dbn/record_view.h"

namespace fm::dbn {

enum class FieldKind {
  kHeader,  // ts_event, rtype, publisher_id, instrument_id: JSON nests them under the name
  kPlain,   // whatever the type says: an integer, a character, a NUL-padded text
  kPrice,
  kTime,
  kLevels,  // an array of book levels: JSON nests them, CSV numbers them
};

template <class Record, class Value>
struct Field {
  std::string_view name;
  Value Record::* member;
  FieldKind kind;
};

template <class Record, class Value>
consteval auto plain(std::string_view name, Value Record::* member) {
  return Field<Record, Value>{name, member, FieldKind::kPlain};
}
template <class Record>
consteval auto price(std::string_view name, Price Record::* member) {
  return Field<Record, Price>{name, member, FieldKind::kPrice};
}
template <class Record>
consteval auto time(std::string_view name, Nanos Record::* member) {
  return Field<Record, Nanos>{name, member, FieldKind::kTime};
}
template <class Record>
consteval auto header(RecordHeader Record::* member) {
  return Field<Record, RecordHeader>{"hd", member, FieldKind::kHeader};
}
template <class Record, class Levels>
consteval auto levels(Levels Record::* member) {
  return Field<Record, Levels>{"levels", member, FieldKind::kLevels};
}

// clang-format off
#define FM_PLAIN(record, name) plain(#name, &record::name)
#define FM_PRICE(record, name) price(#name, &record::name)
#define FM_TIME(record, name) time(#name, &record::name)

// A tuple of Field for each record type.
template <class Record>
inline constexpr std::tuple<> kFields;

template <>
inline constexpr auto kFields<RecordHeader> = std::tuple(
    FM_TIME(RecordHeader, ts_event), FM_PLAIN(RecordHeader, rtype),
    FM_PLAIN(RecordHeader, publisher_id), FM_PLAIN(RecordHeader, instrument_id));

template <>
inline constexpr auto kFields<BidAskPair> = std::tuple(
    FM_PRICE(BidAskPair, bid_px), FM_PRICE(BidAskPair, ask_px), FM_PLAIN(BidAskPair, bid_sz),
    FM_PLAIN(BidAskPair, ask_sz), FM_PLAIN(BidAskPair, bid_ct), FM_PLAIN(BidAskPair, ask_ct));

template <>
inline constexpr auto kFields<ConsolidatedBidAskPair> = std::tuple(
    FM_PRICE(ConsolidatedBidAskPair, bid_px), FM_PRICE(ConsolidatedBidAskPair, ask_px),
    FM_PLAIN(ConsolidatedBidAskPair, bid_sz), FM_PLAIN(ConsolidatedBidAskPair, ask_sz),
    FM_PLAIN(ConsolidatedBidAskPair, bid_pb), FM_PLAIN(ConsolidatedBidAskPair, ask_pb));

template <>
inline constexpr auto kFields<TradeMsg> = std::tuple(
    FM_TIME(TradeMsg, ts_recv), header(&TradeMsg::header), FM_PLAIN(TradeMsg, action),
    FM_PLAIN(TradeMsg, side), FM_PLAIN(TradeMsg, depth), FM_PRICE(TradeMsg, price),
    FM_PLAIN(TradeMsg, size), FM_PLAIN(TradeMsg, flags), FM_PLAIN(TradeMsg, ts_in_delta),
    FM_PLAIN(TradeMsg, sequence));

template <>
inline constexpr auto kFields<Mbp1Msg> = std::tuple(
    FM_TIME(Mbp1Msg, ts_recv), header(&Mbp1Msg::header), FM_PLAIN(Mbp1Msg, action),
    FM_PLAIN(Mbp1Msg, side), FM_PLAIN(Mbp1Msg, depth), FM_PRICE(Mbp1Msg, price),
    FM_PLAIN(Mbp1Msg, size), FM_PLAIN(Mbp1Msg, flags), FM_PLAIN(Mbp1Msg, ts_in_delta),
    FM_PLAIN(Mbp1Msg, sequence), levels(&Mbp1Msg::levels));

template <>
inline constexpr auto kFields<BboMsg> = std::tuple(
    FM_TIME(BboMsg, ts_recv), header(&BboMsg::header), FM_PLAIN(BboMsg, side),
    FM_PRICE(BboMsg, price), FM_PLAIN(BboMsg, size), FM_PLAIN(BboMsg, flags),
    FM_PLAIN(BboMsg, sequence), levels(&BboMsg::levels));

template <>
inline constexpr auto kFields<Mbp10Msg> = std::tuple(
    FM_TIME(Mbp10Msg, ts_recv), header(&Mbp10Msg::header), FM_PLAIN(Mbp10Msg, action),
    FM_PLAIN(Mbp10Msg, side), FM_PLAIN(Mbp10Msg, depth), FM_PRICE(Mbp10Msg, price),
    FM_PLAIN(Mbp10Msg, size), FM_PLAIN(Mbp10Msg, flags), FM_PLAIN(Mbp10Msg, ts_in_delta),
    FM_PLAIN(Mbp10Msg, sequence), levels(&Mbp10Msg::levels));

template <>
inline constexpr auto kFields<MboMsg> = std::tuple(
    FM_TIME(MboMsg, ts_recv), header(&MboMsg::header), FM_PLAIN(MboMsg, action),
    FM_PLAIN(MboMsg, side), FM_PRICE(MboMsg, price), FM_PLAIN(MboMsg, size),
    FM_PLAIN(MboMsg, channel_id), FM_PLAIN(MboMsg, order_id), FM_PLAIN(MboMsg, flags),
    FM_PLAIN(MboMsg, ts_in_delta), FM_PLAIN(MboMsg, sequence));

template <>
inline constexpr auto kFields<OhlcvMsg> = std::tuple(
    header(&OhlcvMsg::header), FM_PRICE(OhlcvMsg, open), FM_PRICE(OhlcvMsg, high),
    FM_PRICE(OhlcvMsg, low), FM_PRICE(OhlcvMsg, close), FM_PLAIN(OhlcvMsg, volume));

template <>
inline constexpr auto kFields<StatusMsg> = std::tuple(
    FM_TIME(StatusMsg, ts_recv), header(&StatusMsg::header), FM_PLAIN(StatusMsg, action),
    FM_PLAIN(StatusMsg, reason), FM_PLAIN(StatusMsg, trading_event),
    FM_PLAIN(StatusMsg, is_trading), FM_PLAIN(StatusMsg, is_quoting),
    FM_PLAIN(StatusMsg, is_short_sell_restricted));

template <>
inline constexpr auto kFields<StatMsgV1> = std::tuple(
    FM_TIME(StatMsgV1, ts_recv), header(&StatMsgV1::header), FM_TIME(StatMsgV1, ts_ref),
    FM_PRICE(StatMsgV1, price), FM_PLAIN(StatMsgV1, quantity), FM_PLAIN(StatMsgV1, sequence),
    FM_PLAIN(StatMsgV1, ts_in_delta), FM_PLAIN(StatMsgV1, stat_type),
    FM_PLAIN(StatMsgV1, channel_id), FM_PLAIN(StatMsgV1, update_action),
    FM_PLAIN(StatMsgV1, stat_flags));

template <>
inline constexpr auto kFields<StatMsg> = std::tuple(
    FM_TIME(StatMsg, ts_recv), header(&StatMsg::header), FM_TIME(StatMsg, ts_ref),
    FM_PRICE(StatMsg, price), FM_PLAIN(StatMsg, quantity), FM_PLAIN(StatMsg, sequence),
    FM_PLAIN(StatMsg, ts_in_delta), FM_PLAIN(StatMsg, stat_type), FM_PLAIN(StatMsg, channel_id),
    FM_PLAIN(StatMsg, update_action), FM_PLAIN(StatMsg, stat_flags));

template <>
inline constexpr auto kFields<InstrumentDefMsgV1> = std::tuple(
    FM_TIME(InstrumentDefMsgV1, ts_recv), header(&InstrumentDefMsgV1::header),
    FM_PLAIN(InstrumentDefMsgV1, raw_symbol), FM_PLAIN(InstrumentDefMsgV1, security_update_action),
    FM_PLAIN(InstrumentDefMsgV1, instrument_class),
    FM_PRICE(InstrumentDefMsgV1, min_price_increment), FM_PRICE(InstrumentDefMsgV1, display_factor),
    FM_TIME(InstrumentDefMsgV1, expiration), FM_TIME(InstrumentDefMsgV1, activation),
    FM_PRICE(InstrumentDefMsgV1, high_limit_price), FM_PRICE(InstrumentDefMsgV1, low_limit_price),
    FM_PRICE(InstrumentDefMsgV1, max_price_variation),
    FM_PRICE(InstrumentDefMsgV1, trading_reference_price),
    FM_PRICE(InstrumentDefMsgV1, unit_of_measure_qty),
    FM_PRICE(InstrumentDefMsgV1, min_price_increment_amount),
    FM_PRICE(InstrumentDefMsgV1, price_ratio), FM_PLAIN(InstrumentDefMsgV1, inst_attrib_value),
    FM_PLAIN(InstrumentDefMsgV1, underlying_id), FM_PLAIN(InstrumentDefMsgV1, raw_instrument_id),
    FM_PLAIN(InstrumentDefMsgV1, market_depth_implied), FM_PLAIN(InstrumentDefMsgV1, market_depth),
    FM_PLAIN(InstrumentDefMsgV1, market_segment_id), FM_PLAIN(InstrumentDefMsgV1, max_trade_vol),
    FM_PLAIN(InstrumentDefMsgV1, min_lot_size), FM_PLAIN(InstrumentDefMsgV1, min_lot_size_block),
    FM_PLAIN(InstrumentDefMsgV1, min_lot_size_round_lot),
    FM_PLAIN(InstrumentDefMsgV1, min_trade_vol), FM_PLAIN(InstrumentDefMsgV1, contract_multiplier),
    FM_PLAIN(InstrumentDefMsgV1, decay_quantity),
    FM_PLAIN(InstrumentDefMsgV1, original_contract_size),
    FM_PLAIN(InstrumentDefMsgV1, trading_reference_date), FM_PLAIN(InstrumentDefMsgV1, appl_id),
    FM_PLAIN(InstrumentDefMsgV1, maturity_year), FM_PLAIN(InstrumentDefMsgV1, decay_start_date),
    FM_PLAIN(InstrumentDefMsgV1, channel_id), FM_PLAIN(InstrumentDefMsgV1, currency),
    FM_PLAIN(InstrumentDefMsgV1, settl_currency), FM_PLAIN(InstrumentDefMsgV1, secsubtype),
    FM_PLAIN(InstrumentDefMsgV1, group), FM_PLAIN(InstrumentDefMsgV1, exchange),
    FM_PLAIN(InstrumentDefMsgV1, asset), FM_PLAIN(InstrumentDefMsgV1, cfi),
    FM_PLAIN(InstrumentDefMsgV1, security_type), FM_PLAIN(InstrumentDefMsgV1, unit_of_measure),
    FM_PLAIN(InstrumentDefMsgV1, underlying), FM_PLAIN(InstrumentDefMsgV1, strike_price_currency),
    FM_PRICE(InstrumentDefMsgV1, strike_price), FM_PLAIN(InstrumentDefMsgV1, match_algorithm),
    FM_PLAIN(InstrumentDefMsgV1, md_security_trading_status),
    FM_PLAIN(InstrumentDefMsgV1, main_fraction), FM_PLAIN(InstrumentDefMsgV1, price_display_format),
    FM_PLAIN(InstrumentDefMsgV1, settl_price_type), FM_PLAIN(InstrumentDefMsgV1, sub_fraction),
    FM_PLAIN(InstrumentDefMsgV1, underlying_product), FM_PLAIN(InstrumentDefMsgV1, maturity_month),
    FM_PLAIN(InstrumentDefMsgV1, maturity_day), FM_PLAIN(InstrumentDefMsgV1, maturity_week),
    FM_PLAIN(InstrumentDefMsgV1, user_defined_instrument),
    FM_PLAIN(InstrumentDefMsgV1, contract_multiplier_unit),
    FM_PLAIN(InstrumentDefMsgV1, flow_schedule_type), FM_PLAIN(InstrumentDefMsgV1, tick_rule));

template <>
inline constexpr auto kFields<InstrumentDefMsgV2> = std::tuple(
    FM_TIME(InstrumentDefMsgV2, ts_recv), header(&InstrumentDefMsgV2::header),
    FM_PLAIN(InstrumentDefMsgV2, raw_symbol), FM_PLAIN(InstrumentDefMsgV2, security_update_action),
    FM_PLAIN(InstrumentDefMsgV2, instrument_class),
    FM_PRICE(InstrumentDefMsgV2, min_price_increment), FM_PRICE(InstrumentDefMsgV2, display_factor),
    FM_TIME(InstrumentDefMsgV2, expiration), FM_TIME(InstrumentDefMsgV2, activation),
    FM_PRICE(InstrumentDefMsgV2, high_limit_price), FM_PRICE(InstrumentDefMsgV2, low_limit_price),
    FM_PRICE(InstrumentDefMsgV2, max_price_variation),
    FM_PRICE(InstrumentDefMsgV2, trading_reference_price),
    FM_PRICE(InstrumentDefMsgV2, unit_of_measure_qty),
    FM_PRICE(InstrumentDefMsgV2, min_price_increment_amount),
    FM_PRICE(InstrumentDefMsgV2, price_ratio), FM_PLAIN(InstrumentDefMsgV2, inst_attrib_value),
    FM_PLAIN(InstrumentDefMsgV2, underlying_id), FM_PLAIN(InstrumentDefMsgV2, raw_instrument_id),
    FM_PLAIN(InstrumentDefMsgV2, market_depth_implied), FM_PLAIN(InstrumentDefMsgV2, market_depth),
    FM_PLAIN(InstrumentDefMsgV2, market_segment_id), FM_PLAIN(InstrumentDefMsgV2, max_trade_vol),
    FM_PLAIN(InstrumentDefMsgV2, min_lot_size), FM_PLAIN(InstrumentDefMsgV2, min_lot_size_block),
    FM_PLAIN(InstrumentDefMsgV2, min_lot_size_round_lot),
    FM_PLAIN(InstrumentDefMsgV2, min_trade_vol), FM_PLAIN(InstrumentDefMsgV2, contract_multiplier),
    FM_PLAIN(InstrumentDefMsgV2, decay_quantity),
    FM_PLAIN(InstrumentDefMsgV2, original_contract_size),
    FM_PLAIN(InstrumentDefMsgV2, trading_reference_date), FM_PLAIN(InstrumentDefMsgV2, appl_id),
    FM_PLAIN(InstrumentDefMsgV2, maturity_year), FM_PLAIN(InstrumentDefMsgV2, decay_start_date),
    FM_PLAIN(InstrumentDefMsgV2, channel_id), FM_PLAIN(InstrumentDefMsgV2, currency),
    FM_PLAIN(InstrumentDefMsgV2, settl_currency), FM_PLAIN(InstrumentDefMsgV2, secsubtype),
    FM_PLAIN(InstrumentDefMsgV2, group), FM_PLAIN(InstrumentDefMsgV2, exchange),
    FM_PLAIN(InstrumentDefMsgV2, asset), FM_PLAIN(InstrumentDefMsgV2, cfi),
    FM_PLAIN(InstrumentDefMsgV2, security_type), FM_PLAIN(InstrumentDefMsgV2, unit_of_measure),
    FM_PLAIN(InstrumentDefMsgV2, underlying), FM_PLAIN(InstrumentDefMsgV2, strike_price_currency),
    FM_PRICE(InstrumentDefMsgV2, strike_price), FM_PLAIN(InstrumentDefMsgV2, match_algorithm),
    FM_PLAIN(InstrumentDefMsgV2, md_security_trading_status),
    FM_PLAIN(InstrumentDefMsgV2, main_fraction), FM_PLAIN(InstrumentDefMsgV2, price_display_format),
    FM_PLAIN(InstrumentDefMsgV2, settl_price_type), FM_PLAIN(InstrumentDefMsgV2, sub_fraction),
    FM_PLAIN(InstrumentDefMsgV2, underlying_product), FM_PLAIN(InstrumentDefMsgV2, maturity_month),
    FM_PLAIN(InstrumentDefMsgV2, maturity_day), FM_PLAIN(InstrumentDefMsgV2, maturity_week),
    FM_PLAIN(InstrumentDefMsgV2, user_defined_instrument),
    FM_PLAIN(InstrumentDefMsgV2, contract_multiplier_unit),
    FM_PLAIN(InstrumentDefMsgV2, flow_schedule_type), FM_PLAIN(InstrumentDefMsgV2, tick_rule));

template <>
inline constexpr auto kFields<InstrumentDefMsg> = std::tuple(
    FM_TIME(InstrumentDefMsg, ts_recv), header(&InstrumentDefMsg::header),
    FM_PLAIN(InstrumentDefMsg, raw_symbol), FM_PLAIN(InstrumentDefMsg, security_update_action),
    FM_PLAIN(InstrumentDefMsg, instrument_class), FM_PRICE(InstrumentDefMsg, min_price_increment),
    FM_PRICE(InstrumentDefMsg, display_factor), FM_TIME(InstrumentDefMsg, expiration),
    FM_TIME(InstrumentDefMsg, activation), FM_PRICE(InstrumentDefMsg, high_limit_price),
    FM_PRICE(InstrumentDefMsg, low_limit_price), FM_PRICE(InstrumentDefMsg, max_price_variation),
    FM_PRICE(InstrumentDefMsg, unit_of_measure_qty),
    FM_PRICE(InstrumentDefMsg, min_price_increment_amount), FM_PRICE(InstrumentDefMsg, price_ratio),
    FM_PLAIN(InstrumentDefMsg, inst_attrib_value), FM_PLAIN(InstrumentDefMsg, underlying_id),
    FM_PLAIN(InstrumentDefMsg, raw_instrument_id), FM_PLAIN(InstrumentDefMsg, market_depth_implied),
    FM_PLAIN(InstrumentDefMsg, market_depth), FM_PLAIN(InstrumentDefMsg, market_segment_id),
    FM_PLAIN(InstrumentDefMsg, max_trade_vol), FM_PLAIN(InstrumentDefMsg, min_lot_size),
    FM_PLAIN(InstrumentDefMsg, min_lot_size_block),
    FM_PLAIN(InstrumentDefMsg, min_lot_size_round_lot), FM_PLAIN(InstrumentDefMsg, min_trade_vol),
    FM_PLAIN(InstrumentDefMsg, contract_multiplier), FM_PLAIN(InstrumentDefMsg, decay_quantity),
    FM_PLAIN(InstrumentDefMsg, original_contract_size), FM_PLAIN(InstrumentDefMsg, appl_id),
    FM_PLAIN(InstrumentDefMsg, maturity_year), FM_PLAIN(InstrumentDefMsg, decay_start_date),
    FM_PLAIN(InstrumentDefMsg, channel_id), FM_PLAIN(InstrumentDefMsg, currency),
    FM_PLAIN(InstrumentDefMsg, settl_currency), FM_PLAIN(InstrumentDefMsg, secsubtype),
    FM_PLAIN(InstrumentDefMsg, group), FM_PLAIN(InstrumentDefMsg, exchange),
    FM_PLAIN(InstrumentDefMsg, asset), FM_PLAIN(InstrumentDefMsg, cfi),
    FM_PLAIN(InstrumentDefMsg, security_type), FM_PLAIN(InstrumentDefMsg, unit_of_measure),
    FM_PLAIN(InstrumentDefMsg, underlying), FM_PLAIN(InstrumentDefMsg, strike_price_currency),
    FM_PRICE(InstrumentDefMsg, strike_price), FM_PLAIN(InstrumentDefMsg, match_algorithm),
    FM_PLAIN(InstrumentDefMsg, main_fraction), FM_PLAIN(InstrumentDefMsg, price_display_format),
    FM_PLAIN(InstrumentDefMsg, sub_fraction), FM_PLAIN(InstrumentDefMsg, underlying_product),
    FM_PLAIN(InstrumentDefMsg, maturity_month), FM_PLAIN(InstrumentDefMsg, maturity_day),
    FM_PLAIN(InstrumentDefMsg, maturity_week), FM_PLAIN(InstrumentDefMsg, user_defined_instrument),
    FM_PLAIN(InstrumentDefMsg, contract_multiplier_unit),
    FM_PLAIN(InstrumentDefMsg, flow_schedule_type), FM_PLAIN(InstrumentDefMsg, tick_rule),
    FM_PLAIN(InstrumentDefMsg, leg_count), FM_PLAIN(InstrumentDefMsg, leg_index),
    FM_PLAIN(InstrumentDefMsg, leg_instrument_id), FM_PLAIN(InstrumentDefMsg, leg_raw_symbol),
    FM_PLAIN(InstrumentDefMsg, leg_instrument_class), FM_PLAIN(InstrumentDefMsg, leg_side),
    FM_PRICE(InstrumentDefMsg, leg_price), FM_PRICE(InstrumentDefMsg, leg_delta),
    FM_PLAIN(InstrumentDefMsg, leg_ratio_price_numerator),
    FM_PLAIN(InstrumentDefMsg, leg_ratio_price_denominator),
    FM_PLAIN(InstrumentDefMsg, leg_ratio_qty_numerator),
    FM_PLAIN(InstrumentDefMsg, leg_ratio_qty_denominator),
    FM_PLAIN(InstrumentDefMsg, leg_underlying_id));

template <>
inline constexpr auto kFields<SymbolMappingMsgV1> = std::tuple(
    header(&SymbolMappingMsgV1::header), FM_PLAIN(SymbolMappingMsgV1, stype_in_symbol),
    FM_PLAIN(SymbolMappingMsgV1, stype_out_symbol), FM_TIME(SymbolMappingMsgV1, start_ts),
    FM_TIME(SymbolMappingMsgV1, end_ts));

template <>
inline constexpr auto kFields<SymbolMappingMsg> = std::tuple(
    header(&SymbolMappingMsg::header), FM_PLAIN(SymbolMappingMsg, stype_in),
    FM_PLAIN(SymbolMappingMsg, stype_in_symbol), FM_PLAIN(SymbolMappingMsg, stype_out),
    FM_PLAIN(SymbolMappingMsg, stype_out_symbol), FM_TIME(SymbolMappingMsg, start_ts),
    FM_TIME(SymbolMappingMsg, end_ts));

template <>
inline constexpr auto kFields<ErrorMsgV1> = std::tuple(
    header(&ErrorMsgV1::header), FM_PLAIN(ErrorMsgV1, err));

template <>
inline constexpr auto kFields<ErrorMsg> = std::tuple(
    header(&ErrorMsg::header), FM_PLAIN(ErrorMsg, err), FM_PLAIN(ErrorMsg, code),
    FM_PLAIN(ErrorMsg, is_last));

template <>
inline constexpr auto kFields<SystemMsgV1> = std::tuple(
    header(&SystemMsgV1::header), FM_PLAIN(SystemMsgV1, msg));

template <>
inline constexpr auto kFields<SystemMsg> = std::tuple(
    header(&SystemMsg::header), FM_PLAIN(SystemMsg, msg), FM_PLAIN(SystemMsg, code));

template <>
inline constexpr auto kFields<ImbalanceMsg> = std::tuple(
    FM_TIME(ImbalanceMsg, ts_recv), header(&ImbalanceMsg::header),
    FM_PRICE(ImbalanceMsg, ref_price), FM_TIME(ImbalanceMsg, auction_time),
    FM_PRICE(ImbalanceMsg, cont_book_clr_price), FM_PRICE(ImbalanceMsg, auct_interest_clr_price),
    FM_PRICE(ImbalanceMsg, ssr_filling_price), FM_PRICE(ImbalanceMsg, ind_match_price),
    FM_PRICE(ImbalanceMsg, upper_collar), FM_PRICE(ImbalanceMsg, lower_collar),
    FM_PLAIN(ImbalanceMsg, paired_qty), FM_PLAIN(ImbalanceMsg, total_imbalance_qty),
    FM_PLAIN(ImbalanceMsg, market_imbalance_qty), FM_PLAIN(ImbalanceMsg, unpaired_qty),
    FM_PLAIN(ImbalanceMsg, auction_type), FM_PLAIN(ImbalanceMsg, side),
    FM_PLAIN(ImbalanceMsg, auction_status), FM_PLAIN(ImbalanceMsg, freeze_status),
    FM_PLAIN(ImbalanceMsg, num_extensions), FM_PLAIN(ImbalanceMsg, unpaired_side),
    FM_PLAIN(ImbalanceMsg, significant_imbalance));

template <>
inline constexpr auto kFields<Cmbp1Msg> = std::tuple(
    FM_TIME(Cmbp1Msg, ts_recv), header(&Cmbp1Msg::header), FM_PLAIN(Cmbp1Msg, action),
    FM_PLAIN(Cmbp1Msg, side), FM_PRICE(Cmbp1Msg, price), FM_PLAIN(Cmbp1Msg, size),
    FM_PLAIN(Cmbp1Msg, flags), FM_PLAIN(Cmbp1Msg, ts_in_delta), levels(&Cmbp1Msg::levels));

template <>
inline constexpr auto kFields<CbboMsg> = std::tuple(
    FM_TIME(CbboMsg, ts_recv), header(&CbboMsg::header), FM_PLAIN(CbboMsg, side),
    FM_PRICE(CbboMsg, price), FM_PLAIN(CbboMsg, size), FM_PLAIN(CbboMsg, flags),
    levels(&CbboMsg::levels));

#undef FM_PLAIN
#undef FM_PRICE
#undef FM_TIME
// clang-format on

// Calls `visit` with each Field of a record type, in text order.
template <class Record, class Visit>
constexpr void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, kFields<Record>);
}

// Every type of record that has a text form; the kinds seen most come first.
using AllRecords =
    std::tuple<Mbp1Msg, TradeMsg, MboMsg, OhlcvMsg, Mbp10Msg, BboMsg, Cmbp1Msg, CbboMsg, StatusMsg,
               StatMsg, StatMsgV1, InstrumentDefMsg, InstrumentDefMsgV2, InstrumentDefMsgV1,
               SymbolMappingMsg, SymbolMappingMsgV1, ErrorMsg, ErrorMsgV1, SystemMsg, SystemMsgV1,
               ImbalanceMsg>;

// Stands for the length of kinds that have only one.
inline constexpr std::size_t kAnyRecordBytes = 0;

// Calls `visit` with a null pointer to the type of record that has this kind and length; false when
// there is none.
template <class Visit>
bool visit_type(RType rtype, std::size_t record_bytes, Visit&& visit) {
  const auto try_one = [&]<class Record>(const Record* none) {
    if (!Record::holds(rtype)) return false;
    if (record_bytes != kAnyRecordBytes && record_bytes != sizeof(Record)) return false;
    visit(none);
    return true;
  };
  return [&]<class... Records>(const std::tuple<Records...>*) {
    return (try_one(static_cast<const Records*>(nullptr)) || ...);
  }(static_cast<const AllRecords*>(nullptr));
}

// Calls `visit` with the record as its own type; false when it is of none that has a text form.
template <class Visit>
bool visit_record(RecordView view, Visit&& visit) {
  if (view.size_bytes() <= view.tail_bytes()) return false;
  return visit_type(view.rtype(), view.size_bytes() - view.tail_bytes(),
                    [&]<class Record>(const Record*) { visit(*view.get_if<Record>()); });
}

}  // namespace fm::dbn
