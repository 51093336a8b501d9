// Reads one HTTP/1 request from the bytes of a connection, as they come, within limits.
//
//   RequestReader reader(limits);
//   while (reader.stage() < RequestReader::Stage::kWhole) {
//     …                                       // more bytes behind those that were not taken
//     taken += reader.feed(bytes);
//   }
//
// Strict where two readers of the same bytes could disagree: lines end in CR LF; one Content-Length
// or one "Transfer-Encoding: chunked", never both; one Host; no control characters anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_server.h"

namespace fm::net {

// A decoded path longer than this names nothing that is served.
inline constexpr std::size_t kPathBytesMax = 1024;

struct RequestLimits {
  std::size_t target_bytes_max = 8 << 10;
  std::size_t headers_max = 100;
  std::size_t header_bytes_max = 32 << 10;
  std::size_t body_bytes_max = 1 << 20;

  // What has to be held of a request until its head is whole.
  [[nodiscard]] std::size_t head_bytes_max() const;
};

struct Target {
  std::string path;  // decoded once; "%2F" is a slash like any other
  std::string_view query;
};
// "/a%20b?c=d". Errors: kInvalidArgument for a path that does not begin with a slash, a broken
// escape, a control character, or a segment ".."; kUnsupported for a path over kPathBytesMax.
[[nodiscard]] Result<Target> parse_target(std::string_view target);

class RequestReader {
 public:
  enum class Stage { kHead, kBody, kWhole, kRefused };  // what comes next, or how it ended
  struct Refusal {
    int status;
    std::string why;
  };

  explicit RequestReader(const RequestLimits& limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // How many of `bytes` were taken; the caller brings the rest again with what follows it. Stops
  // where the head ends, so that the caller can look at it, and where the request ends.
  [[nodiscard]] std::size_t feed(std::string_view bytes);

  [[nodiscard]] Stage stage() const;
  [[nodiscard]] const Refusal& refusal() const;  // of kRefused

  // From the end of the head on; complete with kWhole, and as far as it goes with kRefused. Its
  // parameters are not read: see raw_query().
  [[nodiscard]] ServerRequest& request();
  [[nodiscard]] const std::string& raw_query() const;
  [[nodiscard]] bool keeps_alive() const;
  [[nodiscard]] bool is_http_1_0() const;
  [[nodiscard]] bool expects_continue() const;
  // What the head says; of chunks nothing is known.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

// "Not Found" for 404.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace fm::net
