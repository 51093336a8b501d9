#include "candles/instruments.h"

#include "candles/contract_state.h"

namespace fm::candles {
namespace {

constexpr unsigned kFirstBits = 8;

}  // namespace

Instruments::Instruments(dbn::SymbolMap& map, SourceId source, std::optional<dbn::Schema> schema)
    : map_(map), source_(source), schema_(schema) {
  resize(kFirstBits);
}

void Instruments::resize(unsigned bits) {
  shift_ = 32 - bits;
  known_.assign(std::size_t{1} << bits, Known{.contract = &no_contract()});
  used_ = 0;
  valid_from_ = 0;
  valid_to_ = kUndefTime;
  generation_ = map_.generation();
}

Instruments::Known& Instruments::known_at(std::uint32_t instrument_id, Nanos time) {
  if (generation_ != map_.generation() || time < valid_from_ || time >= valid_to_) {
    resize(32 - shift_);
  }
  if (Known& known_already = known(instrument_id); known_already.symbol != kUnused) {
    return known_already;
  }
  if ((used_ + 1) * 4 > known_.size()) resize(32 - shift_ + 1);
  used_ += 1;
  return known(instrument_id);
}

}  // namespace fm::candles
