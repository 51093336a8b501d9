#include "net/retry.h"

#include <gtest/gtest.h>

#include "base/testing_fault_env.h"
#include "net/testing_raw_server.h"

namespace fm::net {
namespace {

constexpr Nanos kStart = 1'700'000'000 * kNanosPerSecond;  // 2023-11-14T22:13:20Z

std::string answer(std::string_view head) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: 2\r\n\r\nok", head);
}

TEST(RetryAfter, IsSecondsOrADate) {
  struct {
    const char* text;
    std::optional<Nanos> wait;
  } const cases[] = {{"7", 7 * kNanosPerSecond},
                     {"0", 0},
                     {"99999999999", std::nullopt},
                     {"Tue, 14 Nov 2023 22:14:20 GMT", 60 * kNanosPerSecond},
                     {"Tue, 14 Nov 2023 22:13:20 GMT", 0},
                     {"Mon, 06 Nov 2023 08:49:37 GMT", 0},
                     {"Tue, 31 Feb 2023 22:14:20 GMT", std::nullopt},
                     {"Tue, 14 Nov 2023 25:14:20 GMT", std::nullopt},
                     {"Tue, 14 Nov 2023 22:14:20 EST", std::nullopt},
                     {"soon", std::nullopt},
                     {"-1", std::nullopt},
                     {"1.5", std::nullopt},
                     {"", std::nullopt}};
  for (const auto& c : cases) EXPECT_EQ(parse_retry_after(c.text, kStart), c.wait) << c.text;
}

TEST(Backoff, DoublesToItsCapAndEnds) {
  FaultEnv env;
  Backoff backoff(env, {.attempts_max = 8, .first_delay = 100, .delay_max = 1000});
  const Nanos full[] = {100, 200, 400, 800, 1000, 1000, 1000};
  for (const Nanos most : full) {
    const auto delay = backoff.next_delay();
    ASSERT_TRUE(delay);
    EXPECT_GE(*delay, most / 2);
    EXPECT_LE(*delay, most);
  }
  EXPECT_FALSE(backoff.next_delay());
  backoff.reset();
  EXPECT_LE(backoff.next_delay().value(), 100U);
}

TEST(Backoff, NeverComesBackBeforeItIsAsked) {
  FaultEnv env;
  Backoff backoff(env,
                  {.attempts_max = 9, .first_delay = 1, .delay_max = 1, .retry_after_max = 50});
  EXPECT_EQ(backoff.next_delay(40), 40U);
  EXPECT_EQ(backoff.next_delay(4000), 50U);  // a server may not send us away for good
}

TEST(WithRetries, WaitsAsAskedAndGivesTheLastAnswer) {
  FaultEnv env;
  env.set_now(kStart);
  const RawServer server(
      {answer("429 Slow\r\nRetry-After: 30"), "", answer("503 Busy"), answer("200 OK")});
  const auto client = HttpClient::create(env).value();
  const auto response = with_retries(env, {}, [&] { return client->get(server.url()); });
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status, 200);
  EXPECT_GE(env.now() - kStart, 30 * kNanosPerSecond);
  EXPECT_LT(env.now() - kStart, 40 * kNanosPerSecond);
}

TEST(WithRetries, EndsWhereRetryingCannotHelp) {
  struct {
    std::string answer;
    int calls;
    std::optional<int> status;
  } const cases[] = {{answer("404 X"), 1, 404},
                     {answer("401 X"), 1, 401},
                     {answer("500 X"), 3, 500},
                     {"", 3, std::nullopt}};
  for (const auto& c : cases) {
    FaultEnv env;
    env.set_now(kStart);
    const RawServer server({c.answer});
    const auto client = HttpClient::create(env).value();
    int calls = 0;
    const auto response = with_retries(env, {.attempts_max = 3}, [&] {
      ++calls;
      return client->get(server.url());
    });
    EXPECT_EQ(calls, c.calls);
    EXPECT_EQ(response ? std::optional(response->status) : std::nullopt, c.status);
  }
}

TEST(WithRetries, StopsWhenTold) {
  FaultEnv env;
  env.set_now(kStart);
  int asked = 0;
  const auto response = with_retries(
      env, {.first_delay = 60 * kNanosPerSecond},
      [] { return Result<HttpResponse>(HttpResponse{.status = 503}); },
      [&] { return ++asked == 3; });
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(asked, 3);
  EXPECT_LT(env.now() - kStart, kNanosPerSecond);
}

}  // namespace
}  // namespace fm::net
