#include "synth/order_flow.h"

#include <algorithm>

#include "base/assert.h"
#include "dbn/enums.h"

namespace fm::synth {
namespace {

constexpr std::uint16_t kGlobexPublisher = 1;

// Chances per 65,536.
constexpr std::uint32_t kEven = 32'768;
constexpr std::int64_t kMomentum = 9'000;  // towards the side of the last order
constexpr std::int64_t kPullPerTick = 60;  // towards the anchor
constexpr std::int64_t kPullMax = 8'000;
constexpr std::uint32_t kNoAggressor = 200;    // trades implied by other books have none
constexpr std::uint32_t kHiddenSize = 16'384;  // the level refills while the order runs
constexpr std::uint32_t kRefresh = 20'000;     // a level changes between two orders
constexpr std::uint32_t kWidens = 9'000;       // after a move of the front contract
constexpr std::uint32_t kNarrows = 40'000;
constexpr std::uint32_t kBackMonthWidens = 12'000;
constexpr std::uint32_t kOneSidedAuction = 8'192;

constexpr std::uint32_t kLevelsSweptMax = 5;
constexpr unsigned kOrderSizeHalvingsMax = 9;
constexpr std::uint32_t kOrderSizeMax = (2U << kOrderSizeHalvingsMax) - 1;
constexpr std::uint32_t kBackMonthOrderSizeMax = 12;
constexpr std::int64_t kAnchorStepTicks = 4;
constexpr std::int64_t kFirstTicksMin = 500;  // room to fall

// From the exchange's engine to the capture, as seen in real captures: 0.24 ms at best, 0.4 ms as a
// rule, with a tail to 10 ms; a tenth of a second in the rush of an open.
constexpr Nanos kLatencyMin = 240'000;
constexpr Nanos kLatencySpread = 160'000;
constexpr Nanos kLatencyTail = 18'000;
constexpr unsigned kLatencyTailHalvingsMax = 9;
constexpr Nanos kAuctionLatency = 21'000'000;
constexpr Nanos kSamePacketSpread = 9'000;
constexpr std::uint32_t kInDeltaMin = 13'000;
constexpr std::uint32_t kInDeltaSpread = 6'000;

// Half of the orders from a thin-tailed law, half from a fat one: median 1, one in ten above 7, one
// in a hundred above 40.
std::uint32_t draw_order_size(Random& random) {
  const std::uint64_t bits = random.next();
  const std::uint64_t tail = (bits >> 63) != 0 ? bits : bits | (bits >> 17);
  const auto halvings = static_cast<unsigned>(
      std::countr_zero((tail & 0xFFFF) | (std::uint64_t{1} << kOrderSizeHalvingsMax)));
  const std::uint32_t size = 1U << halvings;
  return size == 1 ? 1 : size + random.below32(size);
}

}  // namespace

OrderFlow::OrderFlow(const Profile& profile, Price tick_size)
    : profile_(profile),
      tick_size_(tick_size),
      bid_ticks_(std::max(profile.price / tick_size, kFirstTicksMin)),
      anchor_ticks_(bid_ticks_),
      ticks_min_(bid_ticks_ / 2) {
  FM_ASSERT(tick_size > 0);
}

void OrderFlow::set_contracts(std::array<std::uint32_t, 3> instrument_ids,
                              std::int64_t near_ticks) {
  for (std::size_t i = 0; i < books_.size(); ++i) books_[i].instrument_id = instrument_ids[i];
  books_[kNear].ticks_from_bid = near_ticks;
  books_[kNext].ticks_from_bid = near_ticks + profile_.carry_ticks;
  books_[kSpread].ticks_from_bid = -profile_.carry_ticks;
}

void OrderFlow::drift(Random& random) {
  anchor_ticks_ += random.between(-kAnchorStepTicks, kAnchorStepTicks);
  anchor_ticks_ = std::max(anchor_ticks_, ticks_min_);
  front_ = next_share_ > kEven ? kNext : kNear;
}

OrderFlow::BookIndex OrderFlow::choose_book(Random& random) const {
  const std::uint32_t draw = random.below32(65'536);
  if (draw < spread_share_) return kSpread;
  return random.chance(next_share_) ? kNext : kNear;
}

bool OrderFlow::choose_buy(Random& random) {
  const std::int64_t pull =
      std::clamp((anchor_ticks_ - bid_ticks_) * kPullPerTick, -kPullMax, kPullMax);
  const std::int64_t chance = kEven + (last_was_buy_ ? kMomentum : -kMomentum) + pull;
  last_was_buy_ = random.chance(static_cast<std::uint32_t>(chance));
  return last_was_buy_;
}

std::uint32_t OrderFlow::draw_level(Random& random) const {
  const std::uint32_t usual = 1 + random.below32(profile_.level_size);
  return usual + (profile_.level_size * random.halvings(4)) / 2;
}

std::int64_t OrderFlow::bid_ticks(BookIndex index) const {
  return books_[index].ticks_from_bid + (index == kSpread ? 0 : bid_ticks_);
}

void OrderFlow::refresh(BookIndex index, Random& random) {
  Book& book = books_[index];
  if (random.chance(kRefresh)) {
    std::uint32_t& size = random.chance(kEven) ? book.bid_size : book.ask_size;
    size = draw_level(random);
  }
  if (book.wide) {
    book.wide = !random.chance(kNarrows);
  } else if (index != front_ && random.chance(kBackMonthWidens)) {
    book.wide = true;
  }
}

void OrderFlow::after_sweep(BookIndex index, bool buy, std::int64_t levels, Random& random) {
  Book& book = books_[index];
  book.bid_size = draw_level(random);
  book.ask_size = draw_level(random);
  // Other books are pulled back to the front one by arbitrage.
  if (index != front_) return;
  bid_ticks_ = std::max(bid_ticks_ + (buy ? levels : -levels), ticks_min_);
  book.wide = random.chance(kWidens);
}

Nanos OrderFlow::next_arrival(Nanos moment, Random& random) {
  const Nanos usual = kLatencyMin + random.below(kLatencySpread);
  const unsigned halvings = random.halvings(kLatencyTailHalvingsMax);
  const Nanos arrival = moment + usual + random.below(kLatencyTail << halvings);
  // One channel delivers in order.
  last_arrival_ =
      arrival > last_arrival_ ? arrival : last_arrival_ + random.below(kSamePacketSpread);
  return last_arrival_;
}

dbn::Mbp1Msg OrderFlow::quoted(BookIndex index, Nanos event, Nanos arrival, Random& random) const {
  const Book& book = books_[index];
  const std::int64_t bid = bid_ticks(index);
  const std::int64_t ask = bid + (book.wide ? 2 : 1);
  const std::uint64_t bits = random.next();
  dbn::Mbp1Msg record{};
  record.header = {.length = dbn::kLengthOf<dbn::Mbp1Msg>,
                   .rtype = dbn::RType::kMbp1,
                   .publisher_id = kGlobexPublisher,
                   .instrument_id = book.instrument_id,
                   .ts_event = event};
  record.action = dbn::kActionTrade;
  record.ts_recv = arrival;
  record.ts_in_delta = static_cast<std::int32_t>(kInDeltaMin + (bits >> 32) % kInDeltaSpread);
  record.sequence = 1 + (bits & 3);
  // Two to five orders of every eight contracts: between half and all of the sizes are orders.
  const auto orders = [](std::uint32_t size, std::uint64_t draw) {
    return size - static_cast<std::uint32_t>(size * (draw & 255) / 512);
  };
  record.levels[0] = {.bid_px = bid * tick_size_,
                      .ask_px = ask * tick_size_,
                      .bid_sz = book.bid_size,
                      .ask_sz = book.ask_size,
                      .bid_ct = orders(book.bid_size, bits >> 8),
                      .ask_ct = orders(book.ask_size, bits >> 16)};
  return record;
}

std::uint32_t OrderFlow::trade(Nanos moment, std::uint32_t most, Random& random,
                               std::vector<dbn::Mbp1Msg>& out) {
  const BookIndex index = choose_book(random);
  refresh(index, random);
  Book& book = books_[index];
  const bool buy = choose_buy(random);
  dbn::Mbp1Msg record = quoted(index, moment, next_arrival(moment, random), random);
  const Price touch = buy ? record.levels[0].ask_px : record.levels[0].bid_px;
  // Large orders go where the market is: elsewhere one of them would outweigh five minutes of the
  // front month.
  const std::uint32_t wanted =
      std::min(draw_order_size(random), index == front_ ? kOrderSizeMax : kBackMonthOrderSizeMax);
  std::uint32_t& level = buy ? book.ask_size : book.bid_size;
  const bool aggressor = !random.chance(kNoAggressor);
  record.side = !aggressor ? dbn::kSideNone : buy ? dbn::kSideBid : dbn::kSideAsk;

  if (!aggressor || wanted < level || random.chance(kHiddenSize)) {
    // Implied trades may print between the quotes.
    record.price = !aggressor && book.wide ? record.levels[0].bid_px + tick_size_ : touch;
    record.size = wanted;
    out.push_back(record);
    level = wanted < level ? level - wanted : draw_level(random);
    return 1;
  }
  std::uint32_t left = wanted;
  std::uint32_t fills = 0;
  std::uint32_t here = level;
  const Price step = buy ? tick_size_ : -tick_size_;
  const std::uint32_t fills_max = std::min(most, kLevelsSweptMax);
  while (left > 0 && fills < fills_max) {
    record.price = touch + step * fills;
    record.size = std::min(left, here);
    out.push_back(record);
    record.sequence = 0;  // one packet tells of the whole order
    left -= record.size;
    here = draw_level(random);
    ++fills;
  }
  after_sweep(index, buy, fills, random);
  return fills;
}

void OrderFlow::auction(Nanos moment, std::uint32_t count, Random& random,
                        std::vector<dbn::Mbp1Msg>& out) {
  const Nanos arrival =
      std::max(last_arrival_, moment + kAuctionLatency + random.below(kAuctionLatency));
  last_arrival_ = arrival;
  dbn::Mbp1Msg record = quoted(front_, moment, arrival, random);
  dbn::BidAskPair& book = record.levels[0];
  record.price = book.bid_px;
  record.side = dbn::kSideNone;
  book.bid_px += tick_size_ * random.between(1, 24);
  book.ask_px = record.price - tick_size_ * random.between(1, 24);
  if (random.chance(kOneSidedAuction)) {
    book.ask_px = kUndefPrice;
    book.ask_sz = 0;
    book.ask_ct = 0;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    record.size = draw_order_size(random);
    out.push_back(record);
    record.sequence = 0;
  }
}

void OrderFlow::trade_late(Nanos event, Nanos arrival, Random& random,
                           std::vector<dbn::Mbp1Msg>& out) {
  last_arrival_ = std::max(last_arrival_, arrival);
  dbn::Mbp1Msg record = quoted(front_, event, last_arrival_, random);
  const bool buy = choose_buy(random);
  record.side = buy ? dbn::kSideBid : dbn::kSideAsk;
  record.price = buy ? record.levels[0].ask_px : record.levels[0].bid_px;
  record.size = draw_order_size(random);
  out.push_back(record);
}

}  // namespace fm::synth
