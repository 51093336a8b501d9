// Which contract an instrument id of one file stands for, remembered per id.
//
//   dbn::SymbolMap map;
//   map.add(reader.metadata());
//   Instruments instruments(map, engine.begin_source(), reader.metadata().schema);
//   engine.feed(block, instruments);   // mapping records in the block go into the map
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
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
  // Every engine, and every source of an engine, has its own Instruments.
  Instruments(dbn::SymbolMap& map, SourceId source, std::optional<dbn::Schema> schema = {});

  [[nodiscard]] SourceId source() const { return source_; }

 private:
  friend class Engine;

  static constexpr SymbolId kUnused = std::numeric_limits<SymbolId>::max();
  struct Known {
    std::uint32_t instrument_id = 0;
    SymbolId symbol = kUnused;
    ContractState* contract = nullptr;  // never null: a stand-in where there is none
  };

  // Fibonacci hashing: the ids of one exchange lie close together.
  [[nodiscard]] static std::size_t first_place(std::uint32_t instrument_id, unsigned shift) {
    return (instrument_id * 0x9E37'79B9U) >> shift;
  }
  // The place of this id; its symbol is kUnused when the id is not known.
  [[nodiscard]] Known& known(std::uint32_t instrument_id) {
    std::size_t place = first_place(instrument_id, shift_);
    while (known_[place].instrument_id != instrument_id && known_[place].symbol != kUnused) {
      place = (place + 1) & (known_.size() - 1);
    }
    return known_[place];
  }
  // The same, ready to be filled in, when what is known holds at `time`; forgets it all when not.
  // A new id narrows the time in which everything known holds.
  [[nodiscard]] Known& known_at(std::uint32_t instrument_id, Nanos time);
  void resize(unsigned bits);

  dbn::SymbolMap& map_;
  SourceId source_;
  std::optional<dbn::Schema> schema_;
  std::uint64_t generation_ = 0;  // of the map, when `known_` was begun
  Nanos valid_from_ = 0;          // what is known holds for arrivals in [from, to)
  Nanos valid_to_ = 0;
  unsigned shift_ = 0;  // 32 − log2(known_.size())
  std::size_t used_ = 0;
  std::vector<Known> known_;  // open addressing, at most a quarter used
};

}  // namespace fm::candles
