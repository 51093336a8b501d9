#include "candles/rejects.h"

namespace fm::candles {

ReasonCounts& Rejects::counts_of(std::optional<TickerId> ticker, Date date) {
  const Key key(ticker, date);
  if (last_ == counts_.end() || last_->first != key) last_ = counts_.try_emplace(key).first;
  return last_->second;
}

void Rejects::count(Reason reason, std::optional<Date> arrival) {
  totals_[index(reason)] += 1;
  if (arrival) {
    counts_of(std::nullopt, *arrival)[index(reason)] += 1;
  } else {
    waiting_[index(reason)] += 1;
  }
}

void Rejects::date_waiting(Date arrival) {
  for (std::size_t reason = 0; reason < kReasonCount; ++reason) {
    if (waiting_[reason] > 0) counts_of(std::nullopt, arrival)[reason] += waiting_[reason];
  }
  waiting_ = {};
}

ReasonCounts Rejects::of(TickerId ticker, Date trade_date) const {
  const auto found = counts_.find(Key(ticker, trade_date));
  return found == counts_.end() ? ReasonCounts{} : found->second;
}

std::vector<RejectCount> Rejects::all() const {
  std::vector<RejectCount> all;
  for (const auto& [key, counts] : counts_) {
    for (std::size_t reason = 0; reason < kReasonCount; ++reason) {
      if (counts[reason] == 0) continue;
      all.push_back({key.first, key.second, static_cast<Reason>(reason), counts[reason]});
    }
  }
  return all;
}

}  // namespace fm::candles
