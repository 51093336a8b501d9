#include "dbn/record_text_fields.h"

namespace fm::dbn {
namespace {

// A price that is there.
bool read_defined_price(const char*& at, Price& price) {
  return *at == '"' && read_price(at, price);
}

}  // namespace

const char* BarJsonMatcher::match(const char* begin, OhlcvMsg& bar, std::string_view& symbol) {
  const char* at = begin;
  RecordHeader& header = bar.header;
  std::uint8_t rtype = 0;
  if (!skip<"{\"hd\":{\"ts_event\":\"">(at) || !times_.read(at, header.ts_event)) return nullptr;
  // 0 is undefined in other text, and here a time like others.
  if (header.ts_event == kUndefTime) return nullptr;
  if (!skip<"\",\"rtype\":">(at) || !read_bare(at, rtype)) return nullptr;
  header.length = kLengthOf<OhlcvMsg>;
  header.rtype = static_cast<RType>(rtype);
  if (!OhlcvMsg::holds(header.rtype) || header.rtype == RType::kOhlcvEod) return nullptr;
  if (!skip<",\"publisher_id\":">(at) || !read_bare(at, header.publisher_id)) return nullptr;
  if (!skip<",\"instrument_id\":">(at) || !read_bare(at, header.instrument_id)) return nullptr;
  if (!skip<"},\"open\":">(at) || !read_defined_price(at, bar.open)) return nullptr;
  if (!skip<",\"high\":">(at) || !read_defined_price(at, bar.high)) return nullptr;
  if (!skip<",\"low\":">(at) || !read_defined_price(at, bar.low)) return nullptr;
  if (!skip<",\"close\":">(at) || !read_defined_price(at, bar.close)) return nullptr;
  if (!skip<",\"volume\":\"">(at) || !read_digits(at, bar.volume)) return nullptr;
  if (!skip<"\"">(at)) return nullptr;
  if (!read_symbol(at, symbol)) return nullptr;
  at += *at == '\r' ? 1 : 0;
  return *at++ == '\n' ? at : nullptr;
}

}  // namespace fm::dbn
