// E-mail to a server that speaks SMTP as it should, or not.
#include "net/mail.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/testing_fault_env.h"
#include "net/certificate.h"
#include "net/testing_mail_server.h"

namespace fm::net {
namespace {

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
  const std::string heard = server.heard().in_clear;
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
    FakeMailServer server({.answers = c.answers});
    const Secret password("open sesame");
    const Status sent = send_mail(
        Env::posix(), {.url = server.url(), .user = "me", .password = &password, .plain = c.plain},
        mail());
    ASSERT_FALSE(sent) << c.says;
    EXPECT_EQ(sent.error().code(), c.code) << sent.error().message();
    EXPECT_EQ(sent.error().can_retry(), c.retry) << sent.error().message();
    EXPECT_NE(sent.error().message().find(c.says), std::string::npos) << sent.error().message();
    EXPECT_EQ(sent.error().message().find("sesame"), std::string::npos);
    EXPECT_TRUE(c.plain || server.heard().in_clear.find("AUTH") == std::string::npos);
  }
}

TEST(Mail, TheUserIsToldOnlyWithinTls) {
  const TestDirectory folder;
  const auto files = make_local_certificate(Env::posix(), folder.path());
  ASSERT_TRUE(files) << files.error().message();
  FakeMailServer server({.tls = *files});
  const Secret password("open sesame");
  const Status sent = send_mail(
      Env::posix(),
      {.url = server.url(), .user = "me", .password = &password, .ca_file = files->certificate},
      mail());
  EXPECT_TRUE(sent) << sent.error().message();
  const auto [in_clear, in_tls] = server.heard();
  EXPECT_TRUE(in_clear.ends_with("STARTTLS\r\n")) << in_clear;
  EXPECT_EQ(in_clear.find("MAIL"), std::string::npos) << in_clear;
  EXPECT_EQ(in_clear.find("AUTH"), std::string::npos) << in_clear;
  EXPECT_NE(in_tls.find("AUTH PLAIN"), std::string::npos) << in_tls;
  EXPECT_NE(in_tls.find("RCPT TO:<ops@example.com>\r\n"), std::string::npos) << in_tls;
  EXPECT_NE(in_tls.find("\r\n.\r\n"), std::string::npos) << in_tls;
}

TEST(Mail, ACertificateThatNobodyTrustsEndsIt) {
  const TestDirectory folder;
  const auto files = make_local_certificate(Env::posix(), folder.path());
  ASSERT_TRUE(files) << files.error().message();
  FakeMailServer server({.tls = *files});
  const Secret password("open sesame");
  const Status sent =
      send_mail(Env::posix(), {.url = server.url(), .user = "me", .password = &password}, mail());
  ASSERT_FALSE(sent);
  EXPECT_FALSE(sent.error().can_retry());
  EXPECT_NE(sent.error().message().find("certificate is not trusted"), std::string::npos)
      << sent.error().message();
  const auto [in_clear, in_tls] = server.heard();
  EXPECT_EQ(in_tls, "");
  EXPECT_EQ(in_clear.find("AUTH"), std::string::npos) << in_clear;
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
