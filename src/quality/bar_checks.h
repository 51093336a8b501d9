// Bars of one root that break a rule.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "market/universe.h"
#include "quality/bar_rules.h"
#include "quality/finding.h"

namespace fm::quality {

// Prices as the tables have them.
struct CheckedBar {
  Second time = 0;
  std::string_view symbol;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  std::int64_t volume = 0;
};

class BarChecks {
 public:
  // `root` may be null: not registered.
  BarChecks(const market::Root* root, Second slot_seconds);

  // Bars in the order of time and symbol. `date` is the bar's trade date.
  void take(const CheckedBar& bar, Date date);

  [[nodiscard]] std::uint64_t contracts() const { return contracts_.size(); }
  // The object is of no use any more.
  [[nodiscard]] FindingLog finish();

 private:
  struct Contract {
    std::string symbol;
    Second newest = 0;
    std::optional<double> close;    // of the newest bar that is believed
    std::optional<double> suspect;  // a close that lies far away, of the newest bar
    Contract* next = nullptr;       // the one whose bar followed last time
  };
  [[nodiscard]] Contract& contract_of(std::string_view symbol);
  void check_order(const CheckedBar& bar, const Contract& contract);
  void check_prices(const CheckedBar& bar, Date date);
  void check_jump(const CheckedBar& bar, Contract& contract, std::optional<Price> tick);
  void note_outlier(const Contract& contract);

  Second slot_seconds_;
  TickOfDay tick_;
  std::unordered_map<std::string_view, std::unique_ptr<Contract>> contracts_;
  Contract* previous_ = nullptr;
  Second newest_ = 0;
  FindingLog findings_;
};

}  // namespace fm::quality
