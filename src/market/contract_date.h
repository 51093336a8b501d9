// Dates of a contract that follow from its delivery month by a rule of the exchange: its last trade
// date, and its first notice day. Rules are in config/universe.yaml; docs/continuous.md lists them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "market/contract.h"

namespace fm::market {

class Calendar;
struct Root;

enum class ContractDateKind : std::uint8_t {
  kWeekday,        // the nth such weekday of the month
  kDay,            // that day of the month
  kBusinessDay,    // the nth business day of the month, from its end where nth is negative
  kQuietThursday,  // the last Thursday (of November: the one before Thanksgiving) that is, like the
                   // four weekdays before it, a business day
  kLastTrade,      // the contract's last trade date; of first notice days alone
};

// A business day is a trade date of the root's session family.
struct ContractDateRule {
  ContractDateKind kind = ContractDateKind::kDay;
  int nth = 1;
  unsigned weekday = 5;  // 0 = Sunday
  int day = 1;
  int month = 0;   // added to the delivery month: −1 is the month before
  int before = 0;  // business days before what `kind` names; 0: the business day it is or follows
  int after = 0;   // business days after it
  // `before` is counted from the last business day that is not after what `kind` names.
  bool from_business_day = false;
  // First days of the delivery months that it holds for, both included; absent: without end.
  std::optional<Date> first;
  std::optional<Date> last;
  std::vector<std::string> sources;
};

// What the rule that holds for this delivery month gives; nothing where there is none. In years
// outside the calendar's holidays, by its plain rules.
[[nodiscard]] std::optional<Date> last_trade_date(const Root& root, YearMonth delivery,
                                                  const Calendar& calendar);
[[nodiscard]] std::optional<Date> first_notice_date(const Root& root, YearMonth delivery,
                                                    const Calendar& calendar);

}  // namespace fm::market
