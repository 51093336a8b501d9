#include "net/retry.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/assert.h"

namespace fm::net {
namespace {

constexpr Nanos kSliceOfSleep = 50'000'000;
constexpr int kDoublingsMax = 30;

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that HTTP writes today.
std::optional<Second> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' ||
      text[16] != ' ' || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT")
    return std::nullopt;
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  const auto day = number(text.substr(5, 2));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto date =
      Date::parse(fmt::format("{:04}-{:02}-{:02}", *year, (month - kMonths.begin()) + 1, *day));
  if (!date) return std::nullopt;
  return date->first_second() + *hour * 3600 + *minute * kSecondsPerMinute + *second;
}

}  // namespace

bool is_retryable_status(int status) {
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

std::optional<Nanos> parse_retry_after(std::string_view text, Nanos now) {
  // Longer waits than this are cut to it, so that sums stay sound.
  constexpr unsigned kSecondsMax = 1'000'000'000;
  if (const auto seconds = number(text)) return std::min(*seconds, kSecondsMax) * kNanosPerSecond;
  const auto second = parse_http_date(text);
  if (!second) return std::nullopt;
  const Second ahead = *second - second_of(now);
  return ahead <= 0 ? Nanos{0}
                    : std::min<Nanos>(static_cast<Nanos>(ahead), kSecondsMax) * kNanosPerSecond;
}

Backoff::Backoff(Env& env, RetryPolicy policy, std::function<bool()> is_stopped)
    : env_(&env), policy_(policy), is_stopped_(std::move(is_stopped)) {
  FM_ASSERT(policy_.attempts_max >= 1 && policy_.delay_max >= policy_.first_delay);
}

std::optional<Nanos> Backoff::next_delay(std::optional<Nanos> asked) {
  if (failures_ + 1 >= policy_.attempts_max) return std::nullopt;
  const int doublings = std::min(failures_++, kDoublingsMax);
  // Compared before shifting, so that the shift cannot overflow.
  const Nanos full = policy_.first_delay > (policy_.delay_max >> doublings)
                         ? policy_.delay_max
                         : policy_.first_delay << doublings;
  const Nanos half = full / 2;
  const Nanos delay = half + (half == 0 ? 0 : env_->random() % (half + 1));
  return std::max(delay, std::min(asked.value_or(0), policy_.retry_after_max));
}

bool Backoff::wait(std::optional<Nanos> asked) {
  auto left = next_delay(asked);
  if (!left) return false;
  while (*left > 0) {
    if (is_stopped_ && is_stopped_()) return false;
    const Nanos slice = is_stopped_ ? std::min(*left, kSliceOfSleep) : *left;
    env_->sleep_for(slice);
    *left -= slice;
  }
  return !is_stopped_ || !is_stopped_();
}

Result<HttpResponse> with_retries(Env& env, const RetryPolicy& policy,
                                  const std::function<Result<HttpResponse>()>& attempt,
                                  const std::function<bool()>& is_stopped) {
  Backoff backoff(env, policy, is_stopped);
  for (;;) {
    Result<HttpResponse> answer = attempt();
    std::optional<Nanos> asked;
    if (answer) {
      if (!is_retryable_status(answer->status)) return answer;
      asked = parse_retry_after(answer->header("retry-after"), env.now());
    } else if (!answer.error().can_retry()) {
      return answer;
    }
    if (!backoff.wait(asked)) return answer;
  }
}

}  // namespace fm::net
