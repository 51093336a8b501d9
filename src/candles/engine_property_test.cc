// The engine says what the slow reference says, whatever comes and however it is cut up.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "candles/testing_reference.h"
#include "candles/testing_streams.h"
#include "dbn/symbol_map.h"

namespace fm::candles {
namespace {

using testing::Arrival;
using testing::Dice;

TEST(EngineProperty, EqualsTheReferenceOnHostileStreams) {
  EXPECT_TRUE(rc::check("engine = reference", [] {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const testing::Stream stream = testing::hostile_stream(seed);
    const testing::Account slow = testing::reference(stream.arrivals, stream.options);
    const testing::Account fast = testing::run_engine(stream.arrivals, stream.options);
    const std::string difference = testing::difference(slow, fast);
    if (!difference.empty()) RC_FAIL(difference);
    RC_CLASSIFY(!slow.candles.empty(), "with candles");
    RC_CLASSIFY(slow.stats.find("switches:") != std::string::npos, "with switches");
    RC_CLASSIFY(stream.options.engine.every_second && !slow.candles.empty(), "every second");
  }));
}

// The records of a stream as DBN; ids stand for symbols, one of them for two as time goes on.
struct DbnStream {
  std::vector<std::byte> bytes;
  std::vector<std::size_t> starts;  // of each record
  dbn::SymbolMap map;
  std::size_t tail_bytes = 0;
  bool quotes_only = true;

  template <class Record>
  void add(Record record, bool keep_length = false) {
    if (!keep_length) {
      record.header.length = static_cast<std::uint8_t>(record.header.length + tail_bytes / 4);
    }
    starts.push_back(bytes.size());
    const std::size_t size = record.header.size_bytes();
    bytes.resize(bytes.size() + size);
    std::memcpy(bytes.data() + starts.back(), &record, std::min(size, sizeof record));
  }
};

DbnStream to_dbn(const testing::Stream& stream, Dice& dice) {
  DbnStream dbn;
  dbn.quotes_only = dice.one_in(2);
  dbn.tail_bytes = dice.one_in(2) ? dbn::kTsOutBytes : 0;
  std::map<std::string, std::uint32_t> ids;
  for (const Arrival& arrival : stream.arrivals) {
    if (arrival.kind != Arrival::Kind::kRecord) continue;
    const auto [id, fresh] =
        ids.try_emplace(arrival.symbol, static_cast<std::uint32_t>(1'000 + 7 * ids.size()));
    dbn::Mbp1Msg record = arrival.record;
    record.header.instrument_id = id->second;
    if (fresh && !arrival.symbol.empty()) {
      const Nanos half = 1'750'080'900 * kNanosPerSecond + 500;
      const bool reused = arrival.symbol == "ESU5";
      dbn.map.add(id->second, arrival.symbol, 0, reused ? half : kUndefTime);
      if (reused) dbn.map.add(id->second, "ESZ5", half, kUndefTime);
    }
    if (!dbn.quotes_only && dice.one_in(50)) {
      dbn::SystemMsg heartbeat{};
      heartbeat.header = {dbn::kLengthOf<dbn::SystemMsg>, dbn::RType::kSystem, 0, 0, 9};
      dbn.add(heartbeat);
    }
    if (!dbn.quotes_only && dice.one_in(50)) {
      dbn::TradeMsg trade{};
      trade.header = {dbn::kLengthOf<dbn::TradeMsg>, dbn::RType::kTrades, 1, 1'000, 9};
      dbn.add(trade);
    }
    if (!dbn.quotes_only && dice.one_in(50)) {
      dbn::Mbp1Msg torn = record;
      torn.header.length = 16;
      dbn.add(torn, true);
    }
    dbn.add(record);
  }
  return dbn;
}

struct Outcome {
  std::string candles;
  std::string seconds;
  testing::Account account;
};

// Fed in blocks of 1 … most records.
Outcome run_blocks(DbnStream& dbn, const testing::ReferenceOptions& options, Dice dice,
                   std::int64_t most) {
  testing::Collector collector;
  Engine engine(market::Universe::builtin(), market::Calendar::builtin(), options.engine,
                collector);
  collector.attach(engine);
  for (const auto& [ticker, resume] : options.resume) engine.resume(ticker, resume);
  for (const auto& [from, until] : options.covered) engine.cover(from, until);
  Instruments instruments(dbn.map, engine.begin_source());
  for (std::size_t first = 0; first < dbn.starts.size();) {
    const std::size_t last =
        std::min(dbn.starts.size(), first + 1 + static_cast<std::size_t>(dice.roll(most)));
    const std::size_t end = last == dbn.starts.size() ? dbn.bytes.size() : dbn.starts[last];
    dbn::RecordBlock block;
    block.bytes = std::span(dbn.bytes).subspan(dbn.starts[first], end - dbn.starts[first]);
    block.first_record = first;
    block.record_count = last - first;
    block.tail_bytes = dbn.tail_bytes;
    if (dbn.quotes_only) {
      block.common_rtype = dbn::RType::kMbp1;
      block.common_bytes = sizeof(dbn::Mbp1Msg) + dbn.tail_bytes;
    }
    engine.feed(block, instruments);
    first = last;
  }
  engine.end_source(instruments.source());
  engine.finish();
  Outcome outcome{collector.candle_bytes(), collector.second_bytes(), {}};
  outcome.account = collector.account();
  return outcome;
}

// What the stream holds, for the path that takes records one by one.
std::vector<Arrival> from_dbn(const DbnStream& dbn, const dbn::SymbolMap& map) {
  std::vector<Arrival> arrivals;
  for (const std::size_t start : dbn.starts) {
    const dbn::RecordView record(dbn.bytes.data() + start, dbn.tail_bytes);
    Arrival arrival;
    if (const auto* quote = record.get_if<dbn::Mbp1Msg>()) {
      arrival.record = *quote;
      const bool has_recv = quote->ts_recv != 0 && quote->ts_recv != kUndefTime;
      arrival.symbol =
          map.find(quote->header.instrument_id, has_recv ? quote->ts_recv : quote->header.ts_event)
              .symbol;
    } else if (record.rtype() == dbn::RType::kMbp1) {
      arrival.kind = Arrival::Kind::kMalformed;
    } else {
      arrival.kind = Arrival::Kind::kOtherSchema;
    }
    // Heartbeats are nothing; they would only shift positions.
    if (record.rtype() != dbn::RType::kSystem) arrivals.push_back(std::move(arrival));
  }
  return arrivals;
}

TEST(EngineProperty, RowsDoNotDependOnHowTheRecordsAreCutUp) {
  EXPECT_TRUE(rc::check("any chunking, the same bytes", [] {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    Dice dice(seed ^ 0x5EED);
    testing::Stream stream = testing::hostile_stream(seed);
    stream.options.from_first_record = true;
    DbnStream dbn = to_dbn(stream, dice);
    const Outcome singles = run_blocks(dbn, stream.options, dice, 1);
    const Outcome few = run_blocks(dbn, stream.options, dice, 10);
    const Outcome all = run_blocks(dbn, stream.options, dice, 1'000'000);
    RC_ASSERT(singles.candles == few.candles);
    RC_ASSERT(singles.candles == all.candles);
    RC_ASSERT(singles.seconds == few.seconds);
    RC_ASSERT(singles.seconds == all.seconds);
    if (const auto text = testing::difference(singles.account, few.account); !text.empty()) {
      RC_FAIL(text);
    }

    testing::Account one_by_one = testing::run_engine(from_dbn(dbn, dbn.map), stream.options);
    if (!dbn.quotes_only) one_by_one.rejections = all.account.rejections;
    if (const auto text = testing::difference(one_by_one, all.account); !text.empty()) {
      RC_FAIL(text);
    }
  }));
}

}  // namespace
}  // namespace fm::candles
