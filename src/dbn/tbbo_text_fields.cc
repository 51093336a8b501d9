#include "dbn/tbbo_text_fields.h"

#include <charconv>

#include "base/assert.h"
#include "base/price.h"
#include "base/time.h"

namespace fm::dbn {
namespace {

using Kind = TextValue::Kind;

// A whole number, quoted or bare, that fits `Integer`.
template <class Integer>
bool read_integer(const TextValue& value, Integer& out) {
  if (!value.scalar()) return false;
  const char* const end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, out);
  return error == std::errc{} && stop == end;
}

// As read_integer, and 0 where there is none.
template <class Integer>
bool read_optional(const TextValue& value, Integer& out) {
  out = 0;
  return value.missing() || read_integer(value, out);
}

bool read_price(const TextValue& value, Price& out) {
  out = kUndefPrice;
  if (value.missing()) return true;
  if (!value.scalar()) return false;
  const Result<Price> price = parse_price(value.text);
  if (price) out = *price;
  return price.has_value();
}

bool read_time(const TextValue& value, Nanos& out) {
  out = kUndefTime;
  if (value.missing()) return true;
  if (!value.scalar()) return false;
  if (value.kind == Kind::kText && value.text.find('-') != std::string_view::npos) {
    const Result<Nanos> time = parse_iso_nanos(value.text);
    if (!time) return false;
    out = *time;
  } else if (!read_integer(value, out)) {
    return false;
  }
  if (out == 0) out = kUndefTime;
  return true;
}

// A quote's size is never undefined: nothing known is nothing there.
bool read_quote_size(const TextValue& value, std::uint32_t& out) {
  if (!read_optional(value, out)) return false;
  if (out == kUndefOrderSize) out = 0;
  return true;
}

// One character, or NUL for any other text.
char read_char(const TextValue& value, bool codes) {
  if (value.kind == Kind::kText && value.text.size() == 1) return value.text.front();
  std::uint8_t code = 0;
  if (codes && value.kind == Kind::kNumber && read_integer(value, code) && code < 128)
    return static_cast<char>(code);
  return '\0';
}

std::string_view read_header(const TextHeader& text, RecordHeader& header) {
  if (!text.publisher_id.missing() && !read_integer(text.publisher_id, header.publisher_id))
    return "the value of publisher_id does not parse";
  if (text.publisher_id.missing()) header.publisher_id = kUnknownPublisher;
  if (!read_optional(text.instrument_id, header.instrument_id))
    return "the value of instrument_id does not parse";
  if (!read_time(text.ts_event, header.ts_event)) return "the value of ts_event does not parse";
  return {};
}

std::string_view read_quote(const TextQuote& text, BidAskPair& quote) {
  if (!read_price(text.bid_px, quote.bid_px)) return "the value of bid_px does not parse";
  if (!read_price(text.ask_px, quote.ask_px)) return "the value of ask_px does not parse";
  if (!read_quote_size(text.bid_sz, quote.bid_sz)) return "the value of bid_sz does not parse";
  if (!read_quote_size(text.ask_sz, quote.ask_sz)) return "the value of ask_sz does not parse";
  if (!read_optional(text.bid_ct, quote.bid_ct)) return "the value of bid_ct does not parse";
  if (!read_optional(text.ask_ct, quote.ask_ct)) return "the value of ask_ct does not parse";
  return {};
}

// The reason why it is none, or nothing.
std::string_view read_tbbo(const TextRecord& text, Mbp1Msg& record) {
  if (text.header.ts_event.kind == Kind::kAbsent) return "ts_event is missing";
  if (text.action.kind == Kind::kAbsent) return "action is missing";
  if (text.price.kind == Kind::kAbsent) return "price is missing";
  if (text.size.kind == Kind::kAbsent) return "size is missing";

  const bool coded = text.char_codes && text.action.kind == Kind::kNumber;
  if (text.action.kind != Kind::kText && !coded) return "action is not a string";
  record.action = read_char(text.action, text.char_codes);
  const char side = read_char(text.side, text.char_codes);
  record.side = side == kSideAsk || side == kSideBid ? side : kSideNone;

  record.header.length = kLengthOf<Mbp1Msg>;
  record.header.rtype = RType::kMbp1;
  if (const auto reason = read_header(text.header, record.header); !reason.empty()) return reason;
  if (!read_time(text.ts_recv, record.ts_recv)) return "the value of ts_recv does not parse";
  if (!read_price(text.price, record.price)) return "the value of price does not parse";
  if (!read_integer(text.size, record.size)) return "the value of size does not parse";
  if (!read_optional(text.depth, record.depth)) return "the value of depth does not parse";
  if (!read_optional(text.flags, record.flags)) return "the value of flags does not parse";
  if (!read_optional(text.sequence, record.sequence)) return "the value of sequence does not parse";
  if (!read_optional(text.ts_in_delta, record.ts_in_delta))
    return "the value of ts_in_delta does not parse";
  if (!text.symbol.missing() && text.symbol.kind != Kind::kText) return "symbol is not a string";
  return read_quote(text.quote, record.levels[0]);
}

std::string_view read_mapping(const TextRecord& text, SymbolMappingMsg& mapping) {
  mapping.header.length = kLengthOf<SymbolMappingMsg>;
  mapping.header.rtype = RType::kSymbolMapping;
  if (text.header.instrument_id.missing()) return "instrument_id is missing";
  if (const auto reason = read_header(text.header, mapping.header); !reason.empty()) return reason;
  if (text.stype_out_symbol.kind != Kind::kText) return "stype_out_symbol is not a string";
  if (!set_text(mapping.stype_out_symbol, text.stype_out_symbol.text) ||
      !set_text(mapping.stype_in_symbol, text.stype_in_symbol.text))
    return "a mapped symbol is longer than 70 characters";
  mapping.stype_in = mapping.stype_out = kUndefSType;
  if ((!text.stype_in.missing() && !read_integer(text.stype_in, mapping.stype_in)) ||
      (!text.stype_out.missing() && !read_integer(text.stype_out, mapping.stype_out)))
    return "the value of stype_in or stype_out does not parse";
  if (!read_time(text.start_ts, mapping.start_ts) || !read_time(text.end_ts, mapping.end_ts))
    return "the value of start_ts or end_ts does not parse";
  return {};
}

LineKind kind_of(RType rtype) {
  switch (rtype) {
    case RType::kSymbolMapping:
      return LineKind::kMapping;
    case RType::kSystem:
    case RType::kError:
      return LineKind::kMessage;
    case RType::kTrades:
    case RType::kMbp10:
    case RType::kOhlcvDeprecated:
    case RType::kStatus:
    case RType::kDefinition:
    case RType::kImbalance:
    case RType::kStatistics:
    case RType::kOhlcv1s:
    case RType::kOhlcv1m:
    case RType::kOhlcv1h:
    case RType::kOhlcv1d:
    case RType::kOhlcvEod:
    case RType::kMbo:
    case RType::kCmbp1:
    case RType::kCbbo1s:
    case RType::kCbbo1m:
    case RType::kTcbbo:
    case RType::kBbo1s:
    case RType::kBbo1m:
      return LineKind::kOther;
    case RType::kMbp1:
      break;
  }
  // A number that no list knows says nothing: the line's own fields decide.
  return LineKind::kTbbo;
}

}  // namespace

void set_malformed(TbboLine& line, std::string_view reason) {
  line.record = {};
  line.kind = LineKind::kMalformed;
  line.reason = reason;
  line.symbol = {};
  line.mapping = nullptr;
}

void convert(const TextRecord& text, std::vector<SymbolMappingMsg>& mappings, TbboLine& line) {
  line.record = {};
  line.reason = {};
  line.mapping = nullptr;
  line.kind = LineKind::kTbbo;
  std::uint8_t rtype = 0;
  if (!text.header.rtype.missing()) {
    if (!read_integer(text.header.rtype, rtype))
      return set_malformed(line, "the value of rtype does not parse");
    line.kind = kind_of(static_cast<RType>(rtype));
  }
  std::string_view reason;
  if (line.kind == LineKind::kTbbo) {
    reason = read_tbbo(text, line.record);
  } else if (line.kind == LineKind::kMapping) {
    FM_ASSERT(mappings.size() < mappings.capacity());  // earlier lines point into it
    SymbolMappingMsg& mapping = mappings.emplace_back(SymbolMappingMsg{});
    reason = read_mapping(text, mapping);
    line.record.header = mapping.header;
    line.mapping = &mapping;
  } else {
    reason = read_header(text.header, line.record.header);
    line.record.header.rtype = static_cast<RType>(rtype);
  }
  if (!reason.empty()) set_malformed(line, reason);
}

}  // namespace fm::dbn
