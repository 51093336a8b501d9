// The registry of roots: what frontmonth knows of each product, since when, and who says so.
// The file is config/universe.yaml; a copy is in the binary. A figure that no source gives is
// absent, never guessed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/price.h"
#include "base/time.h"
#include "market/contract_date.h"

namespace fm::market {

// A figure, the trade dates it holds for (both ends included; absent = without end), and its
// source.
struct DatedPrice {
  std::optional<Price> value;  // absent: no source is known
  std::optional<Date> first;
  std::optional<Date> last;
  std::vector<std::string> sources;
};

struct Root {
  std::string name;         // "ES", the exchange's code on its electronic platform
  std::string description;  // "E-mini S&P 500"
  std::string exchange;     // CME, CBOT, NYMEX, COMEX
  std::string currency;     // of the price and the point value: USD, CNH
  std::string unit;         // what one contract is: "5,000 bushels"; empty when not known
  std::string quote;        // what a price is in: "cents per bushel"; empty when not known
  std::string session;      // name of a session family in config/sessions.yaml
  std::int64_t large_trade_threshold = 25;  // contracts; a trade of this size or more is large
  std::optional<Date>
      first_trade_date;  // the product's first on the electronic platform, where known
  std::optional<Date> last_trade_date;  // for products that ended
  std::vector<DatedPrice> tick_sizes;   // smallest price step of an outright, in quoted price units
  std::vector<DatedPrice> point_values;  // currency per 1.0 of quoted price for one contract
  // When contracts end, and when the first notice of delivery may come; empty where no source says.
  std::vector<ContractDateRule> expiries;
  std::vector<ContractDateRule> first_notices;
  std::vector<std::string> sources;  // for the figures that carry none of their own

  // Nothing when not known for that day.
  [[nodiscard]] std::optional<Price> tick_size(Date on) const;
  [[nodiscard]] std::optional<Price> point_value(Date on) const;
};

// Immutable once made; safe to share between threads.
class Universe {
 public:
  // The registry in the binary.
  [[nodiscard]] static const Universe& builtin();
  // `name` stands for the text in errors. Errors: kInvalidConfig with file and line; an unknown key
  // names the nearest known one.
  [[nodiscard]] static Result<Universe> parse(std::string_view yaml, std::string_view name);

  // Nothing for a root that is not listed: such a root uses the default session and thresholds.
  [[nodiscard]] const Root* find(std::string_view root) const;
  // In the order of the file.
  [[nodiscard]] std::span<const Root> roots() const { return roots_; }
  // 25 for a root that is not listed.
  [[nodiscard]] std::int64_t large_trade_threshold(std::string_view root) const;

 private:
  std::vector<Root> roots_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

inline constexpr std::int64_t kDefaultLargeTradeThreshold = 25;
inline constexpr std::string_view kDefaultSession = "default";

}  // namespace fm::market
