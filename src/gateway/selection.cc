#include "gateway/selection.h"

#include <algorithm>
#include <charconv>

#include "gateway/symbology.h"

namespace fm::gateway {
namespace {

Nanos midnight_of(Date day) {
  return static_cast<Nanos>(std::max<Second>(day.first_second(), 0)) * kNanosPerSecond;
}

}  // namespace

Selection Selection::all(Nanos from) {
  Selection selection;
  selection.all_from_ = from;
  return selection;
}

Selection Selection::of(const Resolution& resolution) {
  Selection selection;
  for (const dbn::SymbolMapping& mapping : resolution.mappings) {
    for (const dbn::MappingInterval& interval : mapping.intervals) {
      std::uint32_t id = 0;
      const char* const end = interval.symbol.data() + interval.symbol.size();
      const auto [stop, error] = std::from_chars(interval.symbol.data(), end, id);
      if (error == std::errc{} && stop == end)
        selection.add(id, midnight_of(interval.start_date), midnight_of(interval.end_date));
    }
  }
  return selection;
}

void Selection::add_all(Nanos from) { all_from_ = std::min(all_from_, from); }

void Selection::add(std::uint32_t instrument_id, Nanos from, Nanos to) {
  if (from >= to) return;
  if (2 * (instruments_ + 1) > slots_.size()) grow();
  std::uint32_t& first = slots_[slot_of(instrument_id)];
  for (std::uint32_t at = first; at != kNone; at = spans_[at].next) {
    // Spans that touch become one, so that asking again for the same costs nothing.
    if (from > spans_[at].to || spans_[at].from > to) continue;
    spans_[at].from = std::min(spans_[at].from, from);
    spans_[at].to = std::max(spans_[at].to, to);
    return;
  }
  if (first == kNone) ++instruments_;
  spans_.push_back({instrument_id, first, from, to});
  first = static_cast<std::uint32_t>(spans_.size() - 1);
}

std::size_t Selection::slot_of(std::uint32_t instrument_id) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = (instrument_id * std::uint64_t{0x9E3779B97F4A7C15} >> 32) & mask;
  while (slots_[slot] != kNone && spans_[slots_[slot]].instrument_id != instrument_id)
    slot = (slot + 1) & mask;
  return slot;
}

bool Selection::finds(std::uint32_t instrument_id, Nanos time) const {
  for (std::uint32_t at = slots_[slot_of(instrument_id)]; at != kNone; at = spans_[at].next)
    if (time >= spans_[at].from && time < spans_[at].to) return true;
  return false;
}

void Selection::grow() {
  const std::vector<std::uint32_t> old = std::move(slots_);
  slots_.assign(std::max<std::size_t>(16, 2 * old.size()), kNone);
  for (const std::uint32_t first : old)
    if (first != kNone) slots_[slot_of(spans_[first].instrument_id)] = first;
}

}  // namespace fm::gateway
