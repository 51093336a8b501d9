// Blocks of records: the loop in which the time goes.
#include <algorithm>

#include "base/assert.h"
#include "candles/engine_state.h"
#include "dbn/record_v1.h"

namespace fm::candles {
namespace {

// What a record of another kind means for the counts.
enum class Kind { kNothing, kOther, kMalformed };

template <class... Records>
bool is_any(dbn::RecordView record) {
  return ((record.get_if<Records>() != nullptr) || ...);
}

bool fits(dbn::RecordView record) {
  using namespace dbn;
  return is_any<TradeMsg, BboMsg, Mbp10Msg, MboMsg, OhlcvMsg, StatusMsg, StatMsg, StatMsgV1,
                ImbalanceMsg, Cmbp1Msg, CbboMsg, InstrumentDefMsg, InstrumentDefMsgV1,
                InstrumentDefMsgV2>(record);
}

Kind kind_of(dbn::RecordView record, std::optional<dbn::Schema> schema) {
  using namespace dbn;
  const RType rtype = record.rtype();
  if (rtype == RType::kError || rtype == RType::kSystem) {
    const bool whole = is_any<ErrorMsg, ErrorMsgV1, SystemMsg, SystemMsgV1>(record);
    return whole ? Kind::kNothing : Kind::kMalformed;
  }
  if (!fits(record) || (schema && rtype != rtype_of(*schema))) return Kind::kMalformed;
  return Kind::kOther;
}

}  // namespace

// The range of arrivals for which the short way is open: in the clock's second, while the mappings
// known hold, when the source has begun.
struct Engine::Block {
  State& state;
  Instruments& instruments;
  std::uint64_t position;
  Nanos begin = 0;
  Nanos length = 0;
  std::uint64_t shortcuts = 0;

  void open_shortcut() {
    begin = length = 0;
    if (!state.sources[instruments.source_].begun ||
        instruments.generation_ != instruments.map_.generation()) {
      return;
    }
    const Nanos end = std::min(state.recv_begin + state.recv_length, instruments.valid_to_);
    const Nanos from = std::max(state.recv_begin, instruments.valid_from_);
    if (from >= end) return;
    begin = from;
    length = end - from;
  }

  void quote(const dbn::Mbp1Msg& record) {
    const auto& known = instruments.known(record.header.instrument_id);
    if (State::take_shortcut(record, *known.contract, begin, length)) [[likely]] {
      shortcuts += 1;
    } else {
      take(record);
    }
    position += 1;
  }

  [[gnu::noinline]] void take(const dbn::Mbp1Msg& record) {
    // 0 is as undefined as 2^64 − 1.
    const bool has_recv = record.ts_recv != 0 && record.ts_recv != kUndefTime;
    const Nanos time = has_recv ? record.ts_recv : record.header.ts_event;
    auto& known = instruments.known_at(record.header.instrument_id, time);
    if (known.symbol == Instruments::kUnused) {
      const dbn::SymbolSpan span = instruments.map_.find(record.header.instrument_id, time);
      known.instrument_id = record.header.instrument_id;
      known.symbol = state.intern(span.symbol);
      instruments.valid_from_ = std::max(instruments.valid_from_, span.valid_from);
      instruments.valid_to_ = std::min(instruments.valid_to_, span.valid_to);
    }
    state.records += 1;
    state.take(record, known.symbol, position, instruments.source_);
    known.contract = state.symbols[known.symbol].contract;
    open_shortcut();
  }

  void other(dbn::RecordView record) {
    if (record.rtype() == dbn::RType::kSymbolMapping && instruments.map_.add(record)) {
      open_shortcut();
    } else {
      switch (kind_of(record, instruments.schema_)) {
        case Kind::kNothing:
          break;
        case Kind::kOther:
          state.records += 1;
          state.count_out({.reason = Reason::kNotTrade}, {});
          break;
        case Kind::kMalformed:
          state.records += 1;
          state.count_out({Reason::kMalformed, instruments.source_, position, kNoSymbol, nullptr,
                           record.bytes()},
                          {});
          break;
      }
    }
    position += 1;
  }

  // As quote() for each, with what the short way needs in registers.
  template <std::size_t stride>
  void quotes(std::span<const std::byte> bytes) {
    const std::byte* const end = bytes.data() + bytes.size();
    const std::byte* at = bytes.data();
    while (at != end) {
      const Instruments::Known* const known = instruments.known_.data();
      const std::size_t last_place = instruments.known_.size() - 1;
      const unsigned shift = instruments.shift_;
      const Nanos shortcut_begin = begin;
      const Nanos shortcut_length = length;
      const std::byte* const start = at;
      for (; at != end; at += stride) {
        const auto& record = *reinterpret_cast<const dbn::Mbp1Msg*>(at);
        const std::uint32_t id = record.header.instrument_id;
        std::size_t place = Instruments::first_place(id, shift);
        while (known[place].instrument_id != id && known[place].symbol != Instruments::kUnused) {
          place = (place + 1) & last_place;
        }
        if (!State::take_shortcut(record, *known[place].contract, shortcut_begin, shortcut_length))
            [[unlikely]] {
          break;
        }
      }
      const auto taken = static_cast<std::uint64_t>(at - start) / stride;
      shortcuts += taken;
      position += taken;
      if (at == end) return;
      take(*reinterpret_cast<const dbn::Mbp1Msg*>(at));
      position += 1;
      at += stride;
    }
  }
};

void Engine::feed(const dbn::RecordBlock& block, Instruments& instruments) {
  FM_ASSERT(!state_->finished);
  Block work{*state_, instruments, block.first_record};
  work.open_shortcut();
  constexpr std::size_t kQuoteBytes = sizeof(dbn::Mbp1Msg);
  const bool quotes_only = dbn::Mbp1Msg::holds(block.common_rtype) &&
                           block.common_bytes == kQuoteBytes + block.tail_bytes;
  if (quotes_only && block.tail_bytes == 0) {
    work.quotes<kQuoteBytes>(block.bytes);
  } else if (quotes_only && block.tail_bytes == dbn::kTsOutBytes) {
    work.quotes<kQuoteBytes + dbn::kTsOutBytes>(block.bytes);
  } else {
    for (const dbn::RecordView record : block) {
      if (const auto* quote = record.get_if<dbn::Mbp1Msg>()) {
        work.quote(*quote);
      } else {
        work.other(record);
      }
    }
  }
  state_->records += work.shortcuts;
  state_->accepted += work.shortcuts;
  state_->shared.rows.flush();
}

}  // namespace fm::candles
