// The symbols of a run, each kept once under a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fm::jobs {

// Futures and spreads of every root over fifteen years are fewer than 100,000.
inline constexpr std::size_t kLoadSymbolsMax = 1'000'000;

struct LoadSymbol {
  std::string text;
  std::string_view root;   // of a spread: that of its first leg; empty where it is not known
  bool is_future = false;  // one contract, or a spread of contracts
  bool is_spread = false;
};

class LoadSymbols {
 public:
  // Nothing when there are kLoadSymbolsMax already.
  [[nodiscard]] std::optional<std::uint32_t> intern(std::string_view text);
  [[nodiscard]] const LoadSymbol& operator[](std::uint32_t symbol) const { return all_[symbol]; }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

  // The place of each symbol in the order of their texts, and of its root in the order of roots.
  // What is interned later may move them, but never past each other.
  struct Rank {
    std::uint32_t symbol = 0;
    std::uint32_t root = 0;
  };
  [[nodiscard]] std::vector<Rank> ranks() const;

 private:
  std::deque<LoadSymbol> all_;  // never moved: the map and the roots look into it
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

}  // namespace fm::jobs
