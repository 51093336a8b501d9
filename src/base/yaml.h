// Reading YAML files strictly: an unknown key is an error that names the nearest known key, and
// every error names the file and line.
//
//   FM_ASSIGN(const Yaml file, Yaml::parse(text, "frontmonth.yaml"));
//   FM_TRY(file.allow_keys({"lake", "state_dir"}));
//   if (const auto lake = file.find("lake")) { FM_ASSIGN(config.lake, lake->text()); }
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/price.h"
#include "base/time.h"

namespace fm {

// One node of a document: a scalar, a sequence or a mapping. Cheap to copy.
class Yaml {
 public:
  // `name` stands for the file in errors. Errors: kInvalidConfig.
  [[nodiscard]] static Result<Yaml> parse(std::string_view text, std::string_view name);

  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool is_mapping() const;
  [[nodiscard]] bool is_sequence() const;

  // The value of a mapping's key, nothing when it is absent or null.
  [[nodiscard]] std::optional<Yaml> find(std::string_view key) const;
  // Errors: kInvalidConfig when it is absent.
  [[nodiscard]] Result<Yaml> at(std::string_view key) const;
  // Keys in the order of the file. Empty when this is no mapping.
  [[nodiscard]] std::vector<std::pair<std::string, Yaml>> entries() const;
  // Empty when this is no sequence.
  [[nodiscard]] std::vector<Yaml> items() const;

  // Errors: kInvalidConfig when this is no mapping, has a key twice, or one that is not in `known`;
  // names the nearest known key.
  [[nodiscard]] Status allow_keys(std::span<const std::string_view> known) const;
  [[nodiscard]] Status allow_keys(std::initializer_list<std::string_view> known) const {
    return allow_keys(std::span(known.begin(), known.size()));
  }

  // Scalars. Errors: kInvalidConfig that says what was found and what was expected.
  [[nodiscard]] Result<std::string> text() const;
  [[nodiscard]] Result<std::int64_t> integer() const;
  [[nodiscard]] Result<bool> boolean() const;
  [[nodiscard]] Result<Date> date() const;
  [[nodiscard]] Result<Price> decimal() const;  // "0.25" → 250,000,000

  // An error at this node's place: "frontmonth.yaml:12: …".
  [[nodiscard]] Error error(std::string_view what) const;

 private:
  struct Node;
  explicit Yaml(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  std::shared_ptr<const Node> node_;
};

// The known word with the fewest edits to `word`, or nothing when none is close.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> known);
[[nodiscard]] inline std::optional<std::string_view> nearest(
    std::string_view word, std::initializer_list<std::string_view> known) {
  return nearest(word, std::span(known.begin(), known.size()));
}

}  // namespace fm
