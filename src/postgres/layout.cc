#include "postgres/layout.h"

#include <algorithm>
#include <map>
#include <set>

namespace fm::postgres {
namespace {

using table::Engine;
using table::Table;

// Tables of many rows a day are cut by month.
bool is_cut_by_month(const Table& table) {
  return table.require_partition_filter || table.layout == table::LakeLayout::kRootDay;
}

Status check_columns(Connection& db, const Table& table) {
  FM_ASSIGN(const Rows rows,
            db.query("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
                     "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped",
                     {sql_name(table)}));
  std::map<std::string, std::string, std::less<>> stored;
  for (const auto& row : rows) stored.emplace(*row[0], *row[1]);
  for (const table::Column& column : table.columns) {
    std::string_view expected = table::sql_type(column.type, Engine::kPostgres);
    if (expected == "timestamptz") expected = "timestamp with time zone";
    const auto found = stored.find(column.name);
    if (found != stored.end() && found->second == expected) continue;
    const std::string what = found == stored.end() ? std::string("there is no such column")
                                                   : fmt::format("its type is {}", found->second);
    return std::unexpected(
        Error(Code::kConflict, fmt::format("{}: {}.{}.{}: {}; expected {}", db.place(),
                                           table.dataset, table.name, column.name, what, expected))
            .hint("`frontmonth schema --engine postgres --apply` adds columns that may be null; "
                  "rename a table of another origin."));
  }
  return {};
}

Result<std::vector<std::string>> find_unique_key(Connection& db, const Table& table) {
  FM_ASSIGN(const Rows rows,
            db.query("SELECT i.indexrelid, a.attname FROM pg_index i, "
                     "unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place), "
                     "pg_attribute a WHERE i.indrelid = to_regclass($1) AND i.indisunique "
                     "AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL "
                     "AND a.attrelid = i.indrelid AND a.attnum = k.number "
                     "AND k.place <= i.indnkeyatts "
                     "ORDER BY i.indisprimary DESC, i.indexrelid, k.place",
                     {sql_name(table)}));
  std::set<std::string_view> least(table.key.begin(), table.key.end());
  std::set<std::string_view> most = least;
  most.insert(table.partition_column);
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    std::vector<std::string> key;
    for (; end < rows.size() && rows[end][0] == rows[begin][0]; ++end) key.push_back(*rows[end][1]);
    const std::set<std::string_view> found(key.begin(), key.end());
    if (found == least || found == most) return key;
    begin = end;
  }
  return fail(Code::kConflict, "{}: {}.{} has no unique key over ({})", db.place(), table.dataset,
              table.name, name_list(table.key));
}

}  // namespace

Result<Engine> engine_of(Connection& db) {
  FM_ASSIGN(const Rows rows,
            db.query("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"));
  return rows.empty() ? Engine::kPostgres : Engine::kTimescale;
}

Result<StoredTable> look_up(Connection& db, const Table& table) {
  StoredTable stored;
  FM_ASSIGN(const Rows kind,
            db.query("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass($1)",
                     {sql_name(table)}));
  if (kind.empty()) return stored;
  stored.exists = true;
  stored.is_partitioned = kind[0][0] == "t";
  FM_TRY(check_columns(db, table));
  FM_ASSIGN(stored.unique_key, find_unique_key(db, table));
  return stored;
}

PartitionRange partition_of(const Table& table, Date date) {
  const int year = date.year();
  const unsigned month = date.month();
  if (!is_cut_by_month(table))
    return {fmt::format("{}_{:04}", table.name, year), Date(year, 1, 1), Date(year + 1, 1, 1)};
  return {fmt::format("{}_{:04}_{:02}", table.name, year, month), Date(year, month, 1),
          month == 12 ? Date(year + 1, 1, 1) : Date(year, month + 1, 1)};
}

// A table by itself that is attached when it is whole: attaching lets others read and write.
Status make_partition(Connection& db, const Table& table, const PartitionRange& range) {
  const std::string parent = sql_name(table);
  const std::string child =
      fmt::format("{}.{}", table::quote_name(table.dataset, Engine::kPostgres),
                  table::quote_name(range.name, Engine::kPostgres));
  const auto made = db.run(fmt::format(
      "BEGIN; SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock(hashtext({}));"
      "DO $make$ BEGIN "
      "IF to_regclass({}) IS NULL THEN "
      "CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES); "
      "ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({}); "
      "END IF; EXCEPTION WHEN check_violation THEN NULL; END $make$; COMMIT",
      sql_text(parent), sql_text(child), child, parent, parent, child, sql_text(range.from.iso()),
      sql_text(range.before.iso())));
  if (made) return {};
  // The session is left in a failed transaction.
  Error error = made.error();
  if (!db.is_broken()) static_cast<void>(db.run("ROLLBACK"));
  return std::unexpected(std::move(error));
}

}  // namespace fm::postgres
