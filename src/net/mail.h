// One e-mail to a server that takes it (SMTP), by libcurl.
//
//   FM_TRY(send_mail(env, {.url = "smtp://mail.example.com:587", .user = "me", .password = &word},
//                    {.from = "a@example.com", .to = {"b@example.com"}, .subject = "…", .text =
//                    "…"}));
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"

namespace fm::net {

inline constexpr std::size_t kMailRecipientsMax = 100;

struct MailServer {
  std::string url;                   // smtp://HOST:PORT with STARTTLS, smtps://HOST:PORT
  std::string user = {};             // empty: nobody logs in
  const Secret* password = nullptr;  // outlives the call
  bool plain = false;                // without TLS; of smtp:// only
  std::string ca_file = {};          // PEM with the authorities to trust; empty: the system's
  Nanos timeout = 30 * kNanosPerSecond;
};

struct Mail {
  std::string from;  // "a@example.com"
  std::vector<std::string> to;
  std::string subject;
  std::string text;
};

// Errors: kInvalidArgument for addresses that cannot be; kRefused when the server does not take it,
// the user or TLS; kDisconnected, kTimedOut (both retryable, as is a 4xx answer); kDisconnected,
// not retryable, for a certificate that is not trusted. They never hold the password.
[[nodiscard]] Status send_mail(Env& env, const MailServer& server, const Mail& mail,
                               const std::function<bool()>& is_stopped = {});

// The message as it is sent, with `\r\n` as line ends: its headers and its text, encoded so that
// neither can be mistaken for the other.
[[nodiscard]] std::string mail_message(const Mail& mail, Nanos now, std::uint64_t id);

}  // namespace fm::net
