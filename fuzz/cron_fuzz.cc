// Any bytes as a schedule: never a crash, and what parses is due at a minute that it names, or
// never.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "schedule/cron.h"

using fm::Second;
using fm::schedule::Cron;
using fm::schedule::Zone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kBytesMax = 256;
  if (size > kBytesMax) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const Zone utc = Zone::find("UTC").value();
  const auto cron = Cron::parse(text, utc);
  if (!cron) {
    FM_ASSERT(!cron.error().message().empty());
    return 0;
  }
  constexpr Second kStart = 1'750'000'000;
  const auto due = cron->next(kStart);
  if (!due) return 0;
  FM_ASSERT(*due > kStart && *due % 60 == 0);
  const fm::Date day = fm::Date::of_second(*due);
  const auto minute = static_cast<int>((*due - day.first_second()) / 60);
  FM_ASSERT(cron->matches(day, minute / 60, minute % 60));
  FM_ASSERT(cron->next(*due - 1) == due);
  return 0;
}
