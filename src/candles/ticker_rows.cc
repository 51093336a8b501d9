#include "candles/ticker_rows.h"

#include <algorithm>

#include "base/assert.h"

namespace fm::candles {

std::int64_t TickerRows::delta_of(const ContractState& contract) const {
  const bool same_date =
      open_ && contract.final.seconds > 0 && contract.final.date == open_->account.trade_date;
  return same_date ? contract.final.delta : 0;
}

std::int64_t TickerRows::cvd() const {
  return active_ == nullptr ? cvd_offset_ : cvd_offset_ + delta_of(*active_);
}

void TickerRows::begin_second(Second second, Date date) {
  if (second == second_) return;
  FM_ASSERT(active_ != nullptr && (second_ == kNever || second > second_));
  if (open_ && open_->account.trade_date == date) {
    if (shared_.options.every_second) catch_up_to(second);
    take_switches(second);
  } else {
    begin_date(second, date);
  }
  second_ = second;
  active_traded_ = false;
}

void TickerRows::begin_date(Second second, Date date) {
  FM_ASSERT(!open_);
  OpenDate& open = open_.emplace();
  open.spans = shared_.calendar.spans_of(sessions_, date);
  open.account.ticker = ticker_;
  open.account.trade_date = date;
  open.account.cvd_open = cvd_offset_;
  open.account.first_event = kUndefTime;
  window_.clear();
  full_until_ = full_from_;
  take_switches(second);
  open.account.first_contract = active_->symbol;
  open.stints.push_back(
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
    open_->account.switches += 1;
    if (!open_->stints.empty()) {
      open_->stints.push_back({next.from, active_->symbol, cvd_offset_});
    }
    refill_window(shared_.options.every_second ? std::max(next.from, second_ + 1) : second, second);
  }
}

// The window that ends at `last`, from the contract's own seconds before `until`.
void TickerRows::refill_window(Second last, Second until) {
  window_.clear();
  const Second first = last - kWindowSeconds + 1;
  const Date date = open_->account.trade_date;
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
  return active_->final.seconds >= shared_.options.warmup_seconds && active_->final.seconds > 0 &&
         active_->final.date == open_->account.trade_date;
}

// Rows for the seconds without any trade between the last one and `second`.
void TickerRows::catch_up_to(Second second) {
  for (Second quiet = second_ + 1; quiet < second; ++quiet) {
    take_switches(quiet);
    if (warm()) write_quiet_row(quiet);
  }
}

void TickerRows::settle(ContractState& contract, const SecondData& data) {
  FM_DCHECK(data.second == second_ && data.trade_date == open_->account.trade_date);
  const std::int64_t delta_open = delta_of(contract);
  contract.settle(data);
  SessionRow& account = open_->account;
  const Nanos begin = static_cast<Nanos>(data.second) * kNanosPerSecond;
  account.first_event = std::min(account.first_event, begin + data.first_ns);
  account.last_event = std::max(account.last_event, begin + data.last_ns);
  account.accepted += data.sums.trades;
  account.volume += data.sums.volume;
  account.seconds_written += 1;
  if (shared_.options.seconds) write_second(contract, data, delta_open);
  if (&contract != active_) return;

  active_traded_ = true;
  window_.slide_to(data.second);
  window_.push(data, delta_open);
  if (warm()) write_row(data.second);
}

void TickerRows::end_second() {
  if (!shared_.options.every_second || active_traded_) return;
  if (warm()) write_quiet_row(second_);
  active_traded_ = true;  // asked once for each contract of the second
}

void TickerRows::write_second(const ContractState& contract, const SecondData& data,
                              std::int64_t delta_open) {
  SecondRow& row = shared_.rows.next_second();
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
  CandleRow& row = shared_.rows.next_candle();
  if (window_.empty()) {
    row = CandleRow{};
    row.open = row.high = row.low = row.close = active_->final.close;
    row.cvd_open = row.cvd_high = row.cvd_low = row.cvd_close = cvd();
  } else {
    window_.describe(row, cvd_offset_);
  }
  row.time = second;
  row.ticker = ticker_;
  row.symbol = active_->symbol;
  row.trade_date = open_->account.trade_date;
  row.seconds_covered = seconds_covered(second);
  row.reserved = 0;
  open_->account.rows += 1;
  row_count_ += 1;
}

void TickerRows::write_quiet_row(Second second) {
  const auto open = std::any_of(open_->spans.begin(), open_->spans.end(),
                                [&](const auto& span) { return span.contains(second); });
  if (!open || !shared_.coverage.around(second)) return;
  window_.slide_to(second);
  write_row(second);
}

std::int32_t TickerRows::seconds_covered(Second second) {
  if (full_from_ <= second && second < full_until_ &&
      coverage_version_ == shared_.coverage.version()) {
    return kWindowSeconds;
  }
  const Second first = second - kWindowSeconds + 1;
  const auto stretch = shared_.coverage.around(second);
  Second covered = 0;
  for (const market::SessionSpan& span : open_->spans) {
    if (span.contains(second) && stretch) {
      full_from_ = std::max(span.open, stretch->from) + kWindowSeconds - 1;
      full_until_ = std::min(span.close, stretch->until);
      coverage_version_ = shared_.coverage.version();
    }
    covered += shared_.coverage.count(std::max(first, span.open), std::min(second + 1, span.close));
  }
  return static_cast<std::int32_t>(covered);
}

void TickerRows::close_date(const std::vector<ContractState*>& contracts) {
  FM_ASSERT(open_);
  SessionRow& account = open_->account;
  accepted_ += static_cast<std::uint64_t>(account.accepted);
  volume_ += account.volume;
  account.last_contract = active_->symbol;
  account.cvd_close = cvd();
  account.rejected = shared_.rejects.of(ticker_, account.trade_date);
  for (const market::SessionSpan& span : open_->spans) {
    account.seconds_covered += shared_.coverage.count(span.open, span.close);
    account.seconds_in_gaps += shared_.coverage.count_gaps(span.open, span.close);
  }
  days_.clear();
  for (const ContractState* contract : contracts) {
    const ContractDate& final = contract->final;
    if (final.seconds == 0 || final.date != account.trade_date) continue;
    days_.push_back({contract->symbol, final.volume, final.trades, final.delta});
  }
  std::sort(days_.begin(), days_.end(), [&](const ContractDay& a, const ContractDay& b) {
    return shared_.symbols[a.symbol] < shared_.symbols[b.symbol];
  });
  account.contracts = days_;
  account.stints = open_->stints;
  shared_.rows.session(account);
  cvd_offset_ = account.cvd_close;
  open_.reset();
}

}  // namespace fm::candles
