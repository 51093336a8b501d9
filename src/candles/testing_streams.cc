#include "candles/testing_streams.h"

#include <map>
#include <string>

namespace fm::candles::testing {
namespace {

constexpr std::int64_t kNanos = 1'000'000'000;

struct Shape {
  std::vector<std::string> symbols;
  std::size_t favourite = 0;  // trades most, until the taste changes
  std::int64_t now = 0;       // ns
  std::int64_t price = 0;     // in quarter points
  bool every_second = false;
};

Shape random_shape(Dice& dice) {
  static const std::vector<std::vector<std::string>> kBaskets{
      {"ESM5", "ESU5"},
      {"ESM5", "ESU5", "ESZ5", "ESM25"},
      {"NGN5", "NGQ5", "ESM5"},
      {"ZLN5", "ZLQ5", "ZLU5"},
      {"ESM5", "ESU5", "6EU5", "6EM5", "QQ7Z5", "QQ7F6", "ESM5-ESU5", "", "ESM5 C6000"},
  };
  // Monday to Tuesday, 16–17 June 2025: within a session, around the evening break and the opening
  // of the week, the grains' pause and close.
  static const std::vector<std::int64_t> kStarts{
      1'750'080'000, 1'750'107'300, 1'750'107'500, 1'750'024'700,
      1'750'077'800, 1'750'080'400, 1'750'097'900, 1'749'848'000,
  };
  Shape shape;
  shape.symbols = dice.pick(kBaskets);
  shape.now = (dice.pick(kStarts) + dice.roll(120)) * kNanos + dice.roll(kNanos);
  shape.price = dice.one_in(5) ? 2 : 24'000;
  return shape;
}

std::int64_t step(Dice& dice) {
  switch (dice.roll(40)) {
    case 0:
      return dice.roll(100 * kNanos);
    case 1:
    case 2:
      return dice.roll(20 * kNanos);
    default:
      return dice.roll(2) * dice.roll(3 * kNanos);
  }
}

// How far the event lies behind the arrival.
std::int64_t lateness(Dice& dice) {
  switch (dice.roll(30)) {
    case 0:
      return dice.roll(130 * kNanos);
    case 1:
      return 60 * kNanos;
    case 2:
      return dice.roll(62) * kNanos + dice.roll(3) - 1;
    case 3:
      return -kNanos - dice.roll(2);
    case 4:
      return -dice.roll(2 * kNanos);
    case 5:
      return dice.roll(5 * kNanos);
    default:
      return dice.roll(kNanos / 2);
  }
}

void quote(Dice& dice, dbn::Mbp1Msg& record) {
  dbn::BidAskPair& book = record.levels[0];
  constexpr Price kTick = 250'000'000;
  const Price half = dice.roll(3) * kTick;
  book.bid_px = record.price == kUndefPrice ? 0 : record.price - half + dice.roll(2) * kTick;
  book.ask_px = book.bid_px + dice.roll(3) * kTick;
  book.bid_sz = static_cast<std::uint32_t>(dice.roll(50));
  book.ask_sz = static_cast<std::uint32_t>(dice.roll(50));
  if (dice.one_in(12)) book.bid_px = kUndefPrice;
  if (dice.one_in(12)) book.ask_px = kUndefPrice;
  if (dice.one_in(40)) book.bid_sz = dbn::kUndefOrderSize;
  if (dice.one_in(40)) book.ask_sz = dbn::kUndefOrderSize;
}

Arrival next(Dice& dice, Shape& shape) {
  Arrival arrival;
  if (dice.one_in(80)) {
    arrival.kind = dice.one_in(2) ? Arrival::Kind::kMalformed : Arrival::Kind::kOtherSchema;
    return arrival;
  }
  if (dice.one_in(150)) {
    shape.favourite =
        static_cast<std::size_t>(dice.roll(static_cast<std::int64_t>(shape.symbols.size())));
  }
  shape.now += step(dice);
  if (dice.one_in(900)) shape.now += dice.roll(shape.every_second ? 4'000 : 90'000) * kNanos;
  shape.price += dice.roll(3) - 1;

  arrival.symbol = dice.one_in(3) ? dice.pick(shape.symbols) : shape.symbols[shape.favourite];
  dbn::Mbp1Msg& record = arrival.record;
  record.header = {.length = dbn::kLengthOf<dbn::Mbp1Msg>,
                   .rtype = dbn::RType::kMbp1,
                   .publisher_id = 1,
                   .instrument_id = 0,
                   .ts_event = static_cast<Nanos>(shape.now - lateness(dice))};
  record.ts_recv =
      static_cast<Nanos>(dice.one_in(50) ? shape.now - dice.roll(90 * kNanos) : shape.now);
  record.action = dice.one_in(40) ? 'A' : 'T';
  static constexpr std::string_view kSides = "ABABABABABABNNX";
  record.side = kSides[static_cast<std::size_t>(dice.roll(kSides.size()))];
  record.price = shape.price * 250'000'000;
  record.size = static_cast<std::uint32_t>(dice.one_in(15) ? 1 + dice.roll(80) : 1 + dice.roll(4));
  quote(dice, record);

  if (dice.one_in(60)) record.price = kUndefPrice;
  if (dice.one_in(300)) record.price = dice.one_in(2) ? kUndefPrice - 1 : -kUndefPrice;
  if (dice.one_in(60)) record.size = dice.one_in(2) ? 0 : dbn::kUndefOrderSize;
  if (dice.one_in(60)) record.ts_recv = dice.one_in(2) ? 0 : kUndefTime;
  if (dice.one_in(60)) record.header.ts_event = dice.one_in(2) ? 0 : kUndefTime;
  if (dice.one_in(150)) {
    // A record that does not move the clock may be stamped anywhere.
    record.header.publisher_id = 0;
    const std::int64_t ahead = dice.roll(dice.one_in(4) && !shape.every_second ? 100'000 : 300);
    record.ts_recv = static_cast<Nanos>(shape.now + ahead * kNanos);
    if (dice.one_in(2)) record.header.ts_event = record.ts_recv - static_cast<Nanos>(dice.roll(9));
  }
  return arrival;
}

void random_options(Dice& dice, const Shape& shape, ReferenceOptions& options) {
  options.engine.warmup_seconds =
      static_cast<int>(dice.one_in(3) ? 60 : 1 + dice.roll(dice.one_in(5) ? 100 : 10));
  options.engine.every_second = shape.every_second;
  options.engine.confirm = static_cast<int>(1 + dice.roll(dice.one_in(3) ? 5 : 2));
  options.engine.front_month = dice.one_in(3) ? market::FrontMonthRule::kPreviousSessionVolume
                                              : market::FrontMonthRule::kFiveMinuteVolume;
  options.engine.seconds = !dice.one_in(4);
  const Second start = shape.now / kNanos;
  if (dice.one_in(3)) {
    options.from_first_record = false;
    for (Second at = start - dice.roll(100); at < start + 3'000; at += dice.roll(500)) {
      const Second until = at + dice.roll(400);
      options.covered.emplace_back(at, until);
      at = until;
    }
  } else if (dice.one_in(2)) {
    options.covered.emplace_back(start - dice.roll(4'000), start + dice.roll(4'000));
  }
  if (dice.one_in(3)) {
    Resume& es = options.resume["ES"];
    es.cvd_close = dice.roll(5'000) - 2'500;
    if (dice.one_in(2)) es.front_month = dice.one_in(2) ? "ESU5" : "ESH5";
    if (dice.one_in(2)) es.volumes = {{"ESU5", 100}, {"ESM5", dice.one_in(2) ? 100 : 99}};
  }
}

}  // namespace

Stream hostile_stream(std::uint64_t seed) {
  Dice dice(seed);
  Shape shape = random_shape(dice);
  shape.every_second = dice.one_in(3);
  Stream stream;
  random_options(dice, shape, stream.options);
  const std::int64_t count = 1 + dice.roll(dice.one_in(4) ? 40 : 1'600);
  for (std::int64_t i = 0; i < count; ++i) stream.arrivals.push_back(next(dice, shape));
  return stream;
}

}  // namespace fm::candles::testing
