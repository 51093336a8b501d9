#include "databento/testing_scripted_http.h"

#include <fmt/core.h>

#include <array>
#include <cstdlib>

namespace fm::databento::testing {
namespace {

constexpr Nanos kPatience = 20 * kNanosPerSecond;

std::string read_request(Socket& socket) {
  std::string text;
  for (;;) {
    const std::size_t head = text.find("\r\n\r\n");
    if (head != std::string::npos) {
      const std::size_t at = text.find("Content-Length: ");
      const std::size_t body = at == std::string::npos || at > head
                                   ? 0
                                   : std::strtoul(text.c_str() + at + 16, nullptr, 10);
      if (text.size() >= head + 4 + body) return text;
    }
    std::array<char, 4096> piece{};
    const auto got = socket.read(std::as_writable_bytes(std::span(piece)), kPatience);
    if (!got || *got == 0) return text;
    text.append(piece.data(), *got);
  }
}

}  // namespace

std::string answer(int status, std::string_view body, std::string_view more_headers) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status,
                     body.size(), more_headers, body);
}

std::string chunked(const std::vector<std::string>& chunks, bool is_whole) {
  std::string out = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  for (const std::string& chunk : chunks) out += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  if (is_whole) out += "0\r\n\r\n";
  return out;
}

std::string text_of(const dbn::testing::Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ScriptedHttp::ScriptedHttp(std::vector<std::string> answers)
    : answers_(std::move(answers)), listener_(Env::posix().listen("127.0.0.1", 0).value()) {
  thread_ = std::thread([this] { serve(); });
}

ScriptedHttp::~ScriptedHttp() {
  listener_->shut_down();
  thread_.join();
}

std::string ScriptedHttp::url() const {
  return fmt::format("http://127.0.0.1:{}", listener_->port());
}

std::vector<std::string> ScriptedHttp::requests() {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

void ScriptedHttp::serve() {
  for (const std::string& one : answers_) {
    const auto socket = listener_->accept(kPatience);
    if (!socket) return;
    std::string request = read_request(**socket);
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(std::move(request));
    }
    static_cast<void>((*socket)->write(one, kPatience));
  }
}

}  // namespace fm::databento::testing
