#include "jobs/poll_guards.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "market/contract.h"

namespace fm::jobs {
namespace {

constexpr Nanos kMinute = static_cast<Nanos>(kSecondsPerMinute) * kNanosPerSecond;

std::array<std::pair<std::string_view, Price>, 4> prices_of(const PolledBar& bar) {
  return {{{"open", bar.open}, {"high", bar.high}, {"low", bar.low}, {"close", bar.close}}};
}

}  // namespace

std::string_view name(BarFault fault) {
  switch (fault) {
    case BarFault::kNoSymbol:
      return "no_symbol";
    case BarFault::kOtherRoot:
      return "other_root";
    case BarFault::kOffMinute:
      return "off_minute";
    case BarFault::kInFuture:
      return "in_future";
    case BarFault::kNoPrice:
      return "no_price";
    case BarFault::kBadRange:
      return "bad_range";
    case BarFault::kBadVolume:
      return "bad_volume";
    case BarFault::kOffTick:
      return "off_tick";
    case BarFault::kOutlier:
      return "outlier";
  }
  return "";
}

BarGuards::BarGuards(const market::Universe& universe, const market::Calendar& calendar,
                     GuardOptions options, Accept accept, Reject reject)
    : root_(universe.find(options.root)),
      calendar_(calendar),
      hours_(calendar.template_of(options.root)),
      options_(std::move(options)),
      accept_(std::move(accept)),
      reject_(std::move(reject)) {}

void BarGuards::set_last_close(std::string_view symbol, double close) {
  contracts_[std::string(symbol)].close = close;
}

void BarGuards::judge(const PolledBar& bar) {
  if (auto rejected = fault_of(bar)) {
    reject_(*std::move(rejected));
    return;
  }
  Contract& contract = contracts_[bar.symbol];
  if (contract.suspect && contract.suspect->time != bar.time) {
    if (is_near(to_double(contract.suspect->close), bar)) {
      const PolledBar confirmed = *std::exchange(contract.suspect, std::nullopt);
      accept(contract, confirmed);
    } else {
      reject_suspect(contract);
    }
  }
  if (!contract.close || is_near(*contract.close, bar)) {
    // A second version of the held bar stands in its place.
    contract.suspect.reset();
    accept(contract, bar);
  } else {
    contract.suspect = bar;
  }
}

void BarGuards::finish() {
  for (auto& [symbol, contract] : contracts_)
    if (contract.suspect) reject_suspect(contract);
}

std::optional<RejectedBar> BarGuards::fault_of(const PolledBar& bar) const {
  const auto rejected = [&](BarFault fault, std::string found) {
    return RejectedBar{bar, fault, std::move(found)};
  };
  if (bar.symbol.empty())
    return rejected(BarFault::kNoSymbol,
                    fmt::format("instrument {} has no symbol", bar.instrument_id));
  if (market::root_of(bar.symbol) != options_.root)
    return rejected(BarFault::kOtherRoot, fmt::format("asked for {}.FUT", options_.root));
  if (bar.time % kMinute != 0) return rejected(BarFault::kOffMinute, iso_nanos(bar.time));
  if (bar.time > options_.now)
    return rejected(BarFault::kInFuture, fmt::format("it is {}", iso_nanos(options_.now)));
  for (const auto& [which, price] : prices_of(bar))
    if (price == kUndefPrice)
      return rejected(BarFault::kNoPrice, fmt::format("{} is undefined", which));
  if (quality::is_bad_range(bar.open, bar.high, bar.low, bar.close))
    return rejected(BarFault::kBadRange, "expected low <= open, close <= high");
  if (bar.volume > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return rejected(BarFault::kBadVolume, fmt::format("volume {}", bar.volume));
  if (const auto tick = tick_at(bar.time)) {
    for (const auto& [which, price] : prices_of(bar))
      if (price % *tick != 0)
        return rejected(BarFault::kOffTick, fmt::format("{} {} is no multiple of {}", which,
                                                        format_price(price), format_price(*tick)));
  }
  return std::nullopt;
}

std::optional<Price> BarGuards::tick_at(Nanos time) const {
  if (root_ == nullptr) return std::nullopt;
  const Second second = second_of(time);
  const auto span = calendar_.span_at(hours_, second);
  const auto tick = root_->tick_size(span ? span->trade_date : Date::of_second(second));
  if (!tick || *tick <= 0) return std::nullopt;
  return tick;
}

bool BarGuards::is_near(double close, const PolledBar& bar) const {
  return quality::is_near(close, to_double(bar.close), tick_at(bar.time), options_.outlier_limit);
}

void BarGuards::accept(Contract& contract, const PolledBar& bar) {
  contract.close = to_double(bar.close);
  accept_(bar);
}

void BarGuards::reject_suspect(Contract& contract) {
  PolledBar bar = *std::exchange(contract.suspect, std::nullopt);
  std::string found = fmt::format("close {} after {}", to_double(bar.close),
                                  contract.close.value_or(to_double(bar.close)));
  reject_({std::move(bar), BarFault::kOutlier, std::move(found)});
}

}  // namespace fm::jobs
