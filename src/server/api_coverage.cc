// GET /api/coverage: whether every slot is accounted for, from years down to minutes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/json_writer.h"
#include "jobs/audit_knowledge.h"
#include "quality/slots.h"
#include "server/api.h"
#include "server/context.h"
#include "server/coverage.h"
#include "server/frame.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

using quality::DayCoverage;
using quality::SlotState;

constexpr std::array<std::string_view, 4> kLevels{"years", "months", "days", "minutes"};
constexpr std::string_view kDataset = "GLBX.MDP3";

// What the page tells apart: of "unknown", the reason says why.
std::string_view shown(SlotState state) {
  switch (state) {
    case SlotState::kTraded:
      return "traded";
    case SlotState::kNoTrade:
      return "no_trade";
    case SlotState::kHalted:
      return "halted";
    case SlotState::kGap:
      return "gap";
    case SlotState::kRepaired:
      return "repaired";
    case SlotState::kDegraded:
    case SlotState::kNotLoaded:
      return "unknown";
  }
  return "unknown";
}

std::string_view reason_of(SlotState state) {
  switch (state) {
    case SlotState::kTraded:
      return "traded";
    case SlotState::kNoTrade:
      return "the data cover it, and nothing was traded";
    case SlotState::kHalted:
      return "trading was halted";
    case SlotState::kDegraded:
      return "the vendor calls the day degraded";
    case SlotState::kNotLoaded:
      return "no file or feed covers it";
    case SlotState::kGap:
      return "lost by the feed, or missing at the vendor";
    case SlotState::kRepaired:
      return "lost by the feed, fetched since";
  }
  return "";
}

struct Cell {
  std::string key;
  Date from;
  Date to;
  std::array<std::uint64_t, quality::kSlotStates> slots{};

  void add(const DayCoverage& day) {
    for (std::size_t i = 0; i < slots.size(); ++i) slots[i] += day.slots[i];
  }
  [[nodiscard]] std::uint64_t count(SlotState state) const {
    return slots[static_cast<std::size_t>(state)];
  }
  [[nodiscard]] std::uint64_t expected() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t one : slots) sum += one;
    return sum;
  }
};

std::string slots_text(std::uint64_t count, Second slot_seconds) {
  const std::string_view slot = slot_seconds == 1       ? "second"
                                : slot_seconds == 60    ? "minute"
                                : slot_seconds == 3'600 ? "hour"
                                                        : "day";
  return fmt::format("{} {}{}", count, slot, count == 1 ? "" : "s");
}

// The states without a good account, the most frequent first.
std::string reason_of(const Cell& cell, Second slot_seconds) {
  std::string text;
  std::vector<std::pair<std::uint64_t, SlotState>> bad;
  for (const SlotState state :
       {SlotState::kGap, SlotState::kNotLoaded, SlotState::kDegraded, SlotState::kHalted})
    if (cell.count(state) > 0) bad.emplace_back(cell.count(state), state);
  std::ranges::sort(bad, std::greater<>{}, [](const auto& one) { return one.first; });
  for (const auto& [count, state] : bad)
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", slots_text(count, slot_seconds),
                        reason_of(state));
  if (!text.empty()) return text;
  if (cell.expected() == 0) return "closed";
  return fmt::format("all of {} accounted for", slots_text(cell.expected(), slot_seconds));
}

void write_cell(JsonWriter& json, const Cell& cell, Second slot_seconds) {
  json.object([&] {
    json.field("key", cell.key);
    json.field("from", cell.from.iso());
    json.field("to", cell.to.iso());
    const std::uint64_t expected = cell.expected();
    const std::uint64_t lost = cell.count(SlotState::kGap) + cell.count(SlotState::kNotLoaded) +
                               cell.count(SlotState::kDegraded);
    json.field("share", expected == 0 ? std::nullopt
                                      : std::optional(static_cast<double>(expected - lost) /
                                                      static_cast<double>(expected)));
    json.object_field("counts", [&] {
      for (const SlotState state : {SlotState::kTraded, SlotState::kNoTrade, SlotState::kHalted,
                                    SlotState::kGap, SlotState::kRepaired})
        json.field(shown(state), cell.count(state));
      json.field("unknown", cell.count(SlotState::kDegraded) + cell.count(SlotState::kNotLoaded));
    });
    json.field("reason", reason_of(cell, slot_seconds));
  });
}

struct CoverageRequest {
  std::string root;
  const Timeframe* timeframe = nullptr;
  std::string_view level;
  int year = 0;
  unsigned month = 0;
  Date day;
};

Result<CoverageRequest> parse(const Arguments& arguments) {
  CoverageRequest request;
  FM_ASSIGN(request.root, arguments.root());
  std::vector<std::string_view> names;
  names.reserve(timeframes().size());
  for (const Timeframe& one : timeframes()) names.push_back(one.name);
  FM_ASSIGN(const std::string_view name, arguments.word("timeframe", names));
  for (const Timeframe& one : timeframes())
    if (one.name == name) request.timeframe = &one;
  FM_ASSIGN(request.level, arguments.word("level", kLevels));
  if (request.level == "months") {
    FM_TRY(arguments.required("year"));
    FM_ASSIGN(const auto year, arguments.integer("year", 1970, 2200));
    request.year = static_cast<int>(*year);
  } else if (request.level == "days") {
    FM_ASSIGN(const std::string_view month, arguments.required("month"));
    const auto first = Date::parse(fmt::format("{}-01", month));
    if (!first)
      return fail(Code::kInvalidArgument, "month={}: expected a month such as 2025-06", month);
    request.year = first->year();
    request.month = first->month();
  } else if (request.level == "minutes") {
    FM_TRY(arguments.required("day"));
    FM_ASSIGN(const auto day, arguments.date("day"));
    request.day = *day;
  }
  return request;
}

Result<std::vector<Cell>> years(Context& context, const CoverageRequest& request, Answer& answer) {
  std::vector<Cell> cells;
  FM_ASSIGN(const auto years, context.coverage->years(request.root, *request.timeframe));
  for (const int year : years) {
    FM_ASSIGN(const auto days, context.coverage->year(request.root, *request.timeframe, year));
    answer.made_from.push_back(CoverageBook::made_from(request.root, *request.timeframe, year));
    Cell cell{.key = std::to_string(year), .from = Date(year, 1, 1), .to = Date(year, 12, 31)};
    for (const DayCoverage& day : *days) cell.add(day);
    cells.push_back(std::move(cell));
  }
  return cells;
}

Result<std::vector<Cell>> months(Context& context, const CoverageRequest& request) {
  FM_ASSIGN(const auto days,
            context.coverage->year(request.root, *request.timeframe, request.year));
  std::vector<Cell> cells;
  for (unsigned month = 1; month <= 12; ++month) {
    const Date first(request.year, month, 1);
    const Date next = month == 12 ? Date(request.year + 1, 1, 1) : Date(request.year, month + 1, 1);
    Cell cell{.key = first.iso().substr(0, 7), .from = first, .to = next - 1};
    for (const DayCoverage& day : *days)
      if (day.date >= first && day.date < next) cell.add(day);
    cells.push_back(std::move(cell));
  }
  return cells;
}

Result<std::vector<Cell>> days(Context& context, const CoverageRequest& request) {
  FM_ASSIGN(const auto days,
            context.coverage->year(request.root, *request.timeframe, request.year));
  std::vector<Cell> cells;
  for (Date date(request.year, request.month, 1); date.month() == request.month; date = date + 1) {
    Cell cell{.key = date.iso(), .from = date, .to = date};
    for (const DayCoverage& day : *days)
      if (day.date == date) cell.add(day);
    cells.push_back(std::move(cell));
  }
  return cells;
}

// Slots with a row, of one trade date.
Result<std::set<std::int64_t>> slots_with_rows(Context& context, const CoverageRequest& request,
                                               Second slot_seconds) {
  const bool is_candles = request.timeframe->name == "candles";
  const table::Table& table = is_candles ? table::candles_1m() : request.timeframe->table();
  const std::size_t time = table.column_index(is_candles ? "time" : "ts_event");
  const auto root = table.find_column("root");
  lake::ReadRange range{.root = request.root,
                        .from = request.day - (is_candles ? 0 : 5),
                        .before = request.day + 1,
                        .columns = {table.columns[time].name}};
  if (root) range.columns.emplace_back("root");
  FM_ASSIGN(const auto rows, context.lake->read(table, range));
  std::set<std::int64_t> slots;
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return slots;
    for (std::size_t row = 0; row < batch.size(); ++row)
      if (!root || batch.text(*root, row) == request.root)
        slots.insert(second_at(batch, time, row) / slot_seconds);
  }
}

struct Run {
  Second from = 0;
  Second to = 0;
  std::string_view state;
  std::string reason;
};

void add_run(std::vector<Run>& runs, Run run) {
  if (!runs.empty() && runs.back().to == run.from && runs.back().state == run.state &&
      runs.back().reason == run.reason)
    runs.back().to = run.to;
  else
    runs.push_back(std::move(run));
}

// From the first open of a trade date to its last close.
Result<std::vector<Run>> minutes(Context& context, const CoverageRequest& request) {
  const market::Calendar& calendar = context.registry.calendar();
  const market::TemplateId hours = calendar.template_of(request.root);
  // Seconds as minutes: a page shows no more of a day.
  const Second slot = std::max<Second>(request.timeframe->slot_seconds, 60);
  FM_ASSIGN(const auto traded, slots_with_rows(context, request, slot));
  FM_ASSIGN(const auto known,
            jobs::read_audit_knowledge(context.env, *context.lake, context.lake->state_dir(),
                                       std::string(kDataset)));
  quality::Knowledge knowledge = known.of(request.root, request.timeframe->schema);
  if (request.timeframe->schema.empty()) {  // rows out of the feed: what it lost, they lack
    knowledge.gaps = known.lost;
    knowledge.repaired = known.repaired;
  }
  quality::StateTimeline states(knowledge);
  std::vector<Run> runs;
  for (const quality::SlotRun& expected :
       quality::expected_slots(calendar, hours, request.day, request.day, slot)) {
    if (!runs.empty() && runs.back().to < expected.first * slot) {
      const Second from = runs.back().to;
      add_run(runs, {from, expected.first * slot, "closed", calendar.closed_reason(hours, from)});
    }
    for (std::int64_t at = expected.first; at < expected.last; ++at) {
      SlotState state = states.at(at * slot).state;
      if (traded.contains(at) && state != SlotState::kRepaired) state = SlotState::kTraded;
      add_run(runs, {at * slot, (at + 1) * slot, shown(state), std::string(reason_of(state))});
    }
  }
  return runs;
}

Result<Answer> coverage(Context& context, const Arguments& arguments) {
  FM_ASSIGN(const CoverageRequest request, parse(arguments));
  Answer answer{.response = net::ServerResponse::json("")};
  JsonWriter json;
  if (request.level == "minutes") {
    FM_ASSIGN(const auto runs, minutes(context, request));
    json.object([&] {
      json.field("level", request.level);
      json.array_field("runs", [&] {
        for (const Run& run : runs)
          json.object([&] {
            json.field("from", run.from);
            json.field("to", run.to);
            json.field("state", run.state);
            json.field("reason", run.reason);
          });
      });
    });
  } else {
    std::vector<Cell> cells;
    if (request.level == "years") {
      FM_ASSIGN(cells, years(context, request, answer));
    } else if (request.level == "months") {
      FM_ASSIGN(cells, months(context, request));
    } else {
      FM_ASSIGN(cells, days(context, request));
    }
    json.object([&] {
      json.field("level", request.level);
      json.array_field("cells", [&] {
        for (const Cell& cell : cells) write_cell(json, cell, request.timeframe->slot_seconds);
      });
    });
  }
  answer.response.body = json.take();
  // Years ask too much to be asked again at once; a new year begins rarely.
  answer.made_from.clear();
  answer.valid_for = request.level == "years" ? 30 * kNanosPerSecond : 0;
  return answer;
}

}  // namespace

void add_coverage_routes(Context& context, Routes& routes) {
  routes.push_back(
      {.method = "GET",
       .path = "/api/coverage",
       .parameters = {"root", "timeframe", "level", "year", "month", "day"},
       .handler = [&context](const Call& call) { return coverage(context, call.arguments); }});
}

}  // namespace fm::server
