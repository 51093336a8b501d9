// What a DBN file says about itself before its first record.
// Source: Databento's DBN encoding, versions 1 to 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "dbn/enums.h"

namespace fm::dbn {

inline constexpr int kNewestVersion = 3;
inline constexpr std::size_t kSymbolBytesV1 = 22;  // with the final NUL
inline constexpr std::size_t kSymbolBytes = 71;    // versions 2 and 3

// A symbol that holds for the UTC days [start_date, end_date).
struct MappingInterval {
  Date start_date;
  Date end_date;
  std::string symbol;  // in stype_out; empty in some old files, where it says nothing
  friend bool operator==(const MappingInterval&, const MappingInterval&) = default;
};

struct SymbolMapping {
  std::string raw_symbol;  // what was asked for, in stype_in; a parent's children stand under their
                           // own names
  std::vector<MappingInterval> intervals;
  friend bool operator==(const SymbolMapping&, const SymbolMapping&) = default;
};

struct Metadata {
  int version = kNewestVersion;
  std::string dataset;           // "GLBX.MDP3"
  std::optional<Schema> schema;  // none: mixed, as on a live stream
  Nanos start = 0;
  std::optional<Nanos> end;
  std::optional<std::uint64_t> limit;
  std::optional<SType> stype_in;  // none: mixed
  SType stype_out = SType::kInstrumentId;
  bool ts_out = false;  // records end in 8 bytes more: when the gateway sent them
  std::size_t symbol_cstr_len = kSymbolBytes;
  std::vector<std::string> symbols;    // as asked for
  std::vector<std::string> partial;    // resolved for some of the days only
  std::vector<std::string> not_found;  // resolved for none
  std::vector<SymbolMapping> mappings;
  friend bool operator==(const Metadata&, const Metadata&) = default;
};

// The first 8 bytes: "DBN", the version, and how many bytes of metadata follow.
inline constexpr std::size_t kPreludeBytes = 8;
inline constexpr std::size_t kLeastMetadataBytes = 100;
// A million symbols with their mappings fit three times; more is taken for damage.
inline constexpr std::size_t kMostMetadataBytes = std::size_t{256} << 20;

struct Prelude {
  int version;
  std::size_t metadata_bytes;  // behind the prelude; the first record follows them
};

// Errors: kCorrupt when these bytes begin no DBN file, kUnsupported for a version that is not read
// here.
[[nodiscard]] Result<Prelude> decode_prelude(std::span<const std::byte, kPreludeBytes> bytes);
// `bytes` are the ones that the prelude announced. Errors (with the byte counted from the start of
// the file): kCorrupt, kUnsupported.
[[nodiscard]] Result<Metadata> decode_metadata(int version, std::span<const std::byte> bytes);
// Prelude and metadata in the form of metadata.version. Errors: kInvalidArgument when a name is too
// long for it.
[[nodiscard]] Result<std::vector<std::byte>> encode(const Metadata& metadata);

}  // namespace fm::dbn
