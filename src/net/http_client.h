// HTTP and HTTPS, as a client.
//
//   FM_ASSIGN(const auto client, HttpClient::create(env, {.user = &key}));
//   FM_ASSIGN(const HttpResponse answer, client->get("https://…/v0/metadata.list_datasets"));
//   if (answer.status != 200) …          // a status is an answer, not an error
//
// A body counts only when it is whole: one that ends before its Content-Length or without its final
// chunk is kTruncated, never a short answer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"

namespace fm::net {

using Header = std::pair<std::string, std::string>;
// Form fields and query parameters, in order; a name may come twice.
using Parameters = std::vector<std::pair<std::string, std::string>>;

// "a=1&b=x%20y"
[[nodiscard]] std::string encode_form(const Parameters& parameters);
// Letters, digits and -._~ stay; everything else becomes %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

struct HttpClientOptions {
  const Secret* user = nullptr;  // basic authentication with an empty password; must outlive the
                                 // client; sent to the URL's own host only
  std::string ca_file = {};      // PEM with the authorities to trust; empty: the system's
  Nanos connect_timeout = 10 * kNanosPerSecond;
  Nanos idle_timeout = 100 * kNanosPerSecond;     // without a byte in either direction
  std::uint64_t collect_bytes_max = 64 << 20;     // of a body that is not streamed
  std::uint64_t error_body_bytes_max = 64 << 10;  // more of an error's body is cut off
  std::uint64_t header_bytes_max = 256 << 10;     // of all response headers
};

struct HttpRequest {
  std::string method = "GET";  // GET, HEAD, POST, PUT, PATCH, DELETE
  std::string url;
  std::vector<Header> headers = {};
  std::string body = {};          // of POST, PUT and PATCH
  std::string content_type = {};  // of the body; empty: application/x-www-form-urlencoded
  std::optional<std::uint64_t> range_first = std::nullopt;  // asks for [first, last]
  std::optional<std::uint64_t> range_last = std::nullopt;   // none: to the end
};

struct HttpResponse {
  int status = 0;
  std::vector<Header> headers = {};  // names in lower case
  // What was collected; of a streamed answer only the body of a status ≥ 400.
  std::string body = {};
  bool body_is_cut = false;      // an error's body was longer than error_body_bytes_max
  std::uint64_t body_bytes = 0;  // received, streamed or collected
  // False when the answer said neither its length nor that it comes in chunks: then it ended with
  // the connection, and a part of it cannot be told from the whole.
  bool length_is_known = true;

  // The first header of this lower-case name; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool is_ok() const { return status >= 200 && status < 300; }
};

// Where the body of a streamed answer goes. An error ends the transfer and is what send() returns.
using BodyReceiver = std::function<Status(std::span<const std::byte>)>;
// Called once before the first byte of the body of a status < 400, with status and headers known.
using HeadReceiver = std::function<Status(const HttpResponse&)>;

// One request at a time; connections are kept between requests. libcurl does the socket I/O.
class HttpClient {
 public:
  // Errors: kNotFound for a ca_file that is not there; kInternal.
  [[nodiscard]] static Result<std::unique_ptr<HttpClient>> create(Env& env,
                                                                  HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The whole answer in memory. Redirects are not followed. Errors: kInvalidArgument for a URL that
  // is none; kDisconnected (no such name, refused, broken off before the answer's head), kTimedOut
  // and kTruncated (the body is not whole), all three retryable; kDisconnected, not retryable, for
  // a certificate that is not trusted; kUnsupported for a body over collect_bytes_max.
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request);
  // The body, where the status is below 400, goes to `receive` as it comes.
  [[nodiscard]] Result<HttpResponse> stream(const HttpRequest& request, const BodyReceiver& receive,
                                            const HeadReceiver& on_head = {});

  [[nodiscard]] Result<HttpResponse> get(const std::string& url, const Parameters& parameters = {});
  [[nodiscard]] Result<HttpResponse> post(const std::string& url, const Parameters& form);

  // From any thread: the request under way, and every later one, ends with kDisconnected, which is
  // not retryable.
  void cancel();
  [[nodiscard]] bool is_cancelled() const;

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::net
