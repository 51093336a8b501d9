// The audit's account of each day, kept by root, length of bar and year, and made anew only where
// rows have changed. Private to this room.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "quality/coverage.h"
#include "server/api.h"

namespace fm::server {

struct Timeframe {
  std::string_view name;  // as `frontmonth audit` has it
  const table::Table& (*table)();
  Second slot_seconds;
  std::string_view schema;  // of the vendor's files; empty: not from files
};
[[nodiscard]] std::span<const Timeframe> timeframes();

inline constexpr std::size_t kYearsKept = 500;

// For any threads; one account is made at a time.
class CoverageBook {
 public:
  explicit CoverageBook(Context& context) : context_(context) {}

  // Years in which the root has rows, in order.
  [[nodiscard]] Result<std::vector<int>> years(const std::string& root, const Timeframe& timeframe);
  // Days of one year, those before the first row and behind the last one left out. Errors: the
  // audit's.
  using Days = std::shared_ptr<const std::vector<quality::DayCoverage>>;
  [[nodiscard]] Result<Days> year(const std::string& root, const Timeframe& timeframe, int year);
  // The rows that the account of a year is made from.
  [[nodiscard]] static MadeFrom made_from(const std::string& root, const Timeframe& timeframe,
                                          int year);

 private:
  struct Kept {
    std::uint64_t stamp = 0;
    Days days;
  };
  [[nodiscard]] Result<Days> audit(const std::string& root, const Timeframe& timeframe, int year);

  Context& context_;
  std::mutex mutex_;
  std::map<std::string, Kept, std::less<>> kept_;  // by root, timeframe and year
};

}  // namespace fm::server
