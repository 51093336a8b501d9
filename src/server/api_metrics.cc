// GET /metrics: figures for Prometheus, in OpenMetrics text.
#include <fmt/format.h>

#include <array>

#include "jobs/health.h"
#include "jobs/lake_health.h"
#include "server/api.h"
#include "server/context.h"
#include "server/metrics.h"

namespace fm::server {
namespace {

void write_process(MetricsText& text, Context& context) {
  text.family("frontmonth_build", "info", "", "Which program this is");
  text.sample("_info", {{"version", FM_VERSION}}, 1);
  text.family("frontmonth_uptime_seconds", "gauge", "seconds", "Since the server was made");
  text.sample("", {},
              static_cast<double>(context.env.monotonic() - context.started_monotonic) / 1e9);
}

void write_lines(MetricsText& text, const jobs::HealthReport& health) {
  text.family("frontmonth_row_age_seconds", "gauge", "seconds", "Age of the newest row");
  for (const jobs::HealthLine& line : health.lines)
    if (line.age_s)
      text.sample("", {{"root", line.root}, {"table", line.table}},
                  static_cast<double>(*line.age_s));
  text.family("frontmonth_rows_late", "gauge", "",
              "1: rows are missing that the calendar lets one expect by now");
  for (const jobs::HealthLine& line : health.lines)
    text.sample("", {{"root", line.root}, {"table", line.table}},
                line.expected == jobs::Expected::kLate ? 1 : 0);
  text.family("frontmonth_rows_today", "gauge", "", "Rows of the trade date in hand");
  for (const jobs::HealthLine& line : health.lines)
    if (line.rows_today)
      text.sample("", {{"root", line.root}, {"table", line.table}},
                  static_cast<double>(*line.rows_today));
  text.family("frontmonth_rejected_today", "gauge", "",
              "Records left out, of the trade date in hand");
  for (const jobs::HealthLine& line : health.lines)
    text.sample("", {{"root", line.root}, {"table", line.table}},
                static_cast<double>(line.rejected_today));
}

void write_parts(MetricsText& text, const jobs::HealthReport& health) {
  text.family("frontmonth_part_up", "gauge", "", "1: the part of the process runs");
  for (const jobs::PartHealth& part : health.parts)
    text.sample("", {{"kind", part.kind}, {"name", part.name}},
                part.state == jobs::PartState::kRunning ? 1 : 0);
  text.family("frontmonth_part_restarts", "counter", "", "Restarts of the part after a failure");
  for (const jobs::PartHealth& part : health.parts)
    text.sample("_total", {{"kind", part.kind}, {"name", part.name}},
                static_cast<double>(part.restarts));
  text.family("frontmonth_part_lag_seconds", "gauge", "seconds", "How far the part is behind");
  for (const jobs::PartHealth& part : health.parts)
    if (part.lag_s) text.sample("", {{"kind", part.kind}, {"name", part.name}}, *part.lag_s);
}

void write_house(MetricsText& text, const jobs::HealthReport& health) {
  text.family("frontmonth_ok", "gauge", "", "1: nothing is late, failed or alarming");
  text.sample("", {}, health.ok() ? 1 : 0);
  std::array<std::size_t, 2> alarms{};
  for (const jobs::AlarmHealth& alarm : health.alarms)
    ++alarms[alarm.severity == "critical" ? 1 : 0];
  text.family("frontmonth_alarms", "gauge", "", "Alarms that are raised");
  text.sample("", {{"severity", "warning"}}, static_cast<double>(alarms[0]));
  text.sample("", {{"severity", "critical"}}, static_cast<double>(alarms[1]));
  if (health.disk) {
    text.family("frontmonth_disk_free_bytes", "gauge", "bytes", "Of the lake's disk");
    text.sample("", {}, static_cast<double>(health.disk->free_bytes));
    text.family("frontmonth_disk_size_bytes", "gauge", "bytes", "Of the lake's disk");
    text.sample("", {}, static_cast<double>(health.disk->total_bytes));
  }
  if (health.clock_skew_ms) {
    text.family("frontmonth_clock_skew_seconds", "gauge", "seconds",
                "This clock less the gateway's");
    text.sample("", {}, *health.clock_skew_ms / 1e3);
  }
}

void write_stream(MetricsText& text, Context& context) {
  const RowHubFigures rows = context.rows->figures();
  const auto counter = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    text.family(name, "counter", "", help);
    text.sample("_total", {}, static_cast<double>(value));
  };
  text.family("frontmonth_stream_clients", "gauge", "", "Event streams that are open");
  text.sample("", {}, static_cast<double>(rows.clients));
  counter("frontmonth_stream_rows", "Rows taken from the feed", rows.rows);
  counter("frontmonth_stream_rows_lost", "Rows that came while the queue was full", rows.rows_lost);
  counter("frontmonth_stream_events", "Events written", rows.events);
  counter("frontmonth_stream_resumed", "Clients that got what they had missed", rows.resumed);
  counter("frontmonth_stream_reset", "Clients that were told to read anew", rows.reset);
  counter("frontmonth_stream_dropped", "Clients that were gone or too slow", rows.dropped);
}

void write_answers(MetricsText& text, Context& context) {
  const CacheFigures cache = context.cache.figures();
  text.family("frontmonth_cache_bytes", "gauge", "bytes", "Of answers kept");
  text.sample("", {}, static_cast<double>(cache.bytes));
  text.family("frontmonth_cache_requests", "counter", "", "Requests that an answer was kept for");
  text.sample("_total", {{"result", "hit"}}, static_cast<double>(cache.hits));
  text.sample("_total", {{"result", "miss"}}, static_cast<double>(cache.misses));
  const SqlFigures sql = context.sql.figures();
  text.family("frontmonth_sql_running", "gauge", "", "Statements under way");
  text.sample("", {}, sql.running);
  text.family("frontmonth_sql_statements", "counter", "", "Statements asked for");
  text.sample("_total", {}, static_cast<double>(sql.statements));
  text.family("frontmonth_sql_failures", "counter", "", "Statements that failed or were refused");
  text.sample("_total", {}, static_cast<double>(sql.failed + sql.refused_busy));
}

void write_requests(MetricsText& text, Context& context) {
  const auto routes = context.figures.figures();
  text.family("frontmonth_http_requests", "counter", "", "Requests answered");
  for (const auto& [route, figures] : routes)
    for (const auto& [status, count] : figures.by_status)
      text.sample("_total", {{"route", route}, {"status", std::to_string(status)}},
                  static_cast<double>(count));
  text.family("frontmonth_http_duration_seconds", "histogram", "seconds",
              "From the whole request to its answer");
  for (const auto& [route, figures] : routes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kDurationBuckets.size(); ++i) {
      sum += figures.durations[i];
      const std::string bound = fmt::format("{}", kDurationBuckets[i]);
      text.sample("_bucket", {{"route", route}, {"le", bound}}, static_cast<double>(sum));
    }
    text.sample("_bucket", {{"route", route}, {"le", "+Inf"}},
                static_cast<double>(figures.requests));
    text.sample("_sum", {{"route", route}}, figures.seconds);
    text.sample("_count", {{"route", route}}, static_cast<double>(figures.requests));
  }
}

Answer metrics(Context& context) {
  const jobs::HealthReport health = context.health().health();
  MetricsText text;
  write_process(text, context);
  write_lines(text, health);
  write_parts(text, health);
  write_house(text, health);
  write_stream(text, context);
  write_answers(text, context);
  write_requests(text, context);
  Answer answer{.response = net::ServerResponse::text(text.finish()), .cache_control = "no-store"};
  answer.response.content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  return answer;
}

}  // namespace

void add_metric_routes(Context& context, Routes& routes) {
  routes.push_back(
      {.method = "GET", .path = "/metrics", .handler = [&context](const Call&) -> Result<Answer> {
         return metrics(context);
       }});
}

}  // namespace fm::server
