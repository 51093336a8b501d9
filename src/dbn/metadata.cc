#include "dbn/metadata.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace fm::dbn {
namespace {

constexpr std::uint16_t kNoSchema = 0xFFFF;
constexpr std::uint64_t kNone64 = ~std::uint64_t{0};
constexpr std::size_t kDatasetBytes = 16;
// Zero bytes between the fixed fields and the schema definition, so that these end at byte 100.
constexpr std::size_t kReservedBytesV1 = 47;
constexpr std::size_t kReservedBytes = 53;
// No version had narrower symbols; wider ones than this are damage. The lower bound also keeps a
// hostile header from claiming more names than it has bytes.
constexpr std::size_t kLeastSymbolBytes = kSymbolBytesV1;
constexpr std::size_t kMostSymbolBytes = 4096;

// Reads fields one behind the other; every error names the field and its byte in the file.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  Result<T> number(std::string_view field) {
    if (bytes_.size() - at_ < sizeof(T)) return too_short(field, sizeof(T));
    T value{};
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  Result<std::string> text(std::string_view field, std::size_t width) {
    if (bytes_.size() - at_ < width) return too_short(field, width);
    const std::string_view all(reinterpret_cast<const char*>(bytes_.data() + at_), width);
    const std::size_t length = all.find('\0');
    if (length == std::string_view::npos)
      return fail(Code::kCorrupt, "metadata at byte {}: {} of {} bytes has no end", byte(), field,
                  width);
    const std::string_view text = all.substr(0, length);
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x7F; }))
      return fail(Code::kCorrupt, "metadata at byte {}: {} is not ASCII", byte(), field);
    at_ += width;
    return std::string(text);
  }

  // How many of something follow. Each takes at least `least_bytes`, so a number that cannot be
  // true is found before memory is taken for it.
  Result<std::size_t> count(std::string_view field, std::size_t least_bytes) {
    FM_ASSIGN(const auto count, number<std::uint32_t>(field));
    const std::size_t room = (bytes_.size() - at_) / least_bytes;
    if (count > room)
      return fail(Code::kCorrupt,
                  "metadata at byte {}: {} {} are announced, but there is room for {}",
                  byte() - sizeof count, count, field, room);
    return count;
  }

  Result<Date> date(std::string_view field) {
    FM_ASSIGN(const auto value, number<std::uint32_t>(field));
    const std::string digits = fmt::format("{:08}", value);
    if (auto date = Date::parse(digits)) return date;
    return fail(Code::kCorrupt, "metadata at byte {}: {} {} is not a day (YYYYMMDD)",
                byte() - sizeof value, field, value);
  }

  Status skip(std::string_view field, std::size_t width) {
    if (bytes_.size() - at_ < width) return too_short(field, width);
    at_ += width;
    return {};
  }

  [[nodiscard]] std::size_t byte() const { return kPreludeBytes + at_; }

 private:
  std::unexpected<Error> too_short(std::string_view field, std::size_t width) const {
    return fail(Code::kCorrupt,
                "metadata at byte {}: {} takes {} bytes, but the metadata end after {}", byte(),
                field, width, bytes_.size() - at_);
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

Status decode_fixed_fields(Decoder& in, Metadata& out) {
  FM_ASSIGN(out.dataset, in.text("the dataset", kDatasetBytes));
  FM_ASSIGN(const auto schema, in.number<std::uint16_t>("the schema"));
  if (schema != kNoSchema) out.schema = static_cast<Schema>(schema);
  FM_ASSIGN(out.start, in.number<std::uint64_t>("the start"));
  FM_ASSIGN(const auto end, in.number<std::uint64_t>("the end"));
  if (end != kNone64) out.end = end;
  FM_ASSIGN(const auto limit, in.number<std::uint64_t>("the limit"));
  if (limit != 0) out.limit = limit;
  if (out.version == 1) FM_TRY(in.skip("the record count", sizeof(std::uint64_t)));
  FM_ASSIGN(const auto stype_in, in.number<std::uint8_t>("the stype_in"));
  if (stype_in != kUndefSType) out.stype_in = static_cast<SType>(stype_in);
  FM_ASSIGN(const auto stype_out, in.number<std::uint8_t>("the stype_out"));
  out.stype_out = static_cast<SType>(stype_out);
  FM_ASSIGN(const auto ts_out, in.number<std::uint8_t>("ts_out"));
  if (ts_out > 1)
    return fail(Code::kCorrupt, "metadata at byte {}: ts_out is {}, expected 0 or 1", in.byte() - 1,
                ts_out);
  out.ts_out = ts_out == 1;
  if (out.version == 1) {
    out.symbol_cstr_len = kSymbolBytesV1;
    return in.skip("the reserved part", kReservedBytesV1);
  }
  FM_ASSIGN(out.symbol_cstr_len, in.number<std::uint16_t>("the width of symbols"));
  if (out.symbol_cstr_len < kLeastSymbolBytes || out.symbol_cstr_len > kMostSymbolBytes)
    return fail(Code::kCorrupt, "metadata at byte {}: symbols of {} bytes, expected {} … {}",
                in.byte() - 2, out.symbol_cstr_len, kLeastSymbolBytes, kMostSymbolBytes);
  return in.skip("the reserved part", kReservedBytes);
}

Result<std::vector<std::string>> decode_names(Decoder& in, std::string_view field,
                                              std::size_t width) {
  FM_ASSIGN(const std::size_t count, in.count(field, width));
  std::vector<std::string> names;
  names.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    FM_ASSIGN(names.emplace_back(), in.text("a symbol", width));
  }
  return names;
}

Result<SymbolMapping> decode_mapping(Decoder& in, std::size_t width) {
  SymbolMapping mapping;
  FM_ASSIGN(mapping.raw_symbol, in.text("a mapping's symbol", width));
  FM_ASSIGN(const std::size_t count,
            in.count("mapping intervals", 2 * sizeof(std::uint32_t) + width));
  mapping.intervals.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    MappingInterval& interval = mapping.intervals.emplace_back();
    FM_ASSIGN(interval.start_date, in.date("start date"));
    FM_ASSIGN(interval.end_date, in.date("end date"));
    FM_ASSIGN(interval.symbol, in.text("an interval's symbol", width));
  }
  return mapping;
}

class Encoder {
 public:
  template <class T>
  void number(T value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    out_.insert(out_.end(), bytes, bytes + sizeof value);
  }

  Status text(std::string_view text, std::size_t width) {
    if (text.size() >= width || text.find('\0') != std::string_view::npos)
      return fail(Code::kInvalidArgument, "'{}' does not fit a field of {} bytes and its end", text,
                  width);
    const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
    out_.insert(out_.end(), bytes, bytes + text.size());
    zeros(width - text.size());
    return {};
  }

  Status names(const std::vector<std::string>& names, std::size_t width) {
    number(static_cast<std::uint32_t>(names.size()));
    for (const std::string& name : names) FM_TRY(text(name, width));
    return {};
  }

  void zeros(std::size_t count) { out_.resize(out_.size() + count); }
  std::vector<std::byte>& bytes() { return out_; }

 private:
  std::vector<std::byte> out_;
};

Status encode_mapping(Encoder& out, const SymbolMapping& mapping, std::size_t width) {
  FM_TRY(out.text(mapping.raw_symbol, width));
  out.number(static_cast<std::uint32_t>(mapping.intervals.size()));
  for (const MappingInterval& interval : mapping.intervals) {
    out.number(interval.start_date.yyyymmdd());
    out.number(interval.end_date.yyyymmdd());
    FM_TRY(out.text(interval.symbol, width));
  }
  return {};
}

Status encode_fixed_fields(Encoder& out, const Metadata& metadata) {
  FM_TRY(out.text(metadata.dataset, kDatasetBytes));
  out.number(metadata.schema ? static_cast<std::uint16_t>(*metadata.schema) : kNoSchema);
  out.number(metadata.start);
  out.number(metadata.end.value_or(kNone64));
  out.number(metadata.limit.value_or(0));
  if (metadata.version == 1) out.number(kNone64);  // a record count that nobody keeps any more
  out.number(metadata.stype_in ? static_cast<std::uint8_t>(*metadata.stype_in) : kUndefSType);
  out.number(static_cast<std::uint8_t>(metadata.stype_out));
  out.number(static_cast<std::uint8_t>(metadata.ts_out ? 1 : 0));
  if (metadata.version == 1) {
    out.zeros(kReservedBytesV1);
  } else {
    out.number(static_cast<std::uint16_t>(metadata.symbol_cstr_len));
    out.zeros(kReservedBytes);
  }
  out.number(std::uint32_t{0});  // schema definitions were never defined
  return {};
}

}  // namespace

Result<Prelude> decode_prelude(std::span<const std::byte, kPreludeBytes> bytes) {
  if (std::memcmp(bytes.data(), "DBN", 3) != 0)
    return fail(Code::kCorrupt,
                "byte 0: found {:02x} {:02x} {:02x} {:02x}, expected the letters DBN and a version",
                std::to_integer<int>(bytes[0]), std::to_integer<int>(bytes[1]),
                std::to_integer<int>(bytes[2]), std::to_integer<int>(bytes[3]));
  const int version = std::to_integer<int>(bytes[3]);
  if (version < 1 || version > kNewestVersion)
    return fail(Code::kUnsupported, "byte 3: DBN version {}, expected 1 … {}", version,
                kNewestVersion);
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 4, sizeof length);
  if (length < kLeastMetadataBytes || length > kMostMetadataBytes)
    return fail(Code::kCorrupt, "byte 4: metadata of {} bytes, expected {} … {}", length,
                kLeastMetadataBytes, kMostMetadataBytes);
  return Prelude{version, length};
}

Result<Metadata> decode_metadata(int version, std::span<const std::byte> bytes) {
  Decoder in(bytes);
  Metadata out;
  out.version = version;
  FM_TRY(decode_fixed_fields(in, out));
  FM_ASSIGN(const auto definition_bytes,
            in.number<std::uint32_t>("the length of the schema definition"));
  if (definition_bytes != 0)
    return fail(Code::kUnsupported,
                "metadata at byte {}: a schema definition of {} bytes, expected none",
                in.byte() - sizeof definition_bytes, definition_bytes);
  FM_ASSIGN(out.symbols, decode_names(in, "symbols", out.symbol_cstr_len));
  FM_ASSIGN(out.partial, decode_names(in, "partial symbols", out.symbol_cstr_len));
  FM_ASSIGN(out.not_found, decode_names(in, "symbols not found", out.symbol_cstr_len));
  FM_ASSIGN(const std::size_t count,
            in.count("mappings", out.symbol_cstr_len + sizeof(std::uint32_t)));
  out.mappings.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    FM_ASSIGN(out.mappings.emplace_back(), decode_mapping(in, out.symbol_cstr_len));
  }
  return out;
}

Result<std::vector<std::byte>> encode(const Metadata& metadata) {
  if (metadata.version < 1 || metadata.version > kNewestVersion)
    return fail(Code::kInvalidArgument, "DBN version {}, expected 1 … {}", metadata.version,
                kNewestVersion);
  const std::size_t width = metadata.version == 1 ? kSymbolBytesV1 : metadata.symbol_cstr_len;
  if (width < kLeastSymbolBytes || width > kMostSymbolBytes)
    return fail(Code::kInvalidArgument, "symbols of {} bytes, expected {} … {}", width,
                kLeastSymbolBytes, kMostSymbolBytes);
  Encoder out;
  out.number(std::array{'D', 'B', 'N', static_cast<char>(metadata.version)});
  out.number(std::uint32_t{0});  // the length, known at the end
  FM_TRY(encode_fixed_fields(out, metadata));
  FM_TRY(out.names(metadata.symbols, width));
  FM_TRY(out.names(metadata.partial, width));
  FM_TRY(out.names(metadata.not_found, width));
  out.number(static_cast<std::uint32_t>(metadata.mappings.size()));
  for (const SymbolMapping& mapping : metadata.mappings)
    FM_TRY(encode_mapping(out, mapping, width));
  // Records of version 3 lie on multiples of 8 bytes from the start of the file.
  if (metadata.version == 3) out.zeros((8 - out.bytes().size() % 8) % 8);

  const std::size_t length = out.bytes().size() - kPreludeBytes;
  if (length > kMostMetadataBytes)
    return fail(Code::kInvalidArgument, "metadata of {} bytes, expected at most {}", length,
                kMostMetadataBytes);
  const auto length_field = static_cast<std::uint32_t>(length);
  std::memcpy(out.bytes().data() + 4, &length_field, sizeof length_field);
  return std::move(out.bytes());
}

}  // namespace fm::dbn
