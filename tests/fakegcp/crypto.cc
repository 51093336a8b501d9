#include "crypto.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstring>
#include <memory>

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

namespace fm::fakegcp {
namespace {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

constexpr std::string_view kPlain =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view bytes, std::string_view alphabet, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k <= count; ++k) out += alphabet[group >> (18 - 6 * k) & 63U];
    for (std::size_t k = count; padded && k < 3; ++k) out += '=';
  }
  return out;
}

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Bio bio_of(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

#ifndef __SSE4_2__
constexpr std::uint32_t kPolynomial = 0x82F63B78;
constexpr auto kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kPolynomial : 0U);
    table[i] = crc;
  }
  return table;
}();
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) {
  std::uint32_t state = ~crc;
#ifdef __SSE4_2__
  while (bytes.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    state = static_cast<std::uint32_t>(_mm_crc32_u64(state, word));
    bytes.remove_prefix(8);
  }
  for (const char c : bytes) state = _mm_crc32_u8(state, static_cast<unsigned char>(c));
#else
  for (const char c : bytes)
    state = (state >> 8) ^ kTable[(state ^ static_cast<unsigned char>(c)) & 0xFFU];
#endif
  return ~state;
}

std::string crc32c_text(std::uint32_t crc) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(crc >> shift & 0xFFU);
  return base64(bytes);
}

std::string md5_text(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr);
  return base64({reinterpret_cast<const char*>(digest.data()), size});
}

std::string base64(std::string_view bytes) { return encode(bytes, kPlain, true); }
std::string base64_url(std::string_view bytes) { return encode(bytes, kUrl, false); }

std::optional<std::string> from_base64_url(std::string_view text) {
  std::string out;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t value = kUrl.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(group >> bits & 0xFFU);
    }
  }
  return out;
}

Result<KeyPair> generate_key() {
  const Key key(EVP_RSA_gen(2048));
  const Bio private_text(BIO_new(BIO_s_mem()));
  const Bio public_text(BIO_new(BIO_s_mem()));
  if (!key ||
      PEM_write_bio_PKCS8PrivateKey(private_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1 ||
      PEM_write_bio_PUBKEY(public_text.get(), key.get()) != 1)
    return fail(Code::kInternal, "OpenSSL: cannot make an RSA key");
  return KeyPair{text_of(private_text), text_of(public_text)};
}

bool verify_rs256(std::string_view public_pem, std::string_view text, std::string_view signature) {
  const Key key(PEM_read_bio_PUBKEY(bio_of(public_pem).get(), nullptr, nullptr, nullptr));
  const Digest digest(EVP_MD_CTX_new());
  return key &&
         EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

Result<std::string> sign_rs256(std::string_view private_pem, std::string_view text) {
  const Key key(PEM_read_bio_PrivateKey(bio_of(private_pem).get(), nullptr, nullptr, nullptr));
  const Digest digest(EVP_MD_CTX_new());
  std::string signature(1024, '\0');
  std::size_t size = signature.size();
  if (!key || EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1)
    return fail(Code::kInvalidArgument, "OpenSSL: cannot sign with this private key");
  signature.resize(size);
  return signature;
}

}  // namespace fm::fakegcp
