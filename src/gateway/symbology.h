// What a symbol stood for on a day, as far as the files of an archive know it.
// Source of the rules: Databento's symbology (parent, continuous) as docs/replay.md states them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "dbn/enums.h"
#include "dbn/metadata.h"

namespace fm::gateway {

inline constexpr std::string_view kAllSymbols = "ALL_SYMBOLS";

struct ResolveRequest {
  std::vector<std::string> symbols;  // or kAllSymbols alone
  dbn::SType stype_in = dbn::SType::kRawSymbol;
  dbn::SType stype_out = dbn::SType::kInstrumentId;
  Date start;  // UTC days [start, end)
  Date end;
};

struct Resolution {
  // In the order of the request; a parent's children, and those of ALL_SYMBOLS, under their own raw
  // symbols, sorted. No name twice.
  std::vector<dbn::SymbolMapping> mappings;
  std::vector<std::string> partial;                 // as asked for; resolved for some of the days
  std::vector<std::string> not_found;               // for none
  std::map<std::string, std::string> reasons = {};  // why, for those in not_found, in a few words
};

// An instrument over the days [from, to) in which the id stood for the symbol.
struct Listing {
  std::uint32_t instrument_id = 0;
  std::string raw_symbol;  // "ESH4"; empty when the files name the id by requests only ("ES.c.0")
  std::string root;        // the exchange's asset, else read off the symbol; may be empty
  char instrument_class = '\0';   // of the definition, else read off the symbol; NUL: not known
  Nanos expiration = kUndefTime;  // of the definition
  Date from;
  Date to;
};

class Symbology {
 public:
  ~Symbology();
  Symbology(const Symbology&) = delete;
  Symbology& operator=(const Symbology&) = delete;

  // Pairs that can be resolved: instrument_id → instrument_id, raw_symbol; raw_symbol, parent,
  // continuous → instrument_id. Errors: kInvalidArgument for other pairs and for an empty range.
  [[nodiscard]] Result<Resolution> resolve(const ResolveRequest& request) const;

  // "" when it is not known.
  [[nodiscard]] std::string_view raw_symbol(std::uint32_t instrument_id, Date day) const;
  [[nodiscard]] std::span<const Listing> listings() const;  // sorted by symbol, then from

  struct State;
  explicit Symbology(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
};

}  // namespace fm::gateway
