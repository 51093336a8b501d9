#include "net/testing_raw_client.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace fm::net {
namespace {

constexpr Nanos kPatience = 10 * kNanosPerSecond;
constexpr std::string_view kEmptyLine = "\r\n\r\n";

std::size_t length_in(std::string_view head) {
  constexpr std::string_view kName = "Content-Length: ";
  const std::size_t at = head.find(kName);
  std::size_t length = 0;
  if (at != std::string_view::npos)
    std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
  return length;
}

}  // namespace

RawClient::RawClient(const HttpServer& server)
    : socket_(Env::posix().connect("127.0.0.1", server.port(), kPatience).value()) {}

bool RawClient::send(std::string_view bytes) {
  return socket_->write(bytes, kPatience).has_value();
}

void RawClient::drip(std::string_view bytes, Nanos pause) {
  for (const char& byte : bytes) {
    if (!send({&byte, 1})) return;
    Env::posix().sleep_for(pause);
  }
}

std::size_t RawClient::send_some(std::string_view bytes) {
  return socket_->write_some(std::as_bytes(std::span(bytes.data(), bytes.size()))).value_or(0);
}

bool RawClient::more(Nanos patience) {
  std::array<char, 64 << 10> piece{};
  const auto got = socket_->read(std::as_writable_bytes(std::span(piece)), patience);
  if (!got || *got == 0) return false;
  unread_.append(piece.data(), *got);
  return true;
}

std::string RawClient::answer() {
  while (unread_.find(kEmptyLine) == std::string::npos)
    if (!more(kPatience)) return rest();
  const std::size_t head = unread_.find(kEmptyLine) + kEmptyLine.size();
  return read(head + length_in(std::string_view(unread_).substr(0, head)));
}

std::string RawClient::read(std::size_t bytes) {
  while (unread_.size() < bytes)
    if (!more(kPatience)) return rest();
  std::string out = unread_.substr(0, bytes);
  unread_.erase(0, bytes);
  return out;
}

std::string RawClient::rest() {
  while (more(kPatience)) {
  }
  return std::exchange(unread_, {});
}

bool RawClient::has_ended() {
  std::array<std::byte, 1> byte{};
  const auto got = socket_->read(byte, kPatience);
  return got ? *got == 0 : got.error().code() == Code::kDisconnected;
}

void RawClient::hang_up() { socket_.reset(); }

std::string_view status_of(std::string_view answer) {
  return answer.substr(0, std::min(answer.size(), std::string_view("HTTP/1.1 404").size()));
}

}  // namespace fm::net
