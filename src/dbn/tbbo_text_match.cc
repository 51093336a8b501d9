#include "dbn/tbbo_text_match.h"

#include "base/price.h"
#include "base/time.h"
#include "dbn/tbbo_text_json.h"

namespace fm::dbn {
namespace {

// `null`, or a price in quotes: raw, or with exactly nine decimals.
bool read_price(const char*& at, Price& price) {
  if (*at != '"') {
    price = kUndefPrice;
    return skip<"null">(at);
  }
  ++at;
  const bool negative = *at == '-';
  at += negative ? 1 : 0;
  const char* const digits = at;
  std::uint64_t magnitude = 0;
  if (!read_digits(at, magnitude)) return false;
  if (*at == '.') {
    std::uint64_t fraction = 0;
    if (at - digits > 9) return false;
    ++at;
    if (!read_nine_digits(at, fraction)) return false;
    magnitude = magnitude * kPriceScale + fraction;
  }
  if (magnitude > static_cast<std::uint64_t>(kUndefPrice)) return false;
  price = static_cast<Price>(negative ? 0 - magnitude : magnitude);
  return *at++ == '"';
}

// A character that stands for itself in a JSON string.
bool is_plain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

bool read_char(const char*& at, char& value) {
  value = *at++;
  return is_plain(value);
}

// What stands behind the book: the symbol, if any, and the end of the record.
bool read_symbol(const char*& at, std::string_view& symbol) {
  symbol = {};
  if (*at == '}') {
    ++at;
    return true;
  }
  if (!skip<",\"symbol\":">(at)) return false;
  if (*at == 'n') return skip<"null}">(at);
  if (*at++ != '"') return false;
  const char* const begin = at;
  while (is_plain(*at)) ++at;
  symbol = {begin, static_cast<std::size_t>(at - begin)};
  return skip<"\"}">(at);
}

bool read_quote(const char*& at, BidAskPair& quote) {
  if (!skip<",\"levels\":[{\"bid_px\":">(at) || !read_price(at, quote.bid_px)) return false;
  if (!skip<",\"ask_px\":">(at) || !read_price(at, quote.ask_px)) return false;
  if (!skip<",\"bid_sz\":">(at) || !read_bare(at, quote.bid_sz)) return false;
  if (!skip<",\"ask_sz\":">(at) || !read_bare(at, quote.ask_sz)) return false;
  if (!skip<",\"bid_ct\":">(at) || !read_bare(at, quote.bid_ct)) return false;
  if (!skip<",\"ask_ct\":">(at) || !read_bare(at, quote.ask_ct)) return false;
  if (quote.bid_sz == kUndefOrderSize) quote.bid_sz = 0;
  if (quote.ask_sz == kUndefOrderSize) quote.ask_sz = 0;
  return skip<"}]">(at);
}

bool read_trade(const char*& at, Mbp1Msg& record) {
  if (!skip<"},\"action\":\"">(at) || !read_char(at, record.action)) return false;
  if (!skip<"\",\"side\":\"">(at) || !read_char(at, record.side)) return false;
  if (record.side != kSideAsk && record.side != kSideBid) record.side = kSideNone;
  if (!skip<"\",\"depth\":">(at) || !read_bare(at, record.depth)) return false;
  if (!skip<",\"price\":">(at) || !read_price(at, record.price)) return false;
  if (!skip<",\"size\":">(at) || !read_bare(at, record.size)) return false;
  if (!skip<",\"flags\":">(at) || !read_bare(at, record.flags)) return false;
  if (!skip<",\"ts_in_delta\":">(at) || !read_bare(at, record.ts_in_delta)) return false;
  return skip<",\"sequence\":">(at) && read_bare(at, record.sequence);
}

}  // namespace

// YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ
bool TbboJsonMatcher::read_iso(const char*& at, Nanos& time) {
  if (std::memcmp(at, minute_text_.data(), kMinuteBytes) != 0) {
    std::array<char, kMinuteBytes + 3> text{};
    std::copy_n(at, kMinuteBytes, text.begin());
    text[kMinuteBytes] = text[kMinuteBytes + 1] = '0';
    text[kMinuteBytes + 2] = 'Z';
    const Result<Nanos> minute = parse_iso_nanos({text.data(), text.size()});
    if (!minute) return false;
    std::copy_n(at, kMinuteBytes, minute_text_.begin());
    minute_ = *minute;
  }
  const auto tens = static_cast<unsigned>(static_cast<unsigned char>(at[kMinuteBytes])) - '0';
  const auto ones = static_cast<unsigned>(static_cast<unsigned char>(at[kMinuteBytes + 1])) - '0';
  if (tens > 5 || ones > 9 || at[kMinuteBytes + 2] != '.') return false;
  at += kMinuteBytes + 3;
  std::uint64_t fraction = 0;
  if (!read_nine_digits(at, fraction)) return false;
  time = minute_ + (tens * 10 + ones) * kNanosPerSecond + fraction;
  return *at++ == 'Z';
}

// What stands between the quotes of a time.
bool TbboJsonMatcher::read_time(const char*& at, Nanos& time) {
  if (at[4] == '-' ? !read_iso(at, time) : !read_digits(at, time)) return false;
  if (time == 0) time = kUndefTime;
  return true;
}

const char* TbboJsonMatcher::match(const char* begin, TbboLine& line) {
  const char* at = begin;
  Mbp1Msg& record = line.record;
  RecordHeader& header = record.header;
  header.length = kLengthOf<Mbp1Msg>;
  header.rtype = RType::kMbp1;
  if (!skip<"{\"ts_recv\":\"">(at) || !read_time(at, record.ts_recv)) return nullptr;
  if (!skip<"\",\"hd\":{\"ts_event\":\"">(at) || !read_time(at, header.ts_event)) return nullptr;
  if (!skip<"\",\"rtype\":1,\"publisher_id\":">(at)) return nullptr;
  if (!read_bare(at, header.publisher_id)) return nullptr;
  if (!skip<",\"instrument_id\":">(at) || !read_bare(at, header.instrument_id)) return nullptr;
  if (!read_trade(at, record)) return nullptr;
  if (!read_quote(at, record.levels[0]) || !read_symbol(at, line.symbol)) return nullptr;
  at += *at == '\r' ? 1 : 0;
  if (*at++ != '\n') return nullptr;
  line.kind = LineKind::kTbbo;
  line.reason = {};
  line.mapping = nullptr;
  return at;
}

}  // namespace fm::dbn
