#include "quality/bar_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace fm::quality {

BarChecks::BarChecks(const market::Root* root, Second slot_seconds)
    : slot_seconds_(slot_seconds), tick_(root) {}

// The contracts of a slot nearly always follow each other as in the slot before.
BarChecks::Contract& BarChecks::contract_of(std::string_view symbol) {
  if (previous_ != nullptr && previous_->next != nullptr && previous_->next->symbol == symbol)
    return *(previous_ = previous_->next);
  auto found = contracts_.find(symbol);
  if (found == contracts_.end()) {
    auto contract = std::make_unique<Contract>();
    contract->symbol = symbol;
    const std::string_view key = contract->symbol;
    found = contracts_.emplace(key, std::move(contract)).first;
  }
  Contract* const contract = found->second.get();
  if (previous_ != nullptr) previous_->next = contract;
  return *(previous_ = contract);
}

void BarChecks::take(const CheckedBar& bar, Date date) {
  Contract& contract = contract_of(bar.symbol);
  check_order(bar, contract);
  check_prices(bar, date);
  check_jump(bar, contract, tick_.on(date));
  contract.newest = bar.time;
  newest_ = std::max(newest_, bar.time);
}

void BarChecks::check_order(const CheckedBar& bar, const Contract& contract) {
  const auto which = [&] { return fmt::format("{} {}", iso_second(bar.time), bar.symbol); };
  if (bar.time < newest_) {
    findings_.add(Check::kOutOfOrder, bar.time, which);
  } else if (contract.newest == bar.time && contract.close) {
    findings_.add(Check::kDuplicate, bar.time, which);
  }
  if (bar.time % slot_seconds_ != 0) findings_.add(Check::kOffSlot, bar.time, which);
}

void BarChecks::check_prices(const CheckedBar& bar, Date date) {
  if (is_bad_range(bar.open, bar.high, bar.low, bar.close))
    findings_.add(Check::kBadRange, bar.time, [&] {
      return fmt::format("{} {}: open {}, high {}, low {}, close {}", iso_second(bar.time),
                         bar.symbol, bar.open, bar.high, bar.low, bar.close);
    });
  if (bar.volume <= 0)
    findings_.add(Check::kBadVolume, bar.time, [&] {
      return fmt::format("{} {}: volume {}", iso_second(bar.time), bar.symbol, bar.volume);
    });
  const auto tick = tick_.on(date);
  if (!tick) return;
  for (const double price : {bar.open, bar.high, bar.low, bar.close}) {
    if (!tick_.is_off(price)) continue;
    findings_.add(Check::kOffTick, bar.time, [&] {
      return fmt::format("{} {}: {} is no multiple of {}", iso_second(bar.time), bar.symbol, price,
                         format_price(*tick));
    });
    return;
  }
}

// A jump is believed when the contract's next bar confirms it.
void BarChecks::check_jump(const CheckedBar& bar, Contract& contract, std::optional<Price> tick) {
  if (contract.suspect) {
    if (is_near(*contract.suspect, bar.close, tick))
      contract.close = contract.suspect;
    else
      note_outlier(contract);
    contract.suspect.reset();
  }
  if (!contract.close || is_near(*contract.close, bar.close, tick))
    contract.close = bar.close;
  else
    contract.suspect = bar.close;
}

void BarChecks::note_outlier(const Contract& contract) {
  findings_.add(Check::kOutlier, contract.newest, [&] {
    return fmt::format("{} {}: close {} after {}", iso_second(contract.newest), contract.symbol,
                       *contract.suspect, *contract.close);
  });
}

FindingLog BarChecks::finish() {
  std::vector<const Contract*> suspects;
  for (const auto& [symbol, contract] : contracts_)
    if (contract->suspect) suspects.push_back(contract.get());
  std::ranges::sort(suspects, {}, [](const Contract* c) { return std::tie(c->newest, c->symbol); });
  for (const Contract* const contract : suspects) note_outlier(*contract);
  return std::move(findings_);
}

}  // namespace fm::quality
