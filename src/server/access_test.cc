#include "server/access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "base/testing_fault_env.h"

namespace fm::server {
namespace {

constexpr std::string_view kToken = "0123456789abcdef0123";

net::ServerRequest request(std::vector<net::Header> headers = {},
                           std::string remote = "10.0.0.5:4000") {
  net::ServerRequest made{.method = "GET", .path = "/api/roots"};
  made.headers = std::move(headers);
  made.remote = std::move(remote);
  made.host = "127.0.0.1:8080";
  return made;
}

std::unique_ptr<Access> with_token(Env& env = Env::posix(), bool is_tls = false) {
  return Access::create(env, {.host = "127.0.0.1",
                              .token = Secret(std::string(kToken)),
                              .host_names = {"data.example.com"},
                              .is_tls = is_tls})
      .value();
}

TEST(Access, AsksForATokenWhereOthersReachIt) {
  struct {
    const char* host;
    bool is_loopback;
  } const cases[] = {{"127.0.0.1", true},    {"127.0.0.2", true}, {"::1", true},
                     {"[::1]", true},        {"localhost", true}, {"0.0.0.0", false},
                     {"::", false},          {"10.1.2.3", false}, {"example.com", false},
                     {"127.evil.com", false}};
  for (const auto& c : cases) {
    EXPECT_EQ(is_loopback(c.host), c.is_loopback) << c.host;
    const auto made = Access::create(Env::posix(), {.host = c.host});
    EXPECT_EQ(made.has_value(), c.is_loopback) << c.host;
    if (!made) {
      EXPECT_EQ(made.error().code(), Code::kInvalidConfig);
      EXPECT_TRUE(made.error().advice().contains("server.token_file"));
    }
  }
}

TEST(Access, ReadsTokensFromPrivateFilesOnly) {
  const TestDirectory folder;
  Env& env = Env::posix();
  const std::string path = folder.file("token");
  EXPECT_EQ(Access::read_token(env, path).error().code(), Code::kNotFound);
  {
    const auto file = env.create(path, Create::kNewPrivate).value();
    ASSERT_TRUE(file->write(std::string(kToken) + "\n"));
  }
  EXPECT_EQ(Access::read_token(env, path)->reveal(), kToken);
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(Access::read_token(env, path).error().code(), Code::kPermission);
  const std::string short_one = folder.file("short");
  {
    const auto file = env.create(short_one, Create::kNewPrivate).value();
    ASSERT_TRUE(file->write("secret"));
  }
  EXPECT_EQ(Access::read_token(env, short_one).error().code(), Code::kInvalidConfig);
}

TEST(Access, TakesATokenOrItsCookie) {
  const auto access = with_token();
  EXPECT_EQ(access->check(request()).error().code(), Code::kPermission);
  EXPECT_TRUE(access->check(request({{"authorization", "Bearer " + std::string(kToken)}})));
  for (const std::string wrong : {"", "x", "0123456789abcdef0124", "0123456789abcdef01230"})
    EXPECT_FALSE(
        access->check(request({{"authorization", "Bearer " + wrong}}, "10.0.0." + wrong + ":1")))
        << wrong;

  const std::string cookie = access->login(kToken, request()).value();
  EXPECT_TRUE(cookie.contains("HttpOnly"));
  EXPECT_TRUE(cookie.contains("SameSite=Strict"));
  EXPECT_FALSE(cookie.contains("Secure"));
  EXPECT_FALSE(cookie.contains(kToken));
  EXPECT_TRUE(with_token(Env::posix(), true)->login(kToken, request())->contains("; Secure"));
  const std::string pair = cookie.substr(0, cookie.find(';'));
  EXPECT_TRUE(access->check(request({{"cookie", "a=b; " + pair + "; c=d"}})));
  EXPECT_FALSE(access->check(request({{"cookie", pair + "0"}})));
  EXPECT_FALSE(access->check(request({{"cookie", "x" + pair}})));

  EXPECT_TRUE(access->logout(request({{"cookie", pair}})).contains("Max-Age=0"));
  EXPECT_FALSE(access->check(request({{"cookie", pair}})));
}

TEST(Access, LetsNobodyGuess) {
  const auto access = with_token();
  for (std::size_t i = 0; i < kFailuresMax; ++i)
    EXPECT_EQ(access->login("wrong", request()).error().code(), Code::kPermission);
  const auto refused = access->login("wrong", request());
  ASSERT_EQ(refused.error().code(), Code::kBusy);
  EXPECT_GT(std::stoi(refused.error().advice()), 50);
  // Not even with the right one; but others are not kept out.
  EXPECT_EQ(access->login(kToken, request()).error().code(), Code::kBusy);
  EXPECT_TRUE(access->login(kToken, request({}, "10.0.0.6:4000")));
}

TEST(Access, KeepsABoundedNumberOfSessions) {
  const auto access = with_token();
  const std::string first = access->login(kToken, request()).value();
  const std::string pair = first.substr(0, first.find(';'));
  for (std::size_t i = 1; i < kSessionsMax; ++i) ASSERT_TRUE(access->login(kToken, request()));
  EXPECT_TRUE(access->check(request({{"cookie", pair}})));
  ASSERT_TRUE(access->login(kToken, request()));
  EXPECT_FALSE(access->check(request({{"cookie", pair}})));
}

TEST(Access, AnswersOnlyToItsOwnNames) {
  const auto access = with_token();
  struct {
    const char* host;
    std::vector<net::Header> headers;
    bool is_ours;
  } const cases[] = {
      {"127.0.0.1:8080", {}, true},
      {"localhost:8080", {}, true},
      {"LOCALHOST", {}, true},
      {"[::1]:8080", {}, true},
      {"192.168.1.9:8080", {}, true},  // an address leads nowhere else
      {"data.example.com", {}, true},
      {"evil.example.com", {}, false},
      {"localhost.evil.com:8080", {}, false},
      {"127.0.0.1.evil.com", {}, false},
      {"", {}, false},
      {"127.0.0.1:8080", {{"origin", "http://127.0.0.1:8080"}}, true},
      {"127.0.0.1:8080", {{"origin", "https://evil.com"}}, false},
      {"127.0.0.1:8080", {{"origin", "null"}}, false},
      {"127.0.0.1:8080", {{"origin", "http://127.0.0.1:9090"}}, false},
      {"127.0.0.1:8080", {{"sec-fetch-site", "same-origin"}}, true},
      {"127.0.0.1:8080", {{"sec-fetch-site", "none"}}, true},
      {"127.0.0.1:8080", {{"sec-fetch-site", "cross-site"}}, false},
  };
  for (const auto& c : cases) {
    net::ServerRequest one = request(c.headers);
    one.host = c.host;
    EXPECT_EQ(access->check_origin(one).has_value(), c.is_ours) << c.host;
  }
}

}  // namespace
}  // namespace fm::server
