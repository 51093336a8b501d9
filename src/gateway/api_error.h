// What the historical service answers when it says no.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/http_server.h"

namespace fm::gateway {

struct ApiError {
  int status = 422;
  std::string which;  // "case" of the answer: "auth_authentication_failed"; empty: a plain detail
  std::string message;
  std::vector<std::pair<std::string, std::string>> payload = {};

  ApiError(int status_, std::string which_, std::string message_,
           std::vector<std::pair<std::string, std::string>> payload_ = {})
      : status(status_),
        which(std::move(which_)),
        message(std::move(message_)),
        payload(std::move(payload_)) {}
  // What a lower room could not do: bad requests are the client's, everything else ours.
  ApiError(const Error& error);  // NOLINT(google-explicit-constructor): FM_TRY converts
};

// So that FM_TRY and FM_ASSIGN serve for both.
template <class T>
using Answer = std::expected<T, ApiError>;

template <class... Args>
[[nodiscard]] std::unexpected<ApiError> refuse(int status, std::string which,
                                               fmt::format_string<Args...> text, Args&&... args) {
  return std::unexpected(
      ApiError(status, std::move(which), fmt::format(text, std::forward<Args>(args)...)));
}

// {"detail": {"case", "message", "status_code", "docs", "payload"}}
[[nodiscard]] net::ServerResponse to_response(const ApiError& error);

}  // namespace fm::gateway
