#include "base/hash.h"

#include <fmt/core.h>
#include <xxhash.h>

#include "base/assert.h"

namespace fm {
namespace {

Hash128 from(XXH128_hash_t hash) { return {hash.high64, hash.low64}; }

}  // namespace

std::string Hash128::hex() const { return fmt::format("{:016x}{:016x}", high, low); }

Hash128 hash_of(std::span<const std::byte> bytes) {
  return from(XXH3_128bits(bytes.data(), bytes.size()));
}

Hash128 hash_of(std::string_view text) { return from(XXH3_128bits(text.data(), text.size())); }

struct Hasher::State {
  XXH3_state_t* xxh = XXH3_createState();
  State() {
    FM_ASSERT(xxh != nullptr);
    XXH3_128bits_reset(xxh);
  }
  ~State() { XXH3_freeState(xxh); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::add(std::span<const std::byte> bytes) {
  XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
}

void Hasher::add(std::string_view text) { add(std::as_bytes(std::span(text.data(), text.size()))); }

Hash128 Hasher::digest() const { return from(XXH3_128bits_digest(state_->xxh)); }

}  // namespace fm
