#include "dbn/enums.h"

#include <array>
#include <cstddef>

namespace fm::dbn {
namespace {

struct SchemaRow {
  std::string_view name;
  RType rtype;
};

// In the order of the numbers.
constexpr std::array<SchemaRow, 20> kSchemas = {{{"mbo", RType::kMbo},
                                                 {"mbp-1", RType::kMbp1},
                                                 {"mbp-10", RType::kMbp10},
                                                 {"tbbo", RType::kMbp1},
                                                 {"trades", RType::kTrades},
                                                 {"ohlcv-1s", RType::kOhlcv1s},
                                                 {"ohlcv-1m", RType::kOhlcv1m},
                                                 {"ohlcv-1h", RType::kOhlcv1h},
                                                 {"ohlcv-1d", RType::kOhlcv1d},
                                                 {"definition", RType::kDefinition},
                                                 {"statistics", RType::kStatistics},
                                                 {"status", RType::kStatus},
                                                 {"imbalance", RType::kImbalance},
                                                 {"ohlcv-eod", RType::kOhlcvEod},
                                                 {"cmbp-1", RType::kCmbp1},
                                                 {"cbbo-1s", RType::kCbbo1s},
                                                 {"cbbo-1m", RType::kCbbo1m},
                                                 {"tcbbo", RType::kTcbbo},
                                                 {"bbo-1s", RType::kBbo1s},
                                                 {"bbo-1m", RType::kBbo1m}}};

constexpr std::array<std::string_view, 16> kSTypes = {
    "instrument_id", "raw_symbol", "smart",     "continuous",  "parent",          "nasdaq_symbol",
    "cms_symbol",    "isin",       "us_code",   "bbg_comp_id", "bbg_comp_ticker", "figi",
    "figi_ticker",   "listing_id", "issuer_id", "security_id"};

}  // namespace

std::string_view name(Schema schema) {
  const auto index = static_cast<std::size_t>(schema);
  return index < kSchemas.size() ? kSchemas[index].name : "unknown";
}

std::string_view name(SType stype) {
  const auto index = static_cast<std::size_t>(stype);
  return index < kSTypes.size() ? kSTypes[index] : "unknown";
}

std::optional<Schema> parse_schema(std::string_view text) {
  for (std::size_t i = 0; i < kSchemas.size(); ++i)
    if (kSchemas[i].name == text) return static_cast<Schema>(i);
  return std::nullopt;
}

std::optional<SType> parse_stype(std::string_view text) {
  if (text == "product_id") return SType::kInstrumentId;
  if (text == "native") return SType::kRawSymbol;
  for (std::size_t i = 0; i < kSTypes.size(); ++i)
    if (kSTypes[i] == text) return static_cast<SType>(i);
  return std::nullopt;
}

RType rtype_of(Schema schema) {
  const auto index = static_cast<std::size_t>(schema);
  return index < kSchemas.size() ? kSchemas[index].rtype : RType{0xFF};
}

}  // namespace fm::dbn
