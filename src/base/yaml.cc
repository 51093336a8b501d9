#include "base/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace fm {

struct Yaml::Node {
  YAML::Node yaml;
  std::shared_ptr<const std::string> file;
};

Result<Yaml> Yaml::parse(std::string_view text, std::string_view name) {
  try {
    return Yaml(std::make_shared<const Node>(
        Node{YAML::Load(std::string(text)), std::make_shared<const std::string>(name)}));
  } catch (const YAML::Exception& e) {
    return fail(Code::kInvalidConfig, "{}:{}: {}", name, e.mark.line + 1, e.msg);
  }
}

bool Yaml::is_null() const { return node_->yaml.IsNull(); }
bool Yaml::is_mapping() const { return node_->yaml.IsMap(); }
bool Yaml::is_sequence() const { return node_->yaml.IsSequence(); }

std::optional<Yaml> Yaml::find(std::string_view key) const {
  if (!is_mapping()) return std::nullopt;
  const YAML::Node value = node_->yaml[std::string(key)];
  if (!value.IsDefined() || value.IsNull()) return std::nullopt;
  return Yaml(std::make_shared<const Node>(Node{value, node_->file}));
}

Result<Yaml> Yaml::at(std::string_view key) const {
  if (auto value = find(key)) return *value;
  return std::unexpected(error(fmt::format("the key '{}' is missing", key)));
}

std::vector<std::pair<std::string, Yaml>> Yaml::entries() const {
  std::vector<std::pair<std::string, Yaml>> found;
  if (!is_mapping()) return found;
  for (const auto& entry : node_->yaml) {
    found.emplace_back(entry.first.IsScalar() ? entry.first.Scalar() : std::string(),
                       Yaml(std::make_shared<const Node>(Node{entry.second, node_->file})));
  }
  return found;
}

std::vector<Yaml> Yaml::items() const {
  std::vector<Yaml> found;
  if (!is_sequence()) return found;
  for (const auto& item : node_->yaml)
    found.push_back(Yaml(std::make_shared<const Node>(Node{item, node_->file})));
  return found;
}

Status Yaml::allow_keys(std::span<const std::string_view> known) const {
  if (!is_mapping()) return std::unexpected(error("expected keys and values"));
  std::set<std::string> seen;
  for (const auto& entry : node_->yaml) {
    const Yaml key(std::make_shared<const Node>(Node{entry.first, node_->file}));
    if (!entry.first.IsScalar()) return std::unexpected(key.error("expected a word as key"));
    const std::string& word = entry.first.Scalar();
    if (!seen.insert(word).second)
      return std::unexpected(key.error(fmt::format("the key '{}' stands here twice", word)));
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    const auto close = nearest(word, known);
    return std::unexpected(
        key.error(close ? fmt::format("unknown key '{}'; did you mean '{}'?", word, *close)
                        : fmt::format("unknown key '{}'", word)));
  }
  return {};
}

Result<std::string> Yaml::text() const {
  if (!node_->yaml.IsScalar()) return std::unexpected(error("expected a text"));
  return node_->yaml.Scalar();
}

Result<std::int64_t> Yaml::integer() const {
  FM_ASSIGN(const std::string found, text());
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(found.data(), found.data() + found.size(), value);
  if (code != std::errc() || end != found.data() + found.size())
    return std::unexpected(error(fmt::format("found '{}', expected a whole number", found)));
  return value;
}

Result<bool> Yaml::boolean() const {
  FM_ASSIGN(const std::string found, text());
  if (found == "true" || found == "yes" || found == "on") return true;
  if (found == "false" || found == "no" || found == "off") return false;
  return std::unexpected(error(fmt::format("found '{}', expected true or false", found)));
}

Result<Date> Yaml::date() const {
  FM_ASSIGN(const std::string found, text());
  auto date = Date::parse(found);
  if (!date) return std::unexpected(error(date.error().message()));
  return date;
}

Result<Price> Yaml::decimal() const {
  FM_ASSIGN(const std::string found, text());
  auto price = parse_decimal(found);
  if (!price) return std::unexpected(error(price.error().message()));
  return price;
}

Error Yaml::error(std::string_view what) const {
  return {Code::kInvalidConfig,
          fmt::format("{}:{}: {}", *node_->file, node_->yaml.Mark().line + 1, what)};
}

namespace {

std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known) {
  std::optional<std::string_view> best;
  std::size_t fewest = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto candidate : known) {
    const std::size_t edits = edits_between(word, candidate);
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

}  // namespace fm
