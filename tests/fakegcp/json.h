// A JSON value in memory, and the strict check of a request's body against a table of its fields.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace fm::fakegcp {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // in order of writing

  Json() = default;  // null
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::int64_t value) : value_(value) {}
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  [[nodiscard]] static Json object() { return Json(Object{}); }
  [[nodiscard]] static Json array() { return Json(Array{}); }

  // Errors: kCorrupt, also for a name that an object has twice.
  [[nodiscard]] static Result<Json> parse(std::string_view text);
  [[nodiscard]] std::string dump() const;

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] bool is_bool() const { return std::holds_alternative<bool>(value_); }
  [[nodiscard]] bool is_text() const { return std::holds_alternative<std::string>(value_); }
  [[nodiscard]] bool is_array() const { return std::holds_alternative<Array>(value_); }
  [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(value_); }
  [[nodiscard]] bool is_number() const;
  // As Google writes 64-bit numbers: a number, or its decimal digits in a text.
  [[nodiscard]] bool is_int64() const;

  // What is of another kind is false, 0 or empty.
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::int64_t int64() const;
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] const Array& items() const;
  [[nodiscard]] const Object& members() const;

  // A member, or null. A path of names: at("schema", "fields").
  [[nodiscard]] const Json& at(std::string_view name) const;
  template <class... Names>
  [[nodiscard]] const Json& at(std::string_view name, std::string_view next,
                               Names... further) const {
    return at(name).at(next, further...);
  }
  [[nodiscard]] bool has(std::string_view name) const;
  Json& operator[](std::string_view name);  // makes the member, and an object out of null
  void erase(std::string_view name);
  void push(Json item);

  friend bool operator==(const Json&, const Json&) = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

enum class FieldKind { kText, kInt64, kBool, kObject, kArray, kTexts, kLabels, kNumber };

// One field that a request's body may have. kObject and kArray name what their objects have.
struct Field {
  std::string_view name;
  FieldKind kind;
  bool is_required = false;
  std::span<const Field> members = {};
};

// Errors: kInvalidArgument in Google's words: an unknown name, another kind, a missing field.
[[nodiscard]] Status check_fields(const Json& object, std::span<const Field> fields,
                                  std::string_view place = "");

}  // namespace fm::fakegcp
