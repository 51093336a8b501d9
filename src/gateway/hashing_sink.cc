#include "gateway/hashing_sink.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <array>

#include "base/assert.h"

namespace fm::gateway {

struct HashingSink::State {
  EVP_MD_CTX* context = ::EVP_MD_CTX_new();
  uLong crc = ::crc32(0, nullptr, 0);
  State() {
    FM_ASSERT(context != nullptr && ::EVP_DigestInit_ex(context, ::EVP_sha256(), nullptr));
  }
  ~State() { ::EVP_MD_CTX_free(context); }
};

HashingSink::HashingSink(std::unique_ptr<WritableFile> file, FileSummary& summary)
    : file_(std::move(file)), summary_(summary), state_(std::make_unique<State>()) {}
HashingSink::~HashingSink() = default;

Status HashingSink::write(std::span<const std::byte> bytes) {
  FM_TRY(file_->write(bytes));
  FM_ASSERT(::EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
  state_->crc = ::crc32_z(state_->crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  summary_.size_bytes += bytes.size();
  return {};
}

Status HashingSink::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  FM_ASSERT(::EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  for (unsigned i = 0; i < size; ++i) summary_.sha256 += fmt::format("{:02x}", digest[i]);
  summary_.crc32 = static_cast<std::uint32_t>(state_->crc);
  return file_->close();
}

}  // namespace fm::gateway
