#include "base/socket.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "base/env.h"

namespace fm {
namespace {

constexpr Nanos kSoon = 20'000'000;
constexpr Nanos kLong = 10 * kNanosPerSecond;

struct Pair {
  std::unique_ptr<Socket> client;
  std::unique_ptr<Socket> server;
};

Pair make_pair() {
  Env& env = Env::posix();
  auto listener = env.listen("127.0.0.1", 0).value();
  Pair pair;
  pair.client = env.connect("127.0.0.1", listener->port(), kLong).value();
  pair.server = listener->accept(kLong).value();
  return pair;
}

std::string read_all(Socket& socket) {
  std::string text;
  std::array<char, 7> piece{};
  for (;;) {
    const std::size_t got = socket.read(std::as_writable_bytes(std::span(piece)), kLong).value();
    if (got == 0) return text;
    text.append(piece.data(), got);
  }
}

TEST(Socket, CarriesBytesAndACleanEnd) {
  Pair pair = make_pair();
  ASSERT_TRUE(pair.client->write("lsg_version=0.7.2\n", kLong));
  pair.client.reset();
  EXPECT_EQ(read_all(*pair.server), "lsg_version=0.7.2\n");
}

TEST(Socket, SilenceIsATimeOutAndLeavesTheStreamGood) {
  Pair pair = make_pair();
  std::array<std::byte, 8> out{};
  const auto silent = pair.server->read(out, kSoon);
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code(), Code::kTimedOut);
  EXPECT_TRUE(silent.error().can_retry());
  ASSERT_TRUE(pair.client->write("x", kLong));
  EXPECT_EQ(pair.server->read(out, kLong).value(), 1U);
}

TEST(Socket, ShutDownWakesAReader) {
  Pair pair = make_pair();
  std::thread stopper([&] {
    Env::posix().sleep_for(kSoon);
    pair.server->shut_down();
  });
  std::array<std::byte, 8> out{};
  const auto ended = pair.server->read(out, kLong);
  stopper.join();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::kDisconnected);
}

TEST(Socket, AReaderThatTakesNothingTimesTheWriterOut) {
  Pair pair = make_pair();
  const std::vector<std::byte> much(std::size_t{64} << 20);
  const Status written = pair.client->write(much, kSoon);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), Code::kTimedOut);
  EXPECT_EQ(pair.client->write_some(much).value(), 0U);
}

TEST(Socket, AnEndBeforeEverythingIsTakenIsADisconnection) {
  Pair pair = make_pair();
  pair.server.reset();
  Status written;
  const std::vector<std::byte> much(std::size_t{8} << 20);
  while (written) written = pair.client->write(much, kLong);
  EXPECT_EQ(written.error().code(), Code::kDisconnected);
}

TEST(Socket, AResetComesAfterWhatWasWritten) {
  Pair pair = make_pair();
  ASSERT_TRUE(pair.server->write("last words", kLong));
  pair.server->reset(kLong);
  std::array<std::byte, 64> out{};
  EXPECT_EQ(pair.client->read(out, kLong).value(), 10U);
  const auto ended = pair.client->read(out, kLong);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), Code::kDisconnected);
  EXPECT_FALSE(pair.server->write("more", kLong));
}

TEST(Connect, NamesWhoDidNotAnswer) {
  Env& env = Env::posix();
  std::uint16_t free_port = 0;
  free_port = env.listen("127.0.0.1", 0).value()->port();
  const auto refused = env.connect("127.0.0.1", free_port, kLong);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kDisconnected);
  EXPECT_NE(refused.error().message().find(std::to_string(free_port)), std::string::npos);
  const auto unknown = env.connect("no-such-host.invalid", 13'000, kLong);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), Code::kDisconnected);
}

TEST(Listen, ATakenPortIsBusyAndAcceptCanBeStopped) {
  Env& env = Env::posix();
  const auto listener = env.listen("127.0.0.1", 0).value();
  const auto second = env.listen("127.0.0.1", listener->port());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kBusy);
  EXPECT_EQ(listener->accept(kSoon).error().code(), Code::kTimedOut);
  std::thread stopper([&] {
    env.sleep_for(kSoon);
    listener->shut_down();
  });
  EXPECT_EQ(listener->accept(kLong).error().code(), Code::kDisconnected);
  stopper.join();
}

}  // namespace
}  // namespace fm
