#include "jobs/rollup_cloud.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <set>
#include <utility>

#include "bars/trade_dates.h"
#include "google/rollup_sql.h"
#include "google/table_resource.h"
#include "jobs/derived.h"
#include "jobs/registry.h"
#include "jobs/trade_date_rules.h"
#include "lake/lake.h"
#include "ops/state.h"

namespace fm::jobs {
namespace {

using table::Table;

constexpr std::int64_t kQueryBytesMax = 1LL << 40;
// Between this machine's clock and the service's; what changed since is made again, for nothing
// but its price.
constexpr Nanos kClockMargin = 600 * kNanosPerSecond;
// Trade dates nearer to each other than this are one statement, up to a year of them.
constexpr int kGapDays = 8;
constexpr int kStretchDaysMax = 366;
// The longest that the calendar's answers look ahead.
constexpr int kMarginDays = 11;
// Marks the last statement of a run, after which only newer changes are due.
constexpr std::string_view kDone = "rollup done ";
constexpr std::string_view kPart = "rollup part ";

constexpr std::string_view kScheduleName = "frontmonth rollup of the polled minutes";

std::string full_name(const Table& table) {
  return fmt::format("{}.{}", table.dataset, table.name);
}

std::array<const Table*, 2> cloud_tables() {
  return {&table::futures_ohlcv_1h_live(), &table::futures_ohlcv_1d_live()};
}

struct Stretch {
  Date first, last;  // trade dates
};

std::vector<Stretch> stretches_of(const std::set<Date>& dates) {
  std::vector<Stretch> all;
  for (const Date date : dates) {
    if (!all.empty() && date - all.back().last <= kGapDays &&
        date - all.back().first < kStretchDaysMax)
      all.back().last = date;
    else
      all.push_back({date, date});
  }
  return all;
}

// "20250616"; nothing for "__NULL__" and the like.
std::optional<Date> date_of_partition(std::string_view id) {
  const auto date = Date::parse(id);
  return date ? std::optional(*date) : std::nullopt;
}

class CloudRollup {
 public:
  CloudRollup(Env& env, const CloudRollupOptions& options, CloudPlace& place)
      : env_(env), options_(options), place_(place) {}

  Status open();
  Result<CloudRollupReport> run();
  Result<ScheduleReport> schedule(std::string_view schedule);

 private:
  [[nodiscard]] bool wants(const Table& table) const {
    return options_.tables.empty() ||
           std::ranges::find(options_.tables, table.name) != options_.tables.end();
  }
  [[nodiscard]] std::int64_t bytes_max() const {
    return options_.query_bytes_max > 0 ? options_.query_bytes_max : kQueryBytesMax;
  }
  [[nodiscard]] google::TableName minutes() const {
    return place_.destination.table_of(table::futures_ohlcv_1m_live());
  }
  Status make_table(const Table& table);
  Result<std::optional<Nanos>> done_at(const Table& table);
  Result<std::set<Date>> changed_days(std::optional<Nanos> since);
  Result<std::set<Date>> trade_dates_of(const std::set<Date>& days) const;
  Status roll_up(const Table& table, CloudRollupReport& report);
  Status run_stretch(const Table& table, const Stretch& stretch, bool is_last, Nanos began,
                     CloudRollupReport& report);

  Env& env_;
  const CloudRollupOptions& options_;
  CloudPlace& place_;
  std::optional<Registry> registry_;
  std::optional<ops::State> state_;
  std::unique_ptr<google::Api> api_;
  std::unique_ptr<google::BigQuery> bigquery_;
  std::string location_;
};

Status CloudRollup::open() {
  std::vector<std::string_view> known;
  for (const Table* const table : cloud_tables()) known.push_back(table->name);
  FM_TRY(check_tables(options_.tables, known));
  FM_ASSIGN(registry_, Registry::load(env_, options_.universe_file));
  FM_ASSIGN(auto transport, place_.transports());
  api_ = std::make_unique<google::Api>(env_, *place_.tokens, std::move(transport));
  FM_ASSIGN(location_, location_of(*api_, place_));
  bigquery_ = std::make_unique<google::BigQuery>(*api_, place_.endpoints,
                                                 place_.destination.project, location_);
  const auto lake = lake::Lake::view(env_, options_.lake, {.state_dir = options_.state_dir});
  FM_ASSIGN(state_, ops::State::open(env_, ops::state_file(lake->state_dir())));
  FM_ASSIGN(const auto resource, bigquery_->table(minutes()));
  if (!resource)
    return std::unexpected(
        Error(Code::kNotFound,
              fmt::format("table {}: is not there, and bars are made from it", minutes().text()))
            .hint("`frontmonth mirror` brings the polled minutes there."));
  for (const Table* const table : cloud_tables())
    if (wants(*table)) FM_TRY(make_table(*table));
  return {};
}

// Rows that the mirror appends beside those that are made here would be there twice.
Status CloudRollup::make_table(const Table& table) {
  FM_ASSIGN(const auto brought, state_->mirror_parts({.destination = place_.destination.name(),
                                                      .table = full_name(table),
                                                      .stage = ops::MirrorStage::kVerified,
                                                      .parts_max = 1}));
  const google::TableName name = place_.destination.table_of(table);
  if (!brought.empty())
    return std::unexpected(
        Error(Code::kConflict,
              fmt::format("table {}: the mirror brings the lake's bars there", name.text()))
            .hint("Leave it out of google.tables and drop it, or go on with `frontmonth rollup` "
                  "in the lake."));
  FM_ASSIGN(const auto resource, bigquery_->table(name));
  if (resource) return google::check_schema(table, *resource, name.text());
  if (options_.dry_run) return {};
  return bigquery_->create_table(name, google::table_json(table, name));
}

// When the last run began that made everything that was due.
Result<std::optional<Nanos>> CloudRollup::done_at(const Table& table) {
  FM_ASSIGN(const auto batches, state_->mirror_batches({.destination = place_.destination.name(),
                                                        .table = full_name(table)}));
  std::optional<Nanos> at;
  for (const ops::MirrorBatch& batch : batches)
    if (batch.kind == ops::BatchKind::kQuery && batch.batch_id.starts_with(kDone))
      at = std::max(at.value_or(0), batch.created_at);
  return at;
}

// UTC dates whose minutes changed since then; or those that were asked for.
Result<std::set<Date>> CloudRollup::changed_days(std::optional<Nanos> since) {
  const bool is_asked = options_.from || options_.to;
  const std::int64_t since_us =
      since && !is_asked ? static_cast<std::int64_t>((*since - kClockMargin) / 1'000) : 0;
  std::set<Date> days;
  std::vector<google::ResultColumn> columns;
  FM_ASSIGN(const google::Job job,
            bigquery_->select({google::partitions_statement(minutes()), bytes_max()}, columns,
                              [&](const google::Cells& cells) -> Status {
                                if (cells.size() != 2)
                                  return fail(Code::kCorrupt, "partitions of {} cells",
                                              cells.size());
                                const auto day = date_of_partition(cells[0].value_or(""));
                                if (!day || (options_.from && *day < *options_.from) ||
                                    (options_.to && *options_.to < *day))
                                  return {};
                                std::int64_t modified_us = since_us;  // unknown: as if just now
                                if (cells[1])
                                  std::from_chars(cells[1]->data(),
                                                  cells[1]->data() + cells[1]->size(), modified_us);
                                if (modified_us >= since_us) days.insert(*day);
                                return {};
                              }));
  static_cast<void>(job);
  return days;
}

// Of any root's calendar.
Result<std::set<Date>> CloudRollup::trade_dates_of(const std::set<Date>& days) const {
  std::set<market::TemplateId> families;
  std::vector<bars::TradeDates> calendars;
  const market::Calendar& calendar = registry_->calendar();
  const auto add = [&](std::string_view root) {
    if (families.insert(calendar.template_of(root)).second) calendars.emplace_back(calendar, root);
  };
  add("");
  for (const market::Root& root : registry_->universe().roots()) add(root.name);
  std::set<Date> due;
  for (const Date day : days)
    for (bars::TradeDates& dates : calendars)
      for (int hour = 0; hour < 24; ++hour)
        due.insert(dates.of(day.first_second() + hour * Second{3'600}));
  return due;
}

Status CloudRollup::run_stretch(const Table& table, const Stretch& stretch, bool is_last,
                                Nanos began, CloudRollupReport& report) {
  FM_ASSIGN(const TradeDateRules rules,
            trade_date_rules(*registry_, stretch.first - kMarginDays, stretch.last + kMarginDays));
  const std::string sql = google::rollup_statement(
      table, place_.destination.table_of(table), minutes(), rules.rules,
      google::rollup_range(stretch.first, stretch.last + 1, rules.lead_days));
  CloudRollupStatement made{
      .table = full_name(table), .first = stretch.first, .last = stretch.last};
  if (options_.dry_run) {
    FM_ASSIGN(const google::BigQuery::DryRun dry, bigquery_->dry_run(sql));
    made.bytes_processed = dry.bytes;
    report.statements.push_back(std::move(made));
    return {};
  }
  FM_ASSIGN(const google::Job job, bigquery_->run({sql, bytes_max()}, full_name(table)));
  made.rows_changed = job.rows;
  made.bytes_processed = job.bytes;
  made.bytes_billed = job.bytes_billed;
  const bool is_done = is_last && !options_.from && !options_.to;
  const ops::MirrorBatch batch{
      .destination = place_.destination.name(),
      .batch_id = fmt::format("{}{}", is_done ? kDone : kPart, job.id),
      .table = full_name(table),
      .kind = ops::BatchKind::kQuery,
      .rows = static_cast<std::uint64_t>(job.rows),
      .bytes = static_cast<std::uint64_t>(job.bytes),
      .partitions_touched = static_cast<std::uint64_t>(stretch.last - stretch.first + 1),
      .stage = ops::BatchStage::kVerified,
      .job_id = job.id,
      .bytes_billed = static_cast<std::uint64_t>(job.bytes_billed),
      .created_at = began,
      .finished_at = env_.now()};
  report.statements.push_back(std::move(made));
  return state_->record_mirror({}, {&batch, 1});
}

Status CloudRollup::roll_up(const Table& table, CloudRollupReport& report) {
  const Nanos began = env_.now();
  FM_ASSIGN(const auto since, done_at(table));
  FM_ASSIGN(const std::set<Date> days, changed_days(since));
  FM_ASSIGN(const std::set<Date> dates, trade_dates_of(days));
  const std::vector<Stretch> stretches = stretches_of(dates);
  for (const Stretch& stretch : stretches)
    FM_TRY(run_stretch(table, stretch, &stretch == &stretches.back(), began, report));
  return {};
}

Result<CloudRollupReport> CloudRollup::run() {
  CloudRollupReport report;
  report.place = fmt::format("{}.{}", place_.destination.project,
                             place_.destination.dataset_of(table::futures_ohlcv_1m_live()));
  report.dry_run = options_.dry_run;
  for (const Table* const table : cloud_tables())
    if (wants(*table)) FM_TRY(roll_up(*table, report));
  return report;
}

Result<ScheduleReport> CloudRollup::schedule(std::string_view schedule) {
  const Date today = Date::of_second(second_of(env_.now()));
  ScheduleReport report{.name = std::string(kScheduleName), .schedule = std::string(schedule)};
  report.known_to = today + kScheduleHorizonDays;
  FM_ASSIGN(const TradeDateRules rules,
            trade_date_rules(*registry_, today - 2 * kMarginDays, report.known_to));
  std::string script;
  for (const Table* const table : cloud_tables())
    if (wants(*table))
      script += google::rollup_statement(*table, place_.destination.table_of(*table), minutes(),
                                         rules.rules,
                                         google::scheduled_range(kScheduleDays, rules.lead_days)) +
                ";\n";
  google::Transfers transfers(*api_, place_.endpoints, place_.destination.project, location_);
  FM_ASSIGN(report.outcome, transfers.put({.display_name = report.name,
                                           .schedule = report.schedule,
                                           .sql = std::move(script)}));
  return report;
}

}  // namespace

Result<CloudRollupReport> run_cloud_rollup(Env& env, const CloudRollupOptions& options,
                                           CloudPlace& place) {
  CloudRollup rollup(env, options, place);
  FM_TRY(rollup.open());
  return rollup.run();
}

Result<ScheduleReport> schedule_cloud_rollup(Env& env, const CloudRollupOptions& options,
                                             std::string_view schedule, CloudPlace& place) {
  CloudRollup rollup(env, options, place);
  FM_TRY(rollup.open());
  return rollup.schedule(schedule);
}

}  // namespace fm::jobs
