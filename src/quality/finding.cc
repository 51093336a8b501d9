#include "quality/finding.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fm::quality {
namespace {

struct Words {
  std::string_view name;
  std::string_view description;
  Weight weight;
};

// In the order of Check.
constexpr std::array<Words, kChecks> kWords{{
    {"gap", "expected slots lost by the feed or missing at the vendor", Weight::kWrong},
    {"not_loaded", "expected slots between the first and the last bar that no file covers",
     Weight::kWrong},
    {"degraded", "empty slots of days that the vendor calls degraded", Weight::kWarning},
    {"off_session", "slots with bars while the calendar says closed", Weight::kWarning},
    {"empty_day", "trade dates without a bar though files cover them", Weight::kWarning},
    {"duplicate", "rows whose key stands twice", Weight::kWrong},
    {"out_of_order", "rows before the one they follow", Weight::kWrong},
    {"off_slot", "bars that do not begin where bars of their length do", Weight::kWrong},
    {"bad_range", "bars whose open or close lies outside low to high", Weight::kWrong},
    {"bad_volume", "bars without volume", Weight::kWrong},
    {"off_tick", "prices that are no multiple of the tick", Weight::kWarning},
    {"outlier", "closes that jump away and come back", Weight::kWarning},
    {"sunday_stub", "daily UTC bars that hold a Sunday evening only", Weight::kInfo},
    {"overlap", "loaded files that cover the same time twice", Weight::kInfo},
    {"uneven", "ranges other than most roots have", Weight::kWarning},
    {"seam", "live bars that differ from the historical ones", Weight::kWrong},
    {"seam_hole", "trade dates between the last historical and the first live bar", Weight::kWrong},
    {"different_bars", "our bars that differ from the vendor's of the same length", Weight::kWrong},
    {"stale_candles", "candle dates that do not start where the ones before end", Weight::kWrong},
    {"incomplete_date", "candle dates that their inputs do not cover whole", Weight::kWarning},
    {"expiry_rule", "contracts that end on another day than the registry's rule says",
     Weight::kWarning},
}};

const Words& words_of(Check check) { return kWords[static_cast<std::size_t>(check)]; }

}  // namespace

std::string_view name(Check check) { return words_of(check).name; }
std::string_view describe(Check check) { return words_of(check).description; }
Weight weight_of(Check check) { return words_of(check).weight; }

std::string_view name(Weight weight) {
  switch (weight) {
    case Weight::kInfo:
      return "info";
    case Weight::kWarning:
      return "warning";
    case Weight::kWrong:
      return "wrong";
  }
  return "";
}

Finding& FindingLog::of(Check check, Second at) {
  const auto found = std::ranges::find(findings_, check, &Finding::check);
  if (found != findings_.end()) return *found;
  findings_.push_back({.check = check, .count = 0, .first = at, .last = at, .examples = {}});
  return findings_.back();
}

void FindingLog::add_many(Check check, std::uint64_t count, Second first, Second last,
                          std::string example) {
  Finding& finding = of(check, first);
  finding.count += count;
  finding.last = last;
  if (finding.examples.size() < kFindingExamplesMax) finding.examples.push_back(std::move(example));
}

std::vector<Finding> FindingLog::take() && {
  std::ranges::sort(findings_, {}, &Finding::check);
  return std::move(findings_);
}

}  // namespace fm::quality
