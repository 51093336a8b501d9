#include "dbn/tbbo_text_match.h"

#include "dbn/tbbo_text_json.h"

namespace fm::dbn {
namespace {

bool read_char(const char*& at, char& value) {
  value = *at++;
  return is_plain(value);
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

const char* TbboJsonMatcher::match(const char* begin, TbboLine& line) {
  const char* at = begin;
  Mbp1Msg& record = line.record;
  RecordHeader& header = record.header;
  header.length = kLengthOf<Mbp1Msg>;
  header.rtype = RType::kMbp1;
  if (!skip<"{\"ts_recv\":\"">(at) || !times_.read(at, record.ts_recv)) return nullptr;
  if (!skip<"\",\"hd\":{\"ts_event\":\"">(at) || !times_.read(at, header.ts_event)) return nullptr;
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
