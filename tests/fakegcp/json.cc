#include "json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace fm::fakegcp {
namespace {

namespace dom = simdjson::dom;

Result<Json> convert(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::ARRAY: {
      Json::Array items;
      for (const dom::element item : dom::array(element)) {
        FM_ASSIGN(Json converted, convert(item));
        items.push_back(std::move(converted));
      }
      return Json(std::move(items));
    }
    case dom::element_type::OBJECT: {
      Json out = Json::object();
      for (const auto& [name, value] : dom::object(element)) {
        if (out.has(name)) return fail(Code::kCorrupt, "the name \"{}\" comes twice", name);
        FM_ASSIGN(out[name], convert(value));
      }
      return out;
    }
    case dom::element_type::INT64:
      return Json(std::int64_t(element));
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      return Json(double(element));
    case dom::element_type::STRING:
      return Json(std::string_view(element));
    case dom::element_type::BOOL:
      return Json(bool(element));
    case dom::element_type::NULL_VALUE:
      return Json();
  }
  return fail(Code::kCorrupt, "an element of no kind");
}

void write_text(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

struct Writer {
  std::string& out;

  void operator()(std::monostate) const { out += "null"; }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(std::int64_t value) const {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
  void operator()(double value) const { fmt::format_to(std::back_inserter(out), "{}", value); }
  void operator()(const std::string& value) const { write_text(value, out); }
  void operator()(const Json::Array& items) const {
    out += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out += ',';
      out += items[i].dump();
    }
    out += ']';
  }
  void operator()(const Json::Object& members) const {
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      write_text(members[i].first, out);
      out += ':';
      out += members[i].second.dump();
    }
    out += '}';
  }
};

bool is_decimal(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool is_of_kind(const Json& value, FieldKind kind) {
  switch (kind) {
    case FieldKind::kText:
      return value.is_text();
    case FieldKind::kInt64:
      return value.is_int64();
    case FieldKind::kBool:
      return value.is_bool();
    case FieldKind::kObject:
      return value.is_object();
    case FieldKind::kArray:
      return value.is_array() && std::ranges::all_of(value.items(), &Json::is_object);
    case FieldKind::kTexts:
      return value.is_array() && std::ranges::all_of(value.items(), &Json::is_text);
    case FieldKind::kLabels:
      return value.is_object() && std::ranges::all_of(value.members(), [](const auto& member) {
               return member.second.is_text() || member.second.is_null();
             });
    case FieldKind::kNumber:
      return value.is_number();
  }
  return false;
}

Status check_value(const Json& value, const Field& field, const std::string& place) {
  // As in protocol buffers' JSON, null is a field that is not there: a patch clears it so.
  if (value.is_null()) return {};
  if (!is_of_kind(value, field.kind))
    return fail(Code::kInvalidArgument, "Invalid value at '{}': {}", place, value.dump());
  if (field.kind == FieldKind::kObject) return check_fields(value, field.members, place);
  if (field.kind == FieldKind::kArray)
    for (std::size_t i = 0; i < value.items().size(); ++i)
      FM_TRY(check_fields(value.items()[i], field.members, fmt::format("{}[{}]", place, i)));
  return {};
}

}  // namespace

Result<Json> Json::parse(std::string_view text) {
  const simdjson::padded_string padded(text);
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(padded).get(root))
    return fail(Code::kCorrupt, "Invalid JSON payload received: {}",
                simdjson::error_message(error));
  return convert(root);
}

std::string Json::dump() const {
  std::string out;
  std::visit(Writer{out}, value_);
  return out;
}

bool Json::is_number() const {
  return std::holds_alternative<std::int64_t>(value_) || std::holds_alternative<double>(value_);
}

bool Json::is_int64() const {
  return std::holds_alternative<std::int64_t>(value_) || (is_text() && is_decimal(text()));
}

bool Json::boolean() const {
  const bool* value = std::get_if<bool>(&value_);
  return value != nullptr && *value;
}

std::int64_t Json::int64() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  std::int64_t value = 0;
  std::from_chars(text().data(), text().data() + text().size(), value);
  return value;
}

const std::string& Json::text() const {
  static const std::string kEmpty;
  const auto* value = std::get_if<std::string>(&value_);
  return value != nullptr ? *value : kEmpty;
}

const Json::Array& Json::items() const {
  static const Array kEmpty;
  const auto* value = std::get_if<Array>(&value_);
  return value != nullptr ? *value : kEmpty;
}

const Json::Object& Json::members() const {
  static const Object kEmpty;
  const auto* value = std::get_if<Object>(&value_);
  return value != nullptr ? *value : kEmpty;
}

const Json& Json::at(std::string_view name) const {
  static const Json kNull;
  for (const auto& [key, value] : members())
    if (key == name) return value;
  return kNull;
}

bool Json::has(std::string_view name) const {
  return std::ranges::any_of(members(), [&](const auto& member) { return member.first == name; });
}

Json& Json::operator[](std::string_view name) {
  if (!is_object()) value_ = Object{};
  auto& object = std::get<Object>(value_);
  for (auto& [key, value] : object)
    if (key == name) return value;
  return object.emplace_back(std::string(name), Json()).second;
}

void Json::erase(std::string_view name) {
  if (auto* object = std::get_if<Object>(&value_))
    std::erase_if(*object, [&](const auto& member) { return member.first == name; });
}

void Json::push(Json item) {
  if (!is_array()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(item));
}

Status check_fields(const Json& object, std::span<const Field> fields, std::string_view place) {
  const std::string prefix = place.empty() ? "" : fmt::format("{}.", place);
  for (const auto& [name, value] : object.members()) {
    const auto field = std::ranges::find(fields, name, &Field::name);
    if (field == fields.end())
      return fail(Code::kInvalidArgument,
                  "Invalid JSON payload received. Unknown name \"{}\"{}: Cannot find field.", name,
                  place.empty() ? "" : fmt::format(" at '{}'", place));
    FM_TRY(check_value(value, *field, prefix + name));
  }
  for (const Field& field : fields)
    if (field.is_required && !object.has(field.name))
      return fail(Code::kInvalidArgument, "Required parameter is missing: {}{}", prefix,
                  field.name);
  return {};
}

}  // namespace fm::fakegcp
