#include "gateway/symbology_builder.h"

#include <algorithm>
#include <charconv>

#include "market/contract.h"

namespace fm::gateway {
namespace {

// The days between two files with the same mapping belong to it too: weekends and holidays.
constexpr int kBridgedDaysMax = 4;

Date day_of(Nanos time) { return Date::of_second(second_of(time)); }

// Sorted, without overlaps; short holes are closed.
std::vector<DaySpan> merged(std::vector<DaySpan> spans) {
  std::ranges::sort(spans);
  std::vector<DaySpan> out;
  for (const DaySpan& span : spans) {
    if (!out.empty() && span.from - out.back().to <= kBridgedDaysMax) {
      out.back().to = std::max(out.back().to, span.to);
    } else {
      out.push_back(span);
    }
  }
  return out;
}

}  // namespace

std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return id;
}

std::string_view shown_root(std::string_view symbol) {
  switch (market::classify(symbol)) {
    case market::SymbolKind::kOutright:
      return market::root_of(symbol);
    case market::SymbolKind::kSpread:
      if (const std::size_t colon = symbol.find(':'); colon != std::string_view::npos)
        return symbol.substr(0, colon);
      [[fallthrough]];
    case market::SymbolKind::kOption: {
      const std::string_view leg = symbol.substr(0, symbol.find_first_of("- "));
      return market::is_outright(leg) ? market::root_of(leg) : std::string_view();
    }
    default:
      return {};
  }
}

char shown_class(std::string_view symbol) {
  switch (market::classify(symbol)) {
    case market::SymbolKind::kOutright:
      return dbn::kClassFuture;
    case market::SymbolKind::kSpread:
      return dbn::kClassFutureSpread;
    case market::SymbolKind::kOption: {
      const std::size_t space = symbol.find(' ');
      const bool is_call = space + 1 < symbol.size() && symbol[space + 1] == 'C';
      return is_call ? dbn::kClassCall : dbn::kClassPut;
    }
    default:
      return '\0';
  }
}

void SymbologyBuilder::add_span(Names& names, std::uint32_t id, std::string_view symbol,
                                DaySpan days) {
  if (days.from >= days.to || symbol.empty()) return;
  std::vector<DaySpan>& spans = names[{id, std::string(symbol)}];
  // Day files come in order: most spans continue the last one.
  if (!spans.empty() && days.from >= spans.back().from && days.from <= spans.back().to) {
    spans.back().to = std::max(spans.back().to, days.to);
  } else {
    spans.push_back(days);
  }
}

void SymbologyBuilder::add(const dbn::Metadata& metadata) {
  using dbn::SType;
  for (const dbn::SymbolMapping& mapping : metadata.mappings) {
    for (const dbn::MappingInterval& interval : mapping.intervals) {
      const DaySpan days{interval.start_date, interval.end_date};
      if (metadata.stype_out == SType::kRawSymbol) {
        if (const auto id = parse_id(mapping.raw_symbol))
          add_span(raw_, *id, interval.symbol, days);
      } else if (const auto id = parse_id(interval.symbol)) {
        const bool is_request =
            metadata.stype_in == SType::kContinuous || parse_id(mapping.raw_symbol).has_value();
        add_span(is_request ? requested_ : raw_, *id, mapping.raw_symbol, days);
      }
    }
  }
}

void SymbologyBuilder::add(const dbn::SymbolMappingMsg& record, Date last_day) {
  const Nanos start = record.start_ts != kUndefTime ? record.start_ts : record.header.ts_event;
  if (start == kUndefTime) return;
  const Date end = record.end_ts != kUndefTime && record.end_ts > start
                       ? day_of(record.end_ts - 1) + 1
                       : last_day + 1;
  const DaySpan days{day_of(start), end};
  const std::uint32_t id = record.header.instrument_id;
  const std::string_view in = dbn::text_of(record.stype_in_symbol);
  const std::string_view out = dbn::text_of(record.stype_out_symbol);
  const bool is_continuous = record.stype_in == static_cast<std::uint8_t>(dbn::SType::kContinuous);
  if (is_continuous) add_span(requested_, id, in, days);
  // The exchange's own name stands on the out side, unless a request for ids turned it round.
  const std::string_view raw = !parse_id(out) ? out : in;
  if (!parse_id(raw) && !(is_continuous && raw == in)) add_span(raw_, id, raw, days);
}

void SymbologyBuilder::add(const dbn::InstrumentDefMsg& record) {
  const Nanos time = record.ts_recv != kUndefTime ? record.ts_recv : record.header.ts_event;
  if (time == kUndefTime || record.raw_symbol[0] == '\0') return;
  std::vector<Defined>& known = defined_[record.header.instrument_id];
  const std::string_view symbol = dbn::text_of(record.raw_symbol);
  const bool is_deleted = record.security_update_action == 'D';
  if (!known.empty() && known.back().raw_symbol == symbol &&
      known.back().expiration == record.expiration && known.back().is_deleted == is_deleted) {
    known.back().day = std::min(known.back().day, day_of(time));
    known.back().last_day = std::max(known.back().last_day, day_of(time));
    return;
  }
  known.push_back({day_of(time), day_of(time), std::string(symbol),
                   std::string(dbn::text_of(record.asset)), record.instrument_class, is_deleted,
                   record.expiration});
}

// Ids that are known by requests alone.
void SymbologyBuilder::append_nameless(std::vector<Listing>& out) const {
  std::set<std::uint32_t> named;
  for (const Listing& listing : out) named.insert(listing.instrument_id);
  std::map<std::uint32_t, std::vector<DaySpan>> nameless;
  for (const auto& [name, spans] : requested_)
    if (!named.contains(name.first))
      nameless[name.first].insert(nameless[name.first].end(), spans.begin(), spans.end());
  for (const auto& [id, spans] : nameless) {
    for (const DaySpan& span : merged(spans)) {
      Listing listing;
      listing.instrument_id = id;
      listing.from = span.from;
      listing.to = span.to;
      out.push_back(std::move(listing));
    }
  }
}

// The day behind the last on which the definition counts when no other follows it.
Date SymbologyBuilder::end_of(const Defined& defined, Date end_day) {
  const bool expires = defined.expiration != kUndefTime && defined.expiration != 0;
  const Date end = expires ? std::min(end_day, day_of(defined.expiration) + 1) : end_day;
  return std::max(end, defined.last_day + 1);
}

std::vector<Listing> SymbologyBuilder::listings(Date end_day) const {
  Names names = raw_;
  std::map<Name, const Defined*> facts;
  for (const auto& [id, unsorted] : defined_) {
    std::vector<const Defined*> known;
    for (const Defined& one : unsorted) known.push_back(&one);
    std::ranges::stable_sort(known, {}, [](const Defined* one) { return one->day; });
    for (std::size_t i = 0; i < known.size(); ++i) {
      const Defined& one = *known[i];
      facts[{id, one.raw_symbol}] = &one;
      const Date next = i + 1 < known.size() ? known[i + 1]->day : end_of(one, end_day);
      add_span(names, id, one.raw_symbol, {one.day, one.is_deleted ? one.day + 1 : next});
    }
  }
  std::vector<Listing> out;
  for (const auto& [name, spans] : names) {
    const auto fact = facts.find(name);
    const Defined* const defined = fact == facts.end() ? nullptr : fact->second;
    for (const DaySpan& span : merged(spans)) {
      Listing listing;
      listing.instrument_id = name.first;
      listing.raw_symbol = name.second;
      listing.root = defined != nullptr && !defined->asset.empty()
                         ? defined->asset
                         : std::string(shown_root(name.second));
      listing.instrument_class = defined != nullptr && defined->instrument_class != '\0'
                                     ? defined->instrument_class
                                     : shown_class(name.second);
      if (defined != nullptr) listing.expiration = defined->expiration;
      listing.from = span.from;
      listing.to = span.to;
      out.push_back(std::move(listing));
    }
  }
  append_nameless(out);
  std::ranges::sort(out, [](const Listing& a, const Listing& b) {
    return std::tie(a.raw_symbol, a.from, a.instrument_id) <
           std::tie(b.raw_symbol, b.from, b.instrument_id);
  });
  return out;
}

std::map<std::string, std::vector<RequestedSpan>> SymbologyBuilder::requested() const {
  std::map<std::string, std::vector<RequestedSpan>> out;
  for (const auto& [name, spans] : requested_)
    for (const DaySpan& span : merged(spans)) out[name.second].push_back({name.first, span});
  for (auto& [name, spans] : out)
    std::ranges::sort(spans, {}, [](const RequestedSpan& span) { return span.days; });
  return out;
}

}  // namespace fm::gateway
