// Writes the built-in calendar as CSV for crosscheck.py: family, trade date, open, close (UTC, one
// row a span).
#include <cstdio>

#include "market/session.h"

int main() {
  const auto& calendar = fm::market::Calendar::builtin();
  std::puts("family,trade_date,open,close");
  for (std::size_t i = 0; i < calendar.template_count(); ++i) {
    const auto id = static_cast<fm::market::TemplateId>(i);
    for (fm::Date day(2010, 1, 1); day <= fm::Date(2027, 12, 31); day = day + 1)
      for (const auto& span : calendar.spans_of(id, day))
        std::printf("%.*s,%s,%s,%s\n", static_cast<int>(calendar.name(id).size()),
                    calendar.name(id).data(), day.iso().c_str(), fm::iso_second(span.open).c_str(),
                    fm::iso_second(span.close).c_str());
  }
}
