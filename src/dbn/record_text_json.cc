#include "dbn/record_text_json.h"

#include <simdjson.h>

#include <utility>

#include "dbn/record_text_cells.h"
#include "dbn/record_text_fields.h"
#include "dbn/tbbo_text_json.h"

namespace fm::dbn {
namespace {

namespace od = simdjson::ondemand;
using Kind = TextValue::Kind;

class JsonSplitter {
 public:
  // `text` must have kTextPaddingBytes readable behind it. False when it is not one JSON object.
  bool split(std::string_view text, TextCells& cells) {
    od::document document;
    od::object object;
    if (parser_.iterate(text.data(), text.size(), text.size() + kTextPaddingBytes).get(document))
      return false;
    od::json_type type{};
    if (document.type().get(type) || type != od::json_type::object ||
        document.get_object().get(object))
      return false;
    return walk(object, cells) && document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  }

 private:
  static bool walk(od::object& object, TextCells& cells) {
    for (auto result : object) {
      od::field field;
      std::string_view key;
      od::json_type type{};
      if (std::move(result).get(field) || field.unescaped_key().get(key)) return false;
      od::value value = field.value();
      if (value.type().get(type)) return false;
      if (type == od::json_type::object && key == "hd") {
        if (!header(value, cells)) return false;
        continue;
      }
      if (type == od::json_type::array && (key == "levels" || key == "booklevel")) {
        if (!levels(value, cells)) return false;
        continue;
      }
      TextValue text;
      if (!scalar(value, type, text)) return false;
      cells.add(key, text);
    }
    return true;
  }

  static bool header(od::value& value, TextCells& cells) {
    od::object object;
    if (value.get_object().get(object)) return false;
    for (auto result : object) {
      od::field field;
      std::string_view key;
      od::json_type type{};
      if (std::move(result).get(field) || field.unescaped_key().get(key)) return false;
      od::value inner = field.value();
      TextValue text;
      if (inner.type().get(type) || !scalar(inner, type, text)) return false;
      cells.add(key, text);
    }
    return true;
  }

  // Of the first level, which is the only one of the records that are read here.
  static bool levels(od::value& value, TextCells& cells) {
    od::array array;
    if (value.get_array().get(array)) return false;
    bool is_first = true;
    for (auto result : array) {
      od::value element;
      od::json_type type{};
      if (std::move(result).get(element) || element.type().get(type)) return false;
      if (!std::exchange(is_first, false)) continue;
      if (type != od::json_type::object || !level(element, cells)) return false;
    }
    return true;
  }

  static bool level(od::value& value, TextCells& cells) {
    od::object object;
    if (value.get_object().get(object)) return false;
    for (auto result : object) {
      od::field field;
      std::string_view key;
      od::json_type type{};
      if (std::move(result).get(field) || field.unescaped_key().get(key)) return false;
      od::value inner = field.value();
      TextValue text;
      if (inner.type().get(type) || !scalar(inner, type, text)) return false;
      for (const std::string_view name : kTextLevelNames)
        if (name.substr(0, name.size() - kTextLevelEnding) == key) cells.add(name, text);
    }
    return true;
  }

  static bool scalar(od::value& value, od::json_type type, TextValue& into) {
    switch (type) {
      case od::json_type::string:
        into.kind = Kind::kText;
        return !value.get_string().get(into.text);
      case od::json_type::number: {
        into.kind = Kind::kNumber;
        const std::string_view token = value.raw_json_token();
        into.text = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
        return true;
      }
      case od::json_type::null: {
        bool null = false;
        into.kind = Kind::kNull;
        return !value.is_null().get(null) && null;
      }
      case od::json_type::boolean: {
        bool unused = false;
        into.kind = Kind::kOther;
        return !value.get_bool().get(unused);
      }
      case od::json_type::array:
      case od::json_type::object:
        into.kind = Kind::kOther;  // stepped over by the walk
        return true;
    }
    return false;
  }

  od::parser parser_{kTextLineBytesMax + 1};
};

}  // namespace

struct RecordJsonParser::State {
  JsonSplitter splitter;
  TextCells cells;
};

RecordJsonParser::RecordJsonParser() : state_(std::make_unique<State>()) {}
RecordJsonParser::RecordJsonParser(RecordJsonParser&&) noexcept = default;
RecordJsonParser& RecordJsonParser::operator=(RecordJsonParser&&) noexcept = default;
RecordJsonParser::~RecordJsonParser() = default;

void RecordJsonParser::parse(std::string_view text, std::optional<RType> unnamed, std::byte* record,
                             RecordLine& line) {
  state_->cells.clear();
  if (state_->splitter.split(text, state_->cells))
    state_->cells.to_record(unnamed, record, line);
  else
    line.set_malformed("not one JSON object");
}

}  // namespace fm::dbn
