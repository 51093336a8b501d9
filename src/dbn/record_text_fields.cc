#include "dbn/record_text_fields.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/price.h"
#include "base/time.h"
#include "dbn/text_fields.h"

namespace fm::dbn {
namespace {

using Kind = TextValue::Kind;

template <class Integer>
bool read_integer(const TextValue& value, Integer& out) {
  const char* const end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, out);
  return error == std::errc{} && stop == end;
}

bool set_value(const TextValue& value, Price& out, FieldKind kind) {
  if (kind != FieldKind::kPrice) return read_integer(value, out);
  const Result<Price> price = parse_price(value.text);
  if (price) out = *price;
  return price.has_value();
}

bool set_value(const TextValue& value, Nanos& out, FieldKind kind) {
  if (kind != FieldKind::kTime || value.text.find('-') == std::string_view::npos)
    return read_integer(value, out);
  const Result<Nanos> time = parse_iso_nanos(value.text);
  if (time) out = *time;
  return time.has_value();
}

bool set_value(const TextValue& value, char& out, FieldKind) {
  std::uint8_t code = 0;
  if (value.kind == Kind::kText && value.text.size() == 1) {
    out = value.text.front();
    return true;
  }
  if (!read_integer(value, code) || code >= 128) return false;
  out = static_cast<char>(code);
  return true;
}

template <std::size_t size>
bool set_value(const TextValue& value, std::array<char, size>& out, FieldKind) {
  return set_text(out, value.text);
}

bool set_value(const TextValue& value, RType& out, FieldKind) {
  std::uint8_t code = 0;
  const bool is_read = read_integer(value, code);
  out = static_cast<RType>(code);
  return is_read;
}

template <class Integer>
  requires std::is_integral_v<Integer>
bool set_value(const TextValue& value, Integer& out, FieldKind) {
  return read_integer(value, out);
}

// A statistic of versions 1 and 2 has no quantity when it is the greatest of 32 bits.
void upgrade(StatMsg& record) {
  if (record.quantity == kUndefStatQuantityV1) record.quantity = kUndefStatQuantity;
}
template <class Record>
void upgrade(Record&) {}

template <class Record, std::size_t index>
bool set_field(std::byte* bytes, const TextValue& value) {
  constexpr auto kField = std::get<index>(kFields<Record>);
  if (value.kind == Kind::kNull) return true;  // as it is without the field
  if (!value.scalar()) return false;
  auto& record = *reinterpret_cast<Record*>(bytes);
  if (!set_value(value, record.*kField.member, kField.kind)) return false;
  upgrade(record);
  return true;
}

template <std::size_t index>
bool set_level_field(std::byte* bytes, const TextValue& value) {
  constexpr auto kField = std::get<index>(kFields<BidAskPair>);
  if (value.kind == Kind::kNull) return true;
  auto& level = reinterpret_cast<Mbp1Msg*>(bytes)->levels[0];
  return value.scalar() && set_value(value, level.*kField.member, kField.kind);
}

template <std::size_t index>
bool set_header_field(std::byte* bytes, const TextValue& value) {
  constexpr auto kField = std::get<index>(kFields<RecordHeader>);
  if (value.kind == Kind::kNull) return true;
  auto& header = *reinterpret_cast<RecordHeader*>(bytes);
  return value.scalar() && set_value(value, header.*kField.member, kField.kind);
}

// Without these a line says nothing.
template <class Record>
constexpr std::array<std::string_view, 0> kRequired{};
template <>
constexpr std::array<std::string_view, 6> kRequired<OhlcvMsg>{"ts_event", "open",  "high",
                                                              "low",      "close", "volume"};
template <>
constexpr std::array<std::string_view, 4> kRequired<TradeMsg>{"ts_event", "action", "price",
                                                              "size"};
template <>
constexpr std::array<std::string_view, 4> kRequired<Mbp1Msg> = kRequired<TradeMsg>;
template <>
constexpr std::array<std::string_view, 2> kRequired<StatusMsg>{"ts_event", "action"};
template <>
constexpr std::array<std::string_view, 2> kRequired<StatMsg>{"ts_event", "stat_type"};
template <>
constexpr std::array<std::string_view, 3> kRequired<InstrumentDefMsg>{"ts_event", "raw_symbol",
                                                                      "instrument_class"};

// How many fields of text a field of a record stands for.
template <class Record, std::size_t index>
consteval std::size_t text_fields() {
  constexpr FieldKind kKind = std::get<index>(kFields<Record>).kind;
  if (kKind == FieldKind::kHeader) return std::tuple_size_v<decltype(kFields<RecordHeader>)>;
  if (kKind == FieldKind::kLevels) return kTextLevelNames.size();
  return 1;
}

template <class Record>
consteval auto fields_of() {
  constexpr std::size_t kHeaderFields = std::tuple_size_v<decltype(kFields<RecordHeader>)>;
  constexpr std::size_t kRecordFields = std::tuple_size_v<decltype(kFields<Record>)>;
  constexpr std::size_t kCount = []<std::size_t... i>(std::index_sequence<i...>) {
    return (text_fields<Record, i>() + ...);
  }(std::make_index_sequence<kRecordFields>());
  static_assert(kCount <= kTextFieldsMax);
  std::array<TextRecordKind::Field, kCount> fields{};
  std::size_t count = 0;
  const auto add = [&](std::string_view name, bool (*set)(std::byte*, const TextValue&)) {
    const bool required = std::ranges::find(kRequired<Record>, name) != kRequired<Record>.end();
    fields[count++] = {name, set, required};
  };
  const auto add_header = [&]<std::size_t... i>(std::index_sequence<i...>) {
    (add(std::get<i>(kFields<RecordHeader>).name, &set_header_field<i>), ...);
  };
  const auto add_level = [&]<std::size_t... i>(std::index_sequence<i...>) {
    (add(kTextLevelNames[i], &set_level_field<i>), ...);
  };
  const auto add_one = [&]<std::size_t i>(std::integral_constant<std::size_t, i>) {
    if constexpr (std::get<i>(kFields<Record>).kind == FieldKind::kHeader)
      add_header(std::make_index_sequence<kHeaderFields>());
    else if constexpr (std::get<i>(kFields<Record>).kind == FieldKind::kLevels)
      add_level(std::make_index_sequence<kTextLevelNames.size()>());
    else
      add(std::get<i>(kFields<Record>).name, &set_field<Record, i>);
  };
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    (add_one(std::integral_constant<std::size_t, i>()), ...);
  }(std::make_index_sequence<kRecordFields>());
  return fields;
}

template <class Record>
void clear_levels(Record&) {}
void clear_levels(Mbp1Msg& record) {
  record.levels[0].bid_px = kUndefPrice;
  record.levels[0].ask_px = kUndefPrice;
}

template <class Record>
void clear(std::byte* bytes) {
  Record record{};
  clear_levels(record);
  record.header.length = kLengthOf<Record>;
  record.header.ts_event = kUndefTime;
  record.header.publisher_id = kUnknownPublisher;
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    const auto one = [&](const auto& field) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(record.*field.member)>, Price>) {
        if (field.kind == FieldKind::kPrice) record.*field.member = kUndefPrice;
      } else if constexpr (std::is_same_v<std::remove_cvref_t<decltype(record.*field.member)>,
                                          Nanos>) {
        if (field.kind == FieldKind::kTime) record.*field.member = kUndefTime;
      }
    };
    (one(std::get<i>(kFields<Record>)), ...);
  }(std::make_index_sequence<std::tuple_size_v<decltype(kFields<Record>)>>());
  std::memcpy(bytes, &record, sizeof record);
}

template <class Record>
const TextRecordKind* kind_of() {
  static constexpr auto kFieldList = fields_of<Record>();
  static constexpr TextRecordKind kKind{kFieldList, sizeof(Record), &clear<Record>};
  return &kKind;
}

}  // namespace

const TextRecordKind* text_kind_of(RType rtype) {
  if (rtype == RType::kOhlcvEod) return nullptr;
  if (OhlcvMsg::holds(rtype)) return kind_of<OhlcvMsg>();
  if (TradeMsg::holds(rtype)) return kind_of<TradeMsg>();
  if (Mbp1Msg::holds(rtype)) return kind_of<Mbp1Msg>();
  if (StatusMsg::holds(rtype)) return kind_of<StatusMsg>();
  if (StatMsg::holds(rtype)) return kind_of<StatMsg>();
  if (InstrumentDefMsg::holds(rtype)) return kind_of<InstrumentDefMsg>();
  return nullptr;
}

}  // namespace fm::dbn
