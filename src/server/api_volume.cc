// GET /api/volume-at-price: how much was traded at which price.
#include <algorithm>
#include <cmath>
#include <map>

#include "base/json_writer.h"
#include "market/contract.h"
#include "server/api.h"
#include "server/candle_series.h"
#include "server/context.h"

namespace fm::server {
namespace {

constexpr Second kSpanMax = 40 * kSecondsPerDay;
constexpr std::size_t kSecondsMax = 2'000'000;
constexpr double kValueShare = 0.7;
constexpr Price kTickUnknown = kPriceScale / 100;

struct AtPrice {
  std::int64_t volume = 0;
  std::int64_t ask = 0;
  std::int64_t bid = 0;
};
// By the number of ticks.
using Profile = std::map<std::int64_t, AtPrice>;

// Seconds say how much and at which average: all of a second counts for the tick nearest to it.
Profile profile_of(const Series& series, double tick) {
  const table::Table& table = series.frame.table();
  const std::size_t vwap = table.column_index("vwap");
  const std::size_t volume = table.column_index("volume");
  const std::size_t ask = table.column_index("ask_volume");
  const std::size_t bid = table.column_index("bid_volume");
  Profile profile;
  for (const Frame::Run& run : series.frame.runs()) {
    const table::RowBatch& rows = series.frame.batch(run.batch);
    for (std::size_t row = run.first; row < run.first + run.count; ++row) {
      if (rows.is_null(vwap, row)) continue;
      AtPrice& at = profile[std::llround(rows.doubles(vwap)[row] / tick)];
      at.volume += rows.int64s(volume)[row];
      at.ask += rows.int64s(ask)[row];
      at.bid += rows.int64s(bid)[row];
    }
  }
  return profile;
}

struct ValueArea {
  std::int64_t point_of_control = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;
};

// From the price with the most volume outwards, to the side with more, until it holds 70 %.
std::optional<ValueArea> value_area(const Profile& profile) {
  if (profile.empty()) return std::nullopt;
  const auto most =
      std::ranges::max_element(profile, {}, [](const auto& one) { return one.second.volume; });
  std::int64_t all = 0;
  for (const auto& [ticks, at] : profile) all += at.volume;
  auto low = most, high = most;
  std::int64_t held = most->second.volume;
  while (static_cast<double>(held) < kValueShare * static_cast<double>(all)) {
    const auto below = low == profile.begin() ? profile.end() : std::prev(low);
    const auto above = std::next(high);
    if (below == profile.end() && above == profile.end()) break;
    const bool goes_up = below == profile.end() ||
                         (above != profile.end() && above->second.volume >= below->second.volume);
    (goes_up ? high : low) = goes_up ? above : below;
    held += (goes_up ? above : below)->second.volume;
  }
  return ValueArea{most->first, low->first, high->first};
}

double price_of(std::int64_t ticks, Price tick) { return to_double(ticks * tick); }

Result<Answer> volume_at_price(Context& context, const Arguments& arguments) {
  CandleRequest request;
  FM_ASSIGN(request.root, arguments.root());
  for (const Resolution& one : resolutions())
    if (one.name == "seconds") request.resolution = &one;
  if (const auto symbol = arguments.text("symbol")) {
    if (!market::is_outright(*symbol))
      return fail(Code::kInvalidArgument, "symbol={}: expected a contract such as ESM5", *symbol);
    request.which.symbol = std::string(*symbol);
  }
  FM_ASSIGN(const auto from, arguments.moment("from"));
  FM_ASSIGN(const auto to, arguments.moment("to"));
  const Second end = to.value_or(second_of(context.env.now()) + 1);
  request.stretch = {
      .from = from.value_or(end - kSecondsPerDay), .before = end, .limit = kSecondsMax};
  if (end - *request.stretch.from > kSpanMax || end < *request.stretch.from)
    return fail(Code::kInvalidArgument, "from= to to=: expected at most {} days",
                kSpanMax / kSecondsPerDay);

  FM_ASSIGN(const Series series, read_series(context, request));
  const market::Root* const root = context.registry.universe().find(request.root);
  const Date on = Date::of_second(end);
  const Price tick = (root != nullptr ? root->tick_size(on) : std::nullopt).value_or(kTickUnknown);
  const Profile profile = profile_of(series, to_double(tick));
  const auto area = value_area(profile);

  JsonWriter json;
  const auto list = [&](std::string_view name, auto value_of) {
    json.array_field(name, [&] {
      for (const auto& [ticks, at] : profile) json.value(value_of(ticks, at));
    });
  };
  json.object([&] {
    json.field("basis", "seconds");
    json.field("tick", to_double(tick));
    list("prices", [&](std::int64_t ticks, const AtPrice&) { return price_of(ticks, tick); });
    list("volume", [](std::int64_t, const AtPrice& at) { return at.volume; });
    list("ask_volume", [](std::int64_t, const AtPrice& at) { return at.ask; });
    list("bid_volume", [](std::int64_t, const AtPrice& at) { return at.bid; });
    json.key("poc");
    json.value(area ? std::optional(price_of(area->point_of_control, tick)) : std::nullopt);
    json.key("value_area");
    if (area)
      json.array([&] {
        json.value(price_of(area->low, tick));
        json.value(price_of(area->high, tick));
      });
    else
      json.value(nullptr);
  });
  return Answer{.response = net::ServerResponse::json(json.take()), .made_from = series.made_from};
}

}  // namespace

void add_volume_routes(Context& context, Routes& routes) {
  routes.push_back({.method = "GET",
                    .path = "/api/volume-at-price",
                    .parameters = {"root", "from", "to", "symbol"},
                    .handler = [&context](const Call& call) {
                      return volume_at_price(context, call.arguments);
                    }});
}

}  // namespace fm::server
