#include "candles/ticker_rows.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::candles {

std::int64_t TickerRows::delta_of(const ContractState& contract) const {
  const ContractDate& final = finals_[contract.index];
  const bool same_date = is_open_ && final.seconds > 0 && final.date == date_.account.trade_date;
  return same_date ? final.delta : 0;
}

std::int64_t TickerRows::cvd() const {
  return active_ == nullptr ? cvd_offset_ : cvd_offset_ + delta_of(*active_);
}

void TickerRows::begin_second(Second second, Date date) {
  if (second == second_) return;
  FM_ASSERT(active_ != nullptr && (second_ == kNever || second > second_));
  if (is_open_ && date_.account.trade_date == date) {
    if (shared_->options.every_second) catch_up_to(second);
    take_switches(second);
  } else {
    begin_date(second, date);
  }
  second_ = second;
  active_traded_ = false;
}

void TickerRows::begin_date(Second second, Date date) {
  FM_ASSERT(!is_open_);
  is_open_ = true;
  date_.spans = shared_->calendar.spans_of(sessions_, date);
  date_.stints.clear();
  date_.account = SessionRow{};
  date_.account.ticker = ticker_;
  date_.account.trade_date = date;
  date_.account.cvd_open = cvd_offset_;
  date_.account.first_event = kUndefTime;
  window_.clear();
  full_until_ = full_from_;
  take_switches(second);
  date_.account.first_contract = active_->symbol;
  date_.stints.push_back(
      {second / kSecondsPerMinute * kSecondsPerMinute, active_->symbol, cvd_offset_});
}

// The switches that are in force at `second`. The CVD just before each is the same by the old and
// the new contract: all that lies before it is settled, nothing from it on.
void TickerRows::take_switches(Second second) {
  while (!switches_.empty() && switches_.front().from <= second) {
    const Switch next = switches_.front();
    switches_.erase(switches_.begin());
    cvd_offset_ += delta_of(*active_) - delta_of(*next.contract);
    active_ = next.contract;
    date_.account.switches += 1;
    if (!date_.stints.empty()) {
      date_.stints.push_back({next.from, active_->symbol, cvd_offset_});
    }
    refill_window(shared_->options.every_second ? std::max(next.from, second_ + 1) : second,
                  second);
  }
}

// The window that ends at `last`, from the contract's own seconds before `until`.
void TickerRows::refill_window(Second last, Second until) {
  window_.clear();
  const Second first = last - kWindowSeconds + 1;
  const Date date = date_.account.trade_date;
  const auto each = [&](auto&& visit) {
    for (Second second = first; second < until; ++second) {
      const SecondData* data = active_->find(second);
      if (data != nullptr && data->trade_date == date) visit(*data);
    }
  };
  std::int64_t delta = delta_of(*active_);
  each([&](const SecondData& data) { delta -= data.sums.delta; });
  each([&](const SecondData& data) {
    window_.push(data, delta);
    delta += data.sums.delta;
  });
}

bool TickerRows::warm() const {
  const ContractDate& final = finals_[active_->index];
  return final.seconds >= shared_->options.warmup_seconds && final.seconds > 0 &&
         final.date == date_.account.trade_date;
}

// Rows for the seconds without any trade between the last one and `second`.
void TickerRows::catch_up_to(Second second) {
  for (Second quiet = second_ + 1; quiet < second; ++quiet) {
    take_switches(quiet);
    if (warm()) write_quiet_row(quiet);
  }
}

void TickerRows::settle(const ContractState& contract, const SecondData& data) {
  FM_DCHECK(data.second == second_ && data.trade_date == date_.account.trade_date);
  const std::int64_t delta_open = delta_of(contract);
  ContractDate& final = finals_[contract.index];
  if (final.date != data.trade_date || final.seconds == 0) final = {.date = data.trade_date};
  final.delta += data.sums.delta;
  final.volume += data.sums.volume;
  final.trades += data.sums.trades;
  final.seconds += 1;
  final.close = data.close;

  SessionRow& account = date_.account;
  const Nanos begin = static_cast<Nanos>(data.second) * kNanosPerSecond;
  account.first_event = std::min(account.first_event, begin + data.first_ns);
  account.last_event = std::max(account.last_event, begin + data.last_ns);
  account.accepted += data.sums.trades;
  account.volume += data.sums.volume;
  account.seconds_written += 1;
  if (shared_->options.seconds) write_second(contract, data, delta_open);
  if (&contract != active_) return;

  active_traded_ = true;
  window_.slide_to(data.second);
  window_.push(data, delta_open);
  if (warm()) write_row(data.second);
}

void TickerRows::end_second() {
  if (!shared_->options.every_second || active_traded_) return;
  if (warm()) write_quiet_row(second_);
  active_traded_ = true;  // asked once for each contract of the second
}

void TickerRows::write_second(const ContractState& contract, const SecondData& data,
                              std::int64_t delta_open) {
  SecondRow& row = out_->next_second();
  row.sum_price_volume = data.sums.price_volume;
  row.time = data.second;
  row.ticker = ticker_;
  row.symbol = contract.symbol;
  row.trade_date = data.trade_date;
  row.reserved = 0;
  row.open = data.open;
  row.high = data.high;
  row.low = data.low;
  row.close = data.close;
  row.volume = data.sums.volume;
  row.ask_volume = data.sums.buy_volume();
  row.bid_volume = data.sums.sell_volume();
  row.unknown_volume = data.sums.unknown_volume;
  row.delta_open = delta_open;
  row.delta_high = delta_open + data.delta_high;
  row.delta_low = delta_open + data.delta_low;
  row.delta_close = delta_open + data.sums.delta;
  row.trades = data.sums.trades;
  row.max_trade_size = data.max_size;
  row.big_trades = data.sums.big_trades;
  row.big_volume = data.sums.big_volume;
  row.sum_bid_depth = data.sums.bid_depth;
  row.sum_ask_depth = data.sums.ask_depth;
}

void TickerRows::write_row(Second second) {
  CandleRow& row = out_->next_candle();
  if (window_.empty()) {
    row = CandleRow{};
    row.open = row.high = row.low = row.close = finals_[active_->index].close;
    row.cvd_open = row.cvd_high = row.cvd_low = row.cvd_close = cvd();
  } else {
    window_.describe(row, cvd_offset_);
  }
  row.time = second;
  row.ticker = ticker_;
  row.symbol = active_->symbol;
  row.trade_date = date_.account.trade_date;
  row.seconds_covered = seconds_covered(second);
  row.reserved = 0;
  date_.account.rows += 1;
  row_count_ += 1;
}

void TickerRows::write_quiet_row(Second second) {
  const auto open = std::any_of(date_.spans.begin(), date_.spans.end(),
                                [&](const auto& span) { return span.contains(second); });
  if (!open || !shared_->coverage.around(second)) return;
  window_.slide_to(second);
  write_row(second);
}

std::int32_t TickerRows::seconds_covered(Second second) {
  if (full_from_ <= second && second < full_until_ &&
      coverage_version_ == shared_->coverage.version()) {
    return kWindowSeconds;
  }
  const Second first = second - kWindowSeconds + 1;
  const auto stretch = shared_->coverage.around(second);
  Second covered = 0;
  for (const market::SessionSpan& span : date_.spans) {
    if (span.contains(second) && stretch) {
      full_from_ = std::max(span.open, stretch->from) + kWindowSeconds - 1;
      full_until_ = std::min(span.close, stretch->until);
      coverage_version_ = shared_->coverage.version();
    }
    covered +=
        shared_->coverage.count(std::max(first, span.open), std::min(second + 1, span.close));
  }
  return static_cast<std::int32_t>(covered);
}

void TickerRows::close_date(const std::vector<ContractState*>& contracts, Second covered_until) {
  FM_ASSERT(is_open_);
  SessionRow& account = date_.account;
  accepted_ += static_cast<std::uint64_t>(account.accepted);
  volume_ += account.volume;
  account.last_contract = active_->symbol;
  account.cvd_close = cvd();
  account.rejected = shared_->rejects.of(ticker_, account.trade_date);
  for (const market::SessionSpan& span : date_.spans) {
    account.seconds_covered +=
        shared_->coverage.count(span.open, std::min(span.close, covered_until));
    account.seconds_in_gaps += shared_->coverage.count_gaps(span.open, span.close, covered_until);
  }
  days_.clear();
  for (const ContractState* contract : contracts) {
    const ContractDate& final = finals_[contract->index];
    if (final.seconds == 0 || final.date != account.trade_date) continue;
    days_.push_back({contract->symbol, final.volume, final.trades, final.delta});
  }
  std::sort(days_.begin(), days_.end(), [&](const ContractDay& a, const ContractDay& b) {
    return shared_->symbols[a.symbol] < shared_->symbols[b.symbol];
  });
  account.contracts = days_;
  account.stints = date_.stints;
  out_->session(account);
  cvd_offset_ = account.cvd_close;
  is_open_ = false;
}

}  // namespace fm::candles
