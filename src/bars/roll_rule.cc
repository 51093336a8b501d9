#include "bars/roll_rule.h"

#include <array>
#include <charconv>

#include "base/assert.h"
#include "base/yaml.h"

namespace fm::bars {
namespace {

constexpr std::string_view kDaysPrefix = "days:";

struct Words {
  RollMethod method;
  std::string_view name;
  std::string_view in_id;
};
constexpr std::array kWords{
    Words{RollMethod::kCalendar, "calendar", "CAL"},
    Words{RollMethod::kVolume, "volume", "VOL"},
    Words{RollMethod::kOpenInterest, "open_interest", "OI"},
    Words{RollMethod::kVolumeForward, "volume_forward", "VOLFWD"},
    Words{RollMethod::kOpenInterestForward, "open_interest_forward", "OIFWD"},
};

const Words& words_of(RollMethod method) {
  for (const Words& words : kWords)
    if (words.method == method) return words;
  FM_ASSERT(false);
}

}  // namespace

std::string name(const RollRule& rule) {
  if (rule.method == RollMethod::kDays) return fmt::format("{}{}", kDaysPrefix, rule.days);
  return std::string(words_of(rule.method).name);
}

Result<RollRule> parse_roll_rule(std::string_view text) {
  for (const Words& words : kWords)
    if (words.name == text) return RollRule{.method = words.method};
  if (text.starts_with(kDaysPrefix)) {
    const std::string_view digits = text.substr(kDaysPrefix.size());
    RollRule rule{.method = RollMethod::kDays};
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), rule.days);
    if (error == std::errc() && end == digits.data() + digits.size() && rule.days >= 1 &&
        rule.days <= kRollDaysMax)
      return rule;
    return fail(Code::kInvalidArgument, "'{}': expected days:1 to days:{}", text, kRollDaysMax);
  }
  std::array<std::string_view, kWords.size()> known;
  for (std::size_t i = 0; i < known.size(); ++i) known[i] = kWords[i].name;
  const auto close = nearest(text, std::span<const std::string_view>(known));
  return std::unexpected(
      Error(Code::kInvalidArgument,
            fmt::format("'{}' is no rule{}", text,
                        close ? fmt::format("; did you mean '{}'?", *close) : std::string()))
          .hint("One of: calendar, volume, open_interest, volume_forward, open_interest_forward, "
                "days:N."));
}

std::string_view name(Adjustment adjustment) {
  switch (adjustment) {
    case Adjustment::kNone:
      return "none";
    case Adjustment::kDifference:
      return "difference";
    case Adjustment::kRatio:
      return "ratio";
  }
  FM_ASSERT(false);
}

std::string cont_id(std::string_view root, const RollRule& rule, Adjustment adjustment) {
  std::string id = fmt::format("{}_CONT_", root);
  id += rule.method == RollMethod::kDays ? fmt::format("D{}", rule.days)
                                         : std::string(words_of(rule.method).in_id);
  if (rule.rank > 0) id += fmt::format("_{}", rule.rank);
  if (adjustment == Adjustment::kDifference) id += "_BACKADJ";
  if (adjustment == Adjustment::kRatio) id += "_RATIOADJ";
  return id;
}

}  // namespace fm::bars
