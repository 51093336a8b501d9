#include "google/json.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace fm::google {
namespace dom = simdjson::dom;

struct Json::Document {
  dom::parser parser;
};
struct Json::Value {
  dom::element element;
};

namespace {

constexpr std::size_t kShownBytes = 80;

std::optional<dom::element> at(const dom::element& value, std::string_view path) {
  dom::element found;
  if (path.empty()) return value;
  if (value.at_pointer(path).get(found) != simdjson::SUCCESS || found.is_null()) return {};
  return found;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

}  // namespace

Json::Json(std::shared_ptr<const Document> document, std::shared_ptr<const Value> value)
    : document_(std::move(document)), value_(std::move(value)) {}

Result<Json> Json::parse(std::string_view text) {
  auto document = std::make_shared<Document>();
  dom::element root;
  if (document->parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS ||
      !root.is_object())
    return fail(Code::kCorrupt, "expected a JSON object; found {:.{}}", text, kShownBytes);
  return Json(std::move(document), std::make_shared<const Value>(Value{root}));
}

std::optional<std::string> Json::text(std::string_view path) const {
  const auto found = at(value_->element, path);
  std::string_view value;
  if (!found || found->get(value) != simdjson::SUCCESS) return {};
  return std::string(value);
}

std::optional<std::int64_t> Json::integer(std::string_view path) const {
  const auto found = at(value_->element, path);
  std::int64_t value = 0;
  std::string_view digits;
  if (!found) return {};
  if (found->get(value) == simdjson::SUCCESS) return value;
  if (found->get(digits) == simdjson::SUCCESS) return parse_number<std::int64_t>(digits);
  return {};
}

std::optional<double> Json::number(std::string_view path) const {
  const auto found = at(value_->element, path);
  double value = 0;
  std::string_view digits;
  if (!found) return {};
  if (found->get(value) == simdjson::SUCCESS) return value;
  if (found->get(digits) == simdjson::SUCCESS) return parse_number<double>(digits);
  return {};
}

std::optional<bool> Json::boolean(std::string_view path) const {
  const auto found = at(value_->element, path);
  bool value = false;
  if (!found || found->get(value) != simdjson::SUCCESS) return {};
  return value;
}

bool Json::has(std::string_view path) const { return at(value_->element, path).has_value(); }

std::vector<Json> Json::list(std::string_view path) const {
  std::vector<Json> elements;
  const auto found = at(value_->element, path);
  dom::array array;
  if (!found || found->get(array) != simdjson::SUCCESS) return elements;
  elements.reserve(array.size());
  for (const dom::element element : array)
    elements.push_back(Json(document_, std::make_shared<const Value>(Value{element})));
  return elements;
}

std::string Json::raw(std::string_view path) const {
  const auto found = at(value_->element, path);
  return found ? simdjson::minify(*found) : std::string();
}

}  // namespace fm::google
