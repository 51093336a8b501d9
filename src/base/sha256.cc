#include "base/sha256.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <array>

#include "base/assert.h"

namespace fm {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { FM_ASSERT(context != nullptr); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void begin() { FM_ASSERT(EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->begin(); }
Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes) {
  FM_ASSERT(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  FM_ASSERT(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  state_->begin();
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string sha256_of(std::string_view text) {
  Sha256 hash;
  hash.add(std::as_bytes(std::span(text.data(), text.size())));
  return hash.finish();
}

}  // namespace fm
