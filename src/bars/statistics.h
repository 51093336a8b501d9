// Settlements, open interest and cleared volume of trade dates, out of the venue's statistics.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "table/row_stream.h"

namespace fm::bars {

struct DayStatistics {
  std::optional<double> settle;
  std::int64_t settle_us = 0;  // when it became known
  std::optional<std::int64_t> open_interest;
  std::int64_t open_interest_us = 0;
  std::optional<std::int64_t> cleared_volume;

  bool settle_is_final = false;
};

// The columns of market_data.databento_statistics that are read here.
[[nodiscard]] std::vector<std::string_view> statistics_columns();

// What is known of each symbol and trade date, which is the UTC date of a statistic's ts_ref, not
// that on which it arrived. What came later counts, but a preliminary settlement never takes the
// place of a final one; a deletion removes what it speaks of. Left out: settlements within the day
// (flag 8), and statistics that do not say which date they are of.
class StatisticsBook {
 public:
  // Rows in the order of ts_recv_ns. May be called again with later rows. Errors: the stream's.
  [[nodiscard]] Status read(table::RowStream& rows);

  // nullptr where nothing is known.
  [[nodiscard]] const DayStatistics* find(std::string_view symbol, Date date) const;
  [[nodiscard]] std::size_t without_date() const { return without_date_; }
  // Everything known of one date, by symbol.
  using OfDate = std::map<std::string, DayStatistics, std::less<>>;
  [[nodiscard]] const std::map<Date, OfDate>& dates() const { return dates_; }

 private:
  std::map<Date, OfDate> dates_;
  std::size_t without_date_ = 0;
};

// The open interest of contracts as it was known at one moment after the other: what a rule without
// look-ahead may use.
class OpenInterestKnown {
 public:
  // Rows as above.
  [[nodiscard]] Status read(table::RowStream& rows);
  // Takes in all that was received before this time, which must not be before the last one.
  void advance_to(Nanos time);
  // The newest known value of each symbol, for a date in [not_before, …).
  [[nodiscard]] std::map<std::string_view, std::int64_t> values(Date not_before) const;
  [[nodiscard]] bool empty() const { return messages_.empty(); }

 private:
  struct Message {
    Nanos received;
    Date date;
    std::string symbol;
    std::optional<std::int64_t> quantity;  // nothing: deleted
  };
  struct Value {
    Date date;
    std::int64_t quantity = 0;
  };
  std::vector<Message> messages_;
  std::size_t next_ = 0;
  std::map<std::string, Value, std::less<>> now_;
};

}  // namespace fm::bars
