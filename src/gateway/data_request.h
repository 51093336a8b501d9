// Which data a historical request is for, checked against the archive.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dbn/metadata.h"
#include "gateway/api_error.h"
#include "gateway/archive.h"

namespace fm::gateway {

enum class Encoding { kDbn, kCsv, kJson };
enum class Compression { kNone, kZstd };
[[nodiscard]] std::string_view name(Encoding encoding);
[[nodiscard]] std::string_view name(Compression compression);

struct TextForm {
  bool pretty_px = false;
  bool pretty_ts = false;
  bool map_symbols = false;
};

struct DataRequest {
  std::string dataset;
  dbn::Schema schema = dbn::Schema::kTrades;
  std::vector<std::string> symbols;  // or kAllSymbols alone
  dbn::SType stype_in = dbn::SType::kRawSymbol;
  dbn::SType stype_out = dbn::SType::kInstrumentId;
  Nanos start = 0;
  Nanos end = 0;
  std::optional<std::uint64_t> limit = std::nullopt;
  Encoding encoding = Encoding::kDbn;
  Compression compression = Compression::kNone;
  TextForm text = {};
};

// What every method checks in the same way. Errors: 422, also for a dataset, a schema or a time
// that the archive does not have.
[[nodiscard]] Answer<DataRequest> parse_data_request(const net::ServerRequest& request,
                                                     const Archive& archive);
// A parameter that must be there and not empty.
[[nodiscard]] Answer<std::string> required(const net::ServerRequest& request,
                                           std::string_view name);
[[nodiscard]] std::optional<std::string_view> optional(const net::ServerRequest& request,
                                                       std::string_view name);
[[nodiscard]] Answer<std::string> parse_dataset(const net::ServerRequest& request,
                                                const Archive& archive);
[[nodiscard]] Answer<dbn::Schema> parse_schema_word(std::string_view text);
[[nodiscard]] Answer<dbn::SType> parse_stype_word(std::string_view text);

// The days that the archive's files touch, as whole UTC days, so that a request for a day is never
// out of range on its edges.
[[nodiscard]] TimeRange available(const Archive& archive, std::string_view dataset);
[[nodiscard]] TimeRange whole_days(TimeRange range);

// A request with its symbols resolved.
struct PreparedData {
  DataRequest request;
  dbn::Metadata metadata;
  Selection selection;
  Resolution resolution;  // to stype_out; empty for kAllSymbols
  const Symbology* symbology = nullptr;

  [[nodiscard]] ReadRequest read() const;
  // "" or what X-Warning says about symbols that did not resolve.
  [[nodiscard]] std::string warning() const;
};

// Errors: 422 symbology_invalid_request when nothing resolves.
[[nodiscard]] Answer<PreparedData> prepare(const Archive& archive, DataRequest request);

// The UTC days that [start, end) touches.
[[nodiscard]] Date first_day(Nanos start);
[[nodiscard]] Date day_after(Nanos end);

}  // namespace fm::gateway
