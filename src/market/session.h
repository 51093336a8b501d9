// When a root trades, and which trade date a moment belongs to.
//
//   const Calendar& calendar = Calendar::builtin();
//   const TemplateId es = calendar.template_of("ES");
//   if (const auto span = calendar.span_at(es, second)) use(span->trade_date);
//
// Rules, holidays and their sources are in config/sessions.yaml; docs/calendar.md explains them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "market/universe.h"

namespace fm::market {

// A stretch of continuous trading within one trade date: [open, close), UTC.
struct SessionSpan {
  Second open = 0;
  Second close = 0;
  Date trade_date;
  [[nodiscard]] constexpr bool contains(Second second) const {
    return open <= second && second < close;
  }
  friend constexpr bool operator==(const SessionSpan&, const SessionSpan&) = default;
};

// A session family of the calendar ("default", "equity", "grains", …). Its hours change over the
// years; which hours hold is decided by the trade date.
enum class TemplateId : std::uint16_t {};

// Immutable to its users; safe to share between threads.
class Calendar {
 public:
  // The calendar in the binary, over Universe::builtin(). Aborts when the system has no time zone
  // database.
  [[nodiscard]] static const Calendar& builtin();
  // Errors: kInvalidConfig with file and line; kNotFound without a time zone database.
  [[nodiscard]] static Result<Calendar> parse(std::string_view yaml, std::string_view name,
                                              const Universe& universe);
  ~Calendar();
  Calendar(Calendar&& other) noexcept;
  Calendar& operator=(Calendar&& other) noexcept;

  // The default template for a root that the universe does not list.
  [[nodiscard]] TemplateId template_of(std::string_view root) const;
  // By the family's own name.
  [[nodiscard]] std::optional<TemplateId> find_template(std::string_view family) const;
  [[nodiscard]] std::string_view name(TemplateId id) const;
  [[nodiscard]] std::size_t template_count() const;

  // The span that holds this second, or nothing when the market is closed or halted. Two binary
  // searches within 2009 … 2028; outside, the plain rules are worked out for the moment, without
  // memory. Callers cache the span.
  [[nodiscard]] std::optional<SessionSpan> span_at(TemplateId id, Second second) const;
  // The first span that closes after this second: the one holding it, else the next to open. Looks
  // ahead ten days; nothing beyond.
  [[nodiscard]] std::optional<SessionSpan> next_span(TemplateId id, Second second) const;
  // The spans of one trade date in order; empty when that is no trade date.
  [[nodiscard]] std::vector<SessionSpan> spans_of(TemplateId id, Date trade_date) const;

  [[nodiscard]] bool is_trade_date(TemplateId id, Date date) const;
  // The nearest trade date after (before) `date`, which need not be one.
  [[nodiscard]] Date next_trade_date(TemplateId id, Date date) const;
  [[nodiscard]] Date previous_trade_date(TemplateId id, Date date) const;

  // Why nothing trades at this second: "weekend", "daily break", "pause", "holiday: Good Friday",
  // "early close: Christmas Eve", "late open: …". Empty when the market is open.
  [[nodiscard]] std::string closed_reason(TemplateId id, Second second) const;
  // The holiday, shortened day or other exception of a day, for people; empty for an ordinary one.
  [[nodiscard]] std::string special_day(TemplateId id, Date date) const;

 private:
  struct State;
  explicit Calendar(std::unique_ptr<State> state);
  [[nodiscard]] static Result<Calendar> make(std::string_view yaml, std::string_view name,
                                             const Universe& universe);
  std::unique_ptr<State> state_;
};

}  // namespace fm::market
