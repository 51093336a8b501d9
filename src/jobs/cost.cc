#include "jobs/cost.h"

#include <algorithm>

#include "base/json_text.h"
#include "google/bigquery.h"
#include "google/cost_sql.h"
#include "google/prices.h"
#include "jobs/text.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

constexpr std::int64_t kAskBytesMax = std::int64_t{10} << 30;

struct Month {
  Date first, next;
  double elapsed = 0;
};

Month month_of(Nanos now) {
  const Second second = second_of(now);
  const Date today = Date::of_second(second);
  Month month;
  month.first = Date(today.year(), today.month(), 1);
  month.next =
      today.month() == 12 ? Date(today.year() + 1, 1, 1) : Date(today.year(), today.month() + 1, 1);
  month.elapsed = static_cast<double>(second - month.first.first_second()) /
                  static_cast<double>(month.next.first_second() - month.first.first_second());
  return month;
}

Status add_state(ops::State& state, const CloudPlace& place, const Month& month,
                 CostReport& report) {
  const Nanos since = static_cast<Nanos>(month.first.first_second()) * kNanosPerSecond;
  FM_ASSIGN(const auto batches, state.mirror_batches({.destination = {}, .since = since}));
  for (const ops::MirrorBatch& batch : batches) {
    // A query may have been made without naming the bucket.
    const bool is_here = (batch.destination + " ").contains(" " + place.destination.project + " ");
    if (batch.kind == ops::BatchKind::kKnown || !is_here) continue;
    const bool loads = batch.kind != ops::BatchKind::kQuery && batch.parts > 0;
    if (loads) report.load_jobs += batch.attempt;
    if (batch.kind != ops::BatchKind::kAppend && batch.kind != ops::BatchKind::kReplaceDay)
      ++report.statements;
    if (loads && batch.stage == ops::BatchStage::kVerified) report.rows_loaded += batch.rows;
    report.bytes_billed += static_cast<std::int64_t>(batch.bytes_billed);
  }
  for (const ops::MirrorStage stage : {ops::MirrorStage::kUploaded, ops::MirrorStage::kVerified}) {
    FM_ASSIGN(const auto parts,
              state.mirror_parts({.destination = place.destination.name(), .stage = stage}));
    for (const ops::MirrorPart& part : parts)
      report.object_bytes += static_cast<std::int64_t>(part.bytes);
  }
  return {};
}

Status add_tables(google::BigQuery& bigquery, const CloudPlace& place, CostReport& report) {
  for (const table::Table& table : table::all_tables()) {
    const google::TableName name = place.destination.table_of(table);
    FM_ASSIGN(const auto resource, bigquery.table(name));
    if (!resource) continue;
    TableCost cost{.table = fmt::format("{}.{}", name.dataset, name.table),
                   .rows = resource->integer("/numRows").value_or(0)};
    const std::int64_t bytes = resource->integer("/numBytes").value_or(0);
    cost.long_term_bytes = resource->integer("/numLongTermBytes").value_or(0);
    cost.active_bytes = bytes - cost.long_term_bytes;
    cost.usd_month = google::usd_stored(cost.active_bytes, google::kUsdPerGibMonthActive) +
                     google::usd_stored(cost.long_term_bytes, google::kUsdPerGibMonthLongTerm);
    if (cost.rows > 0) report.tables.push_back(std::move(cost));
  }
  std::ranges::sort(report.tables, std::greater<>(), &TableCost::usd_month);
  return {};
}

// What this account may not ask is said, and no reason to fail.
Status add_project(google::BigQuery& bigquery, const CloudPlace& place, const Month& month,
                   CostReport& report) {
  std::vector<google::ResultColumn> columns;
  const auto asked = bigquery.select(
      {google::project_cost_statement(place.destination.project, place.location, month.first,
                                      month.next),
       kAskBytesMax},
      columns, [&](google::Cells cells) -> Status {
        if (!cells.empty() && cells[0])
          report.project_bytes_billed = std::strtoll(cells[0]->c_str(), nullptr, 10);
        return {};
      });
  if (asked) return {};
  if (asked.error().code() != Code::kRefused) return std::unexpected(asked.error());
  report.project_refused = asked.error().message();
  return {};
}

}  // namespace

Result<CostReport> run_cost(Env& env, const Config& config, CloudPlace& place,
                            const CostOptions& options) {
  const Month month = month_of(env.now());
  CostReport report{.project = place.destination.project,
                    .month = month.first.iso().substr(0, std::string_view("2025-06").size()),
                    .month_elapsed = month.elapsed,
                    .budget_usd = config.google.budget_usd};
  FM_ASSIGN(auto state, ops::State::open(env, ops::state_file(config.state_dir)));
  FM_TRY(add_state(state, place, month, report));
  FM_ASSIGN(auto transport, place.transports());
  google::Api api(env, *place.tokens, std::move(transport));
  google::BigQuery bigquery(api, place.endpoints, place.destination.project, place.location);
  FM_TRY(add_tables(bigquery, place, report));
  if (options.project) FM_TRY(add_project(bigquery, place, month, report));
  report.usd_queries =
      google::usd_queried(std::max(report.bytes_billed, report.project_bytes_billed.value_or(0)));
  for (const TableCost& table : report.tables) report.usd_storage += table.usd_month;
  report.usd_storage += google::usd_stored(report.object_bytes, google::kUsdPerGibMonthObjects);
  // Queries go on as they did; the first hours of a month say little.
  constexpr double kElapsedMin = 1.0 / 31;
  report.usd_forecast =
      report.usd_storage + report.usd_queries / std::max(month.elapsed, kElapsedMin);
  if (!report.over_budget()) return report;
  FM_TRY(state.add_events(std::vector{
      ops::Event{.source = "cost",
                 .dataset = "ops",
                 .severity = ops::Severity::kWarning,
                 .check_type = "budget",
                 .message = fmt::format("{} will have cost ${:.2f}; the budget is ${}",
                                        report.month, report.usd_forecast, report.budget_usd),
                 .identity = fmt::format("budget-{}-{}", report.project, report.month)}}));
  return report;
}

std::string to_text(const CostReport& report) {
  std::string text = fmt::format("{} in {} ({:.0f} % over), US dollars at list prices\n\n",
                                 report.project, report.month, report.month_elapsed * 100);
  text += fmt::format("{:<44} {:>16} {:>14} {:>10}\n", "table", "rows", "MiB", "$ a month");
  constexpr double kMib = 1 << 20;
  for (const TableCost& table : report.tables)
    text += fmt::format("{:<44} {:>16} {:>14.1f} {:>10.4f}\n", table.table, with_commas(table.rows),
                        static_cast<double>(table.active_bytes + table.long_term_bytes) / kMib,
                        table.usd_month);
  text += fmt::format("{:<44} {:>16} {:>14.1f} {:>10.4f}\n\n", "objects in the bucket", "",
                      static_cast<double>(report.object_bytes) / kMib,
                      google::usd_stored(report.object_bytes, google::kUsdPerGibMonthObjects));
  text += fmt::format("Loads: {}, {}, free of charge\n", plural(report.load_jobs, "job"),
                      plural(report.rows_loaded, "row"));
  text += fmt::format("Merges and queries: {}, {:.1f} MiB billed, ${:.4f}\n",
                      plural(report.statements, "statement"),
                      static_cast<double>(report.bytes_billed) / kMib,
                      google::usd_queried(report.bytes_billed));
  if (report.project_bytes_billed)
    text += fmt::format("Everybody in the project: {:.1f} MiB billed, ${:.4f}\n",
                        static_cast<double>(*report.project_bytes_billed) / kMib,
                        google::usd_queried(*report.project_bytes_billed));
  if (!report.project_refused.empty())
    text += fmt::format("Everybody in the project: not known ({})\n", report.project_refused);
  text += fmt::format("The month will have cost ${:.2f}", report.usd_forecast);
  if (report.budget_usd > 0)
    text += fmt::format("; the budget is ${}{}", report.budget_usd,
                        report.over_budget() ? ", which is not enough" : "");
  return text + "\n";
}

std::string to_json(const CostReport& report) {
  std::string tables;
  for (const TableCost& table : report.tables)
    tables += fmt::format(
        R"({}{{"table":{},"rows":{},"active_bytes":{},"long_term_bytes":{},"usd_month":{:.6f}}})",
        tables.empty() ? "" : ",", json_quoted(table.table), table.rows, table.active_bytes,
        table.long_term_bytes, table.usd_month);
  return fmt::format(
      R"({{"project":{},"month":{},"month_elapsed":{:.4f},"load_jobs":{},"rows_loaded":{},)"
      R"("statements":{},"bytes_billed":{},"project_bytes_billed":{},"object_bytes":{},)"
      R"("usd_queries":{:.6f},"usd_storage":{:.6f},"usd_forecast":{:.6f},"budget_usd":{},)"
      R"("over_budget":{},"tables":[{}]}})"
      "\n",
      json_quoted(report.project), json_quoted(report.month), report.month_elapsed,
      report.load_jobs, report.rows_loaded, report.statements, report.bytes_billed,
      report.project_bytes_billed ? std::to_string(*report.project_bytes_billed)
                                  : std::string("null"),
      report.object_bytes, report.usd_queries, report.usd_storage, report.usd_forecast,
      report.budget_usd, report.over_budget(), tables);
}

}  // namespace fm::jobs
