// Any bytes as a registry: an error that names the file, or a registry whose every root can be
// found.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/yaml.h"
#include "market/session_rules.h"
#include "market/universe.h"

namespace {

void walk(const fm::Yaml& node, int depth) {
  if (depth == 0) return;
  for (const auto& [key, value] : node.entries()) walk(value, depth - 1);
  for (const auto& item : node.items()) walk(item, depth - 1);
  (void)node.text();
  (void)node.integer();
  (void)node.boolean();
  (void)node.date();
  (void)node.decimal();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Long texts repeat the same forms and only slow the search down.
  if (size == 0 || size > 2048) return -1;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  // The first byte says whose file it is, so that each run parses once.
  switch (data[0] % 3) {
    case 0: {
      const auto yaml = fm::Yaml::parse(text, "fuzz.yaml");
      if (yaml) {
        walk(*yaml, 8);
      } else {
        FM_ASSERT(yaml.error().message().starts_with("fuzz.yaml:"));
      }
      return 0;
    }
    case 1: {
      const auto universe = fm::market::Universe::parse(text, "fuzz.yaml");
      if (!universe) {
        FM_ASSERT(universe.error().message().starts_with("fuzz.yaml:"));
        return 0;
      }
      for (const auto& root : universe->roots()) {
        FM_ASSERT(universe->find(root.name) == &root);
        (void)root.tick_size(fm::Date(2020, 1, 1));
      }
      return 0;
    }
    default: {
      const auto rules = fm::market::parse_session_rules(text, "fuzz.yaml");
      if (!rules) FM_ASSERT(rules.error().message().starts_with("fuzz.yaml:"));
      return 0;
    }
  }
}
