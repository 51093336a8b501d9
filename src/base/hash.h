// Content hashes: XXH3, 128 bits. Not cryptographic; used to name and compare content, never to
// authenticate it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace fm {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
  [[nodiscard]] std::string hex() const;  // 32 lower-case digits
};

[[nodiscard]] Hash128 hash_of(std::span<const std::byte> bytes);
[[nodiscard]] Hash128 hash_of(std::string_view text);

// The same hash of bytes that come in pieces.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void add(std::span<const std::byte> bytes);
  void add(std::string_view text);
  [[nodiscard]] Hash128 digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fm
