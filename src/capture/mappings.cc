#include "capture/mappings.h"

#include "base/log.h"

namespace fm::capture {

std::string Mappings::key_of(const dbn::SymbolMappingMsg& mapping) {
  return fmt::format("{} {} {}", mapping.header.instrument_id, mapping.stype_in,
                     dbn::text_of(mapping.stype_in_symbol));
}

void Mappings::add(const dbn::SymbolMappingMsg& mapping) {
  const auto [known, is_new] = ages_.try_emplace(key_of(mapping), next_);
  if (!is_new) {
    by_age_.erase(known->second);
    known->second = next_;
  }
  by_age_.emplace(next_++, mapping);
  if (by_age_.size() <= kMost) return;
  if (!warned_)
    log_warning(
        "capture: more than {} symbol mappings are in force; segments begin with the newest",
        kMost);
  warned_ = true;
  ages_.erase(key_of(by_age_.begin()->second));
  by_age_.erase(by_age_.begin());
}

void Mappings::forget_ended(Nanos time) {
  std::erase_if(by_age_, [&](const auto& entry) {
    const Nanos end = entry.second.end_ts;
    if (end == kUndefTime || end == 0 || end > time) return false;
    ages_.erase(key_of(entry.second));
    return true;
  });
}

void Mappings::append_to(std::vector<std::byte>& out) const {
  for (const auto& [age, mapping] : by_age_) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&mapping);
    out.insert(out.end(), bytes, bytes + sizeof mapping);
  }
}

}  // namespace fm::capture
