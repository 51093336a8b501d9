// GET /api/marks: what a chart shows behind its candles: sessions, holidays, switches of the front
// month, gaps.
#include <fmt/format.h>

#include <algorithm>

#include "bars/candle_bars.h"
#include "base/json_writer.h"
#include "ops/state.h"
#include "server/api.h"
#include "server/context.h"
#include "server/frame.h"
#include "server/stored_state.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

constexpr Second kSpanDefault = 7 * kSecondsPerDay;
constexpr Second kSpanMax = 800 * kSecondsPerDay;
constexpr std::size_t kGapsMax = 2'000;

struct MarkRequest {
  std::string root;
  Second from = 0;
  Second to = 0;
};

Result<MarkRequest> parse(Context& context, const Arguments& arguments) {
  MarkRequest request;
  FM_ASSIGN(request.root, arguments.root());
  FM_ASSIGN(const auto from, arguments.moment("from"));
  FM_ASSIGN(const auto to, arguments.moment("to"));
  request.to = to.value_or(second_of(context.env.now()) + kSecondsPerDay);
  request.from = from.value_or(request.to - kSpanDefault);
  if (request.from > request.to) return fail(Code::kInvalidArgument, "from= is later than to=");
  if (request.to - request.from > kSpanMax)
    return fail(Code::kInvalidArgument, "from= to to= are {} days; expected at most {}",
                (request.to - request.from) / kSecondsPerDay, kSpanMax / kSecondsPerDay);
  return request;
}

void write_session(JsonWriter& json, const market::Calendar& calendar, market::TemplateId hours,
                   Date date, const std::vector<market::SessionSpan>& spans) {
  json.object([&] {
    json.field("trade_date", date.iso());
    json.field("open", spans.front().open);
    json.field("close", spans.back().close);
    json.array_field("halts", [&] {
      for (std::size_t i = 1; i < spans.size(); ++i)
        json.array([&] {
          json.value(spans[i - 1].close);
          json.value(spans[i].open);
        });
    });
    json.field("early_close",
               calendar.closed_reason(hours, spans.back().close).starts_with("early close"));
  });
}

void write_calendar(JsonWriter& json, const market::Calendar& calendar,
                    const MarkRequest& request) {
  const market::TemplateId hours = calendar.template_of(request.root);
  const Date first = Date::of_second(request.from) - 1;
  const Date last = Date::of_second(request.to) + 5;
  json.array_field("sessions", [&] {
    for (Date date = first; date <= last; date = date + 1) {
      const auto spans = calendar.spans_of(hours, date);
      if (spans.empty() || spans.back().close <= request.from || spans.front().open >= request.to)
        continue;
      write_session(json, calendar, hours, date, spans);
    }
  });
  json.array_field("holidays", [&] {
    for (Date date = Date::of_second(request.from); date <= Date::of_second(request.to);
         date = date + 1)
      if (const std::string name = calendar.special_day(hours, date); !name.empty())
        json.object([&] {
          json.field("date", date.iso());
          json.field("name", name);
        });
  });
}

// Front months one behind the other.
class Switches {
 public:
  explicit Switches(JsonWriter& json, const MarkRequest& request)
      : json_(json), request_(request) {}

  void at(Second from, std::string_view symbol) {
    if (!contract_.empty() && contract_ != symbol && from >= request_.from && from < request_.to)
      json_.object([&] {
        json_.field("time", from);
        json_.field("from", contract_);
        json_.field("to", symbol);
      });
    contract_ = symbol;
    newest_ = from;
  }
  [[nodiscard]] Second newest() const { return newest_; }

 private:
  JsonWriter& json_;
  const MarkRequest& request_;
  std::string contract_;
  Second newest_ = 0;
};

Status add_stored(Context& context, const MarkRequest& request, Switches& switches,
                  std::optional<Date>& newest) {
  const table::Table& table = table::candle_sessions();
  FM_ASSIGN(const auto rows,
            context.lake->read(table, {.root = request.root,
                                       // The date before tells what was switched from.
                                       .from = Date::of_second(request.from) - 10,
                                       .before = Date::of_second(request.to) + 6,
                                       .columns = {"trade_date", "stints"}}));
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return {};
    for (std::size_t row = 0; row < batch.size(); ++row) {
      newest = Date::from_days(batch.int32s(table.column_index("trade_date"))[row]);
      FM_ASSIGN(const auto stints,
                bars::decode_stints(batch.text(table.column_index("stints"), row)));
      for (const bars::Stint& stint : stints) switches.at(stint.from, stint.symbol);
    }
  }
}

// Of the trade date that is not over, the candles themselves tell.
Status add_open_date(Context& context, const MarkRequest& request, std::optional<Date> newest,
                     Switches& switches) {
  const table::Table& table = table::candles_1m();
  FM_TRY(context.index.look(table));
  const auto index = context.index.find(table, request.root);
  if (!index || index->partitions.empty()) return {};
  const Date last = index->partitions.back().first;
  if (newest && last <= *newest) return {};
  FM_ASSIGN(const auto rows, context.lake->read(table, {.root = request.root,
                                                        .from = last,
                                                        .before = last + 1,
                                                        .columns = {"time", "symbol"}}));
  const std::size_t symbol = table.column_index("symbol");
  const std::size_t time = table.column_index("time");
  std::string contract;
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return {};
    for (std::size_t row = 0; row < batch.size(); ++row) {
      if (batch.text(symbol, row) == contract) continue;
      contract = batch.text(symbol, row);
      switches.at(second_at(batch, time, row), contract);
    }
  }
}

Status write_switches(JsonWriter& json, Context& context, const MarkRequest& request) {
  Status status;
  json.array_field("switches", [&] {
    Switches switches(json, request);
    std::optional<Date> newest;
    status = add_stored(context, request, switches, newest);
    if (status) status = add_open_date(context, request, newest, switches);
  });
  return status;
}

Status write_gaps(JsonWriter& json, Context& context, const MarkRequest& request) {
  std::vector<ops::StoredGap> gaps;
  FM_ASSIGN(auto state, open_state(context));
  if (state) {
    const auto since = static_cast<Nanos>(std::max<Second>(request.from, 0)) * kNanosPerSecond;
    FM_ASSIGN(gaps, state->gaps_since(since, ops::Gaps::kAll));
  }
  std::size_t shown = 0;
  json.array_field("gaps", [&] {
    for (const ops::StoredGap& stored : gaps) {
      const Second from = second_of(stored.gap.from);
      if (from >= request.to || ++shown > kGapsMax) continue;
      json.object([&] {
        json.field("from", from);
        json.field("to", second_of(stored.gap.to));
        json.field("reason", "feed gap");
        json.field("detail", fmt::format("{}: {}", stored.gap.dataset, stored.gap.reason));
        json.field("repaired", stored.repaired);
      });
    }
  });
  return {};
}

Result<Answer> marks(Context& context, const Call& call) {
  FM_ASSIGN(const MarkRequest request, parse(context, call.arguments));
  JsonWriter json;
  Status status;
  json.object([&] {
    write_calendar(json, context.registry.calendar(), request);
    status = write_switches(json, context, request);
    if (status) status = write_gaps(json, context, request);
  });
  FM_TRY(std::move(status));
  return Answer{.response = net::ServerResponse::json(json.take())};
}

}  // namespace

void add_mark_routes(Context& context, Routes& routes) {
  routes.push_back({.method = "GET",
                    .path = "/api/marks",
                    .parameters = {"root", "from", "to"},
                    .handler = [&context](const Call& call) { return marks(context, call); }});
}

}  // namespace fm::server
