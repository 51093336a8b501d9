// Gathers what metadata, mapping records and definitions say about instruments. Private to the
// room.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dbn/metadata.h"
#include "dbn/record.h"
#include "gateway/symbology.h"

namespace fm::gateway {

struct DaySpan {
  Date from;
  Date to;
  friend auto operator<=>(const DaySpan&, const DaySpan&) = default;
};

// An id that a request named ("ES.c.0") stood for.
struct RequestedSpan {
  std::uint32_t instrument_id;
  DaySpan days;
};

class SymbologyBuilder {
 public:
  void add(const dbn::Metadata& metadata);
  // `last_day` is that of the file: a mapping without an end holds until then.
  void add(const dbn::SymbolMappingMsg& record, Date last_day);
  void add(const dbn::InstrumentDefMsg& record);

  // Definitions hold until the instrument expires, or the archive ends with the day before
  // `end_day`.
  [[nodiscard]] std::vector<Listing> listings(Date end_day) const;
  [[nodiscard]] std::map<std::string, std::vector<RequestedSpan>> requested() const;

 private:
  struct Defined {
    Date day;       // first seen with these values
    Date last_day;  // last seen
    std::string raw_symbol;
    std::string asset;
    char instrument_class;
    bool is_deleted;
    Nanos expiration;
  };
  using Name = std::pair<std::uint32_t, std::string>;  // id and symbol
  using Names = std::map<Name, std::vector<DaySpan>>;

  [[nodiscard]] static Date end_of(const Defined& defined, Date end_day);
  static void add_span(Names& names, std::uint32_t id, std::string_view symbol, DaySpan days);

  void append_nameless(std::vector<Listing>& out) const;

  Names raw_;
  Names requested_;
  std::map<std::uint32_t, std::vector<Defined>> defined_;  // changes only, in the order of reading
};

// The root that a raw symbol shows by its form; empty when it shows none.
[[nodiscard]] std::string_view shown_root(std::string_view raw_symbol);
// The instrument_class that it shows; NUL when it shows none.
[[nodiscard]] char shown_class(std::string_view raw_symbol);
// Digits alone, at most 32 bits.
[[nodiscard]] std::optional<std::uint32_t> parse_id(std::string_view text);

}  // namespace fm::gateway
