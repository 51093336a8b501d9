#include "synth/root_stream.h"

#include <algorithm>
#include <utility>

namespace fm::synth {
namespace {

// A break of at least this long ends in an auction.
constexpr Second kAuctionAfterSeconds = 1'800;
constexpr std::uint32_t kAuctionTradesMin = 3;
constexpr std::uint32_t kAuctionTradesSpread = 10;

// Of all trades, per 65,536: 0.8 % spreads on a usual day, 4 % when positions are rolled.
constexpr std::uint32_t kSpreadShare = 524;
constexpr std::uint32_t kSpreadShareRollDay = 2'621;

// Strays arrive early in their second, before its ordinary trades.
constexpr Nanos kStrayNanosMax = 1'000'000;

}  // namespace

RootStream::RootStream(const market::Calendar& calendar, market::TemplateId session,
                       const Options& options, std::string root, RollSchedule schedule,
                       std::vector<RootDay> days, Price tick_size)
    : calendar_(calendar),
      session_(session),
      options_(options),
      root_(std::move(root)),
      schedule_(std::move(schedule)),
      days_(std::move(days)),
      random_(0),
      flow_(profile_of(root_), tick_size) {}

void RootStream::refill() {
  records_.clear();
  at_ = 0;
  while (records_.empty()) {
    if (span_ < plan_.spans.size()) {
      trade_next_second();
    } else if (!begin_day()) {
      return;
    }
  }
}

bool RootStream::begin_day() {
  if (next_day_ == days_.size()) return false;
  const RootDay& day = days_[next_day_];
  // Each date has its own numbers: what one date holds does not hang on how many trades the one
  // before had.
  random_ = Random(Random::seed_of(options_.seed, root_, day.trade_date.yyyymmdd()));
  plan_ = plan_day({.spans = calendar_.spans_of(session_, day.trade_date),
                    .chicago_evening = day.chicago_evening,
                    .trades = day.trades,
                    .trades_per_active_second = options_.trades_per_active_second,
                    .features = options_.features},
                   random_);
  const Stage& stage = schedule_.stage_of(next_day_);
  flow_.set_contracts(stage.instrument_ids, stage.near_ticks);
  ++next_day_;
  if (day.trades == 0) plan_.spans.clear();
  span_ = 0;
  second_ = plan_.spans.empty() ? 0 : plan_.spans.front().open;
  second_index_ = 0;
  stray_ = 0;
  return true;
}

void RootStream::trade_next_second() {
  const market::SessionSpan& span = plan_.spans[span_];
  if (second_ == span.close) {
    ++span_;
    const bool last = span_ == plan_.spans.size();
    trade_strays_before(last ? span.close + kSecondsPerDay : plan_.spans[span_].open);
    if (!last) second_ = plan_.spans[span_].open;
    return;
  }
  if (second_index_ % kSecondsPerMinute == 0) {
    const std::size_t day = next_day_ - 1;
    const Stage& stage = schedule_.stage_of(day);
    const std::uint32_t spread = day == stage.roll_day ? kSpreadShareRollDay : kSpreadShare;
    flow_.set_shares(RollSchedule::next_share(stage, day, second_index_, plan_.trades.size()),
                     options_.features.spreads ? spread : 0);
    flow_.drift(random_);
  }
  trade_strays_before(second_ + 1);
  trade_second(second_, plan_.trades[second_index_]);
  ++second_;
  ++second_index_;
}

void RootStream::trade_strays_before(Second second) {
  for (; stray_ < plan_.strays.size() && plan_.strays[stray_].arrival < second; ++stray_) {
    const StrayTrade& stray = plan_.strays[stray_];
    const Nanos arrival =
        static_cast<Nanos>(stray.arrival) * kNanosPerSecond + random_.below(kStrayNanosMax);
    if (stray.late_by_seconds == 0) {
      flow_.trade(arrival, 1, random_, records_);
    } else {
      flow_.trade_late(arrival - stray.late_by_seconds * kNanosPerSecond, arrival, random_,
                       records_);
    }
  }
}

void RootStream::trade_second(Second second, std::uint32_t trades) {
  const Nanos begin = static_cast<Nanos>(second) * kNanosPerSecond;
  const market::SessionSpan& span = plan_.spans[span_];
  const bool opens =
      second == span.open &&
      (span_ == 0 || span.open - plan_.spans[span_ - 1].close >= kAuctionAfterSeconds);
  std::uint32_t left = trades;
  if (opens && options_.features.auctions && left > 0) {
    const std::uint32_t crossed =
        std::min(left, kAuctionTradesMin + random_.below32(kAuctionTradesSpread));
    flow_.auction(begin, crossed, random_, records_);
    left -= crossed;
  }
  Nanos offset = 0;
  while (left > 0) {
    // Uniform gaps around an even spread over what is left: never beyond the second.
    offset += random_.below(std::max<Nanos>(1, 2 * (kNanosPerSecond - offset) / (left + 1)));
    left -= flow_.trade(begin + offset, left, random_, records_);
  }
}

}  // namespace fm::synth
