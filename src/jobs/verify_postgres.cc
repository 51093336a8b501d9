// The copy in a PostgreSQL database.
#include <algorithm>
#include <charconv>
#include <utility>

#include "jobs/verify_copy.h"
#include "postgres/row_reader.h"
#include "postgres/sink.h"
#include "table/ddl.h"

namespace fm::jobs {
namespace {

using table::Engine;
using table::Table;

// Sums over a year of a table's rows, or a repair of a day's.
constexpr Nanos kStatementTimeout = 3'600 * kNanosPerSecond;

std::string sql_name(const Table& table) { return table::qualified_name(table, Engine::kPostgres); }

std::string condition_of(const Table& table, const quality::SumsRange& range) {
  return quality::condition_of(table, Engine::kPostgres, range);
}

class PostgresCopy final : public VerifyCopy {
 public:
  PostgresCopy(std::string place, postgres::PostgresSink sink)
      : place_(std::move(place)), sink_(std::move(sink)) {}

  std::string_view name() const override { return "postgres"; }
  std::string place() const override { return place_; }
  Result<bool> holds_rows(const Table& table) override;
  Result<std::optional<Dates>> dates(const Table& table, Date from, Date before) override;
  Result<CopyProgress> progress(const Table& table,
                                const std::vector<lake::Manifest>& manifests) override;
  Result<quality::SumsByRoot> sums(const Table& table, const quality::SumsScope& scope) override;
  Result<std::unique_ptr<table::RowStream>> rows(const Table& table,
                                                 const quality::SumsRange& range) override {
    return postgres::read_rows(db(), table, condition_of(table, range));
  }
  Status repair(const Table& table, const std::vector<quality::SumsRange>& partitions,
                const LakeRows& lake_rows) override;
  std::uint64_t rows_sent() const override { return sink_.figures().rows_written; }
  std::uint64_t rows_removed() const override { return sink_.figures().rows_removed; }

 private:
  postgres::Connection& db() { return sink_.connection(); }

  std::string place_;
  postgres::PostgresSink sink_;
};

Result<bool> PostgresCopy::holds_rows(const Table& table) {
  FM_ASSIGN(const postgres::Rows known,
            db().query("SELECT to_regclass($1) IS NOT NULL", {sql_name(table)}));
  if (known[0][0] != "t") return false;
  FM_ASSIGN(const postgres::Rows any,
            db().query(fmt::format("SELECT EXISTS (SELECT 1 FROM {})", sql_name(table))));
  return any[0][0] == "t";
}

Result<std::optional<Dates>> PostgresCopy::dates(const Table& table, Date from, Date before) {
  FM_ASSIGN(const postgres::Rows rows,
            db().query(quality::dates_statement(table, Engine::kPostgres, from, before)));
  if (!rows[0][0]) return std::nullopt;
  FM_ASSIGN(const Date first, Date::parse(*rows[0][0]));
  FM_ASSIGN(const Date last, Date::parse(*rows[0][1]));
  return Dates(first, last);
}

Result<CopyProgress> PostgresCopy::progress(const Table& table,
                                            const std::vector<lake::Manifest>&) {
  CopyProgress progress;
  FM_ASSIGN(const postgres::Rows is_there,
            db().query("SELECT to_regclass('frontmonth.cursors') IS NOT NULL"));
  if (is_there[0][0] != "t") return progress;
  FM_ASSIGN(const postgres::Rows rows,
            db().query("SELECT extract(epoch FROM min(final_to))::bigint FROM frontmonth.cursors "
                       "WHERE table_name = $1",
                       {sql_name(table)}));
  if (!rows[0][0]) return progress;
  Second final_to = 0;
  std::from_chars(rows[0][0]->data(), rows[0][0]->data() + rows[0][0]->size(), final_to);
  progress.final_to = final_to;
  return progress;
}

Result<quality::SumsByRoot> PostgresCopy::sums(const Table& table,
                                               const quality::SumsScope& scope) {
  FM_ASSIGN(const postgres::Rows rows,
            db().query(quality::sums_statement(table, Engine::kPostgres, scope)));
  std::vector<std::vector<std::string>> cells;
  cells.reserve(rows.size());
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (const auto& cell : row) line.push_back(cell.value_or(""));
  }
  return quality::parse_sums(table, cells);
}

Status PostgresCopy::repair(const Table& table, const std::vector<quality::SumsRange>& partitions,
                            const LakeRows& lake_rows) {
  for (const quality::SumsRange& partition : partitions) {
    FM_ASSIGN(const auto ours, lake_rows(partition));
    table::RowBatch batch(table);
    for (;;) {
      FM_ASSIGN(const bool more, ours->next(batch));
      if (!more) break;
      FM_TRY(sink_.write(batch));
    }
    FM_TRY(sink_.replace(table, condition_of(table, partition)));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<VerifyCopy>> open_postgres_copy(Env& env, const Secret& uri) {
  FM_ASSIGN(auto db,
            postgres::Connection::open(env, uri, {.statement_timeout = kStatementTimeout}));
  std::string place = db.place();
  FM_ASSIGN(auto sink, postgres::PostgresSink::open(std::move(db), "verify"));
  return std::make_unique<PostgresCopy>(std::move(place), std::move(sink));
}

}  // namespace fm::jobs
