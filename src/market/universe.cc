#include "market/universe.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "base/assert.h"
#include "base/yaml.h"
#include "market/builtin_registry.h"

namespace fm::market {
namespace {

using Names = std::set<std::string, std::less<>>;

Result<std::vector<std::string>> parse_sources(const Yaml& node, const Names& known) {
  std::vector<std::string> sources;
  const auto listed = node.find("sources");
  if (!listed) return sources;
  for (const Yaml& item : listed->items()) {
    FM_ASSIGN(std::string word, item.text());
    if (!known.contains(word))
      return std::unexpected(item.error(fmt::format("'{}' is not among the sources", word)));
    sources.push_back(std::move(word));
  }
  return sources;
}

Result<DatedPrice> parse_dated(const Yaml& node, const Names& sources) {
  FM_TRY(node.allow_keys({"value", "first", "last", "sources"}));
  DatedPrice dated;
  FM_ASSIGN(dated.sources, parse_sources(node, sources));
  if (const auto value = node.find("value")) {
    FM_ASSIGN(dated.value, value->decimal());
    if (*dated.value <= 0) return std::unexpected(value->error("expected a figure above zero"));
    if (dated.sources.empty())
      return std::unexpected(node.error("a figure needs at least one source"));
  }
  if (const auto first = node.find("first")) {
    FM_ASSIGN(dated.first, first->date());
  }
  if (const auto last = node.find("last")) {
    FM_ASSIGN(dated.last, last->date());
  }
  return dated;
}

// A list of dated figures that follow each other without overlap.
Result<std::vector<DatedPrice>> parse_history(const Yaml& root, std::string_view key,
                                              const Names& sources) {
  std::vector<DatedPrice> history;
  FM_ASSIGN(const Yaml node, root.at(key));
  if (!node.is_sequence()) return std::unexpected(node.error("expected a list of dated figures"));
  for (const Yaml& item : node.items()) {
    FM_ASSIGN(DatedPrice dated, parse_dated(item, sources));
    if (dated.first && dated.last && *dated.last < *dated.first)
      return std::unexpected(item.error("'last' lies before 'first'"));
    if (!history.empty()) {
      const auto& before = history.back().last;
      if (!before || !dated.first || *dated.first <= *before)
        return std::unexpected(item.error("figures must follow each other without overlap"));
    }
    history.push_back(std::move(dated));
  }
  return history;
}

struct KindName {
  std::string_view name;
  ContractDateKind kind;
};
constexpr std::array kKinds{
    KindName{"weekday", ContractDateKind::kWeekday},
    KindName{"day", ContractDateKind::kDay},
    KindName{"business_day", ContractDateKind::kBusinessDay},
    KindName{"quiet_thursday", ContractDateKind::kQuietThursday},
    KindName{"last_trade", ContractDateKind::kLastTrade},
};
constexpr std::array<std::string_view, 7> kWeekdays{"sunday",   "monday", "tuesday", "wednesday",
                                                    "thursday", "friday", "saturday"};
constexpr int kBusinessDaysMax = 25;  // that a rule may count

// A whole number within bounds; `value` stays where the key is absent.
template <class Number>
Status parse_number(const Yaml& node, std::string_view key, int from, int to, Number& value) {
  const auto found = node.find(key);
  if (!found) return {};
  FM_ASSIGN(const std::int64_t number, found->integer());
  if (number < from || number > to)
    return std::unexpected(found->error(fmt::format("expected {} to {}", from, to)));
  value = static_cast<Number>(number);
  return {};
}

Status parse_delivery(const Yaml& node, std::string_view key, std::optional<Date>& into) {
  const auto found = node.find(key);
  if (!found) return {};
  FM_ASSIGN(into, found->date());
  if (into->day() != 1)
    return std::unexpected(found->error("expected the first day of a delivery month"));
  return {};
}

Result<ContractDateRule> parse_date_rule(const Yaml& node, const Names& sources) {
  FM_TRY(node.allow_keys({"rule", "nth", "weekday", "day", "month", "before", "after",
                          "from_business_day", "first", "last", "sources"}));
  ContractDateRule rule;
  FM_ASSIGN(const Yaml kind, node.at("rule"));
  FM_ASSIGN(const std::string word, kind.text());
  const auto named = std::ranges::find(kKinds, word, &KindName::name);
  if (named == kKinds.end())
    return std::unexpected(
        kind.error("expected weekday, day, business_day, quiet_thursday or last_trade"));
  rule.kind = named->kind;
  const bool counts_back = rule.kind == ContractDateKind::kBusinessDay;
  FM_TRY(parse_number(node, "nth", counts_back ? -kBusinessDaysMax : 1,
                      counts_back ? kBusinessDaysMax : 4, rule.nth));
  if (rule.nth == 0) return std::unexpected(node.error("'nth' counts from 1, or from -1"));
  if (const auto weekday = node.find("weekday")) {
    FM_ASSIGN(const std::string day, weekday->text());
    const auto found = std::ranges::find(kWeekdays, day);
    if (found == kWeekdays.end())
      return std::unexpected(weekday->error("expected a day of the week: monday to friday"));
    rule.weekday = static_cast<unsigned>(found - kWeekdays.begin());
  }
  FM_TRY(parse_number(node, "day", 1, 28, rule.day));
  FM_TRY(parse_number(node, "month", -3, 1, rule.month));
  FM_TRY(parse_number(node, "before", 0, kBusinessDaysMax, rule.before));
  FM_TRY(parse_number(node, "after", 0, kBusinessDaysMax, rule.after));
  if (rule.before > 0 && rule.after > 0)
    return std::unexpected(node.error("'before' and 'after' exclude each other"));
  if (const auto from = node.find("from_business_day")) {
    FM_ASSIGN(rule.from_business_day, from->boolean());
  }
  FM_TRY(parse_delivery(node, "first", rule.first));
  FM_TRY(parse_delivery(node, "last", rule.last));
  FM_ASSIGN(rule.sources, parse_sources(node, sources));
  if (rule.sources.empty()) return std::unexpected(node.error("a rule needs at least one source"));
  return rule;
}

// Rules for one delivery month after the other. Absent: no source says.
Result<std::vector<ContractDateRule>> parse_date_rules(const Yaml& root, std::string_view key,
                                                       const Names& sources) {
  std::vector<ContractDateRule> rules;
  const auto node = root.find(key);
  if (!node) return rules;
  if (!node->is_sequence()) return std::unexpected(node->error("expected a list of rules"));
  for (const Yaml& item : node->items()) {
    FM_ASSIGN(ContractDateRule rule, parse_date_rule(item, sources));
    if (rule.kind == ContractDateKind::kLastTrade && key == "expiry")
      return std::unexpected(item.error("an expiry cannot follow from itself"));
    if (!rules.empty() && (!rules.back().last || !rule.first || *rule.first <= *rules.back().last))
      return std::unexpected(item.error("rules must follow each other without overlap"));
    rules.push_back(std::move(rule));
  }
  return rules;
}

Status parse_text(const Yaml& node, std::string_view key, std::string& into, bool required) {
  const auto found = node.find(key);
  if (!found) {
    if (!required) return {};
    FM_ASSIGN(const Yaml missing, node.at(key));
    return std::unexpected(missing.error("expected a text"));
  }
  FM_ASSIGN(into, found->text());
  if (into.empty()) return std::unexpected(found->error("expected a text"));
  return {};
}

Result<Root> parse_root(std::string name, const Yaml& node, const Names& sources) {
  FM_TRY(node.allow_keys({"description", "exchange", "currency", "unit", "quote", "session",
                          "large_trade_threshold", "first_trade_date", "last_trade_date",
                          "tick_size", "point_value", "expiry", "first_notice", "sources"}));
  Root root;
  root.name = std::move(name);
  FM_TRY(parse_text(node, "description", root.description, true));
  FM_TRY(parse_text(node, "exchange", root.exchange, true));
  FM_TRY(parse_text(node, "currency", root.currency, true));
  FM_TRY(parse_text(node, "unit", root.unit, false));
  FM_TRY(parse_text(node, "quote", root.quote, false));
  FM_TRY(parse_text(node, "session", root.session, true));
  if (const auto threshold = node.find("large_trade_threshold")) {
    FM_ASSIGN(root.large_trade_threshold, threshold->integer());
    if (root.large_trade_threshold < 1)
      return std::unexpected(threshold->error("expected at least 1 contract"));
  }
  if (const auto first = node.find("first_trade_date")) {
    FM_ASSIGN(root.first_trade_date, first->date());
  }
  if (const auto last = node.find("last_trade_date")) {
    FM_ASSIGN(root.last_trade_date, last->date());
  }
  FM_ASSIGN(root.tick_sizes, parse_history(node, "tick_size", sources));
  FM_ASSIGN(root.point_values, parse_history(node, "point_value", sources));
  FM_ASSIGN(root.expiries, parse_date_rules(node, "expiry", sources));
  FM_ASSIGN(root.first_notices, parse_date_rules(node, "first_notice", sources));
  FM_ASSIGN(root.sources, parse_sources(node, sources));
  if (root.sources.empty()) return std::unexpected(node.error("a root needs at least one source"));
  return root;
}

bool is_root_name(std::string_view name) {
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  return !name.empty() && name.size() <= 3 && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_capital(c) || (c >= '0' && c <= '9');
  }) && std::any_of(name.begin(), name.end(), is_capital);
}

std::optional<Price> value_on(const std::vector<DatedPrice>& history, Date on) {
  for (const DatedPrice& dated : history)
    if ((!dated.first || *dated.first <= on) && (!dated.last || on <= *dated.last))
      return dated.value;
  return std::nullopt;
}

}  // namespace

std::optional<Price> Root::tick_size(Date on) const { return value_on(tick_sizes, on); }
std::optional<Price> Root::point_value(Date on) const { return value_on(point_values, on); }

Result<Universe> Universe::parse(std::string_view yaml, std::string_view name) {
  FM_ASSIGN(const Yaml file, Yaml::parse(yaml, name));
  FM_TRY(file.allow_keys({"sources", "roots"}));
  Names sources;
  FM_ASSIGN(const Yaml listed, file.at("sources"));
  for (const auto& [key, value] : listed.entries()) {
    FM_TRY(value.text());
    sources.insert(key);
  }
  Universe universe;
  FM_ASSIGN(const Yaml roots, file.at("roots"));
  if (!roots.is_mapping()) return std::unexpected(roots.error("expected roots and what they are"));
  for (const auto& [key, value] : roots.entries()) {
    if (!is_root_name(key))
      return std::unexpected(value.error(fmt::format(
          "'{}' is no root; expected 1 to 3 capital letters or digits, one a letter", key)));
    if (!universe.index_.emplace(key, universe.roots_.size()).second)
      return std::unexpected(value.error(fmt::format("the root '{}' stands here twice", key)));
    FM_ASSIGN(Root root, parse_root(key, value, sources));
    universe.roots_.push_back(std::move(root));
  }
  return universe;
}

const Universe& Universe::builtin() {
  static const Universe universe = [] {
    auto parsed = parse(kUniverseYaml, "config/universe.yaml");
    if (!parsed) std::fputs((parsed.error().message() + "\n").c_str(), stderr);
    FM_ASSERT(parsed.has_value());
    return *std::move(parsed);
  }();
  return universe;
}

const Root* Universe::find(std::string_view root) const {
  const auto found = index_.find(root);
  return found == index_.end() ? nullptr : &roots_[found->second];
}

std::int64_t Universe::large_trade_threshold(std::string_view root) const {
  const Root* found = find(root);
  return found == nullptr ? kDefaultLargeTradeThreshold : found->large_trade_threshold;
}

}  // namespace fm::market
