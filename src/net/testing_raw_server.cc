#include "net/testing_raw_server.h"

#include <algorithm>
#include <array>

namespace fm::net {
namespace {

constexpr Nanos kPatience = 10 * kNanosPerSecond;

std::string read_head(Socket& socket) {
  std::string head;
  std::array<char, 1024> piece{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    const auto got = socket.read(std::as_writable_bytes(std::span(piece)), kPatience);
    if (!got || *got == 0) break;
    head.append(piece.data(), *got);
  }
  return head;
}

}  // namespace

RawServer::RawServer(std::vector<std::string> answers, Nanos linger)
    : answers_(std::move(answers)),
      linger_(linger),
      listener_(Env::posix().listen("127.0.0.1", 0).value()),
      thread_([this] { serve(); }) {}

RawServer::~RawServer() {
  listener_->shut_down();
  thread_.join();
}

std::string RawServer::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", listener_->port(), path);
}

void RawServer::serve() {
  for (std::size_t i = 0;; ++i) {
    const auto socket = listener_->accept(kPatience);
    if (!socket) return;
    requests_.push_back(read_head(**socket));
    const auto written = (*socket)->write(answers_[std::min(i, answers_.size() - 1)], kPatience);
    if (!written) continue;
    // Waits for the client's own close at most, so that a test that is done does not wait here.
    std::array<std::byte, 64> rest{};
    if (linger_ > 0) static_cast<void>((*socket)->read(rest, linger_));
  }
}

}  // namespace fm::net
