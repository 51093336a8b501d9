#include "net/mail.h"

#include <curl/curl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

namespace fm::net {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                       static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

// Encoded words hold at most 75 characters, and whole characters of UTF-8.
std::string encoded_header(std::string_view text) {
  constexpr std::size_t kBytesOfWord = 42;
  std::string out;
  while (!text.empty()) {
    std::size_t bytes = std::min(kBytesOfWord, text.size());
    while (bytes < text.size() && bytes > 1 &&
           (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80)
      --bytes;
    out +=
        fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", base64(text.substr(0, bytes)));
    text.remove_prefix(bytes);
  }
  return out;
}

std::string date_text(Nanos now) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Date day = Date::of_second(second_of(now));
  const Second of_day = second_of(now) - day.first_second();
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[day.weekday()], day.day(),
                     kMonths[day.month() - 1], day.year(), of_day / 3'600, of_day % 3'600 / 60,
                     of_day % 60);
}

// Nothing that could end a command or a header of the protocol.
Status check_address(std::string_view address) {
  const bool fine = address.find('@') != std::string_view::npos && address.size() <= 320 &&
                    std::ranges::all_of(address, [](char c) {
                      return static_cast<unsigned char>(c) > 0x20 && c != '<' && c != '>' &&
                             c != ',' && c != '\x7f';
                    });
  if (fine) return {};
  return fail(Code::kInvalidArgument, "'{}' is no e-mail address; expected NAME@HOST", address);
}

struct Upload {
  std::string_view rest;
  const std::function<bool()>* is_stopped;
};

std::size_t give(char* out, std::size_t one, std::size_t count, void* self) {
  auto& upload = *static_cast<Upload*>(self);
  const std::size_t bytes = std::min(one * count, upload.rest.size());
  upload.rest.copy(out, bytes);
  upload.rest.remove_prefix(bytes);
  return bytes;
}

int is_over(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& upload = *static_cast<const Upload*>(self);
  return *upload.is_stopped && (*upload.is_stopped)() ? 1 : 0;
}

struct FreeEasy {
  void operator()(CURL* easy) const { ::curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};

Status outcome(CURL* easy, CURLcode code, std::string_view said) {
  long answer = 0;
  ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer);
  switch (code) {
    case CURLE_OK:
      return {};
    case CURLE_ABORTED_BY_CALLBACK:
      return fail(Code::kDisconnected, "cancelled");
    case CURLE_LOGIN_DENIED:
      return std::unexpected(Error(Code::kRefused, fmt::format("the server does not know the user "
                                                               "or the password ({})",
                                                               said)));
    case CURLE_USE_SSL_FAILED:
      return std::unexpected(
          Error(Code::kRefused, fmt::format("the server offers no TLS ({})", said))
              .hint("Without TLS the password would be readable: use another port of the server, "
                    "or say `tls: false` for a server on this machine."));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return fail(Code::kDisconnected, "the server's certificate is not trusted ({})", said);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fail(Code::kInvalidArgument, "no address of a mail server ({})", said);
    case CURLE_OPERATION_TIMEDOUT:
      return std::unexpected(
          Error(Code::kTimedOut, fmt::format("no answer in time ({})", said)).retryable());
    default:
      break;
  }
  constexpr long kPermanent = 500;
  if (answer >= kPermanent)
    return fail(Code::kRefused, "the server answered {} ({})", answer, said);
  return std::unexpected(
      Error(Code::kDisconnected, answer == 0
                                     ? fmt::format("no answer ({})", said)
                                     : fmt::format("the server answered {} ({})", answer, said))
          .retryable());
}

class Sender {
 public:
  Sender(const MailServer& server, const std::function<bool()>& is_stopped)
      : server_(server), is_stopped_(is_stopped) {}

  Status send(const Mail& mail, const std::string& message) {
    static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    easy_.reset(::curl_easy_init());
    if (!ready || !easy_) return fail(Code::kInternal, "libcurl does not start");
    for (const std::string& address : mail.to) {
      curl_slist* const longer =
          ::curl_slist_append(recipients_.get(), fmt::format("<{}>", address).c_str());
      if (longer == nullptr) return fail(Code::kInternal, "no memory for an address");
      (void)recipients_.release();
      recipients_.reset(longer);
    }
    Upload upload{.rest = message, .is_stopped = &is_stopped_};
    prepare(mail, upload);
    const CURLcode code = ::curl_easy_perform(easy_.get());
    return outcome(easy_.get(), code,
                   said_[0] != 0 ? std::string_view(said_.data()) : ::curl_easy_strerror(code));
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    ::curl_easy_setopt(easy_.get(), option, value);
  }

  void prepare(const Mail& mail, Upload& upload) {
    set(CURLOPT_URL, server_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_MAIL_FROM, fmt::format("<{}>", mail.from).c_str());
    set(CURLOPT_MAIL_RCPT, recipients_.get());
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &give);
    set(CURLOPT_READDATA, &upload);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &is_over);
    set(CURLOPT_XFERINFODATA, &upload);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, said_.data());
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<Nanos>(server_.timeout / 1'000'000, 1)));
    set(CURLOPT_USE_SSL, static_cast<long>(server_.plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!server_.ca_file.empty()) set(CURLOPT_CAINFO, server_.ca_file.c_str());
    if (server_.user.empty()) return;
    set(CURLOPT_USERNAME, server_.user.c_str());
    if (server_.password != nullptr)
      set(CURLOPT_PASSWORD, std::string(server_.password->reveal()).c_str());
  }

  const MailServer& server_;
  const std::function<bool()>& is_stopped_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<curl_slist, FreeList> recipients_;
  std::array<char, CURL_ERROR_SIZE> said_{};
};

}  // namespace

std::string mail_message(const Mail& mail, Nanos now, std::uint64_t id) {
  constexpr std::size_t kLineBytes = 76;
  std::string to;
  for (const std::string& address : mail.to) {
    if (!to.empty()) to += ",\r\n ";
    to += fmt::format("<{}>", address);
  }
  const std::string host = mail.from.substr(mail.from.find('@') + 1);
  std::string text = fmt::format(
      "Date: {}\r\nFrom: frontmonth <{}>\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: "
      "<{:016x}{:016x}@{}>"
      "\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Type: text/plain; "
      "charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
      date_text(now), mail.from, to, encoded_header(mail.subject), now, id, host);
  const std::string body = base64(mail.text);
  for (std::size_t at = 0; at < body.size(); at += kLineBytes) {
    text += std::string_view(body).substr(at, kLineBytes);
    text += kLineEnd;
  }
  return text;
}

Status send_mail(Env& env, const MailServer& server, const Mail& mail,
                 const std::function<bool()>& is_stopped) {
  FM_TRY(check_address(mail.from));
  if (mail.to.empty() || mail.to.size() > kMailRecipientsMax)
    return fail(Code::kInvalidArgument, "a mail to {} addresses; expected 1 to {}", mail.to.size(),
                kMailRecipientsMax);
  for (const std::string& address : mail.to) FM_TRY(check_address(address));
  Sender sender(server, is_stopped);
  FM_TRY_IN(sender.send(mail, mail_message(mail, env.now(), env.random())), server.url);
  return {};
}

}  // namespace fm::net
