#include "server/second_bars.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "bars/candle_bars.h"
#include "market/contract.h"
#include "server/row_hub.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

using bars::CandleBar;
using bars::FrontSecond;
using bars::Stint;

Result<std::vector<Stint>> stored_stints(Context& context, const std::string& root, Date date) {
  const table::Table& table = table::candle_sessions();
  FM_ASSIGN(const auto rows,
            context.lake->read(
                table, {.root = root, .from = date, .before = date + 1, .columns = {"stints"}}));
  table::RowBatch batch(table);
  FM_ASSIGN(const bool is_there, rows->next(batch));
  if (!is_there) return std::vector<Stint>();
  return bars::decode_stints(batch.text(table.column_index("stints"), 0));
}

// Rolling candles of a date whose account is not stored yet: they say which contract they are of.
struct Candles {
  std::vector<Stint> stints;
  std::map<Second, std::int64_t> cvd;  // after each second

  // In the order of time.
  void add(Second second, std::string_view contract, std::int64_t cvd_close) {
    cvd[second] = cvd_close;
    if (stints.empty() || stints.back().symbol != contract)
      stints.push_back({.from = second, .symbol = std::string(contract)});
  }
};

void add_tail(const LiveTail& tail, Date date, Candles& candles) {
  if (!tail.candles) return;
  const table::RowBatch& rows = *tail.candles;
  const table::Table& table = rows.table();
  const std::size_t time = table.column_index("time");
  const std::size_t trade_date = table.column_index("trade_date");
  const std::size_t symbol = table.column_index("symbol");
  const std::size_t cvd = table.column_index("cvd_close");
  const Second known_to = candles.cvd.empty() ? tail.from : candles.cvd.rbegin()->first + 1;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const Second second = second_at(rows, time, row);
    if (second >= known_to && rows.int32s(trade_date)[row] == date.days_since_1970())
      candles.add(second, rows.text(symbol, row), rows.int64s(cvd)[row]);
  }
}

Result<Candles> read_candles(Context& context, const std::string& root, Date date) {
  const table::Table& table = table::candles_1m();
  FM_ASSIGN(const auto rows,
            context.lake->read(table, {.root = root,
                                       .from = date,
                                       .before = date + 1,
                                       .columns = {"time", "symbol", "cvd_close"}}));
  const std::size_t time = table.column_index("time");
  const std::size_t symbol = table.column_index("symbol");
  const std::size_t cvd = table.column_index("cvd_close");
  Candles candles;
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return candles;
    for (std::size_t row = 0; row < batch.size(); ++row)
      candles.add(second_at(batch, time, row), batch.text(symbol, row), batch.int64s(cvd)[row]);
  }
}

// One batch, of which some rows are taken.
class BatchRows final : public table::RowStream {
 public:
  BatchRows(const table::RowBatch& rows, Date date) : rows_(rows), date_(date) {}
  [[nodiscard]] const table::Table& table() const override { return rows_.table(); }
  [[nodiscard]] Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    const auto dates = rows_.int32s(rows_.table().column_index("trade_date"));
    for (; next_ < rows_.size() && !batch.full(); ++next_)
      if (dates[next_] == date_.days_since_1970()) batch.append(rows_, next_, 1);
    return batch.size() > 0;
  }

 private:
  const table::RowBatch& rows_;
  const Date date_;
  std::size_t next_ = 0;
};

Result<std::vector<FrontSecond>> seconds_of(Context& context, const std::string& root, Date date,
                                            const std::vector<Stint>& stints,
                                            const std::optional<LiveTail>& tail) {
  FM_ASSIGN(const auto rows, context.lake->read(table::candles_1s(),
                                                {.root = root, .from = date, .before = date + 1}));
  FM_ASSIGN(auto seconds, bars::front_seconds(*rows, stints));
  if (!tail) return seconds;
  BatchRows newest(*tail->seconds, date);
  FM_ASSIGN(auto more, bars::front_seconds(newest, stints));
  // More may be stored by now than the index said.
  const auto is_newer = [&](const FrontSecond& second) { return second.row.time >= tail->from; };
  std::erase_if(seconds, is_newer);
  std::ranges::copy_if(more, std::back_inserter(seconds), is_newer);
  return seconds;
}

void shift_cvd(candles::CandleRow& row, std::int64_t offset) {
  row.cvd_open += offset;
  row.cvd_high += offset;
  row.cvd_low += offset;
  row.cvd_close += offset;
}

// The contracts' own deltas become the root's, by one second of each stint that has a candle.
void join_cvd(const Candles& candles, std::vector<FrontSecond>& seconds) {
  std::map<std::size_t, std::int64_t> offsets;
  for (const FrontSecond& second : seconds)
    if (const auto found = candles.cvd.find(second.row.time); found != candles.cvd.end())
      offsets.try_emplace(second.stint, found->second - second.row.cvd_close);
  for (FrontSecond& second : seconds)
    if (const auto found = offsets.find(second.stint); found != offsets.end())
      shift_cvd(second.row, found->second);
}

// The contracts of a date, the nearest delivery first.
Result<std::vector<market::Contract>> contracts_on(Context& context, const std::string& root,
                                                   Date date) {
  const table::Table& table = table::candles_1s();
  FM_ASSIGN(const auto rows,
            context.lake->read(
                table, {.root = root, .from = date, .before = date + 1, .columns = {"symbol"}}));
  std::set<market::Contract> contracts;
  const std::size_t symbol = table.column_index("symbol");
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return std::vector<market::Contract>(contracts.begin(), contracts.end());
    for (std::size_t code = 0; code < batch.text_count(symbol); ++code)
      if (const auto one = market::Contract::parse(
              batch.text_of_code(symbol, static_cast<std::int32_t>(code)), date))
        contracts.insert(*one);
  }
}

// The same times, each with the contract `rank` deliveries behind.
std::vector<Stint> deferred(const std::vector<Stint>& front, int rank,
                            const std::vector<market::Contract>& contracts) {
  std::vector<Stint> stints;
  for (const Stint& stint : front) {
    const auto found =
        std::ranges::find(contracts, std::string_view(stint.symbol), &market::Contract::symbol);
    const auto left = static_cast<std::ptrdiff_t>(contracts.end() - found);
    // Where there is no such delivery, nobody's seconds are taken.
    stints.push_back(
        {.from = stint.from, .symbol = rank < left ? std::string((found + rank)->symbol()) : "-"});
  }
  return stints;
}

std::vector<CandleBar> rolling(const std::vector<FrontSecond>& seconds) {
  std::vector<CandleBar> rows;
  rows.reserve(seconds.size());
  std::size_t oldest = 0;
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    const FrontSecond& newest = seconds[i];
    // A window is of one contract.
    while (seconds[oldest].row.time <= newest.row.time - candles::kWindowSeconds ||
           seconds[oldest].stint != newest.stint)
      ++oldest;
    const std::vector<FrontSecond> window(seconds.begin() + static_cast<std::ptrdiff_t>(oldest),
                                          seconds.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    std::ranges::move(bars::candle_bars(window, kWholeDate, newest.row.time),
                      std::back_inserter(rows));
  }
  return rows;
}

}  // namespace

const table::Table& second_bar_table() { return table::candle_bars_1m(); }

std::optional<LiveTail> live_tail(Context& context, const std::string& root, Second stored_to) {
  auto seconds = context.rows->second_tail(root);
  if (!seconds || seconds->complete_from > stored_to) return std::nullopt;
  const table::RowBatch& rows = *seconds->rows;
  const std::size_t last = rows.size() - 1;
  if (second_at(rows, rows.table().column_index("time"), last) < stored_to) return std::nullopt;
  const auto dates = rows.int32s(rows.table().column_index("trade_date"));
  return LiveTail{.from = stored_to,
                  .date = Date::from_days(dates[last]),
                  .seconds = std::move(seconds->rows),
                  .candles = context.rows->tail(root).rows};
}

Result<Frame> bars_of_seconds(Context& context, const table::Table& table, const std::string& root,
                              Date date, Second bar_seconds, const Which& which,
                              const std::optional<LiveTail>& tail) {
  std::vector<Stint> stints;
  Candles candles;
  if (which.symbol) {
    stints.push_back({.symbol = *which.symbol});
  } else {
    FM_ASSIGN(stints, stored_stints(context, root, date));
    if (stints.empty()) {
      FM_ASSIGN(candles, read_candles(context, root, date));
      if (tail) add_tail(*tail, date, candles);
      stints = candles.stints;
    }
    if (which.rank > 0) {
      FM_ASSIGN(const auto contracts, contracts_on(context, root, date));
      stints = deferred(stints, which.rank, contracts);
    }
  }
  Frame frame(table);
  if (stints.empty()) return frame;
  FM_ASSIGN(auto seconds, seconds_of(context, root, date, stints, tail));
  if (which.is_front()) join_cvd(candles, seconds);

  const market::Calendar& calendar = context.registry.calendar();
  const auto spans = calendar.spans_of(calendar.template_of(root), date);
  const Second open = spans.empty() ? date.first_second() : spans.front().open;
  const auto made =
      bar_seconds == kRolling ? rolling(seconds) : bars::candle_bars(seconds, bar_seconds, open);
  std::shared_ptr<table::RowBatch> batch;
  const auto add = [&] {
    if (batch) frame.add(batch, [](const table::RowBatch&, std::size_t) { return true; });
    batch = nullptr;
  };
  for (const CandleBar& bar : made) {
    if (!batch) batch = std::make_shared<table::RowBatch>(table);
    bars::append_candle_bar(bar, stints, root, date, *batch);
    if (batch->full()) add();
  }
  add();
  return frame;
}

}  // namespace fm::server
