// Polled bars as rows of market_data.futures_ohlcv_1m_live. What is in the lake says where the next
// poll begins: there is no other state.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "jobs/poll_guards.h"
#include "lake/lake.h"

namespace fm::jobs {

struct LiveBar {
  std::int64_t instrument_id = 0;
  std::int64_t publisher_id = 0;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  std::int64_t volume = 0;
  friend bool operator==(const LiveBar&, const LiveBar&) = default;
};

using BarKey = std::pair<Second, std::string>;  // start of the minute, symbol
using LiveBars = std::map<BarKey, LiveBar>;

[[nodiscard]] BarKey key_of(const PolledBar& bar);
// The bar has passed the guards.
[[nodiscard]] LiveBar row_of(const PolledBar& bar);

// The start of the root's newest stored bar; nothing where there is none. Errors: those of the
// lake.
[[nodiscard]] Result<std::optional<Second>> newest_bar(const lake::Lake& lake,
                                                       std::string_view root);

// What is stored around the time from `from` on.
struct StoredBars {
  LiveBars bars;                                           // from `from` on
  std::map<std::string, double, std::less<>> last_closes;  // before it, by symbol
};
// Bars before `to`'s day end; last closes of up to kCloseDays days. Errors: those of the lake.
inline constexpr int kCloseDays = 4;
[[nodiscard]] Result<StoredBars> stored_bars(const lake::Lake& lake, std::string_view root,
                                             Second from, Second to);

struct MergedBars {
  std::uint64_t added = 0;
  std::uint64_t corrected = 0;  // took the place of stored ones with other values
};
// Stores those of `bars` that `stored` has not or has otherwise, a UTC day at a time, and notes
// them in `stored`. What is counted is durable. Errors: those of Lake::merge; the days before stay.
[[nodiscard]] Status merge_bars(lake::Lake& lake, const std::string& root, const LiveBars& bars,
                                const lake::CommitInfo& info, LiveBars& stored, MergedBars& merged);

}  // namespace fm::jobs
