#include "market/contract_date.h"

#include "market/session.h"
#include "market/universe.h"

namespace fm::market {
namespace {

constexpr unsigned kThursday = 4;
constexpr unsigned kNovember = 11;
constexpr int kWeekdaysBefore = 4;  // that must be business days before a quiet Thursday
constexpr int kDaysPerWeek = 7;

// The business days of a root.
class BusinessDays {
 public:
  BusinessDays(const Calendar& calendar, const Root& root)
      : calendar_(calendar), family_(calendar.template_of(root.name)) {}

  [[nodiscard]] bool has(Date date) const { return calendar_.is_trade_date(family_, date); }
  [[nodiscard]] Date at_or_before(Date date) const { return has(date) ? date : before(date, 1); }
  [[nodiscard]] Date before(Date date, int days) const {
    for (int i = 0; i < days; ++i) date = calendar_.previous_trade_date(family_, date);
    return date;
  }
  [[nodiscard]] Date after(Date date, int days) const {
    for (int i = 0; i < days; ++i) date = calendar_.next_trade_date(family_, date);
    return date;
  }

 private:
  const Calendar& calendar_;
  TemplateId family_;
};

// First day of the month `months` behind that of delivery.
Date first_of(YearMonth delivery, int months) {
  const int month = delivery.year * 12 + delivery.month - 1 + months;
  return {month / 12, static_cast<unsigned>(month % 12) + 1, 1};
}

// May lie behind the month's end, where it has no nth such weekday.
Date nth_weekday(Date first, unsigned weekday, int nth) {
  const auto ahead = static_cast<int>((weekday + 7 - first.weekday()) % 7);
  return first + ahead + kDaysPerWeek * (nth - 1);
}

Date quiet_thursday(YearMonth delivery, const BusinessDays& days) {
  const Date next_month = first_of(delivery, 1);
  Date thursday = nth_weekday(next_month, kThursday, 1) - kDaysPerWeek;
  // Thanksgiving is the fourth Thursday.
  if (delivery.month == kNovember) thursday = nth_weekday(first_of(delivery, 0), kThursday, 3);
  const auto is_quiet = [&](Date date) {
    return days.has(date) && date - days.before(date, kWeekdaysBefore) == kDaysPerWeek - 1;
  };
  for (int weeks = 0; weeks < 3 && !is_quiet(thursday); ++weeks) thursday = thursday - kDaysPerWeek;
  return thursday;
}

// What the rule's kind names; nothing of kLastTrade.
Date named(const ContractDateRule& rule, YearMonth delivery, const BusinessDays& days) {
  const Date first = first_of(delivery, rule.month);
  switch (rule.kind) {
    case ContractDateKind::kWeekday:
      return nth_weekday(first, rule.weekday, rule.nth);
    case ContractDateKind::kBusinessDay:
      return rule.nth > 0 ? days.after(first - 1, rule.nth)
                          : days.before(first_of(delivery, rule.month + 1), -rule.nth);
    case ContractDateKind::kQuietThursday:
      return quiet_thursday(delivery, days);
    case ContractDateKind::kDay:
    case ContractDateKind::kLastTrade:
      break;
  }
  return first + (rule.day - 1);
}

Date apply(const ContractDateRule& rule, Date anchor, const BusinessDays& days) {
  if (rule.after > 0) return days.after(anchor, rule.after);
  if (rule.before == 0 || rule.from_business_day) anchor = days.at_or_before(anchor);
  return days.before(anchor, rule.before);
}

const ContractDateRule* rule_of(const std::vector<ContractDateRule>& rules, YearMonth delivery) {
  const Date month = first_of(delivery, 0);
  for (const ContractDateRule& rule : rules)
    if ((!rule.first || *rule.first <= month) && (!rule.last || month <= *rule.last)) return &rule;
  return nullptr;
}

}  // namespace

std::optional<Date> last_trade_date(const Root& root, YearMonth delivery,
                                    const Calendar& calendar) {
  const ContractDateRule* rule = rule_of(root.expiries, delivery);
  if (rule == nullptr) return std::nullopt;
  const BusinessDays days(calendar, root);
  return apply(*rule, named(*rule, delivery, days), days);
}

std::optional<Date> first_notice_date(const Root& root, YearMonth delivery,
                                      const Calendar& calendar) {
  const ContractDateRule* rule = rule_of(root.first_notices, delivery);
  if (rule == nullptr) return std::nullopt;
  const BusinessDays days(calendar, root);
  if (rule->kind != ContractDateKind::kLastTrade)
    return apply(*rule, named(*rule, delivery, days), days);
  const auto last = last_trade_date(root, delivery, calendar);
  if (!last) return std::nullopt;
  return apply(*rule, *last, days);
}

}  // namespace fm::market
