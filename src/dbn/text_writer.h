// Writing values into memory that is known to be large enough. Private to text_json.h, text_csv.h.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/price.h"
#include "base/time.h"
#include "dbn/text_fields.h"

namespace fm::dbn {

// The text of a NUL-padded field as text encodings have it: nothing when it is no UTF-8.
[[nodiscard]] std::string_view valid_text(std::string_view text);

// The most bytes that a string of `size` takes in JSON or CSV: \u00XX for each, and quotes.
[[nodiscard]] constexpr std::size_t string_bound(std::size_t size) { return 6 * size + 2; }

// The most bytes that a record takes in either form, with names, commas and brackets but without a
// symbol.
template <class Record>
constexpr std::size_t text_bound() {
  constexpr std::size_t kNumberBound = 32;  // the longest is a time in quotes
  std::size_t bound = 64;                   // ts_out, brackets, line feed
  for_each_field<Record>([&]<class Owner, class Value>(const Field<Owner, Value>& field) {
    bound += field.name.size() + 8;
    if constexpr (std::is_same_v<Value, RecordHeader>) {
      bound += text_bound<RecordHeader>();
    } else if constexpr (std::is_class_v<Value>) {  // std::array
      using Element = typename Value::value_type;
      if constexpr (std::is_class_v<Element>) {
        bound += std::tuple_size_v<Value> * text_bound<Element>();
      } else {
        bound += string_bound(std::tuple_size_v<Value>);
      }
    } else {
      bound += kNumberBound;
    }
  });
  return bound;
}

template <class Record>
inline constexpr std::size_t kTextBound = text_bound<Record>();

class TextCursor {
 public:
  explicit TextCursor(char* at) : at_(at) {}

  void put(char c) { *at_++ = c; }
  void put(std::string_view text) { at_ = std::copy(text.begin(), text.end(), at_); }
  template <class Integer>
  void put_integer(Integer value) {
    at_ = std::to_chars(at_, at_ + 20, value).ptr;
  }
  void put_price(Price price) { at_ = write_price(price, at_); }
  void put_time(Nanos time) { at_ = write_iso_nanos(time, at_); }
  // As much of a JSON string as stands between its quotes.
  void put_escaped(std::string_view text) {
    for (const char c : text) put_escaped(c);
  }
  void put_escaped(char c) {
    static constexpr std::string_view kNamed = "\b\f\n\r\t\"\\";
    static constexpr std::string_view kNames = "bfnrt\"\\";
    static constexpr std::string_view kHex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && c != '"' && c != '\\') [[likely]] {
      put(c);
    } else if (const std::size_t named = kNamed.find(c); named != std::string_view::npos) {
      put('\\');
      put(kNames[named]);
    } else {
      put("\\u00");
      put(kHex[byte >> 4]);
      put(kHex[byte & 15]);
    }
  }

  [[nodiscard]] char* at() const { return at_; }

 private:
  char* at_;
};

// Appends what `write` puts, at most `bound` bytes, with at most one allocation.
template <class Write>
void append_bounded(std::string& out, std::size_t bound, Write&& write) {
  const std::size_t before = out.size();
  out.resize_and_overwrite(before + bound, [&](char* text, std::size_t) {
    TextCursor cursor(text + before);
    write(cursor);
    return static_cast<std::size_t>(cursor.at() - text);
  });
}

}  // namespace fm::dbn
