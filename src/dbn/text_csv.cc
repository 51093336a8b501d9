#include "dbn/text_csv.h"

#include "dbn/text_writer.h"

namespace fm::dbn {
namespace {

void put_string(TextCursor& cursor, std::string_view text, char delimiter) {
  const char special[] = {delimiter, '"', '\r', '\n'};
  if (text.find_first_of(special, 0, sizeof special) == std::string_view::npos)
    return cursor.put(text);
  cursor.put('"');
  for (const char c : text) {
    if (c == '"') cursor.put('"');
    cursor.put(c);
  }
  cursor.put('"');
}

void put_price(TextCursor& cursor, Price price, bool pretty) {
  if (!pretty) return cursor.put_integer(price);
  if (price != kUndefPrice) cursor.put_price(price);
}

void put_time(TextCursor& cursor, Nanos time, bool pretty) {
  if (!pretty) return cursor.put_integer(time);
  if (time != 0 && time != kUndefTime) cursor.put_time(time);
}

template <class Value>
void put_plain(TextCursor& cursor, const Value& value, char delimiter) {
  if constexpr (std::is_same_v<Value, char>) {
    put_string(cursor, {&value, value == '\0' ? 0U : 1U}, delimiter);
  } else if constexpr (std::is_enum_v<Value>) {
    cursor.put_integer(static_cast<std::underlying_type_t<Value>>(value));
  } else if constexpr (std::is_integral_v<Value>) {
    cursor.put_integer(value);
  } else {
    put_string(cursor, valid_text(text_of(value)), delimiter);
  }
}

// Each cell with a delimiter behind it; the caller turns the last one into a line feed.
template <class Record>
void put_cells(TextCursor& cursor, const Record& record, const CsvOptions& options) {
  for_each_field<Record>([&]<class Value>(const Field<Record, Value>& field) {
    const Value& value = record.*field.member;
    if constexpr (std::is_same_v<Value, RecordHeader>) {
      return put_cells(cursor, value, options);
    } else if constexpr (requires { value.front().bid_px; }) {
      for (const auto& level : value) put_cells(cursor, level, options);
      return;
    } else if constexpr (std::is_same_v<Value, Price>) {
      field.kind == FieldKind::kPrice ? put_price(cursor, value, options.text.pretty_px)
                                      : cursor.put_integer(value);
    } else if constexpr (std::is_same_v<Value, Nanos>) {
      field.kind == FieldKind::kTime ? put_time(cursor, value, options.text.pretty_ts)
                                     : cursor.put_integer(value);
    } else {
      put_plain(cursor, value, options.delimiter);
    }
    cursor.put(options.delimiter);
  });
}

template <class Record>
void append_names(const CsvOptions& options, std::string_view suffix, std::string& out) {
  for_each_field<Record>([&]<class Value>(const Field<Record, Value>& field) {
    if constexpr (std::is_same_v<Value, RecordHeader>) {
      append_names<RecordHeader>(options, suffix, out);
    } else if constexpr (requires(Value value) { value.front().bid_px; }) {
      for (std::size_t i = 0; i < std::tuple_size_v<Value>; ++i) {
        const char number[] = {'_', static_cast<char>('0' + i / 10),
                               static_cast<char>('0' + i % 10)};
        append_names<typename Value::value_type>(options, {number, sizeof number}, out);
      }
    } else {
      out.append(field.name).append(suffix).push_back(options.delimiter);
    }
  });
}

template <class Record>
void append_header(bool ts_out, const CsvOptions& options, std::string& out) {
  append_names<Record>(options, "", out);
  if (ts_out) out.append("ts_out").push_back(options.delimiter);
  if (options.text.map_symbols) out.append("symbol").push_back(options.delimiter);
  out.back() = '\n';
}

// A record of the kind and version, for its type.
std::size_t record_bytes(RType rtype, int version) {
  switch (rtype) {
    case RType::kDefinition:
      return version == 1   ? sizeof(InstrumentDefMsgV1)
             : version == 2 ? sizeof(InstrumentDefMsgV2)
                            : sizeof(InstrumentDefMsg);
    case RType::kStatistics:
      return version < 3 ? sizeof(StatMsgV1) : sizeof(StatMsg);
    case RType::kSymbolMapping:
      return version == 1 ? sizeof(SymbolMappingMsgV1) : sizeof(SymbolMappingMsg);
    case RType::kError:
      return version == 1 ? sizeof(ErrorMsgV1) : sizeof(ErrorMsg);
    case RType::kSystem:
      return version == 1 ? sizeof(SystemMsgV1) : sizeof(SystemMsg);
    default:
      return kAnyRecordBytes;
  }
}

}  // namespace

bool append_csv_header(RecordView record, const CsvOptions& options, std::string& out) {
  const bool ts_out = record.tail_bytes() != 0;
  return visit_record(
      record, [&]<class Record>(const Record&) { append_header<Record>(ts_out, options, out); });
}

bool append_csv_header(RType rtype, int version, bool ts_out, const CsvOptions& options,
                       std::string& out) {
  return visit_type(rtype, record_bytes(rtype, version), [&]<class Record>(const Record*) {
    append_header<Record>(ts_out, options, out);
  });
}

bool append_csv(RecordView view, const CsvOptions& options, std::string_view symbol,
                std::string& out) {
  return visit_record(view, [&]<class Record>(const Record& record) {
    const std::size_t bound = kTextBound<Record> + string_bound(symbol.size());
    append_bounded(out, bound, [&](TextCursor& cursor) {
      put_cells(cursor, record, options);
      if (view.tail_bytes() != 0) {
        put_time(cursor, view.ts_out(), options.text.pretty_ts);
        cursor.put(options.delimiter);
      }
      if (options.text.map_symbols) {
        put_string(cursor, symbol, options.delimiter);
        cursor.put(options.delimiter);
      }
    });
    out.back() = '\n';
  });
}

}  // namespace fm::dbn
