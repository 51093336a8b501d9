// What tokens are made of: signatures and base64.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace fm::google {

// RFC 4648: the alphabet of URLs without padding, or the standard one with it.
[[nodiscard]] std::string base64url(std::string_view bytes);
[[nodiscard]] std::string base64(std::string_view bytes);
// The standard alphabet, blanks and line ends left out. Errors: kInvalidArgument.
[[nodiscard]] Result<std::string> decode_base64(std::string_view text);

// RSASSA-PKCS1-v1_5 with SHA-256 of `text`, by a private key in PEM. Errors: kInvalidArgument for
// what is no RSA key; the key is in no message.
[[nodiscard]] Result<std::string> sign_rs256(const Secret& private_key_pem, std::string_view text);

}  // namespace fm::google
