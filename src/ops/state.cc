#include "ops/state.h"

#include <array>
#include <set>

#include "base/assert.h"
#include "base/hash.h"
#include "ops/schema.h"
#include "ops/sqlite.h"
#include "ops/state_connection.h"

namespace fm::ops {
namespace {

constexpr Nanos kPauseBeforeRetry = 5'000'000;

// "20250616T142311Z"
std::string stamp_of(Nanos time) {
  std::string stamp;
  for (const char c : iso_second(second_of(time)))
    if (c != '-' && c != ':') stamp += c;
  return stamp;
}

// Sorts by time, and is unique across processes: "20250616T142311Z-1f3a5c7e9b2d4860".
std::string unique_name(Env& env, Nanos now) {
  return fmt::format("{}-{:016x}", stamp_of(now), env.random());
}

// The same for the same gap, so that a feed that notices it twice records it once.
std::string name_of(const Gap& gap) {
  const Hash128 hash = hash_of(
      fmt::format("{}\n{}\n{}\n{}", gap.dataset, gap.schema.value_or(""), gap.from, gap.to));
  return fmt::format("{}-{:016x}", stamp_of(gap.from), hash.low);
}

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  FM_ASSERT(false);
}

Status use_wal(Env& env, Sqlite& sqlite) {
  const Nanos start = env.monotonic();
  for (;;) {
    FM_ASSIGN(const std::string mode, sqlite.text("PRAGMA journal_mode"));
    if (mode == "wal") return {};
    // The change of mode does not wait for other processes as transactions do.
    auto changed = sqlite.text("PRAGMA journal_mode = WAL");
    if (changed && *changed == "wal") return {};
    if (changed)
      return fail(Code::kIo, "{}: its file system has no write-ahead log", sqlite.file());
    if (changed.error().code() != Code::kBusy || env.monotonic() - start > kBusyPatience)
      return std::unexpected(std::move(changed).error());
    env.sleep_for(kPauseBeforeRetry);
  }
}

std::string select_statement(const table::Table& table) {
  std::string columns;
  for (const auto& column : table.columns)
    columns += fmt::format("{}\"{}\"", columns.empty() ? "" : ", ", column.name);
  std::string order;
  for (const auto& key : table.key)
    order += fmt::format("{}\"{}\"", order.empty() ? "" : ", ", key);
  return fmt::format("SELECT {} FROM \"{}\" ORDER BY {}", columns, table.name, order);
}

class StateRows final : public table::RowStream {
 public:
  StateRows(const table::Table& table, Statement statement)
      : table_(&table), statement_(std::move(statement)) {}

  const table::Table& table() const override { return *table_; }

  Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    if (ended_) return false;
    table::RowAppender row(batch);
    while (!batch.full()) {
      FM_ASSIGN(const bool more, statement_.step());
      if (!more) {
        ended_ = true;
        break;
      }
      for (int i = 0; i < static_cast<int>(table_->columns.size()); ++i) append_cell(row, i);
      row.end();
    }
    return batch.size() > 0;
  }

 private:
  void append_cell(table::RowAppender& row, int i) const {
    if (statement_.is_null(i)) {
      row.null();
      return;
    }
    const std::int64_t value = statement_.integer(i);
    switch (table_->columns[static_cast<std::size_t>(i)].type) {
      case table::Type::kText:
        row.text(statement_.text(i));
        return;
      case table::Type::kTimestamp:
        row.timestamp(value);
        return;
      case table::Type::kDate:
        row.date(Date::from_days(static_cast<std::int32_t>(value)));
        return;
      case table::Type::kInt64:
        row.int64(value);
        return;
      case table::Type::kBool:
        row.boolean(value != 0);
        return;
      case table::Type::kInt32:
      case table::Type::kInt8:
      case table::Type::kDouble:
        break;
    }
    FM_ASSERT(false);  // No ops table has a column of these types.
  }

  const table::Table* table_;
  Statement statement_;
  bool ended_ = false;
};

}  // namespace

std::string state_file(std::string_view state_dir) { return join(state_dir, "ops.sqlite"); }

State::State(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
State::~State() = default;
State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;

Result<State> State::open(Env& env, const std::string& file) {
  FM_TRY(env.make_directories(parent_of(file)));
  FM_ASSIGN(auto sqlite, Sqlite::open(file, false, kBusyPatience));
  FM_TRY(use_wal(env, sqlite));
  // What a job has reported as done must survive a power cut.
  FM_TRY(sqlite.execute("PRAGMA synchronous = FULL"));
  FM_TRY(migrate(sqlite));
  return State(std::make_unique<Connection>(env, std::move(sqlite)));
}

Result<State> State::open_to_read(Env& env, const std::string& file) {
  if (!env.exists(file)) return fail(Code::kNotFound, "{}: does not exist", file);
  FM_ASSIGN(auto sqlite, Sqlite::open(file, true, kBusyPatience));
  FM_TRY(expect_newest_schema(sqlite));
  return State(std::make_unique<Connection>(env, std::move(sqlite)));
}

Result<std::string> State::begin_run(const RunStart& start) {
  const Nanos now = connection_->env.now();
  std::string run_id = unique_name(connection_->env, now);
  FM_ASSIGN(
      auto insert,
      connection_->sqlite.prepare(
          "INSERT INTO job_runs (run_id, date, job, status, started_at, parameters, engine_version)"
          " VALUES (?, ?, ?, 'running', ?, ?, ?)"));
  insert.bind(run_id).bind(day_of(now)).bind(start.job).bind(microseconds(now));
  insert.bind(start.parameters_json).bind(start.engine_version);
  FM_TRY(insert.run());
  return run_id;
}

Status State::finish_run(std::string_view run_id, const RunEnd& end) {
  FM_ASSIGN(auto update, connection_->sqlite.prepare(
                             "UPDATE job_runs SET status = ?, finished_at = ?, rows_processed = ?,"
                             " error_message = ? WHERE run_id = ? AND status = 'running'"));
  update.bind(std::string_view(end.error_message ? "failed" : "success"));
  update.bind(microseconds(connection_->env.now())).bind_optional(end.rows_processed);
  update.bind_optional(std::optional<std::string_view>(end.error_message)).bind(run_id);
  FM_TRY(update.run());
  if (connection_->sqlite.changed_rows() == 1) return {};
  return fail(Code::kNotFound, "{}: no run {} is under way", connection_->sqlite.file(), run_id);
}

namespace {

constexpr std::string_view kInsertEvent =
    "INSERT INTO data_quality_events (event_id, date, ts, source, dataset, table_name, severity,"
    " check_type, message, payload, resolved) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
    " ON CONFLICT (event_id) DO NOTHING";

Status insert_event(Statement& insert, const Event& event, std::string_view id, Nanos now) {
  insert.bind(id).bind(day_of(now)).bind(microseconds(now)).bind(event.source);
  insert.bind(event.dataset).bind_optional(event.table_name).bind(name(event.severity));
  insert.bind_optional(event.check_type).bind(event.message).bind_optional(event.payload_json);
  FM_TRY(insert.run());
  insert.reset();
  return {};
}

}  // namespace

Result<std::string> State::add_event(const Event& event) {
  const Nanos now = connection_->env.now();
  std::string id =
      event.identity ? std::string(*event.identity) : unique_name(connection_->env, now);
  FM_ASSIGN(auto insert, connection_->sqlite.prepare(kInsertEvent));
  FM_TRY(insert_event(insert, event, id, now));
  return id;
}

Result<std::uint64_t> State::add_events(std::span<const Event> events) {
  const Nanos now = connection_->env.now();
  FM_ASSIGN(auto transaction, Transaction::begin(connection_->sqlite));
  FM_ASSIGN(auto insert, connection_->sqlite.prepare(kInsertEvent));
  std::uint64_t fresh = 0;
  for (const Event& event : events) {
    const std::string id =
        event.identity ? std::string(*event.identity) : unique_name(connection_->env, now);
    FM_TRY(insert_event(insert, event, id, now));
    fresh += static_cast<std::uint64_t>(connection_->sqlite.changed_rows());
  }
  FM_TRY(transaction.commit());
  return fresh;
}

Status State::record_rejects(std::span<const Rejects> rejects) {
  Sqlite& sqlite = connection_->sqlite;
  const std::int64_t now = microseconds(connection_->env.now());
  FM_ASSIGN(auto transaction, Transaction::begin(sqlite));
  // Counts of a reason that stays keep their created_at: the time of the first load.
  FM_ASSIGN(auto upsert,
            sqlite.prepare("INSERT INTO candle_rejects (ticker, date, reason, count, created_at)"
                           " VALUES (?, ?, ?, ?, ?) ON CONFLICT (ifnull(ticker, ''), date, reason)"
                           " DO UPDATE SET count = excluded.count"));
  FM_ASSIGN(auto stored, sqlite.prepare("SELECT reason FROM candle_rejects"
                                        " WHERE ifnull(ticker, '') = ? AND date = ?"));
  FM_ASSIGN(auto remove,
            sqlite.prepare("DELETE FROM candle_rejects"
                           " WHERE ifnull(ticker, '') = ? AND date = ? AND reason = ?"));
  for (const auto& of_date : rejects) {
    const std::int64_t date = of_date.date.days_since_1970();
    const std::string key = of_date.ticker.value_or("");
    std::set<std::string> gone;
    stored.bind(key).bind(date);
    for (;;) {
      FM_ASSIGN(const bool row, stored.step());
      if (!row) break;
      gone.emplace(stored.text(0));
    }
    stored.reset();
    for (const auto& [reason, count] : of_date.counts) {
      if (count == 0) continue;
      gone.erase(reason);
      upsert.bind_optional(std::optional<std::string_view>(of_date.ticker)).bind(date).bind(reason);
      upsert.bind(count).bind(now);
      FM_TRY(upsert.run());
      upsert.reset();
    }
    for (const auto& reason : gone) {
      remove.bind(key).bind(date).bind(reason);
      FM_TRY(remove.run());
      remove.reset();
    }
  }
  return transaction.commit();
}

Result<std::string> State::add_gap(const Gap& gap) {
  if (gap.to <= gap.from)
    return fail(Code::kInvalidArgument, "gap of {} from {} to {} ns: ends before it begins",
                gap.dataset, gap.from, gap.to);
  std::string gap_id = name_of(gap);
  FM_ASSIGN(auto insert, connection_->sqlite.prepare(
                             "INSERT INTO feed_gaps (gap_id, date, dataset, schema, from_time,"
                             " from_ns, to_time, to_ns, reason, repaired, recorded_at)"
                             " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)"
                             " ON CONFLICT (gap_id) DO NOTHING"));
  insert.bind(gap_id).bind(day_of(gap.from)).bind(gap.dataset);
  insert.bind_optional(std::optional<std::string_view>(gap.schema));
  insert.bind(microseconds(gap.from)).bind(static_cast<std::int64_t>(gap.from));
  insert.bind(microseconds(gap.to)).bind(static_cast<std::int64_t>(gap.to));
  insert.bind(gap.reason).bind(microseconds(connection_->env.now()));
  FM_TRY(insert.run());
  return gap_id;
}

namespace {

constexpr std::string_view kGapColumns =
    "SELECT gap_id, dataset, schema, from_ns, to_ns, reason, repaired, repaired_at, repaired_by,"
    " recorded_at FROM feed_gaps";

Result<std::vector<StoredGap>> gaps_of(Statement select) {
  std::vector<StoredGap> found;
  for (;;) {
    FM_ASSIGN(const bool row, select.step());
    if (!row) return found;
    StoredGap stored;
    stored.gap_id = select.text(0);
    stored.gap.dataset = select.text(1);
    if (!select.is_null(2)) stored.gap.schema = select.text(2);
    stored.gap.from = static_cast<Nanos>(select.integer(3));
    stored.gap.to = static_cast<Nanos>(select.integer(4));
    stored.gap.reason = select.text(5);
    stored.repaired = select.integer(6) != 0;
    if (!select.is_null(7)) stored.repaired_at = nanoseconds(select.integer(7));
    if (!select.is_null(8)) stored.repaired_by = select.text(8);
    stored.recorded_at = nanoseconds(select.integer(9));
    found.push_back(std::move(stored));
  }
}

}  // namespace

Result<std::vector<StoredGap>> State::gaps(std::string_view dataset, Gaps which) {
  FM_ASSIGN(auto select,
            connection_->sqlite.prepare(fmt::format("{} WHERE dataset = ? AND repaired <= ?"
                                                    " ORDER BY from_ns, gap_id",
                                                    kGapColumns)));
  select.bind(dataset).bind(std::int64_t{which == Gaps::kAll});
  return gaps_of(std::move(select));
}

Result<std::vector<StoredGap>> State::gaps_since(Nanos since, Gaps which) {
  FM_ASSIGN(auto select,
            connection_->sqlite.prepare(fmt::format("{} WHERE to_ns > ? AND repaired <= ?"
                                                    " ORDER BY from_ns, gap_id",
                                                    kGapColumns)));
  select.bind(static_cast<std::int64_t>(since)).bind(std::int64_t{which == Gaps::kAll});
  return gaps_of(std::move(select));
}

Status State::mark_repaired(std::string_view gap_id, std::string_view by) {
  // One statement, so that of two repairs at once the first is the account.
  FM_ASSIGN(auto update,
            connection_->sqlite.prepare("UPDATE feed_gaps SET repaired = 1,"
                                        " repaired_at = ifnull(repaired_at, ?),"
                                        " repaired_by = ifnull(repaired_by, ?) WHERE gap_id = ?"));
  update.bind(microseconds(connection_->env.now())).bind(by).bind(gap_id);
  FM_TRY(update.run());
  if (connection_->sqlite.changed_rows() == 1) return {};
  return fail(Code::kNotFound, "{}: no gap {}", connection_->sqlite.file(), gap_id);
}

Result<std::unique_ptr<table::RowStream>> State::rows(const table::Table& table) {
  for (const auto* kept : tables()) {
    if (kept != &table) continue;
    FM_ASSIGN(auto statement, connection_->sqlite.prepare(select_statement(table)));
    return std::make_unique<StateRows>(table, std::move(statement));
  }
  return fail(Code::kNotFound, "{}: holds no table {}.{}", connection_->sqlite.file(),
              table.dataset, table.name);
}

Status State::check_integrity() {
  FM_ASSIGN(const std::string found, connection_->sqlite.text("PRAGMA quick_check(1)"));
  if (found == "ok") return {};
  return fail(Code::kCorrupt, "{}: {}", connection_->sqlite.file(), found);
}

Status State::copy_to(Env& env, const std::string& file) {
  if (env.exists(file)) return fail(Code::kAlreadyExists, "{}: is there already", file);
  const auto copy = [&]() -> Status {
    FM_ASSIGN(Statement statement, connection_->sqlite.prepare("VACUUM INTO ?"));
    FM_TRY(statement.bind(file).run());
    return env.sync_file(file);
  };
  Status copied = copy();
  if (!copied) static_cast<void>(env.remove(file));
  return copied;
}

int State::schema_version() { return newest_schema(); }

std::span<const table::Table* const> State::tables() {
  static const std::array<const table::Table*, 7> kept = {
      &table::job_runs(),      &table::data_quality_events(),  &table::candle_rejects(),
      &table::feed_gaps(),     &table::databento_load_state(), &table::mirror_state(),
      &table::mirror_batches()};
  return kept;
}

}  // namespace fm::ops
