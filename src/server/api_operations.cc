// How the house is kept: health, jobs and their logs, quality events, the mirror, costs,
// configuration, status.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/json_writer.h"
#include "jobs/health.h"
#include "jobs/lake_health.h"
#include "server/api.h"
#include "server/context.h"
#include "server/quarantine.h"
#include "server/row_hub.h"
#include "server/stored_state.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

constexpr std::int64_t kPageDefault = 100;
constexpr std::int64_t kPageMax = 1'000;
constexpr std::size_t kEventsSearched = 10'000;
constexpr std::uint64_t kLogBytesMax = 1 << 20;

Answer fresh(std::string json) {
  return {.response = net::ServerResponse::json(std::move(json)), .cache_control = "no-cache"};
}

std::string iso(Nanos at) { return iso_second(second_of(at)); }

Result<Answer> health(Context& context) { return fresh(jobs::to_json(context.health().health())); }

void write_run(JsonWriter& json, const ops::StoredRun& run) {
  json.object([&] {
    json.field("run_id", run.run_id);
    json.field("job", run.job);
    json.field("started", iso(run.started_at));
    json.field("ended", run.finished_at ? std::optional(iso(*run.finished_at)) : std::nullopt);
    json.field("state", ops::name(run.status));
    json.field("rows", run.rows_processed);
    json.field("error", run.error_message);
    json.key("parameters");
    json.raw(run.parameters_json.empty() ? "null" : run.parameters_json);
  });
}

void write_scheduled(JsonWriter& json, const ScheduledJob& job,
                     const std::vector<ops::StoredRun>& runs) {
  json.object([&] {
    json.field("name", job.name);
    json.field("command", job.command);
    json.field("cron", job.cron);
    json.field("timezone", job.timezone);
    json.field("next", job.next ? std::optional(iso_second(*job.next)) : std::nullopt);
    json.field("running", job.running);
    json.key("last");
    const auto last = std::ranges::find_if(runs, [&](const ops::StoredRun& run) {
      return job.last_run_id ? run.run_id == *job.last_run_id : run.job == job.name;
    });
    if (last == runs.end())
      json.value(nullptr);
    else
      write_run(json, *last);
  });
}

Result<Answer> jobs_page(Context& context, const Arguments& arguments) {
  FM_ASSIGN(const auto limit, arguments.integer("limit", 1, kPageMax));
  const auto rows = static_cast<std::size_t>(limit.value_or(kPageDefault));
  std::vector<ops::StoredRun> runs, newest;
  FM_ASSIGN(auto state, open_state(context));
  if (state) {
    FM_ASSIGN(runs, state->runs({.before = std::string(arguments.text("after").value_or("")),
                                 .rows_max = rows + 1}));
    FM_ASSIGN(newest, state->runs({.rows_max = static_cast<std::size_t>(kPageMax)}));
  }
  const bool has_more = runs.size() > rows;
  if (has_more) runs.resize(rows);
  JsonWriter json;
  json.object([&] {
    json.array_field("schedule", [&] {
      if (context.sources.schedule == nullptr) return;
      for (const ScheduledJob& job : context.sources.schedule->jobs())
        write_scheduled(json, job, newest);
    });
    json.array_field("runs", [&] {
      for (const ops::StoredRun& run : runs) write_run(json, run);
    });
    json.field("next", has_more ? std::optional(runs.back().run_id) : std::nullopt);
  });
  return fresh(json.take());
}

// What `up` keeps of a run's output: STATE/logs/RUN.log, which outlives it.
Result<Answer> job_log(Context& context, const Call& call) {
  const std::string& run = call.request.parts[0];
  const bool is_plain = !run.empty() && run.size() <= 200 && !run.starts_with('.') &&
                        std::ranges::all_of(run, [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                        });
  if (is_plain && context.sources.schedule != nullptr) {
    FM_ASSIGN(std::string log, context.sources.schedule->log_of(run, kLogBytesMax));
    return Answer{.response = net::ServerResponse::text(std::move(log))};
  }
  const std::string path =
      join(join(context.lake->state_dir(), "logs"), fmt::format("{}.log", run));
  if (!is_plain || !context.env.exists(path))
    return fail(Code::kNotFound, "there is no log of this run: only scheduled runs have one");
  FM_ASSIGN(const std::string text, read_text(context.env, path, 64 << 20));
  Answer answer{.response = net::ServerResponse::text(
                    text.size() <= kLogBytesMax ? text : text.substr(text.size() - kLogBytesMax))};
  return answer;
}

void write_event(JsonWriter& json, Context& context, const ops::StoredEvent& event) {
  const EventDetails details = details_of(context, event);
  json.object([&] {
    json.field("id", event.event_id);
    json.field("time", iso(event.at));
    json.field("kind", event.check_type.value_or(event.source));
    json.field("source", event.source);
    json.field("root", details.root.empty() ? std::nullopt : std::optional(details.root));
    json.field("table", event.table_name);
    json.field("severity", event.severity);
    json.field("text", event.message);
    json.field("rows", details.rows);
    json.field("quarantine", details.file);
    json.key("payload");
    json.raw(event.payload_json.value_or("null"));
  });
}

// "1750080600000000000:ID", the last event of a page.
Result<ops::EventChoice> event_choice(const Arguments& arguments) {
  ops::EventChoice choice;
  FM_ASSIGN(const auto limit, arguments.integer("limit", 1, kPageMax));
  choice.rows_max = static_cast<std::size_t>(limit.value_or(kPageDefault));
  const auto after = arguments.text("after");
  if (!after) return choice;
  const std::size_t colon = std::min(after->find(':'), after->size());
  Nanos before = 0;
  const auto [stop, error] = std::from_chars(after->data(), after->data() + colon, before);
  if (colon == after->size() || error != std::errc() || stop != after->data() + colon)
    return fail(Code::kInvalidArgument, "after={}: expected what \"next\" of a page said", *after);
  choice.before = before;
  choice.before_id = after->substr(colon + 1);
  return choice;
}

Result<Answer> events_page(Context& context, const Arguments& arguments) {
  FM_ASSIGN(ops::EventChoice choice, event_choice(arguments));
  const std::size_t rows = choice.rows_max++;
  std::vector<ops::StoredEvent> events;
  FM_ASSIGN(auto state, open_state(context));
  if (state) {
    FM_ASSIGN(events, state->events(choice));
  }
  const bool has_more = events.size() > rows;
  if (has_more) events.resize(rows);
  JsonWriter json;
  json.object([&] {
    json.array_field("events", [&] {
      for (const ops::StoredEvent& event : events) write_event(json, context, event);
    });
    json.field("next", has_more ? std::optional(fmt::format("{}:{}", events.back().at,
                                                            events.back().event_id))
                                : std::nullopt);
  });
  return fresh(json.take());
}

Result<Answer> event_rows(Context& context, const Call& call) {
  FM_ASSIGN(auto state, open_state(context));
  std::vector<ops::StoredEvent> events;
  if (state) {
    FM_ASSIGN(events, state->events({.rows_max = kEventsSearched}));
  }
  const auto found = std::ranges::find(events, call.request.parts[0], &ops::StoredEvent::event_id);
  if (found == events.end()) return fail(Code::kNotFound, "there is no such event");
  const EventDetails details = details_of(context, *found);
  if (!details.file) return fail(Code::kNotFound, "this event has no list of rows");
  FM_ASSIGN(std::string lines, lines_of(context, *details.file));
  return fresh(std::move(lines));
}

struct MirroredTable {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  std::uint64_t pending = 0;  // not verified yet
  std::optional<Nanos> last_success;
  std::optional<std::string> last_error;
  Nanos error_at = 0;
};
using Mirrored = std::map<std::pair<std::string, std::string>, MirroredTable>;

Status add_parts(ops::State& state, Mirrored& mirrored) {
  const table::Table& table = table::mirror_state();
  FM_ASSIGN(const auto rows, state.rows(table));
  const auto column = [&](std::string_view name) { return table.column_index(name); };
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, rows->next(batch));
    if (!more) return {};
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const auto stage = batch.text(column("stage"), row);
      if (stage == "superseded") continue;
      auto& one = mirrored[{std::string(batch.text(column("destination"), row)),
                            std::string(batch.text(column("table_name"), row))}];
      ++one.objects;
      one.bytes += static_cast<std::uint64_t>(batch.int64s(column("bytes"))[row]);
      if (stage != "verified") ++one.pending;
    }
  }
}

Status add_batches(ops::State& state, Mirrored& mirrored) {
  FM_ASSIGN(const auto batches, state.mirror_batches({.destination = ""}));
  for (const ops::MirrorBatch& batch : batches) {
    if (batch.kind == ops::BatchKind::kQuery) continue;
    auto& one = mirrored[{batch.destination, batch.table}];
    if (batch.stage == ops::BatchStage::kVerified && batch.finished_at)
      one.last_success = std::max(one.last_success.value_or(0), *batch.finished_at);
    if (batch.error_message && batch.created_at >= one.error_at &&
        batch.stage != ops::BatchStage::kVerified) {
      one.last_error = batch.error_message;
      one.error_at = batch.created_at;
    }
  }
  return {};
}

Result<Answer> mirror(Context& context) {
  Mirrored mirrored;
  FM_ASSIGN(auto state, open_state(context));
  if (state) {
    FM_TRY(add_parts(*state, mirrored));
    FM_TRY(add_batches(*state, mirrored));
  }
  JsonWriter json;
  json.object([&] {
    json.array_field("tables", [&] {
      for (const auto& [key, one] : mirrored)
        json.object([&] {
          json.field("destination", key.first);
          json.field("table", key.second);
          json.field("objects", one.objects);
          json.field("bytes", one.bytes);
          json.field("pending", one.pending);
          json.field("last_success",
                     one.last_success ? std::optional(iso(*one.last_success)) : std::nullopt);
          json.field("last_error", one.last_error);
        });
    });
  });
  return fresh(json.take());
}

Result<Answer> costs(Context& context) {
  if (context.sources.costs_json) {
    auto report = context.sources.costs_json();
    if (report) return fresh(fmt::format(R"({{"available":true,"report":{}}})", *report));
    JsonWriter why;
    why.object([&] {
      why.field("available", false);
      why.field("reason", report.error().message());
      why.field("hint", report.error().advice());
    });
    return fresh(why.take());
  }
  return fresh(R"({"available":false,"reason":"no copy in the cloud is configured"})");
}

Result<Answer> config(Context& context) {
  JsonWriter json;
  json.object([&] {
    json.field("yaml", context.sources.config_yaml ? std::optional(context.sources.config_yaml())
                                                   : std::nullopt);
  });
  return fresh(json.take());
}

Result<Answer> status(Context& context) {
  const RowHubFigures rows = context.rows->figures();
  JsonWriter json;
  json.object([&] {
    json.field("version", FM_VERSION);
    json.field("started_at", iso(context.started));
    json.field("uptime_s", (context.env.monotonic() - context.started_monotonic) / kNanosPerSecond);
    json.field("lake", context.options.lake);
    json.array_field("feeds", [&] {
      if (context.sources.health == nullptr) return;
      for (const jobs::PartHealth& part : context.sources.health->health().parts) {
        if (part.kind != "feed") continue;
        json.object([&] {
          json.field("name", part.name);
          json.field("state", jobs::name(part.state));
          json.field("lag_s", part.lag_s);
          json.key("figures");
          json.raw(part.detail);
        });
      }
    });
    json.array_field("tickers", [&] {
      for (const std::string& root : context.rows->roots())
        json.object([&] {
          json.field("root", root);
          json.field("contract", context.rows->front_month(root));
        });
    });
    json.object_field("stream", [&] {
      json.field("clients", rows.clients);
      json.field("rows", rows.rows);
      json.field("rows_lost", rows.rows_lost);
      json.field("events", rows.events);
      json.field("dropped", rows.dropped);
    });
  });
  return fresh(json.take());
}

}  // namespace

void add_operation_routes(Context& context, Routes& routes) {
  const auto get = [&](std::string_view path, auto handler) {
    routes.push_back({.method = "GET", .path = path, .handler = [&context, handler](const Call&) {
                        return handler(context);
                      }});
  };
  get("/api/health", health);
  get("/api/status", status);
  get("/api/mirror", mirror);
  get("/api/costs", costs);
  get("/api/config", config);
  routes.push_back(
      {.method = "GET",
       .path = "/api/jobs",
       .parameters = {"after", "limit"},
       .handler = [&context](const Call& call) { return jobs_page(context, call.arguments); }});
  routes.push_back({.method = "GET",
                    .path = "/api/jobs/{run_id}/log",
                    .handler = [&context](const Call& call) { return job_log(context, call); }});
  routes.push_back(
      {.method = "GET",
       .path = "/api/events",
       .parameters = {"after", "limit"},
       .handler = [&context](const Call& call) { return events_page(context, call.arguments); }});
  routes.push_back({.method = "GET",
                    .path = "/api/events/{id}/rows",
                    .handler = [&context](const Call& call) { return event_rows(context, call); }});
}

}  // namespace fm::server
