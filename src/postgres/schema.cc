#include "postgres/schema.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "postgres/layout.h"

namespace fm::postgres {
namespace {

using table::Engine;
using table::Table;

struct Step {
  std::string_view name;
  std::string_view statements;
};

// Step n leads from version n to n + 1.
constexpr Step kSteps[] = {
    {"cursors of sinks",
     "CREATE TABLE frontmonth.cursors ("
     "table_name text NOT NULL, source text NOT NULL, position bigint NOT NULL, "
     "final_to timestamptz NOT NULL, stamp bigint NOT NULL, updated_at timestamptz NOT NULL, "
     "PRIMARY KEY (table_name, source));"
     "COMMENT ON TABLE frontmonth.cursors IS 'How far each sink has come; changed in the "
     "transaction of the rows it counts'"},
};
constexpr int kVersion = static_cast<int>(std::size(kSteps));

class Migration {
 public:
  explicit Migration(Connection& db) : db_(db) {}

  Status make(const std::vector<const Table*>& tables) {
    FM_TRY(prepare());
    FM_TRY(apply_steps());
    FM_ASSIGN(engine_, engine_of(db_));
    for (const Table* table : tables) FM_TRY(make(*table));
    return {};
  }
  std::vector<std::string>& changes() { return changes_; }

 private:
  Status run(std::string_view statements) {
    FM_ASSIGN(const std::uint64_t rows, db_.run(statements));
    static_cast<void>(rows);
    return {};
  }
  Result<bool> holds(std::string_view condition, const std::string& parameter) {
    FM_ASSIGN(const Rows rows, db_.query(fmt::format("SELECT {}", condition), {parameter}));
    return rows[0][0] == "t";
  }

  // One at a time; who comes second finds it done.
  Status prepare() {
    FM_TRY(run("SELECT pg_advisory_xact_lock(hashtext('frontmonth.migrations'))"));
    FM_ASSIGN(const bool is_there, holds("to_regclass($1) IS NOT NULL", "frontmonth.migrations"));
    if (is_there) return {};
    return run(
        "CREATE SCHEMA IF NOT EXISTS frontmonth;"
        "CREATE TABLE frontmonth.migrations ("
        "number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, version integer NOT NULL, "
        "change text NOT NULL, program text NOT NULL, applied_at timestamptz NOT NULL);"
        "COMMENT ON TABLE frontmonth.migrations IS 'What frontmonth has made in this database'");
  }

  Status apply_steps() {
    FM_ASSIGN(const Rows rows,
              db_.query("SELECT coalesce(max(version), 0) FROM frontmonth.migrations"));
    int version = 0;
    const std::string& text = *rows[0][0];
    std::from_chars(text.data(), text.data() + text.size(), version);
    if (version > kVersion)
      return std::unexpected(
          Error(Code::kUnsupported,
                fmt::format("{}: the schema is of version {}, made by a newer program; this one "
                            "knows {}",
                            db_.place(), version, kVersion))
              .hint("Use the newer program."));
    for (; version < kVersion; ++version) {
      const Step& step = kSteps[version];
      FM_TRY(run(step.statements));
      FM_TRY(record(version + 1, std::string(step.name)));
    }
    return {};
  }

  Status record(int version, std::string change) {
    FM_ASSIGN(const Rows none,
              db_.query("INSERT INTO frontmonth.migrations (version, change, program, applied_at) "
                        "VALUES ($1, $2, $3, now())",
                        {std::to_string(version), change, FM_VERSION}));
    static_cast<void>(none);
    changes_.push_back(std::move(change));
    return {};
  }

  Status make(const Table& table) {
    FM_ASSIGN(const bool is_there, holds("to_regclass($1) IS NOT NULL", sql_name(table)));
    if (is_there) {
      FM_TRY(add_columns(table));
      FM_ASSIGN(const StoredTable stored, look_up(db_, table));
      static_cast<void>(stored);
    } else {
      FM_TRY(run(table::create_statement(table, engine_)));
      FM_TRY(record(kVersion, fmt::format("{}.{}: made", table.dataset, table.name)));
    }
    return &table == &table::candles_1s() ? make_aggregates() : Status{};
  }

  Status add_columns(const Table& table) {
    FM_ASSIGN(const Rows rows,
              db_.query("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) "
                        "AND attnum > 0 AND NOT attisdropped",
                        {sql_name(table)}));
    std::set<std::string, std::less<>> stored;
    for (const auto& row : rows) stored.insert(*row[0]);
    for (const table::Column& column : table.columns) {
      // One without a value for the rows that are there is the user's to fill: look_up() says so.
      if (!column.nullable || stored.contains(column.name)) continue;
      FM_TRY(run(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", sql_name(table),
                             table::quote_name(column.name, engine_),
                             table::sql_type(column.type, engine_))));
      FM_TRY(record(kVersion,
                    fmt::format("{}.{}: column {} added", table.dataset, table.name, column.name)));
    }
    return {};
  }

  Status make_aggregates() {
    FM_ASSIGN(const bool is_there,
              holds("to_regclass($1) IS NOT NULL", "market_data.candles_1s_60m"));
    if (is_there) return {};
    FM_TRY(run(aggregate_statements(engine_)));
    return record(kVersion, engine_ == Engine::kTimescale
                                ? "market_data.candles_1s: continuous aggregates made"
                                : "market_data.candles_1s: views of 5, 15 and 60 minutes made");
  }

  Connection& db_;
  Engine engine_ = Engine::kPostgres;
  std::vector<std::string> changes_;
};

}  // namespace

Result<std::vector<std::string>> migrate(Connection& db, const std::vector<const Table*>& tables) {
  FM_ASSIGN(const std::uint64_t begun, db.run("BEGIN"));
  static_cast<void>(begun);
  Migration migration(db);
  const Status made = migration.make(tables);
  if (!made) {
    if (!db.is_broken()) static_cast<void>(db.run("ROLLBACK"));
    return std::unexpected(made.error());
  }
  FM_ASSIGN(const std::uint64_t ended, db.run("COMMIT"));
  static_cast<void>(ended);
  return std::move(migration.changes());
}

int schema_version() { return kVersion; }

Result<std::vector<std::string>> make_partitions_ahead(Connection& db, const Table& table,
                                                       Date from, int months) {
  std::vector<std::string> made;
  FM_ASSIGN(const StoredTable stored, look_up(db, table));
  if (!stored.is_partitioned) return made;
  Date month(from.year(), from.month(), 1);
  std::string last;
  for (int i = 0; i <= months; ++i) {
    const PartitionRange range = partition_of(table, month);
    month = month.month() == 12 ? Date(month.year() + 1, 1, 1)
                                : Date(month.year(), month.month() + 1, 1);
    if (range.name == last) continue;
    last = range.name;
    const std::string name = fmt::format("{}.{}", table.dataset, range.name);
    FM_ASSIGN(const Rows known, db.query("SELECT to_regclass($1) IS NOT NULL", {name}));
    if (known[0][0] == "t") continue;
    FM_TRY(make_partition(db, table, range));
    made.push_back(fmt::format("{}: made", name));
  }
  return made;
}

}  // namespace fm::postgres
