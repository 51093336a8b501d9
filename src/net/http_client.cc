#include "net/http_client.h"

#include <curl/curl.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/assert.h"

namespace fm::net {
namespace {

constexpr int kPollMs = 200;
constexpr long kReceiveBufferBytes = 256L << 10;
constexpr const char* kUserAgent = "frontmonth/" FM_VERSION;

// libcurl's own start, once per process and never undone: other threads may still use it.
bool curl_is_ready() {
  static const bool ready = ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

struct FreeList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

Status add_header(HeaderList& list, const std::string& line) {
  // A line feed would begin a header of its own.
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
    return fail(Code::kInvalidArgument, "a header holds a line end");
  curl_slist* const longer = ::curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return fail(Code::kInternal, "no memory for a header");
  (void)list.release();
  list.reset(longer);
  return {};
}

// scheme://host[:port], for messages: a query may hold what nobody should read in a log.
std::string place_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url.substr(0, 100);
  return url.substr(0, std::min(url.find_first_of("?#"), std::size_t{300}));
}

bool is_loopback(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return false;
  const std::string_view rest = std::string_view(url).substr(scheme + 3);
  return rest.starts_with("127.") || rest.starts_with("localhost") || rest.starts_with("[::1]");
}

}  // namespace

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::string encode_form(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += percent_encode(name);
    out += '=';
    out += percent_encode(value);
  }
  return out;
}

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

struct HttpClient::State {
  Env* env = nullptr;
  HttpClientOptions options;
  CURLM* multi = nullptr;
  CURL* easy = nullptr;
  std::atomic<bool> is_cancelled = false;
  std::array<char, CURL_ERROR_SIZE> curl_message{};

  // Of the request under way.
  const BodyReceiver* receive = nullptr;
  const HeadReceiver* on_head = nullptr;
  HttpResponse response;
  Status failure;  // of a callback
  bool head_is_over = false;
  bool body_has_begun = false;
  std::uint64_t header_bytes = 0;
  Nanos last_byte = 0;
  curl_off_t bytes_seen = 0;
  HeaderList header_list;

  ~State() {
    if (easy != nullptr) ::curl_easy_cleanup(easy);
    if (multi != nullptr) ::curl_multi_cleanup(multi);
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = ::curl_easy_setopt(easy, option, value);
    FM_ASSERT(code == CURLE_OK);
  }

  static std::size_t take_header(char* data, std::size_t one, std::size_t count, void* self) {
    return static_cast<State*>(self)->take_header(std::string_view(data, one * count));
  }
  static std::size_t take_body(char* data, std::size_t one, std::size_t count, void* self) {
    return static_cast<State*>(self)->take_body(
        std::as_bytes(std::span<const char>(data, one * count)));
  }
  // What a callback returns to make libcurl stop: any count but the one it gave.
  std::size_t stop_with(Status status) {
    failure = std::move(status);
    return 0;
  }

  std::size_t take_header(std::string_view line);
  std::size_t take_body(std::span<const std::byte> bytes);
  Status collect(std::span<const std::byte> bytes);
  Status begin_body();

  Status prepare(const HttpRequest& request);
  Status prepare_method(const HttpRequest& request);
  Result<CURLcode> perform();
  bool is_idle();
  Result<HttpResponse> finish(CURLcode code, const HttpRequest& request);
  Result<HttpResponse> run(const HttpRequest& request, const BodyReceiver* receiver,
                           const HeadReceiver* head_receiver);
};

std::size_t HttpClient::State::take_header(std::string_view line) {
  header_bytes += line.size();
  if (header_bytes > options.header_bytes_max)
    return stop_with(
        fail(Code::kUnsupported, "the headers are longer than {} bytes", options.header_bytes_max));
  const std::string_view text = trimmed(line);
  if (text.starts_with("HTTP/") && !body_has_begun) {
    // A new head: the one before was a 100 Continue or a proxy's.
    response = {};
    return line.size();
  }
  if (text.empty()) {
    long status = 0;
    ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    head_is_over = status >= 200;
    return line.size();
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos)
    response.headers.emplace_back(lower(trimmed(text.substr(0, colon))),
                                  trimmed(text.substr(colon + 1)));
  return line.size();
}

Status HttpClient::State::begin_body() {
  if (std::exchange(body_has_begun, true)) return {};
  if (on_head != nullptr && *on_head && response.status < 400) return (*on_head)(response);
  return {};
}

std::size_t HttpClient::State::take_body(std::span<const std::byte> bytes) {
  Status status = begin_body();
  response.body_bytes += bytes.size();
  const bool is_streamed = receive != nullptr && response.status < 400;
  if (status) status = is_streamed ? (*receive)(bytes) : collect(bytes);
  if (!status) return stop_with(std::move(status));
  return bytes.size();
}

Status HttpClient::State::collect(std::span<const std::byte> bytes) {
  const bool is_error = response.status >= 400;
  const std::uint64_t limit = is_error ? options.error_body_bytes_max : options.collect_bytes_max;
  std::uint64_t room = limit - response.body.size();
  if (bytes.size() > room) {
    if (!is_error) return fail(Code::kUnsupported, "the answer is longer than {} bytes", limit);
    response.body_is_cut = true;
  }
  room = std::min<std::uint64_t>(room, bytes.size());
  response.body.append(reinterpret_cast<const char*>(bytes.data()), room);
  return {};
}

Status HttpClient::State::prepare_method(const HttpRequest& request) {
  if (request.method == "GET") {
    set(CURLOPT_HTTPGET, 1L);
  } else if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    if (request.method != "POST") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    // An empty "Expect:" keeps libcurl from waiting for a 100 Continue.
    FM_TRY(add_header(header_list, "Expect:"));
    FM_TRY(add_header(header_list,
                      fmt::format("Content-Type: {}", request.content_type.empty()
                                                          ? "application/x-www-form-urlencoded"
                                                          : request.content_type)));
  } else if (request.method == "DELETE") {
    set(CURLOPT_CUSTOMREQUEST, "DELETE");
  } else {
    return fail(Code::kInvalidArgument,
                "HTTP method '{}': expected GET, HEAD, POST, PUT, PATCH or DELETE", request.method);
  }
  return {};
}

Status HttpClient::State::prepare(const HttpRequest& request) {
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://"))
    return fail(Code::kInvalidArgument, "no HTTP address: expected http:// or https://");
  ::curl_easy_reset(easy);  // keeps its connections
  header_list.reset();
  FM_TRY(prepare_method(request));
  if (request.range_first) {
    const std::string range =
        fmt::format("{}-{}", *request.range_first,
                    request.range_last ? std::to_string(*request.range_last) : std::string());
    set(CURLOPT_RANGE, range.c_str());
  }
  for (const auto& [name, value] : request.headers)
    FM_TRY(add_header(header_list, fmt::format("{}: {}", name, value)));
  set(CURLOPT_HTTPHEADER, header_list.get());
  if (options.user != nullptr) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERNAME, std::string(options.user->reveal()).c_str());
    set(CURLOPT_PASSWORD, "");
  }
  if (!options.ca_file.empty()) {
    set(CURLOPT_CAINFO, options.ca_file.c_str());
    set(CURLOPT_CAPATH, nullptr);
  }
  if (is_loopback(request.url)) set(CURLOPT_PROXY, "");
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_USERAGENT, kUserAgent);
  set(CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::max<Nanos>(options.connect_timeout / 1'000'000, 1)));
  set(CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  set(CURLOPT_ERRORBUFFER, curl_message.data());
  set(CURLOPT_HEADERFUNCTION,
      static_cast<std::size_t (*)(char*, std::size_t, std::size_t, void*)>(&State::take_header));
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION,
      static_cast<std::size_t (*)(char*, std::size_t, std::size_t, void*)>(&State::take_body));
  set(CURLOPT_WRITEDATA, this);
  return {};
}

// Looks at libcurl's own counters, so that bytes sent count as well as bytes received.
bool HttpClient::State::is_idle() {
  curl_off_t up = 0;
  curl_off_t down = 0;
  ::curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &up);
  ::curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
  const curl_off_t seen = up + down + static_cast<curl_off_t>(header_bytes);
  const Nanos now = env->monotonic();
  if (std::exchange(bytes_seen, seen) != seen) last_byte = now;
  return now - last_byte > options.idle_timeout;
}

Result<CURLcode> HttpClient::State::perform() {
  last_byte = env->monotonic();
  bytes_seen = 0;
  for (;;) {
    int running = 0;
    if (const CURLMcode code = ::curl_multi_perform(multi, &running); code != CURLM_OK)
      return fail(Code::kInternal, "libcurl: {}", ::curl_multi_strerror(code));
    if (is_cancelled) return fail(Code::kDisconnected, "cancelled");
    int left = 0;
    while (const CURLMsg* const message = ::curl_multi_info_read(multi, &left))
      if (message->msg == CURLMSG_DONE) return message->data.result;
    if (running == 0) return fail(Code::kInternal, "libcurl ended a request without a result");
    if (is_idle())
      return std::unexpected(
          Error(Code::kTimedOut,
                fmt::format("silent for {} s", static_cast<double>(options.idle_timeout) /
                                                   static_cast<double>(kNanosPerSecond)))
              .retryable());
    if (const CURLMcode code = ::curl_multi_poll(multi, nullptr, 0, kPollMs, nullptr);
        code != CURLM_OK)
      return fail(Code::kInternal, "libcurl: {}", ::curl_multi_strerror(code));
  }
}

Result<HttpResponse> HttpClient::State::finish(CURLcode code, const HttpRequest& request) {
  const std::string_view said =
      curl_message[0] != 0 ? std::string_view(curl_message.data()) : ::curl_easy_strerror(code);
  switch (code) {
    case CURLE_OK:
      // libcurl takes a connection that ends within the head for an answer without a body.
      if (!head_is_over)
        return std::unexpected(
            Error(Code::kDisconnected, "the connection ended within the answer's head")
                .retryable());
      response.length_is_known = !response.header("content-length").empty() ||
                                 !response.header("transfer-encoding").empty() ||
                                 response.body_bytes == 0;
      FM_TRY(begin_body());  // of an empty body
      return std::move(response);
    case CURLE_WRITE_ERROR:
      FM_ASSERT(!failure);
      return std::unexpected(std::move(failure).error());
    case CURLE_URL_MALFORMAT:
      return fail(Code::kInvalidArgument, "no HTTP address ({})", said);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return std::unexpected(
          Error(Code::kDisconnected,
                fmt::format("the server's certificate is not trusted ({})", said))
              .hint("Name the file of its authority, in PEM form, if it is one of your own."));
    case CURLE_OPERATION_TIMEDOUT:
      return std::unexpected(
          Error(Code::kTimedOut, fmt::format("no connection in time ({})", said)).retryable());
    default:
      break;
  }
  // What a callback refused while headers came in.
  if (!failure) return std::unexpected(std::move(failure).error());
  if (head_is_over)
    return std::unexpected(
        Error(Code::kTruncated, fmt::format("{} broke off after {} bytes of the answer's body ({})",
                                            request.method, response.body_bytes, said))
            .retryable());
  return std::unexpected(
      Error(Code::kDisconnected, fmt::format("no answer ({})", said)).retryable());
}

Result<HttpResponse> HttpClient::State::run(const HttpRequest& request,
                                            const BodyReceiver* receiver,
                                            const HeadReceiver* head_receiver) {
  receive = receiver;
  on_head = head_receiver;
  response = {};
  failure = {};
  head_is_over = false;
  body_has_begun = false;
  header_bytes = 0;
  curl_message[0] = 0;
  FM_TRY(prepare(request));
  if (const CURLMcode code = ::curl_multi_add_handle(multi, easy); code != CURLM_OK)
    return fail(Code::kInternal, "libcurl: {}", ::curl_multi_strerror(code));
  const Result<CURLcode> code = perform();
  ::curl_multi_remove_handle(multi, easy);
  if (!code) return std::unexpected(code.error());
  return finish(*code, request);
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::create(Env& env, HttpClientOptions options) {
  if (!curl_is_ready()) return fail(Code::kInternal, "libcurl does not start");
  if (!options.ca_file.empty()) FM_TRY_IN(env.info(options.ca_file), "certificate authorities");
  auto state = std::make_unique<State>();
  state->env = &env;
  state->options = std::move(options);
  state->multi = ::curl_multi_init();
  state->easy = ::curl_easy_init();
  if (state->multi == nullptr || state->easy == nullptr)
    return fail(Code::kInternal, "libcurl has no memory");
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(state)));
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  auto response = state_->run(request, nullptr, nullptr);
  if (!response) return std::unexpected(std::move(response).error().in(place_of(request.url)));
  return response;
}

Result<HttpResponse> HttpClient::stream(const HttpRequest& request, const BodyReceiver& receive,
                                        const HeadReceiver& on_head) {
  auto response = state_->run(request, &receive, &on_head);
  if (!response) return std::unexpected(std::move(response).error().in(place_of(request.url)));
  return response;
}

Result<HttpResponse> HttpClient::get(const std::string& url, const Parameters& parameters) {
  HttpRequest request{.url = url};
  if (!parameters.empty()) request.url += '?' + encode_form(parameters);
  return send(request);
}

Result<HttpResponse> HttpClient::post(const std::string& url, const Parameters& form) {
  return send({.method = "POST", .url = url, .body = encode_form(form)});
}

void HttpClient::cancel() {
  state_->is_cancelled = true;
  ::curl_multi_wakeup(state_->multi);
}

bool HttpClient::is_cancelled() const { return state_->is_cancelled; }

}  // namespace fm::net
