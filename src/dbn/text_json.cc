#include "dbn/text_json.h"

#include "dbn/text_writer.h"

namespace fm::dbn {
namespace {

// Integers of 64 bits are text, for readers that know only doubles.
template <class Integer>
void put_number(TextCursor& cursor, Integer value) {
  if constexpr (sizeof(Integer) == 8) cursor.put('"');
  cursor.put_integer(value);
  if constexpr (sizeof(Integer) == 8) cursor.put('"');
}

void put_string(TextCursor& cursor, std::string_view text) {
  cursor.put('"');
  cursor.put_escaped(text);
  cursor.put('"');
}

void put_char(TextCursor& cursor, char c) {
  if (c == '\0') return cursor.put("null");
  const auto byte = static_cast<unsigned char>(c);
  cursor.put('"');
  if (byte >= ' ' && byte <= '~') {
    cursor.put_escaped(c);
  } else {
    static constexpr std::string_view kHex = "0123456789abcdef";
    cursor.put("\\\\x");
    cursor.put(kHex[byte >> 4]);
    cursor.put(kHex[byte & 15]);
  }
  cursor.put('"');
}

void put_price(TextCursor& cursor, Price price, bool pretty) {
  if (!pretty) return put_number(cursor, price);
  if (price == kUndefPrice) return cursor.put("null");
  cursor.put('"');
  cursor.put_price(price);
  cursor.put('"');
}

void put_time(TextCursor& cursor, Nanos time, bool pretty) {
  if (!pretty) return put_number(cursor, time);
  if (time == 0 || time == kUndefTime) return cursor.put("null");
  cursor.put('"');
  cursor.put_time(time);
  cursor.put('"');
}

template <class Value>
void put_plain(TextCursor& cursor, const Value& value) {
  if constexpr (std::is_same_v<Value, char>) {
    put_char(cursor, value);
  } else if constexpr (std::is_enum_v<Value>) {
    put_number(cursor, static_cast<std::underlying_type_t<Value>>(value));
  } else if constexpr (std::is_integral_v<Value>) {
    put_number(cursor, value);
  } else {
    put_string(cursor, valid_text(text_of(value)));
  }
}

template <class Record>
void put_object(TextCursor& cursor, const Record& record, const TextOptions& options);

template <class Levels>
void put_levels(TextCursor& cursor, const Levels& levels, const TextOptions& options) {
  char before = '[';
  for (const auto& level : levels) {
    cursor.put(before);
    put_object(cursor, level, options);
    cursor.put('}');
    before = ',';
  }
  cursor.put(']');
}

// All fields; the brace that closes the object is left to the caller.
template <class Record>
void put_object(TextCursor& cursor, const Record& record, const TextOptions& options) {
  char before = '{';
  for_each_field<Record>([&]<class Value>(const Field<Record, Value>& field) {
    cursor.put(before);
    cursor.put('"');
    cursor.put(field.name);
    cursor.put("\":");
    before = ',';
    const Value& value = record.*field.member;
    if constexpr (std::is_same_v<Value, RecordHeader>) {
      put_object(cursor, value, options);
      cursor.put('}');
    } else if constexpr (requires { value.front().bid_px; }) {
      put_levels(cursor, value, options);
    } else if constexpr (std::is_same_v<Value, Price>) {
      field.kind == FieldKind::kPrice ? put_price(cursor, value, options.pretty_px)
                                      : put_plain(cursor, value);
    } else if constexpr (std::is_same_v<Value, Nanos>) {
      field.kind == FieldKind::kTime ? put_time(cursor, value, options.pretty_ts)
                                     : put_plain(cursor, value);
    } else {
      put_plain(cursor, value);
    }
  });
}

}  // namespace

bool append_json(RecordView view, const TextOptions& options, std::string_view symbol,
                 std::string& out) {
  return visit_record(view, [&]<class Record>(const Record& record) {
    const std::size_t bound = kTextBound<Record> + string_bound(symbol.size());
    append_bounded(out, bound, [&](TextCursor& cursor) {
      put_object(cursor, record, options);
      if (view.tail_bytes() != 0) {
        cursor.put(",\"ts_out\":");
        put_time(cursor, view.ts_out(), options.pretty_ts);
      }
      if (options.map_symbols) {
        cursor.put(",\"symbol\":");
        symbol.empty() ? cursor.put("null") : put_string(cursor, symbol);
      }
      cursor.put("}\n");
    });
  });
}

namespace {

void append_string(std::string& out, std::string_view text) {
  append_bounded(out, string_bound(text.size()),
                 [&](TextCursor& cursor) { put_string(cursor, text); });
}

void append_time(std::string& out, Nanos time, bool pretty) {
  append_bounded(out, 32, [&](TextCursor& cursor) { put_time(cursor, time, pretty); });
}

void append_date(std::string& out, Date date, bool pretty) {
  out += pretty ? '"' + date.iso() + '"' : std::to_string(date.yyyymmdd());
}

template <class Items, class Append>
void append_array(std::string& out, std::string_view name, const Items& items, Append&& append) {
  out.append("\"").append(name).append("\":[");
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    append(item);
  }
  out += ']';
}

void append_mapping(std::string& out, const SymbolMapping& mapping, bool pretty) {
  out += "{\"raw_symbol\":";
  append_string(out, mapping.raw_symbol);
  out += ',';
  append_array(out, "intervals", mapping.intervals, [&](const MappingInterval& interval) {
    out += "{\"start_date\":";
    append_date(out, interval.start_date, pretty);
    out += ",\"end_date\":";
    append_date(out, interval.end_date, pretty);
    out += ",\"symbol\":";
    append_string(out, interval.symbol);
    out += '}';
  });
  out += '}';
}

}  // namespace

void append_json(const Metadata& metadata, const TextOptions& options, std::string& out) {
  const auto string_or_null = [&](bool present, std::string_view text) {
    present ? append_string(out, text) : static_cast<void>(out += "null");
  };
  out.append("{\"version\":").append(std::to_string(metadata.version)).append(",\"dataset\":");
  append_string(out, metadata.dataset);
  out += ",\"schema\":";
  string_or_null(metadata.schema.has_value(), metadata.schema ? name(*metadata.schema) : "");
  out += ",\"start\":";
  append_time(out, metadata.start, options.pretty_ts);
  out += ",\"end\":";
  metadata.end ? append_time(out, *metadata.end, options.pretty_ts)
               : static_cast<void>(out += "null");
  out += ",\"limit\":";
  string_or_null(metadata.limit.has_value(), std::to_string(metadata.limit.value_or(0)));
  out += ",\"stype_in\":";
  string_or_null(metadata.stype_in.has_value(), metadata.stype_in ? name(*metadata.stype_in) : "");
  out += ",\"stype_out\":";
  append_string(out, name(metadata.stype_out));
  out.append(",\"ts_out\":").append(metadata.ts_out ? "true" : "false");
  out.append(",\"symbol_cstr_len\":").append(std::to_string(metadata.symbol_cstr_len)).append(",");
  const auto append_symbol = [&](const std::string& symbol) { append_string(out, symbol); };
  append_array(out, "symbols", metadata.symbols, append_symbol);
  out += ',';
  append_array(out, "partial", metadata.partial, append_symbol);
  out += ',';
  append_array(out, "not_found", metadata.not_found, append_symbol);
  out += ',';
  append_array(out, "mappings", metadata.mappings, [&](const SymbolMapping& mapping) {
    append_mapping(out, mapping, options.pretty_ts);
  });
  out += "}\n";
}

}  // namespace fm::dbn
