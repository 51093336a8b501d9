// Definitions of instruments. They say their symbol themselves, and are kept of everything that a
// file has: futures, spreads, options.
#include <limits>

#include "jobs/load_kind_list.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

using dbn::InstrumentDefMsg;
using dbn::text_of;
using table::RowAppender;

// The greatest value of a type stands for none.
template <class Integer>
void append_count(Integer value, RowAppender& to) {
  if (value == std::numeric_limits<Integer>::max())
    to.null();
  else
    to.int64(static_cast<std::int64_t>(value));
}

// instrument_id and leg_index, in the order of the key.
std::uint64_t minor(const std::byte* bytes) {
  const auto definition = load_record_at<InstrumentDefMsg>(bytes);
  return std::uint64_t{definition.header.instrument_id} << 16 | std::uint64_t{definition.leg_index};
}

// A view into the record itself, not into a copy of it.
std::string_view symbol(const std::byte* bytes) {
  const auto* const text =
      reinterpret_cast<const char*>(bytes + offsetof(InstrumentDefMsg, raw_symbol));
  const std::string_view all(text, sizeof(InstrumentDefMsg::raw_symbol));
  return all.substr(0, all.find('\0'));
}

std::optional<LoadFault> judge(const std::byte* bytes, Nanos interval) {
  if (const auto fault = judge_time<InstrumentDefMsg>(bytes, interval)) return fault;
  if (symbol(bytes).empty()) return LoadFault::kUnknownInstrument;
  return std::nullopt;
}

void append_terms(const InstrumentDefMsg& definition, RowAppender& to) {
  append_char(definition.instrument_class, to);
  append_char(definition.security_update_action, to);
  append_time(definition.expiration, to);
  append_time(definition.activation, to);
  append_price(definition.min_price_increment, to);
  append_price(definition.min_price_increment_amount, to);
  append_price(definition.display_factor, to);
  append_price(definition.price_ratio, to);
  append_price(definition.unit_of_measure_qty, to);
  append_text(text_of(definition.unit_of_measure), to);
  append_price(definition.high_limit_price, to);
  append_price(definition.low_limit_price, to);
  append_price(definition.max_price_variation, to);
  append_price(definition.strike_price, to);
  append_text(text_of(definition.strike_price_currency), to);
  append_text(text_of(definition.currency), to);
  append_text(text_of(definition.settl_currency), to);
  append_text(text_of(definition.asset), to);
  append_text(text_of(definition.exchange), to);
  append_text(text_of(definition.group), to);
  append_text(text_of(definition.secsubtype), to);
  append_text(text_of(definition.security_type), to);
  append_text(text_of(definition.cfi), to);
}

void append_numbers(const InstrumentDefMsg& definition, RowAppender& to) {
  append_text(text_of(definition.underlying), to);
  append_count(definition.underlying_id, to);
  append_count(definition.underlying_product, to);
  if (definition.raw_instrument_id >
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    to.null();
  else
    to.int64(static_cast<std::int64_t>(definition.raw_instrument_id));
  append_count(definition.maturity_year, to);
  append_count(definition.maturity_month, to);
  append_count(definition.maturity_day, to);
  append_count(definition.maturity_week, to);
  append_count(definition.contract_multiplier, to);
  append_count(definition.contract_multiplier_unit, to);
  append_count(definition.original_contract_size, to);
  append_count(definition.decay_quantity, to);
  append_count(definition.decay_start_date, to);
  append_count(definition.flow_schedule_type, to);
  append_count(definition.min_lot_size, to);
  append_count(definition.min_lot_size_block, to);
  append_count(definition.min_lot_size_round_lot, to);
  append_count(definition.min_trade_vol, to);
  append_count(definition.max_trade_vol, to);
  append_count(definition.market_depth, to);
  append_count(definition.market_depth_implied, to);
  append_count(definition.market_segment_id, to);
  append_count(definition.channel_id, to);
  append_count(definition.appl_id, to);
  append_count(definition.inst_attrib_value, to);
  append_char(definition.match_algorithm, to);
  append_char(definition.user_defined_instrument, to);
  append_count(definition.main_fraction, to);
  append_count(definition.sub_fraction, to);
  append_count(definition.price_display_format, to);
  append_count(definition.tick_rule, to);
}

void append_leg(const InstrumentDefMsg& definition, RowAppender& to) {
  to.int64(definition.leg_count);
  append_count(definition.leg_instrument_id, to);
  append_text(text_of(definition.leg_raw_symbol), to);
  append_char(definition.leg_instrument_class, to);
  append_char(definition.leg_side, to);
  append_price(definition.leg_price, to);
  append_price(definition.leg_delta, to);
  append_count(definition.leg_ratio_price_numerator, to);
  append_count(definition.leg_ratio_price_denominator, to);
  append_count(definition.leg_ratio_qty_numerator, to);
  append_count(definition.leg_ratio_qty_denominator, to);
  append_count(definition.leg_underlying_id, to);
}

void append(const LoadRow& row, table::RowBatch& batch) {
  const auto definition = load_record_at<InstrumentDefMsg>(row.record);
  const Nanos time = load_index_time<InstrumentDefMsg>(row.record);
  RowAppender to(batch);
  to.int64(static_cast<std::int64_t>(time)).text(row.symbol->text);
  to.int64(definition.header.instrument_id).int64(definition.leg_index);
  append_time(time, to);
  append_time(definition.header.ts_event, to);
  to.int64(definition.header.publisher_id).text(text_of(definition.asset));
  append_terms(definition, to);
  append_numbers(definition, to);
  append_leg(definition, to);
  append_provenance(row, to);
  to.end();
}

}  // namespace

LoadKind definition_kind() {
  return {.schema = dbn::Schema::kDefinition,
          .table = &table::databento_definition(),
          .record_bytes = sizeof(InstrumentDefMsg),
          .holds = &holds_record<InstrumentDefMsg>,
          .time = &load_index_time<InstrumentDefMsg>,
          .minor = &minor,
          .judge = &judge,
          .symbol = &symbol,
          .append = &append};
}

}  // namespace fm::jobs
