// A client that says anything: bytes as they are, at its own pace.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/env.h"
#include "net/http_server.h"

namespace fm::net {

class RawClient {
 public:
  explicit RawClient(const HttpServer& server);

  // False when the server has closed the connection.
  bool send(std::string_view bytes);
  // One byte after the other, with a pause between them, until the server closes.
  void drip(std::string_view bytes, Nanos pause);
  // As much as is taken without waiting.
  std::size_t send_some(std::string_view bytes);
  // The next answer's head, and its body by its Content-Length; what there is when the connection
  // ends before that.
  [[nodiscard]] std::string answer();
  // The next so many bytes.
  [[nodiscard]] std::string read(std::size_t bytes);
  // Everything up to the end of the connection.
  [[nodiscard]] std::string rest();
  // Whether the connection has ended, with nothing more to read.
  [[nodiscard]] bool has_ended();
  void hang_up();

 private:
  bool more(Nanos patience);

  std::unique_ptr<Socket> socket_;
  std::string unread_;
};

// "HTTP/1.1 404"
[[nodiscard]] std::string_view status_of(std::string_view answer);

// Whether `holds` within ten seconds.
template <class Condition>
[[nodiscard]] bool soon(Condition holds) {
  Env& env = Env::posix();
  for (const Nanos start = env.monotonic(); env.monotonic() - start < 10 * kNanosPerSecond;) {
    if (holds()) return true;
    env.sleep_for(2'000'000);
  }
  return false;
}

}  // namespace fm::net
