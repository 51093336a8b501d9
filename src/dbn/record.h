// The records of DBN as they lie in a file: little-endian, no hidden padding, the same in memory
// and on disk. These are the forms of version 3; those that earlier versions had are in
// record_v1.h.
//
// Prices are in units of 1e-9, times are nanoseconds since 1970 UTC. Value-initialise records that
// you make
// (`Mbp1Msg record{}`), so that the reserved bytes are zero, and set header.length.
// Source: Databento's DBN encoding, version 3.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/price.h"
#include "base/time.h"
#include "dbn/enums.h"

namespace fm::dbn {

static_assert(std::endian::native == std::endian::little,
              "records are used as they lie in the file");

// Undefined values; prices and times have fm::kUndefPrice and fm::kUndefTime.
inline constexpr std::uint32_t kUndefOrderSize = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::int64_t kUndefStatQuantity = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int32_t kUndefStatQuantityV1 = std::numeric_limits<std::int32_t>::max();

inline constexpr std::size_t kHeaderBytes = 16;
inline constexpr std::size_t kTsOutBytes = 8;  // follows every record when metadata.ts_out is set
inline constexpr std::size_t kMaxRecordBytes = 255 * 4;  // what the length byte can say

// The first 16 bytes of every record.
struct RecordHeader {
  std::uint8_t length;  // of the whole record, in words of 4 bytes; see size_bytes()
  RType rtype;
  std::uint16_t publisher_id;
  std::uint32_t instrument_id;
  Nanos ts_event;

  [[nodiscard]] constexpr std::size_t size_bytes() const { return std::size_t{length} * 4; }
  friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};
static_assert(sizeof(RecordHeader) == kHeaderBytes);

// The length byte of a record type: `record.header.length = kLengthOf<Mbp1Msg>`.
template <class T>
inline constexpr std::uint8_t kLengthOf = static_cast<std::uint8_t>(sizeof(T) / 4);

// The text of a NUL-padded field: all of it up to the first NUL.
template <std::size_t size>
[[nodiscard]] constexpr std::string_view text_of(const std::array<char, size>& field) {
  const std::string_view all(field.data(), size);
  return all.substr(0, all.find('\0'));
}
// Writes as much of `text` as fits before a final NUL; returns whether that was all of it.
template <std::size_t size>
constexpr bool set_text(std::array<char, size>& field, std::string_view text) {
  field.fill('\0');
  const std::string_view kept = text.substr(0, size - 1);
  for (std::size_t i = 0; i < kept.size(); ++i) field[i] = kept[i];
  return kept.size() == text.size();
}

// One level of a book.
struct BidAskPair {
  Price bid_px;
  Price ask_px;
  std::uint32_t bid_sz;
  std::uint32_t ask_sz;
  std::uint32_t bid_ct;
  std::uint32_t ask_ct;
  friend bool operator==(const BidAskPair&, const BidAskPair&) = default;
};
static_assert(sizeof(BidAskPair) == 32);

// One level of a consolidated book; *_pb is the publisher that has it.
struct ConsolidatedBidAskPair {
  Price bid_px;
  Price ask_px;
  std::uint32_t bid_sz;
  std::uint32_t ask_sz;
  std::uint16_t bid_pb;
  std::array<std::uint8_t, 2> reserved;
  std::uint16_t ask_pb;
  std::array<std::uint8_t, 2> reserved2;
  friend bool operator==(const ConsolidatedBidAskPair&, const ConsolidatedBidAskPair&) = default;
};
static_assert(sizeof(ConsolidatedBidAskPair) == 32);

// A trade.
struct TradeMsg {
  RecordHeader header;
  Price price;
  std::uint32_t size;
  char action;
  char side;
  std::uint8_t flags;
  std::uint8_t depth;
  Nanos ts_recv;
  std::int32_t ts_in_delta;
  std::uint32_t sequence;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kTrades; }
  friend bool operator==(const TradeMsg&, const TradeMsg&) = default;
};
static_assert(sizeof(TradeMsg) == 48);

// A trade with the book just before it (tbbo), or any change of the top of the book (mbp-1).
struct Mbp1Msg {
  RecordHeader header;
  Price price;
  std::uint32_t size;
  char action;
  char side;
  std::uint8_t flags;
  std::uint8_t depth;
  Nanos ts_recv;
  std::int32_t ts_in_delta;
  std::uint32_t sequence;
  std::array<BidAskPair, 1> levels;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kMbp1; }
  friend bool operator==(const Mbp1Msg&, const Mbp1Msg&) = default;
};
static_assert(sizeof(Mbp1Msg) == 80);

// The top of the book at the end of an interval, and the last trade in it.
struct BboMsg {
  RecordHeader header;
  Price price;
  std::uint32_t size;
  std::array<std::uint8_t, 1> reserved;
  char side;
  std::uint8_t flags;
  std::array<std::uint8_t, 1> reserved2;
  Nanos ts_recv;
  std::array<std::uint8_t, 4> reserved3;
  std::uint32_t sequence;
  std::array<BidAskPair, 1> levels;

  [[nodiscard]] static constexpr bool holds(RType rtype) {
    return rtype == RType::kBbo1s || rtype == RType::kBbo1m;
  }
  friend bool operator==(const BboMsg&, const BboMsg&) = default;
};
static_assert(sizeof(BboMsg) == 80);

// A change within the first ten levels of the book.
struct Mbp10Msg {
  RecordHeader header;
  Price price;
  std::uint32_t size;
  char action;
  char side;
  std::uint8_t flags;
  std::uint8_t depth;
  Nanos ts_recv;
  std::int32_t ts_in_delta;
  std::uint32_t sequence;
  std::array<BidAskPair, 10> levels;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kMbp10; }
  friend bool operator==(const Mbp10Msg&, const Mbp10Msg&) = default;
};
static_assert(sizeof(Mbp10Msg) == 368);

// One change of one order.
struct MboMsg {
  RecordHeader header;
  std::uint64_t order_id;
  Price price;
  std::uint32_t size;
  std::uint8_t flags;
  std::uint8_t channel_id;
  char action;
  char side;
  Nanos ts_recv;
  std::int32_t ts_in_delta;
  std::uint32_t sequence;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kMbo; }
  friend bool operator==(const MboMsg&, const MboMsg&) = default;
};
static_assert(sizeof(MboMsg) == 56);

// A bar; header.ts_event is its start. There is none for an interval without a trade.
struct OhlcvMsg {
  RecordHeader header;
  Price open;
  Price high;
  Price low;
  Price close;
  std::uint64_t volume;

  [[nodiscard]] static constexpr bool holds(RType rtype) {
    return rtype == RType::kOhlcv1s || rtype == RType::kOhlcv1m || rtype == RType::kOhlcv1h ||
           rtype == RType::kOhlcv1d || rtype == RType::kOhlcvEod ||
           rtype == RType::kOhlcvDeprecated;
  }
  friend bool operator==(const OhlcvMsg&, const OhlcvMsg&) = default;
};
static_assert(sizeof(OhlcvMsg) == 56);

// The trading status of an instrument.
struct StatusMsg {
  RecordHeader header;
  Nanos ts_recv;
  std::uint16_t action;
  std::uint16_t reason;
  std::uint16_t trading_event;
  char is_trading;
  char is_quoting;
  char is_short_sell_restricted;
  std::array<std::uint8_t, 7> reserved;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kStatus; }
  friend bool operator==(const StatusMsg&, const StatusMsg&) = default;
};
static_assert(sizeof(StatusMsg) == 40);

// A statistic from the venue; `price` or `quantity` is undefined, as stat_type says.
struct StatMsg {
  RecordHeader header;
  Nanos ts_recv;
  Nanos ts_ref;
  Price price;
  std::int64_t quantity;
  std::uint32_t sequence;
  std::int32_t ts_in_delta;
  std::uint16_t stat_type;
  std::uint16_t channel_id;
  std::uint8_t update_action;
  std::uint8_t stat_flags;
  std::array<std::uint8_t, 18> reserved;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kStatistics; }
  friend bool operator==(const StatMsg&, const StatMsg&) = default;
};
static_assert(sizeof(StatMsg) == 80);

// From now on (or in [start_ts, end_ts) when defined) header.instrument_id stands for these
// symbols.
struct SymbolMappingMsg {
  RecordHeader header;
  std::uint8_t stype_in;
  std::array<char, 71> stype_in_symbol;
  std::uint8_t stype_out;
  std::array<char, 71> stype_out_symbol;
  Nanos start_ts;
  Nanos end_ts;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kSymbolMapping; }
  friend bool operator==(const SymbolMappingMsg&, const SymbolMappingMsg&) = default;
};
static_assert(sizeof(SymbolMappingMsg) == 176);

// A failure that the gateway reports.
struct ErrorMsg {
  RecordHeader header;
  std::array<char, 302> err;
  std::uint8_t code;
  std::uint8_t is_last;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kError; }
  friend bool operator==(const ErrorMsg&, const ErrorMsg&) = default;
};
static_assert(sizeof(ErrorMsg) == 320);

// Anything else the gateway says: heartbeats, acknowledgements.
struct SystemMsg {
  RecordHeader header;
  std::array<char, 303> msg;
  std::uint8_t code;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kSystem; }
  friend bool operator==(const SystemMsg&, const SystemMsg&) = default;
};
static_assert(sizeof(SystemMsg) == 320);

// The state of an auction.
struct ImbalanceMsg {
  RecordHeader header;
  Nanos ts_recv;
  Price ref_price;
  Nanos auction_time;
  Price cont_book_clr_price;
  Price auct_interest_clr_price;
  Price ssr_filling_price;
  Price ind_match_price;
  Price upper_collar;
  Price lower_collar;
  std::uint32_t paired_qty;
  std::uint32_t total_imbalance_qty;
  std::uint32_t market_imbalance_qty;
  std::uint32_t unpaired_qty;
  char auction_type;
  char side;
  std::uint8_t auction_status;
  std::uint8_t freeze_status;
  std::uint8_t num_extensions;
  char unpaired_side;
  char significant_imbalance;
  std::array<std::uint8_t, 1> reserved;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kImbalance; }
  friend bool operator==(const ImbalanceMsg&, const ImbalanceMsg&) = default;
};
static_assert(sizeof(ImbalanceMsg) == 112);

// As Mbp1Msg over several venues.
struct Cmbp1Msg {
  RecordHeader header;
  Price price;
  std::uint32_t size;
  char action;
  char side;
  std::uint8_t flags;
  std::array<std::uint8_t, 1> reserved;
  Nanos ts_recv;
  std::int32_t ts_in_delta;
  std::array<std::uint8_t, 4> reserved2;
  std::array<ConsolidatedBidAskPair, 1> levels;

  [[nodiscard]] static constexpr bool holds(RType rtype) {
    return rtype == RType::kCmbp1 || rtype == RType::kTcbbo;
  }
  friend bool operator==(const Cmbp1Msg&, const Cmbp1Msg&) = default;
};
static_assert(sizeof(Cmbp1Msg) == 80);

// As BboMsg over several venues.
struct CbboMsg {
  RecordHeader header;
  Price price;
  std::uint32_t size;
  std::array<std::uint8_t, 1> reserved;
  char side;
  std::uint8_t flags;
  std::array<std::uint8_t, 1> reserved2;
  Nanos ts_recv;
  std::array<std::uint8_t, 8> reserved3;
  std::array<ConsolidatedBidAskPair, 1> levels;

  [[nodiscard]] static constexpr bool holds(RType rtype) {
    return rtype == RType::kCbbo1s || rtype == RType::kCbbo1m;
  }
  friend bool operator==(const CbboMsg&, const CbboMsg&) = default;
};
static_assert(sizeof(CbboMsg) == 80);

// What an instrument is. Spreads come as one record per leg.
struct InstrumentDefMsg {
  RecordHeader header;
  Nanos ts_recv;
  Price min_price_increment;
  Price display_factor;
  Nanos expiration;
  Nanos activation;
  Price high_limit_price;
  Price low_limit_price;
  Price max_price_variation;
  Price unit_of_measure_qty;
  Price min_price_increment_amount;
  Price price_ratio;
  Price strike_price;
  std::uint64_t raw_instrument_id;
  Price leg_price;
  Price leg_delta;
  std::int32_t inst_attrib_value;
  std::uint32_t underlying_id;
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
  std::uint32_t leg_instrument_id;
  std::int32_t leg_ratio_price_numerator;
  std::int32_t leg_ratio_price_denominator;
  std::int32_t leg_ratio_qty_numerator;
  std::int32_t leg_ratio_qty_denominator;
  std::uint32_t leg_underlying_id;
  std::int16_t appl_id;
  std::uint16_t maturity_year;
  std::uint16_t decay_start_date;
  std::uint16_t channel_id;
  std::uint16_t leg_count;
  std::uint16_t leg_index;
  std::array<char, 4> currency;
  std::array<char, 4> settl_currency;
  std::array<char, 6> secsubtype;
  std::array<char, 71> raw_symbol;
  std::array<char, 21> group;
  std::array<char, 5> exchange;
  std::array<char, 11> asset;
  std::array<char, 7> cfi;
  std::array<char, 7> security_type;
  std::array<char, 31> unit_of_measure;
  std::array<char, 21> underlying;
  std::array<char, 4> strike_price_currency;
  std::array<char, 71> leg_raw_symbol;
  char instrument_class;
  char match_algorithm;
  std::uint8_t main_fraction;
  std::uint8_t price_display_format;
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
  char leg_instrument_class;
  char leg_side;
  std::array<std::uint8_t, 17> reserved;

  [[nodiscard]] static constexpr bool holds(RType rtype) { return rtype == RType::kDefinition; }
  friend bool operator==(const InstrumentDefMsg&, const InstrumentDefMsg&) = default;
};
static_assert(sizeof(InstrumentDefMsg) == 520);

}  // namespace fm::dbn
