// Which file may say what there was, and when: the claims of files on the time of a symbol.
//
// Trades have no key. A file that has trades of a symbol claims some time of it: there were these
// trades, and no others. Where claims overlap, that of the file that was published later counts;
// files that were published at the same moment share theirs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace fm::jobs {

struct Claim {
  std::int64_t from = 0;  // ns since 1970, of ts_recv
  std::int64_t to = 0;    // excluded
  std::int64_t published_us = 0;
  friend bool operator==(const Claim&, const Claim&) = default;
};

// Of one symbol: the claims that count, disjoint, by time.
[[nodiscard]] std::vector<Claim> claims_that_count(std::vector<Claim> claims);

class Claims {
 public:
  // A partition's claims are kept in its manifest, some 50 bytes each.
  static constexpr std::size_t kCountMax = 200'000;

  void add(std::string_view symbol, const Claim& claim);
  // After the last add(): lets those that count stand. Errors: kUnsupported above kCountMax.
  [[nodiscard]] Status settle();
  // When what is known of the symbol at this time was published; nothing where nobody claims it.
  // Between two calls for a symbol, times may not go back.
  [[nodiscard]] std::optional<std::int64_t> at(std::string_view symbol, std::int64_t time);
  // Begins again with earlier times.
  void rewind();
  void add_all(const Claims& others);

  // {"ESH4":[[from,to,published],…],…}
  [[nodiscard]] std::string encode() const;
  // Errors: kCorrupt.
  [[nodiscard]] static Result<Claims> decode(std::string_view json);

 private:
  struct Symbol {
    std::vector<Claim> claims;
    std::size_t next = 0;  // the first that may reach further times
  };
  std::map<std::string, Symbol, std::less<>> symbols_;
};

}  // namespace fm::jobs
