#include "net/request_reader.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/status.hpp>
#include <utility>

#include "base/assert.h"

namespace fm::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = beast::error_code;

// A request line is its target and little more.
constexpr std::size_t kLineBytesBesides = 32;
constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool may_have_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

}  // namespace

struct RequestReader::Parser final : http::basic_parser<true> {
  explicit Parser(const RequestLimits& wanted) : limits(wanted) {
    // Beast counts the request line in or not, depending on how the bytes come; on_field_impl()
    // counts the same always.
    header_limit(static_cast<std::uint32_t>(limits.head_bytes_max()));
    body_limit(limits.body_bytes_max);
  }

  RequestLimits limits;
  ServerRequest request;
  std::string raw_query;
  std::optional<Refusal> refusal;
  Stage stage = Stage::kHead;
  std::size_t header_bytes = 0;
  bool has_line = false;
  bool has_host = false;
  bool has_length = false;
  bool has_encoding = false;
  bool is_http_1_0 = false;
  bool expects_continue = false;

  void refuse(int status, std::string why) {
    if (!refusal) refusal = {status, std::move(why)};
    stage = Stage::kRefused;
  }
  // Refuses from within a callback.
  void refuse(int status, std::string why, ErrorCode& error) {
    refuse(status, std::move(why));
    error = http::make_error_code(http::error::bad_value);
  }
  void refuse(const ErrorCode& error) {
    if (error == http::error::header_limit)
      refuse_headers();
    else if (error == http::error::body_limit)
      refuse(413, fmt::format("the body is longer than {} bytes", limits.body_bytes_max));
    else
      refuse(400, "no proper request: " + error.message());
  }

  [[nodiscard]] bool line_is_too_long(std::string_view bytes) const {
    const std::size_t most = limits.target_bytes_max + kLineBytesBesides;
    return !has_line && bytes.size() > most &&
           bytes.substr(0, most).find('\n') == std::string_view::npos;
  }
  void refuse_target() {
    refuse(414, fmt::format("the target is longer than {} bytes", limits.target_bytes_max));
  }
  void refuse_headers() {
    refuse(431, fmt::format("the headers are longer than {} bytes", limits.header_bytes_max));
  }
  void check_head();

  void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                       int version, ErrorCode& error) override {
    has_line = true;
    is_http_1_0 = version < 11;
    request.method = view(method);
    if (std::ranges::find(kMethods, request.method) == kMethods.end())
      return refuse(400, "no method that is known here", error);
    if (target.size() > limits.target_bytes_max) {
      refuse_target();
      error = http::make_error_code(http::error::bad_target);
      return;
    }
    auto parsed = net::parse_target(view(target));
    if (!parsed) {
      const int status = parsed.error().code() == Code::kUnsupported ? 414 : 400;
      return refuse(status, parsed.error().message(), error);
    }
    request.path = std::move(parsed->path);
    raw_query = parsed->query;
  }

  void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                     ErrorCode& error) override {
    if (stage != Stage::kHead) return;  // behind a chunked body: read past
    if (request.headers.size() == limits.headers_max)
      return refuse(431, fmt::format("more than {} headers", limits.headers_max), error);
    constexpr std::size_t kBesides = 4;  // colon, space and line end
    header_bytes += name.size() + value.size() + kBesides;
    if (header_bytes > limits.header_bytes_max) {
      refuse_headers();
      error = http::make_error_code(http::error::header_limit);
      return;
    }
    if (field == http::field::content_length) {
      if (std::exchange(has_length, true))
        return refuse(400, "more than one Content-Length", error);
    } else if (field == http::field::transfer_encoding) {
      has_encoding = true;
      if (is_http_1_0 || lower(view(value)) != "chunked")
        return refuse(400, "expected no Transfer-Encoding but 'chunked'", error);
    } else if (field == http::field::expect) {
      expects_continue = lower(view(value)) == "100-continue";
    } else if (field == http::field::host) {
      if (std::exchange(has_host, true)) return refuse(400, "more than one Host", error);
    }
    request.headers.emplace_back(lower(view(name)), view(value));
  }

  void on_response_impl(int, beast::string_view, int, ErrorCode&) override {}
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override {
    // A length is only a promise: no more than this is taken in advance.
    constexpr std::uint64_t kReserveMax = 64 << 10;
    if (length) request.body.reserve(std::min(*length, kReserveMax));
  }
  std::size_t on_body_impl(beast::string_view piece, ErrorCode&) override {
    request.body.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece,
                                 ErrorCode& error) override {
    return on_body_impl(piece, error);
  }
  void on_finish_impl(ErrorCode&) override {}
};

void RequestReader::Parser::check_head() {
  const auto length = content_length();
  if (has_length && has_encoding) return refuse(400, "both Content-Length and Transfer-Encoding");
  if (!may_have_body(request.method)) {
    if (has_encoding || length.value_or(0) != 0)
      refuse(400, "a request of this method has no body here");
    return;
  }
  if (request.header("content-type").starts_with("multipart/form-data"))
    refuse(415, "multipart bodies are not read here");
}

std::size_t RequestLimits::head_bytes_max() const {
  constexpr std::size_t kLineEnds = 4;
  return target_bytes_max + kLineBytesBesides + header_bytes_max + kLineEnds;
}

RequestReader::RequestReader(const RequestLimits& limits)
    : parser_(std::make_unique<Parser>(limits)) {}

RequestReader::~RequestReader() = default;

std::size_t RequestReader::feed(std::string_view bytes) {
  Parser& parser = *parser_;
  std::size_t taken = 0;
  while (taken < bytes.size() && parser.stage < Stage::kWhole) {
    const std::string_view rest = bytes.substr(taken);
    if (parser.line_is_too_long(rest)) {
      parser.refuse_target();
      break;
    }
    ErrorCode error;
    const std::size_t count = parser.put({rest.data(), rest.size()}, error);
    taken += count;
    if (error == http::error::need_more) break;
    if (error) {
      parser.refuse(error);
      break;
    }
    const bool is_in_head = parser.stage == Stage::kHead;
    if (is_in_head && parser.is_header_done()) {
      parser.stage = Stage::kBody;
      parser.check_head();
    }
    if (parser.stage == Stage::kRefused) break;
    if (parser.is_done()) parser.stage = Stage::kWhole;
    if (is_in_head && parser.stage == Stage::kBody) break;
    if (count == 0) break;
  }
  return taken;
}

RequestReader::Stage RequestReader::stage() const { return parser_->stage; }

const RequestReader::Refusal& RequestReader::refusal() const {
  FM_ASSERT(parser_->refusal.has_value());
  return *parser_->refusal;
}

ServerRequest& RequestReader::request() { return parser_->request; }
const std::string& RequestReader::raw_query() const { return parser_->raw_query; }
bool RequestReader::keeps_alive() const {
  return parser_->is_header_done() && parser_->keep_alive();
}
bool RequestReader::is_http_1_0() const { return parser_->is_http_1_0; }
bool RequestReader::expects_continue() const { return parser_->expects_continue; }

std::optional<std::uint64_t> RequestReader::content_length() const {
  if (!parser_->is_header_done() || !parser_->has_length) return std::nullopt;
  return parser_->content_length().value();
}

std::string_view reason_phrase(int status) {
  return view(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status))));
}

}  // namespace fm::net
