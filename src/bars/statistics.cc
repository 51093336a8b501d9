#include "bars/statistics.h"

#include <array>

#include "bars/bar.h"
#include "base/assert.h"

namespace fm::bars {
namespace {

constexpr std::int32_t kSettlement = 3;
constexpr std::int32_t kClearedVolume = 6;
constexpr std::int32_t kOpenInterest = 9;
constexpr std::int32_t kDelete = 2;

constexpr std::int32_t kFlagsUnknown = 255;
constexpr std::int32_t kFlagFinal = 1;
constexpr std::int32_t kFlagIntraday = 8;

constexpr std::array<std::string_view, 9> kColumns{"ts_recv_ns",    "symbol",     "stat_type",
                                                   "update_action", "stat_flags", "ts_recv",
                                                   "ts_ref",        "price",      "quantity"};

// One row, its cells named.
struct Statistic {
  Nanos received;
  std::int64_t received_us;
  std::string_view symbol;
  std::int32_t type;
  bool deletes;
  bool is_final;
  bool is_intraday;
  std::optional<Date> date;
  std::optional<double> price;
  std::optional<std::int64_t> quantity;
};

// Calls `use` with every row that says something of a trade date.
template <class Use>
Status for_each(table::RowStream& rows, Use use) {
  const table::Table& table = rows.table();
  std::array<std::size_t, kColumns.size()> at{};
  for (std::size_t i = 0; i < at.size(); ++i) at[i] = table.column_index(kColumns[i]);
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows.next(batch));
    if (!more) return {};
    const table::RowBatch& in = batch;
    for (std::size_t row = 0; row < in.size(); ++row) {
      const std::int32_t type = in.int32s(at[2])[row];
      if (type != kSettlement && type != kClearedVolume && type != kOpenInterest) continue;
      const std::int32_t flags = in.int32s(at[4])[row];
      const bool knows_flags = type == kSettlement && flags != kFlagsUnknown;
      Statistic statistic{.received = static_cast<Nanos>(in.int64s(at[0])[row]),
                          .received_us = in.int64s(at[5])[row],
                          .symbol = in.text(at[1], row),
                          .type = type,
                          .deletes = in.int32s(at[3])[row] == kDelete,
                          .is_final = knows_flags && (flags & kFlagFinal) != 0,
                          .is_intraday = knows_flags && (flags & kFlagIntraday) != 0,
                          .date = {},
                          .price = {},
                          .quantity = {}};
      if (!in.is_null(at[6], row)) {
        const std::int64_t ref = in.int64s(at[6])[row];
        statistic.date =
            Date::of_second((ref - (ref < 0 ? kMicrosPerSecond - 1 : 0)) / kMicrosPerSecond);
      }
      if (!in.is_null(at[7], row)) statistic.price = in.doubles(at[7])[row];
      if (!in.is_null(at[8], row)) statistic.quantity = in.int64s(at[8])[row];
      use(statistic);
    }
  }
}

void take_settlement(const Statistic& statistic, DayStatistics& day) {
  if (statistic.deletes || !statistic.price) {
    day.settle.reset();
    day.settle_is_final = false;
    return;
  }
  if (day.settle && day.settle_is_final && !statistic.is_final) return;
  // What is said again has been known since the first time.
  if (day.settle != statistic.price) day.settle_us = statistic.received_us;
  day.settle = statistic.price;
  day.settle_is_final = statistic.is_final;
}

void take_open_interest(const Statistic& statistic, DayStatistics& day) {
  const auto quantity = statistic.deletes ? std::nullopt : statistic.quantity;
  if (day.open_interest != quantity) day.open_interest_us = statistic.received_us;
  day.open_interest = quantity;
}

}  // namespace

std::vector<std::string_view> statistics_columns() { return {kColumns.begin(), kColumns.end()}; }

Status StatisticsBook::read(table::RowStream& rows) {
  return for_each(rows, [&](const Statistic& statistic) {
    if (statistic.is_intraday) return;
    if (!statistic.date) {
      ++without_date_;
      return;
    }
    OfDate& of_date = dates_[*statistic.date];
    auto found = of_date.find(statistic.symbol);
    if (found == of_date.end()) found = of_date.emplace(statistic.symbol, DayStatistics{}).first;
    DayStatistics& day = found->second;
    if (statistic.type == kSettlement) take_settlement(statistic, day);
    if (statistic.type == kOpenInterest) take_open_interest(statistic, day);
    if (statistic.type == kClearedVolume)
      day.cleared_volume = statistic.deletes ? std::nullopt : statistic.quantity;
  });
}

const DayStatistics* StatisticsBook::find(std::string_view symbol, Date date) const {
  const auto of_date = dates_.find(date);
  if (of_date == dates_.end()) return nullptr;
  const auto found = of_date->second.find(symbol);
  return found == of_date->second.end() ? nullptr : &found->second;
}

Status OpenInterestKnown::read(table::RowStream& rows) {
  return for_each(rows, [&](const Statistic& statistic) {
    if (statistic.type != kOpenInterest || !statistic.date) return;
    FM_ASSERT(messages_.empty() || messages_.back().received <= statistic.received);
    messages_.push_back({statistic.received, *statistic.date, std::string(statistic.symbol),
                         statistic.deletes ? std::nullopt : statistic.quantity});
  });
}

void OpenInterestKnown::advance_to(Nanos time) {
  for (; next_ < messages_.size() && messages_[next_].received < time; ++next_) {
    const Message& message = messages_[next_];
    const auto found = now_.find(message.symbol);
    if (found != now_.end() && found->second.date > message.date) continue;
    if (message.quantity)
      now_.insert_or_assign(message.symbol, Value{message.date, *message.quantity});
    else if (found != now_.end() && found->second.date == message.date)
      now_.erase(found);
  }
}

std::map<std::string_view, std::int64_t> OpenInterestKnown::values(Date not_before) const {
  std::map<std::string_view, std::int64_t> values;
  for (const auto& [symbol, value] : now_)
    if (value.date >= not_before) values.emplace(symbol, value.quantity);
  return values;
}

}  // namespace fm::bars
