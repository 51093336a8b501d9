// Which symbol an instrument_id stood for at a moment. The exchange uses ids again, so the moment
// matters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "dbn/metadata.h"
#include "dbn/record_v1.h"
#include "dbn/record_view.h"

namespace fm::dbn {

// An answer that holds for all of [valid_from, valid_to), until the map learns something new.
struct SymbolSpan {
  std::string_view symbol;  // empty: none is known; lives as long as the map
  Nanos valid_from = 0;
  Nanos valid_to = kUndefTime;
};

// Learns from a file's metadata and from the mapping records in its stream; what is learned later
// wins.
//
// The symbol is the exchange's own ("ESH4") wherever the input says it. Metadata of a request for
// raw symbols or for a parent say it; so do mapping records, also those of continuous requests.
// Metadata of a continuous request ("ES.c.0") know only the request, and then the request is the
// symbol.
class SymbolMap {
 public:
  SymbolMap() = default;
  SymbolMap(SymbolMap&&) = default;  // answers of find() live on
  SymbolMap& operator=(SymbolMap&&) = default;

  // The days of metadata mappings are UTC days. Mappings without an instrument id on either side
  // are left out.
  void add(const Metadata& metadata);
  // A mapping without start or end holds from the beginning or to the end of time.
  void add(const SymbolMappingMsg& record);
  void add(const SymbolMappingMsgV1& record);
  // Any record; returns whether it was a mapping.
  bool add(RecordView record);
  // [from, to) in ns; an empty symbol or span changes nothing.
  void add(std::uint32_t instrument_id, std::string_view symbol, Nanos from, Nanos to);

  // `time` is the record's ts_recv, or ts_event where it has none.
  [[nodiscard]] SymbolSpan find(std::uint32_t instrument_id, Nanos time) const;

  // Grows whenever an answer of find() may have changed: callers that keep answers compare it.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  // Mapping intervals whose instrument id is not a number.
  [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }

 private:
  struct Interval {
    Nanos to;
    std::string_view symbol;
  };
  using Intervals = std::map<Nanos, Interval>;  // by start; they do not overlap

  std::string_view intern(std::string_view symbol);

  std::unordered_map<std::uint32_t, Intervals> instruments_;
  std::unordered_set<std::string> symbols_;  // never moved, so that views stay valid
  std::uint64_t generation_ = 0;
  std::uint64_t unreadable_ = 0;
};

}  // namespace fm::dbn
