// The checksums, encodings and signatures that Google's APIs speak of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace fm::fakegcp {

// CRC-32C; `crc` is that of the bytes before.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);
// As Cloud Storage writes it: big-endian, in base64.
[[nodiscard]] std::string crc32c_text(std::uint32_t crc);
[[nodiscard]] std::string md5_text(std::string_view bytes);  // base64

[[nodiscard]] std::string base64(std::string_view bytes);
[[nodiscard]] std::string base64_url(std::string_view bytes);  // without padding
// None for what is no such text.
[[nodiscard]] std::optional<std::string> from_base64_url(std::string_view text);

struct KeyPair {
  std::string private_pem;  // PKCS #8
  std::string public_pem;
};
// RSA with 2,048 bits.
[[nodiscard]] Result<KeyPair> generate_key();
// Whether `signature` over `text` is RS256 by the owner of this public key.
[[nodiscard]] bool verify_rs256(std::string_view public_pem, std::string_view text,
                                std::string_view signature);
[[nodiscard]] Result<std::string> sign_rs256(std::string_view private_pem, std::string_view text);

}  // namespace fm::fakegcp
