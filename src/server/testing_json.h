// JSON in tests: values by their JSON pointer.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <string_view>

namespace fm::server {

// Keeps the text's parser: an element points into it.
class Parsed {
 public:
  explicit Parsed(const std::string& text) : padded_(text) {
    const auto error = parser_.parse(padded_).get(root_);
    EXPECT_EQ(error, simdjson::SUCCESS) << text.substr(0, 300);
  }
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;

  [[nodiscard]] simdjson::dom::element at(std::string_view pointer) const {
    simdjson::dom::element found;
    EXPECT_EQ(root_.at_pointer(pointer).get(found), simdjson::SUCCESS) << pointer;
    return found;
  }
  [[nodiscard]] bool has(std::string_view pointer) const {
    return root_.at_pointer(pointer).error() == simdjson::SUCCESS;
  }
  [[nodiscard]] simdjson::dom::array array(std::string_view pointer) const {
    return at(pointer).get_array().value();
  }
  // As JSON: a text has its quotes.
  [[nodiscard]] std::string text(std::string_view pointer) const {
    return simdjson::minify(at(pointer));
  }
  [[nodiscard]] std::int64_t number(std::string_view pointer) const {
    return at(pointer).get_int64().value();
  }
  [[nodiscard]] std::size_t size(std::string_view pointer) const {
    return at(pointer).get_array().value().size();
  }

 private:
  simdjson::padded_string padded_;
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

}  // namespace fm::server
