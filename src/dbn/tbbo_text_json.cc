#include "dbn/tbbo_text_json.h"

#include <simdjson.h>

#include <span>

#include "base/assert.h"
#include "dbn/tbbo_text_fields.h"

namespace fm::dbn {
namespace {

namespace od = simdjson::ondemand;
using Kind = TextValue::Kind;

static_assert(kTextPaddingBytes >= simdjson::SIMDJSON_PADDING);

// Nothing that Databento writes is deeper than 3. Beyond this a line is an attack on the stack.
constexpr int kDepthMax = 64;

template <class Fields>
struct Key {
  std::string_view name;
  TextValue Fields::* field;
};

constexpr Key<TextHeader> kHeaderKeys[] = {{"ts_event", &TextHeader::ts_event},
                                           {"rtype", &TextHeader::rtype},
                                           {"publisher_id", &TextHeader::publisher_id},
                                           {"instrument_id", &TextHeader::instrument_id}};
constexpr Key<TextQuote> kQuoteKeys[] = {
    {"bid_px", &TextQuote::bid_px}, {"ask_px", &TextQuote::ask_px}, {"bid_sz", &TextQuote::bid_sz},
    {"ask_sz", &TextQuote::ask_sz}, {"bid_ct", &TextQuote::bid_ct}, {"ask_ct", &TextQuote::ask_ct}};
constexpr Key<TextRecord> kRecordKeys[] = {
    {"ts_recv", &TextRecord::ts_recv},     {"action", &TextRecord::action},
    {"side", &TextRecord::side},           {"depth", &TextRecord::depth},
    {"price", &TextRecord::price},         {"size", &TextRecord::size},
    {"flags", &TextRecord::flags},         {"ts_in_delta", &TextRecord::ts_in_delta},
    {"sequence", &TextRecord::sequence},   {"symbol", &TextRecord::symbol},
    {"stype_in", &TextRecord::stype_in},   {"stype_in_symbol", &TextRecord::stype_in_symbol},
    {"stype_out", &TextRecord::stype_out}, {"stype_out_symbol", &TextRecord::stype_out_symbol},
    {"start_ts", &TextRecord::start_ts},   {"end_ts", &TextRecord::end_ts}};

template <class Fields, std::size_t count>
TextValue* find(const Key<Fields> (&keys)[count], std::string_view name, Fields& fields) {
  for (const Key<Fields>& key : keys)
    if (key.name == name) return &(fields.*key.field);
  return nullptr;
}

// -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_json_number(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin;
  };
  const auto take = [&](std::string_view any_of) {
    const bool found = at < text.size() && any_of.find(text[at]) != std::string_view::npos;
    at += found ? 1 : 0;
    return found;
  };
  take("-");
  const bool zero = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (take(".") && digits() == 0) return false;
  if (take("eE")) {
    take("+-");
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// Where the values of a line go. A key that comes twice counts as it stands last, as in most
// readers.
struct Sink {
  TextRecord record{};
  TextHeader flat{};      // header fields that stand at top level
  TextQuote booklevel{};  // what `levels` was called before May 2023
  TextValue hd{};
  bool hd_is_object = false;
  TextValue levels{};
  TextValue old_levels{};
  bool levels_parse = true;  // the first level is an object, or there is none
  bool old_levels_parse = true;
};

// Visits every value, so that a line is JSON to its last byte or is refused.
class Walker {
 public:
  bool value(od::value value, TextValue& into, int depth) {
    od::json_type type{};
    if (depth > kDepthMax || value.type().get(type)) return false;
    switch (type) {
      case od::json_type::object:
        return object(value, into, depth, [](std::string_view) { return nullptr; });
      case od::json_type::array:
        return array(value, into, depth);
      case od::json_type::string:
        into.kind = Kind::kText;
        return !value.get_string().get(into.text);
      case od::json_type::number:
        return number(value.raw_json_token(), into);
      case od::json_type::boolean: {
        bool unused = false;
        into = {Kind::kOther, {}};
        return !value.get_bool().get(unused);
      }
      case od::json_type::null: {
        bool null = false;
        into = {Kind::kNull, {}};
        return !value.is_null().get(null) && null;
      }
    }
    return false;
  }

  // `slot_of` says where the value of a key goes; nullptr means nowhere.
  template <class SlotOf>
  bool object(od::value value, TextValue& into, int depth, SlotOf slot_of) {
    into = {Kind::kOther, {}};
    od::object object;
    if (value.get_object().get(object)) return false;
    for (auto result : object) {
      od::field field;
      std::string_view key;
      if (std::move(result).get(field) || field.unescaped_key().get(key)) return false;
      TextValue ignored;
      TextValue* const slot = slot_of(key);
      if (!this->value(field.value(), slot != nullptr ? *slot : ignored, depth + 1)) return false;
    }
    return true;
  }

  bool array(od::value value, TextValue& into, int depth) {
    into = {Kind::kOther, {}};
    od::array array;
    if (value.get_array().get(array)) return false;
    for (auto result : array) {
      od::value element;
      TextValue ignored;
      if (std::move(result).get(element) || !this->value(element, ignored, depth + 1)) return false;
    }
    return true;
  }

  // The first element of the array goes into `quote`.
  bool levels(od::value value, TextValue& into, TextQuote& quote, bool& parse) {
    quote = {};
    parse = true;
    od::json_type type{};
    if (value.type().get(type)) return false;
    if (type != od::json_type::array) {
      if (!this->value(value, into, 1)) return false;
      parse = into.kind == Kind::kNull;
      return true;
    }
    into = {Kind::kOther, {}};
    od::array array;
    if (value.get_array().get(array)) return false;
    bool first = true;
    for (auto result : array) {
      od::value element;
      TextValue seen;
      if (std::move(result).get(element) || element.type().get(type)) return false;
      if (first && type == od::json_type::object) {
        const auto slot_of = [&](std::string_view key) { return find(kQuoteKeys, key, quote); };
        if (!object(element, seen, 2, slot_of)) return false;
      } else {
        if (!this->value(element, seen, 2)) return false;
        if (first) parse = seen.kind == Kind::kNull;
      }
      first = false;
    }
    return true;
  }

 private:
  static bool number(std::string_view token, TextValue& into) {
    while (!token.empty() &&
           std::string_view(" \t\r\n").find(token.back()) != std::string_view::npos)
      token.remove_suffix(1);
    into = {Kind::kNumber, token};
    return is_json_number(token);
  }
};

bool walk_field(std::string_view key, od::value value, Sink& sink) {
  Walker walker;
  if (key == "hd") {
    sink.record.header = {};
    od::json_type type{};
    if (value.type().get(type)) return false;
    sink.hd_is_object = type == od::json_type::object;
    if (!sink.hd_is_object) return walker.value(value, sink.hd, 1);
    return walker.object(value, sink.hd, 1, [&](std::string_view name) {
      return find(kHeaderKeys, name, sink.record.header);
    });
  }
  if (key == "levels")
    return walker.levels(value, sink.levels, sink.record.quote, sink.levels_parse);
  if (key == "booklevel")
    return walker.levels(value, sink.old_levels, sink.booklevel, sink.old_levels_parse);
  TextValue ignored;
  TextValue* slot = find(kRecordKeys, key, sink.record);
  if (slot == nullptr) slot = find(kHeaderKeys, key, sink.flat);
  return walker.value(value, slot != nullptr ? *slot : ignored, 1);
}

// Brings the shapes of earlier years to today's; the reason why not, or nothing.
std::string_view normalise(Sink& sink) {
  TextRecord& record = sink.record;
  if (!sink.hd.missing() && !sink.hd_is_object) return "hd is not an object";
  record.char_codes = sink.hd.missing();
  for (const Key<TextHeader>& key : kHeaderKeys) {
    TextValue& nested = record.header.*key.field;
    if (nested.kind == Kind::kAbsent) nested = sink.flat.*key.field;
  }
  if (sink.levels.kind == Kind::kAbsent) {
    record.quote = sink.booklevel;
    sink.levels_parse = sink.old_levels_parse;
  }
  return sink.levels_parse ? std::string_view() : "levels is not an array of objects";
}

}  // namespace

struct TbboJsonParser::State {
  od::parser parser{kTextLineBytesMax + 1};
};

TbboJsonParser::TbboJsonParser() : state_(std::make_unique<State>()) {}
TbboJsonParser::TbboJsonParser(TbboJsonParser&&) noexcept = default;
TbboJsonParser& TbboJsonParser::operator=(TbboJsonParser&&) noexcept = default;
TbboJsonParser::~TbboJsonParser() = default;

void TbboJsonParser::parse(std::string_view text, std::vector<SymbolMappingMsg>& mappings,
                           TbboLine& line) {
  FM_DCHECK(text.size() <= kTextLineBytesMax);
  od::document document;
  od::object object;
  if (state_->parser.iterate(text.data(), text.size(), text.size() + kTextPaddingBytes)
          .get(document))
    return set_malformed(line, "not JSON");
  od::json_type type{};
  if (document.type().get(type) || type != od::json_type::object ||
      document.get_object().get(object))
    return set_malformed(line, "not a JSON object");
  Sink sink;
  for (auto result : object) {
    od::field field;
    std::string_view key;
    if (std::move(result).get(field) || field.unescaped_key().get(key) ||
        !walk_field(key, field.value(), sink))
      return set_malformed(line, "not JSON");
  }
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return set_malformed(line, "more than one JSON object");
  if (const auto reason = normalise(sink); !reason.empty()) return set_malformed(line, reason);
  convert(sink.record, mappings, line);
  line.symbol = line.kind == LineKind::kTbbo ? sink.record.symbol.text : std::string_view();
}

}  // namespace fm::dbn
