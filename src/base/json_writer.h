// JSON text, compact or with four spaces of indent. A number that is not finite is null.
//
//   JsonWriter json;
//   json.object([&] { json.field("size", 122); json.field("hash", "sha256:…"); });
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fm {

class JsonWriter {
 public:
  enum class Style { kCompact, kIndented };
  explicit JsonWriter(Style style = Style::kCompact) : style_(style) {}

  template <class Fill>
  void object(Fill&& fill) {
    open('{');
    fill();
    close('}');
  }
  template <class Fill>
  void array(Fill&& fill) {
    open('[');
    fill();
    close(']');
  }
  void key(std::string_view name);

  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool flag) { put(flag ? "true" : "false"); }
  void value(std::nullptr_t) { put("null"); }
  void value(double number);
  template <std::integral Integer>
  void value(Integer number) {
    put(std::to_string(number));
  }
  template <class T>
  void value(const std::optional<T>& maybe) {
    if (maybe)
      value(*maybe);
    else
      value(nullptr);
  }
  void value(const std::vector<std::string>& texts) {
    array([&] {
      for (const std::string& text : texts) value(std::string_view(text));
    });
  }

  // JSON that is written already.
  void raw(std::string_view json) { put(json); }

  template <class T>
  void field(std::string_view name, const T& content) {
    key(name);
    value(content);
  }
  template <class Fill>
  void object_field(std::string_view name, Fill&& fill) {
    key(name);
    object(fill);
  }
  template <class Fill>
  void array_field(std::string_view name, Fill&& fill) {
    key(name);
    array(fill);
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void open(char bracket);
  void close(char bracket);
  void put(std::string_view token);
  void begin_value();
  void new_line();

  Style style_;
  std::string out_;
  std::size_t depth_ = 0;
  bool is_first_ = true;  // nothing stands in the innermost bracket yet
  bool is_after_key_ = false;
};

}  // namespace fm
