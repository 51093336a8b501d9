#include "postgres/sink.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/assert.h"
#include "postgres/copy_rows.h"
#include "postgres/layout.h"

namespace fm::postgres {
namespace {

using table::Table;

// A temporary table is emptied by deleting until it holds so many rows, then anew: making it anew
// costs the catalogue a row, and nobody else vacuums it.
constexpr std::uint64_t kStagedRowsKept = 4'096;

std::string stage_name(const Table& table) {
  return fmt::format("pg_temp.frontmonth_{}", table.name);
}

bool is_in(std::string_view column, const std::vector<std::string>& names) {
  return std::ranges::find(names, column) != names.end();
}

std::vector<std::string_view> all_columns(const Table& table) {
  std::vector<std::string_view> names;
  for (const table::Column& column : table.columns) names.push_back(column.name);
  return names;
}

// Bookkeeping columns keep what the first load said, and no difference in them counts.
std::string merge_statement(const Table& table, const std::vector<std::string>& key) {
  std::vector<std::string_view> rest;
  for (const table::Column& column : table.columns)
    if (!column.bookkeeping && !is_in(column.name, key)) rest.push_back(column.name);
  const auto columns = all_columns(table);
  std::string sql =
      fmt::format("INSERT INTO {} AS t ({}) SELECT {} FROM {} ON CONFLICT ({}) ", sql_name(table),
                  name_list(columns), name_list(columns), stage_name(table), name_list(key));
  if (rest.empty()) return sql + "DO NOTHING";
  std::string set;
  for (const std::string_view column : rest) {
    const std::string name = table::quote_name(column, table::Engine::kPostgres);
    set += fmt::format("{}{} = excluded.{}", set.empty() ? "" : ", ", name, name);
  }
  return sql + fmt::format("DO UPDATE SET {} WHERE ({}) IS DISTINCT FROM ({})", set,
                           name_list(rest, "t."), name_list(rest, "excluded."));
}

std::int64_t number_of(const std::optional<std::string>& cell) {
  std::int64_t number = 0;
  FM_ASSERT(cell.has_value());
  std::from_chars(cell->data(), cell->data() + cell->size(), number);
  return number;
}

// What a sink knows of one table.
struct Place {
  bool is_partitioned = false;
  std::string copy;           // into the stage
  std::string merge;          // out of it
  std::string clear;          // the stage
  std::string restart;        // the stage
  std::set<Date> partitions;  // that are there, by their first day
  std::uint64_t staged = 0;   // since the last commit
  std::uint64_t kept = 0;     // rows that were deleted from the stage
};

}  // namespace

struct PostgresSink::State {
  Connection db;
  std::string source;
  std::map<const Table*, Place> places;
  CopyRows copy;
  SinkFigures figures;

  Result<Place*> place_of(const Table& table);
  Status make_partitions(const Table& table, Place& place, const table::RowBatch& rows);
  Status merge(Place& place, const std::string& before_clearing);
  Status store_cursor(const Written& written, std::int64_t stamp);
  Status run(std::string_view statements) {
    FM_ASSIGN(const std::uint64_t rows_changed, db.run(statements));
    static_cast<void>(rows_changed);
    return {};
  }
};

Result<Place*> PostgresSink::State::place_of(const Table& table) {
  if (const auto known = places.find(&table); known != places.end()) return &known->second;
  FM_ASSIGN(const StoredTable stored, look_up(db, table));
  if (!stored.exists)
    return std::unexpected(
        Error(Code::kNotFound,
              fmt::format("{}: there is no table {}.{}", db.place(), table.dataset, table.name))
            .hint("`frontmonth schema --engine postgres --apply` makes it."));
  Place place;
  place.is_partitioned = stored.is_partitioned;
  const std::string stage = stage_name(table);
  const auto columns = all_columns(table);
  std::string definition;
  for (const table::Column& column : table.columns)
    definition += fmt::format("{}{} {}", definition.empty() ? "" : ", ",
                              table::quote_name(column.name, table::Engine::kPostgres),
                              table::sql_type(column.type, table::Engine::kPostgres));
  FM_TRY(run(fmt::format("CREATE TEMPORARY TABLE {} ({})", stage, definition)));
  place.copy = fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)", stage, name_list(columns));
  place.merge = merge_statement(table, stored.unique_key);
  place.clear = fmt::format("DELETE FROM {}", stage);
  place.restart = fmt::format("TRUNCATE {}", stage);
  return &places.emplace(&table, std::move(place)).first->second;
}

Status PostgresSink::State::make_partitions(const Table& table, Place& place,
                                            const table::RowBatch& rows) {
  if (!place.is_partitioned) return {};
  const auto days = rows.int32s(table.column_index(table.partition_column));
  std::optional<std::int32_t> before;
  std::size_t made = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (before == days[row]) continue;
    before = days[row];
    const PartitionRange range = partition_of(table, Date::from_days(days[row]));
    if (!place.partitions.insert(range.from).second) continue;
    if (++made > kPartitionsMax)
      return fail(Code::kInvalidArgument, "{}: rows of {}.{} need more than {} new partitions",
                  db.place(), table.dataset, table.name, kPartitionsMax);
    FM_TRY(make_partition(db, table, range));
  }
  return {};
}

// What is written goes into the table; the stage is empty then.
Status PostgresSink::State::merge(Place& place, const std::string& before_clearing) {
  if (place.staged > 0) {
    FM_ASSIGN(const std::uint64_t changed, db.run(place.merge));
    figures.rows_changed += changed;
  }
  if (!before_clearing.empty()) {
    FM_ASSIGN(const std::uint64_t removed, db.run(before_clearing));
    figures.rows_removed += removed;
  }
  if (place.staged == 0) return {};
  place.kept += std::exchange(place.staged, 0);
  const bool anew = place.kept > kStagedRowsKept;
  if (anew) place.kept = 0;
  return run(anew ? place.restart : place.clear);
}

PostgresSink::PostgresSink(std::unique_ptr<State> state) : state_(std::move(state)) {}
PostgresSink::~PostgresSink() = default;
PostgresSink::PostgresSink(PostgresSink&&) noexcept = default;
PostgresSink& PostgresSink::operator=(PostgresSink&&) noexcept = default;

Result<PostgresSink> PostgresSink::open(Connection db, std::string source) {
  return PostgresSink(std::unique_ptr<State>(new State{
      .db = std::move(db), .source = std::move(source), .places = {}, .copy = {}, .figures = {}}));
}

Connection& PostgresSink::connection() { return state_->db; }
const SinkFigures& PostgresSink::figures() const { return state_->figures; }

Result<table::Cursor> PostgresSink::cursor(const Table& table) {
  FM_ASSIGN(const Rows rows,
            state_->db.query("SELECT position, extract(epoch FROM final_to)::bigint "
                             "FROM frontmonth.cursors WHERE table_name = $1 AND source = $2",
                             {sql_name(table), state_->source}));
  table::Cursor cursor;
  cursor.source = state_->source;
  if (rows.empty()) return cursor;
  cursor.position = static_cast<std::uint64_t>(number_of(rows[0][0]));
  cursor.final_to = number_of(rows[0][1]);
  return cursor;
}

Result<std::int64_t> PostgresSink::stamp(const Table& table) {
  FM_ASSIGN(const Rows rows, state_->db.query("SELECT stamp FROM frontmonth.cursors "
                                              "WHERE table_name = $1 AND source = $2",
                                              {sql_name(table), state_->source}));
  return rows.empty() ? 0 : number_of(rows[0][0]);
}

Status PostgresSink::write(const table::RowBatch& rows) {
  if (rows.size() == 0) return {};
  FM_ASSIGN(Place* const place, state_->place_of(rows.table()));
  FM_TRY(state_->make_partitions(rows.table(), *place, rows));
  FM_TRY(state_->db.begin_copy(place->copy));
  state_->copy.begin();
  state_->copy.add(rows);
  FM_TRY(state_->db.copy(state_->copy.take()));
  state_->copy.end();
  FM_TRY(state_->db.copy(state_->copy.take()));
  FM_ASSIGN(const std::uint64_t staged, state_->db.end_copy());
  if (staged != rows.size())
    return fail(Code::kInternal, "{}: {} of {} rows were staged", state_->db.place(), staged,
                rows.size());
  place->staged += staged;
  state_->figures.rows_written += staged;
  return {};
}

Status PostgresSink::State::store_cursor(const Written& written, std::int64_t stamp) {
  FM_ASSIGN(const Rows none,
            db.query("INSERT INTO frontmonth.cursors "
                     "(table_name, source, position, final_to, stamp, updated_at) "
                     "VALUES ($1, $2, $3, to_timestamp($4::bigint), $5, now()) "
                     "ON CONFLICT (table_name, source) DO UPDATE SET "
                     "position = excluded.position, final_to = excluded.final_to, "
                     "stamp = excluded.stamp, updated_at = excluded.updated_at",
                     {sql_name(*written.table), source, std::to_string(written.cursor.position),
                      std::to_string(written.cursor.final_to), std::to_string(stamp)}));
  static_cast<void>(none);
  return {};
}

Status PostgresSink::commit(const Table& table, const table::Cursor& cursor) {
  return commit_all({{&table, cursor}});
}

Status PostgresSink::commit_all(const std::vector<Written>& tables, std::int64_t stamp) {
  FM_TRY(state_->run("BEGIN"));
  for (const Written& written : tables) {
    const auto found = state_->places.find(written.table);
    if (found != state_->places.end()) FM_TRY(state_->merge(found->second, ""));
    FM_TRY(state_->store_cursor(written, stamp));
  }
  FM_TRY(state_->run("COMMIT"));
  ++state_->figures.commits;
  return {};
}

Status PostgresSink::replace(const Table& table, std::string_view condition) {
  FM_ASSIGN(Place* const place, state_->place_of(table));
  std::string same_key;
  for (const std::string_view column : table.key) {
    const std::string name = table::quote_name(column, table::Engine::kPostgres);
    const bool nullable = table.columns[table.column_index(column)].nullable;
    same_key += fmt::format("{}s.{} {} t.{}", same_key.empty() ? "" : " AND ", name,
                            nullable ? "IS NOT DISTINCT FROM" : "=", name);
  }
  // Tables that were filled a moment ago have no statistics: the server would take both for small,
  // and compare each row with each.
  FM_TRY(state_->run("BEGIN; SET LOCAL enable_nestloop = off"));
  FM_TRY(state_->merge(
      *place, fmt::format("DELETE FROM {} AS t WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS s "
                          "WHERE {})",
                          sql_name(table), condition, stage_name(table), same_key)));
  FM_TRY(state_->run("COMMIT"));
  ++state_->figures.commits;
  return {};
}

}  // namespace fm::postgres
