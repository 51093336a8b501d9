#include "dbn/symbol_map.h"

#include <charconv>
#include <iterator>

namespace fm::dbn {
namespace {

constexpr Nanos kStartOfTime = 0;

bool parse_id(std::string_view text, std::uint32_t& id) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, id);
  return error == std::errc{} && rest == end;
}

// Days before 1970 and after 2554 do not occur in nanoseconds.
Nanos start_of(Date date) {
  constexpr std::int32_t kLastDay = static_cast<std::int32_t>(kUndefTime / kNanosPerDay);
  const std::int32_t day = date.days_since_1970();
  if (day <= 0) return kStartOfTime;
  return day > kLastDay ? kUndefTime : static_cast<Nanos>(day) * kNanosPerDay;
}

// The exchange's symbol of a mapping record. Gateways put it into stype_out; where that holds the
// id, the request was the symbol.
std::string_view symbol_of(std::uint32_t instrument_id, std::string_view in, std::string_view out) {
  std::uint32_t id = 0;
  return parse_id(out, id) && id == instrument_id && !in.empty() ? in : out;
}

template <class Record>
void add_record(SymbolMap& map, const Record& record) {
  const std::uint32_t id = record.header.instrument_id;
  map.add(id, symbol_of(id, text_of(record.stype_in_symbol), text_of(record.stype_out_symbol)),
          record.start_ts == kUndefTime ? kStartOfTime : record.start_ts, record.end_ts);
}

}  // namespace

void SymbolMap::add(const Metadata& metadata) {
  const bool symbol_is_key =
      metadata.stype_out == SType::kInstrumentId && metadata.stype_in != SType::kInstrumentId;
  if (!symbol_is_key && metadata.stype_in != SType::kInstrumentId) return;
  for (const SymbolMapping& mapping : metadata.mappings) {
    for (const MappingInterval& interval : mapping.intervals) {
      if (interval.symbol.empty()) continue;
      const std::string_view id_text = symbol_is_key ? interval.symbol : mapping.raw_symbol;
      const std::string_view symbol = symbol_is_key ? mapping.raw_symbol : interval.symbol;
      std::uint32_t id = 0;
      if (parse_id(id_text, id))
        add(id, symbol, start_of(interval.start_date), start_of(interval.end_date));
      else
        ++unreadable_;
    }
  }
}

void SymbolMap::add(const SymbolMappingMsg& record) { add_record(*this, record); }
void SymbolMap::add(const SymbolMappingMsgV1& record) { add_record(*this, record); }

bool SymbolMap::add(RecordView record) {
  if (const auto* mapping = record.get_if<SymbolMappingMsg>())
    add(*mapping);
  else if (const auto* old_mapping = record.get_if<SymbolMappingMsgV1>())
    add(*old_mapping);
  else
    return false;
  return true;
}

void SymbolMap::add(std::uint32_t instrument_id, std::string_view symbol, Nanos from, Nanos to) {
  if (symbol.empty() || from >= to) return;
  Intervals& intervals = instruments_[instrument_id];
  // Gateways repeat mappings often; answers that callers keep should survive that.
  const SymbolSpan known = find(instrument_id, from);
  if (known.symbol == symbol && known.valid_to >= to) return;

  // Cut what reaches into [from, to) from the left, then drop what begins inside, keeping its right
  // part.
  auto next = intervals.lower_bound(from);
  if (next != intervals.begin()) {
    Interval& left = std::prev(next)->second;
    if (left.to > to) intervals.emplace(to, left);
    if (left.to > from) left.to = from;
  }
  while (next != intervals.end() && next->first < to) {
    if (next->second.to > to) intervals.emplace(to, next->second);
    next = intervals.erase(next);
  }
  intervals.emplace(from, Interval{to, intern(symbol)});
  ++generation_;
}

SymbolSpan SymbolMap::find(std::uint32_t instrument_id, Nanos time) const {
  SymbolSpan span;
  const auto found = instruments_.find(instrument_id);
  if (found == instruments_.end()) return span;
  const Intervals& intervals = found->second;
  const auto next = intervals.upper_bound(time);
  if (next != intervals.end()) span.valid_to = next->first;
  if (next == intervals.begin()) return span;
  const auto& [from, interval] = *std::prev(next);
  if (time >= interval.to) {
    span.valid_from = interval.to;
  } else {
    span = {interval.symbol, from, interval.to};
  }
  return span;
}

std::string_view SymbolMap::intern(std::string_view symbol) {
  return *symbols_.emplace(symbol).first;
}

}  // namespace fm::dbn
