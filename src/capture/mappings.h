// The mappings in force: what every segment begins with, so that it can be read alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "dbn/record.h"

namespace fm::capture {

// The newest mapping of each instrument and requested symbol, in order of arrival.
class Mappings {
 public:
  // 46 MB of records. Beyond it the oldest is forgotten, which the program's log says once.
  static constexpr std::size_t kMost = std::size_t{1} << 18;

  void add(const dbn::SymbolMappingMsg& mapping);
  // Forgets those that ended by then.
  void forget_ended(Nanos time);
  [[nodiscard]] std::size_t size() const { return by_age_.size(); }
  // The records one behind the other.
  void append_to(std::vector<std::byte>& out) const;

 private:
  using Age = std::uint64_t;
  [[nodiscard]] static std::string key_of(const dbn::SymbolMappingMsg& mapping);

  std::map<Age, dbn::SymbolMappingMsg> by_age_;
  std::unordered_map<std::string, Age> ages_;
  Age next_ = 0;
  bool warned_ = false;
};

}  // namespace fm::capture
