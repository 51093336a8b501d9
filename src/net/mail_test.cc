// E-mail to a server that speaks SMTP as it should, or not.
#include "net/mail.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/socket.h"

namespace fm::net {
namespace {

// Answers each command by its first word, and keeps what it was told.
class FakeMailServer {
 public:
  explicit FakeMailServer(std::map<std::string, std::string> answers = {})
      : answers_(std::move(answers)) {
    auto listener = Env::posix().listen("127.0.0.1", 0);
    EXPECT_TRUE(listener) << listener.error().message();
    listener_ = *std::move(listener);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeMailServer() {
    listener_->shut_down();
    thread_.join();
  }
  [[nodiscard]] std::string url() const {
    return fmt::format("smtp://127.0.0.1:{}", listener_->port());
  }
  // Once the client has gone.
  std::string heard() {
    listener_->shut_down();
    thread_.join();
    thread_ = std::thread([] {});
    return heard_;
  }

 private:
  void serve() {
    auto socket = listener_->accept(10 * kNanosPerSecond);
    if (!socket) return;
    say(**socket, "220 fake");
    bool in_message = false;
    std::string line;
    std::byte byte{};
    for (;;) {
      const auto got = (*socket)->read(std::span(&byte, 1), 10 * kNanosPerSecond);
      if (!got || *got == 0) return;
      line += static_cast<char>(byte);
      if (!line.ends_with("\r\n")) continue;
      heard_ += line;
      if (line == "AUTH PLAIN\r\n") {
        say(**socket, "334 ");  // what proves the user comes on a line of its own
        line = "AUTH";
        continue;
      }
      if (!in_message || line == ".\r\n") {
        const std::string word = line == ".\r\n" ? "." : line.substr(0, 4);
        in_message = word == "DATA" && !answers_.contains(word);
        say(**socket, answer_to(word));
        if (word == "QUIT") return;
      }
      line.clear();
    }
  }
  std::string answer_to(const std::string& word) const {
    if (const auto given = answers_.find(word); given != answers_.end()) return given->second;
    if (word == "EHLO") return "250-fake\r\n250 AUTH PLAIN";
    if (word == "AUTH") return "235 fine";
    if (word == "DATA") return "354 go on";
    if (word == "QUIT") return "221 bye";
    return "250 fine";
  }
  static void say(Socket& socket, const std::string& text) {
    const std::string line = text + "\r\n";
    static_cast<void>(socket.write(std::as_bytes(std::span(line)), kNanosPerSecond));
  }

  std::map<std::string, std::string> answers_;
  std::unique_ptr<Listener> listener_;
  std::string heard_;
  std::thread thread_;
};

Mail mail() {
  return {.from = "frontmonth@example.com",
          .to = {"desk@example.com", "ops@example.com"},
          .subject = "ES candles_1m is late",
          .text = "no rows for 14 min\n.\nthat is all\n"};
}

TEST(Mail, ReachesEveryRecipient) {
  FakeMailServer server;
  const Secret password("open sesame");
  const Status sent =
      send_mail(Env::posix(),
                {.url = server.url(), .user = "me", .password = &password, .plain = true}, mail());
  EXPECT_TRUE(sent) << sent.error().message();
  const std::string heard = server.heard();
  for (const char* line :
       {"MAIL FROM:<frontmonth@example.com>", "RCPT TO:<desk@example.com>\r\n",
        "RCPT TO:<ops@example.com>\r\n", "Subject: =?UTF-8?B?RVMgY2FuZGxlc18xbSBpcyBsYXRl?=\r\n",
        "To: <desk@example.com>,\r\n <ops@example.com>\r\n",
        "bm8gcm93cyBmb3IgMTQgbWluCi4KdGhhdCBpcyBhbGwK\r\n", "\r\n.\r\n"})
    EXPECT_NE(heard.find(line), std::string::npos) << line << "\nin\n" << heard;
  EXPECT_NE(heard.find("AUTH PLAIN"), std::string::npos);
}

TEST(Mail, WhatTheServerRefusesIsSaid) {
  struct {
    std::map<std::string, std::string> answers;
    bool plain;
    Code code;
    bool retry;
    const char* says;
  } const cases[] = {
      {{{"AUTH", "535 no"}}, true, Code::kRefused, false, "does not know the user or the password"},
      {{{"RCPT", "550 no such box"}}, true, Code::kRefused, false, "550"},
      {{{"RCPT", "451 later"}}, true, Code::kDisconnected, true, "451"},
      {{{"DATA", "554 no"}}, true, Code::kRefused, false, "554"},
      {{}, false, Code::kRefused, false, "offers no TLS"},
  };
  for (const auto& c : cases) {
    FakeMailServer server(c.answers);
    const Secret password("open sesame");
    const Status sent = send_mail(
        Env::posix(), {.url = server.url(), .user = "me", .password = &password, .plain = c.plain},
        mail());
    ASSERT_FALSE(sent) << c.says;
    EXPECT_EQ(sent.error().code(), c.code) << sent.error().message();
    EXPECT_EQ(sent.error().can_retry(), c.retry) << sent.error().message();
    EXPECT_NE(sent.error().message().find(c.says), std::string::npos) << sent.error().message();
    EXPECT_EQ(sent.error().message().find("sesame"), std::string::npos);
    EXPECT_TRUE(c.plain || server.heard().find("AUTH") == std::string::npos);
  }
}

TEST(Mail, AServerThatIsNotThereCanBeTriedAgain) {
  const Status sent = send_mail(Env::posix(), {.url = "smtp://127.0.0.1:1", .plain = true}, mail());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), Code::kDisconnected);
  EXPECT_TRUE(sent.error().can_retry());
}

TEST(Mail, AnAddressCannotCarryACommand) {
  for (const char* address : {"", "desk", "a@b\r\nRCPT TO:<c@d>", "a@b>", "a b@c", "a@b,c@d"}) {
    Mail wrong = mail();
    wrong.to = {address};
    const Status sent =
        send_mail(Env::posix(), {.url = "smtp://127.0.0.1:1", .plain = true}, wrong);
    ASSERT_FALSE(sent) << address;
    EXPECT_EQ(sent.error().code(), Code::kInvalidArgument) << address;
  }
}

TEST(MailMessage, HeadersHoldWhateverTheyAreGiven) {
  Mail odd = mail();
  odd.subject = "line\r\nBcc: x@y — žluťoučký kůň, which is a rather long text for a header line";
  const std::string text = mail_message(odd, parse_iso_nanos("2025-06-16T13:30:05Z").value(), 7);
  EXPECT_EQ(text.find("Bcc"), std::string::npos);
  EXPECT_TRUE(text.starts_with("Date: Mon, 16 Jun 2025 13:30:05 +0000\r\n")) << text;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find("\r\n", begin);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - begin, 100U) << text.substr(begin, end - begin);
    begin = end + 2;
  }
}

}  // namespace
}  // namespace fm::net
