// Any bytes as a daily CSV: never a crash, and what is read lies in the text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "jobs/daily_csv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = fm::jobs::read_daily_csv(text);
  if (!lines) return 0;
  std::uint64_t number = 1;
  for (const fm::jobs::DailyLine& line : *lines) {
    FM_ASSERT(line.number > number);
    number = line.number;
    FM_ASSERT(line.text.data() >= text.data() &&
              line.text.data() + line.text.size() <= text.data() + text.size());
    FM_ASSERT(line.text.find('\n') == std::string_view::npos);
    // A row that counts has a close.
    FM_ASSERT(!line.reason.empty() || line.row.prices[3].has_value());
  }
  return 0;
}
