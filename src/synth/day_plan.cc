#include "synth/day_plan.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace fm::synth {
namespace {

// How busy each quarter of an hour is, from midnight in Chicago: quiet through Asia's day, busier
// from London's open at 02:00, a U between New York's open at 08:30 and the close at 15:00, an hour
// of afterthoughts.
constexpr std::array<std::uint32_t, 96> kBusyness = {
    7,  7,  6,   6,  7,  7,  8,  9,  22, 20, 18, 17, 16, 15, 15, 15,  // 00:00
    15, 16, 16,  17, 18, 18, 19, 20, 21, 22, 24, 26, 30, 34, 38, 36,  // 04:00
    40, 44, 100, 96, 88, 84, 78, 74, 70, 66, 62, 58, 56, 54, 50, 48,  // 08:00
    46, 45, 45,  46, 48, 50, 54, 58, 62, 68, 80, 98, 44, 26, 14, 12,  // 12:00
    6,  6,  6,   6,  16, 13, 12, 11, 11, 11, 10, 10, 12, 11, 10, 10,  // 16:00
    10, 9,  9,   9,  9,  9,  8,  8,  8,  8,  7,  7,  7,  7,  7,  7};  // 20:00
constexpr Second kQuarterHourSeconds = 900;
constexpr Second kEveningSecondOfDay = 17 * 3600;

// The market's mood, in tenths of the ordinary pace, and how long it lasts.
struct Mood {
  std::uint32_t pace_tenths;
  std::uint32_t chance_per_65536;
  std::int64_t seconds_min;
  std::int64_t seconds_max;
};
constexpr std::array kMoods = {Mood{10, 36'000, 120, 1'200}, Mood{3, 17'000, 60, 600},
                               Mood{50, 12'536, 4, 70}};
constexpr std::uint32_t kClosingRushFactor = 2;
constexpr std::uint32_t kIntensityMax = 100 * 50 * kClosingRushFactor;

// One trade in three has its second to itself on a quiet day; a market that trades without pause
// has a second full for every second there is. Between the two: active = seconds · n / (n + 3 ·
// seconds).
constexpr std::uint64_t kQuietTradesPerSecond = 3;
constexpr std::uint64_t kActiveSharePercentMax = 92;

constexpr std::uint32_t kStrayTradesFrom = 1'000;  // smaller days have none
constexpr std::int64_t kAfterCloseSecondsMax = 90;
constexpr std::int64_t kLateSecondsMax = 120;

const Mood& draw_mood(Random& random) {
  std::uint32_t at = random.below32(65'536);
  for (const Mood& mood : kMoods) {
    if (at < mood.chance_per_65536) return mood;
    at -= mood.chance_per_65536;
  }
  return kMoods.front();
}

std::vector<std::uint32_t> draw_intensities(const DayRequest& request, Random& random) {
  std::vector<std::uint32_t> intensities;
  const Second last_close = request.spans.back().close;
  for (const market::SessionSpan& span : request.spans) {
    const Mood* mood = &kMoods.front();
    Second mood_ends = span.open;
    for (Second second = span.open; second < span.close; ++second) {
      if (second >= mood_ends) {
        mood = &draw_mood(random);
        mood_ends = second + random.between(mood->seconds_min, mood->seconds_max);
      }
      const Second of_day =
          ((second - request.chicago_evening + kEveningSecondOfDay) % kSecondsPerDay +
           kSecondsPerDay) %
          kSecondsPerDay;
      const bool rush = last_close - second <= kQuarterHourSeconds;
      intensities.push_back(kBusyness[static_cast<std::size_t>(of_day / kQuarterHourSeconds)] *
                            mood->pace_tenths * (rush ? kClosingRushFactor : 1));
    }
  }
  return intensities;
}

// The chance, per 65,536, that a second of this intensity has a trade: x / (1 + x) with x =
// intensity · scale / 2²⁰.
std::uint32_t active_chance(std::uint64_t intensity, std::uint64_t scale) {
  const std::uint64_t x = intensity * scale;
  return static_cast<std::uint32_t>((x << 16) / (x + (1 << 20)));
}

// The scale at which about `target` seconds are active.
std::uint64_t solve_scale(std::span<const std::uint32_t> intensities, std::uint64_t target) {
  std::vector<std::uint64_t> seconds_at(kIntensityMax + 1, 0);
  for (const std::uint32_t intensity : intensities) ++seconds_at[intensity];
  const auto expected = [&](std::uint64_t scale) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < seconds_at.size(); ++i) {
      if (seconds_at[i] > 0) sum += seconds_at[i] * active_chance(i, scale);
    }
    return sum >> 16;
  };
  std::uint64_t low = 0;
  std::uint64_t high = std::uint64_t{1} << 32;
  while (low + 1 < high) {
    const std::uint64_t middle = (low + high) / 2;
    (expected(middle) < target ? low : high) = middle;
  }
  return high;
}

std::uint64_t active_target(std::uint64_t seconds, std::uint64_t trades, std::uint32_t per_active) {
  const std::uint64_t wanted = per_active > 0
                                   ? trades / per_active
                                   : seconds * trades / (trades + kQuietTradesPerSecond * seconds);
  return std::clamp<std::uint64_t>(
      wanted, 1, std::max<std::uint64_t>(1, seconds * kActiveSharePercentMax / 100));
}

// Leaves `keep` of the active seconds, each as likely as the next.
void thin_out(std::vector<bool>& active, std::uint64_t have, std::uint64_t keep, Random& random) {
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (!active[i]) continue;
    if (random.below(have) < keep) {
      --keep;
    } else {
      active[i] = false;
    }
    --have;
  }
}

// One trade for each active second, the others by weight: intensity times a heavy tail.
std::vector<std::uint32_t> spread_trades(std::span<const std::uint32_t> intensities,
                                         const DayRequest& request, std::uint32_t trades,
                                         Random& random) {
  const std::size_t seconds = intensities.size();
  const std::uint64_t scale =
      solve_scale(intensities, active_target(seconds, trades, request.trades_per_active_second));
  std::vector<bool> active(seconds);
  std::uint64_t active_count = 0;
  for (std::size_t i = 0; i < seconds; ++i) {
    active[i] = random.chance(active_chance(intensities[i], scale)) || i == 0;  // i = 0: the open
    active_count += active[i] ? 1 : 0;
  }
  if (active_count > trades) {
    thin_out(active, active_count, trades, random);
    active_count = trades;
  }

  std::vector<std::uint32_t> weights(seconds, 0);
  std::uint64_t weight_total = 0;
  for (std::size_t i = 0; i < seconds; ++i) {
    if (!active[i]) continue;
    weights[i] = intensities[i] << random.halvings(6);
    weight_total += weights[i];
  }
  std::vector<std::uint32_t> result(seconds, 0);
  const std::uint64_t extra = trades - active_count;
  std::uint64_t weight_so_far = 0;
  std::uint64_t given = 0;
  for (std::size_t i = 0; i < seconds; ++i) {
    if (!active[i]) continue;
    weight_so_far += weights[i];
    // Cut at the running total, so that the rounded shares add up exactly.
    const std::uint64_t until = extra * weight_so_far / weight_total;
    result[i] = 1 + static_cast<std::uint32_t>(until - given);
    given = until;
  }
  return result;
}

void draw_after_close(const DayRequest& request, Random& random, std::vector<StrayTrade>& strays) {
  const std::int64_t count = random.between(1, 4);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t which = random.below(request.spans.size());
    const Second close = request.spans[which].close;
    // Not into the span that follows, which would make them ordinary trades.
    const bool room = which + 1 == request.spans.size() ||
                      request.spans[which + 1].open - close > 2 * kAfterCloseSecondsMax;
    if (room) strays.push_back({close + random.between(1, kAfterCloseSecondsMax), 0});
  }
}

void draw_late(const DayRequest& request, Random& random, std::vector<StrayTrade>& strays) {
  const std::int64_t count = random.between(2, 6);
  for (std::int64_t i = 0; i < count; ++i) {
    const market::SessionSpan& span = request.spans[random.below(request.spans.size())];
    if (span.close - span.open <= 4 * kLateSecondsMax) continue;
    // Half within the minute that candles forgive, half beyond; never on its edge, where the clock
    // of another root would decide.
    const std::int64_t late =
        i % 2 == 0 ? random.between(5, 55) : random.between(65, kLateSecondsMax);
    const Second arrival = random.between(span.open + 2 * kLateSecondsMax, span.close - 1);
    strays.push_back({arrival, static_cast<std::uint32_t>(late)});
  }
}

std::vector<StrayTrade> draw_strays(const DayRequest& request, Random& random) {
  std::vector<StrayTrade> strays;
  if (request.trades < kStrayTradesFrom) return strays;
  if (request.features.off_session) draw_after_close(request, random, strays);
  if (request.features.late) draw_late(request, random, strays);
  std::sort(strays.begin(), strays.end(),
            [](const StrayTrade& a, const StrayTrade& b) { return a.arrival < b.arrival; });
  return strays;
}

}  // namespace

DayPlan plan_day(const DayRequest& request, Random& random) {
  DayPlan plan{request.spans, {}, {}};
  if (request.trades == 0) return plan;
  FM_ASSERT(!request.spans.empty());
  plan.strays = draw_strays(request, random);
  const auto ordinary = request.trades - static_cast<std::uint32_t>(plan.strays.size());
  plan.trades = spread_trades(draw_intensities(request, random), request, ordinary, random);
  return plan;
}

}  // namespace fm::synth
