// Daily rows out of CSV as Yahoo and Barchart write it. Private to load_daily.h and its tests.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace fm::jobs {

struct DailyRow {
  Date date;
  std::string name;  // of the contract or root; empty where the file has no column for it
  std::array<std::optional<double>, 4> prices;  // open, high, low, close
  std::optional<double> adjusted_close;
  std::optional<std::int64_t> volume;
  std::optional<std::int64_t> open_interest;

  // Whether open and close lie within low to high, as far as they are there.
  [[nodiscard]] bool is_consistent() const;
  friend bool operator==(const DailyRow&, const DailyRow&) = default;
};

struct DailyLine {
  std::uint64_t number = 0;  // from 1
  std::string_view text;
  DailyRow row;
  std::string_view reason;  // why it cannot be read; empty: it can
};

// Lines behind the header, in the order of the file; `text` outlives them. Columns are known by
// their names, in any case and order: Date or Time; Open, High, Low; Close or Last; Adj Close,
// Volume, Open Int, Root or Symbol may be missing, others are left out. Dates as 2025-10-03 or
// 10/03/2025. Barchart's closing line is left out. Errors: kUnsupported for another header.
[[nodiscard]] Result<std::vector<DailyLine>> read_daily_csv(std::string_view text);

}  // namespace fm::jobs
