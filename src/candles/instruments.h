// Which contract an instrument id of one file stands for, remembered per id.
//
//   dbn::SymbolMap map;
//   map.add(reader.metadata());
//   Instruments instruments(map, engine.begin_source(), reader.metadata().schema);
//   engine.feed(block, instruments);   // mapping records in the block go into the map
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "candles/types.h"
#include "dbn/enums.h"
#include "dbn/symbol_map.h"

namespace fm::candles {

struct ContractState;
class Engine;

class Instruments {
 public:
  // `map` outlives this object. `schema` is what the file says it holds; absent for mixed input.
  Instruments(dbn::SymbolMap& map, SourceId source, std::optional<dbn::Schema> schema = {});

  [[nodiscard]] SourceId source() const { return source_; }

 private:
  friend class Engine;

  // What an id stands for while the moment of arrival is in [valid_from, valid_to).
  struct Known {
    std::uint32_t instrument_id = 0;
    SymbolId symbol = kNoSymbol;
    ContractState* contract = nullptr;  // null in an unused place
    Nanos valid_from = 0;
    Nanos valid_to = 0;
  };

  [[nodiscard]] std::size_t place_of(std::uint32_t instrument_id) const {
    // Fibonacci hashing: ids of one exchange lie close together.
    return (instrument_id * 0x9E37'79B9U) >> shift_;
  }
  // The place of this id, used or not.
  [[nodiscard]] Known& known(std::uint32_t instrument_id) {
    std::size_t place = place_of(instrument_id);
    while (known_[place].contract != nullptr && known_[place].instrument_id != instrument_id) {
      place = (place + 1) & (known_.size() - 1);
    }
    return known_[place];
  }
  void forget();
  void grow();

  dbn::SymbolMap& map_;
  SourceId source_;
  std::optional<dbn::Schema> schema_;
  std::uint64_t generation_;  // of the map, when `known_` was filled
  unsigned shift_;            // 32 − log2(known_.size())
  std::size_t used_ = 0;
  std::vector<Known> known_;
};

}  // namespace fm::candles
