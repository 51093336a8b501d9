#include "jobs/verify.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <set>

#include "base/text_file.h"
#include "jobs/schema_job.h"
#include "lake/expired.h"
#include "lake/lake.h"
#include "lake/query.h"
#include "lake/row_order.h"
#include "postgres/row_reader.h"
#include "postgres/sink.h"
#include "quality/verify_sums.h"

namespace fm::jobs {
namespace {

using table::Engine;
using table::Table;

// Sums over a year of a table's rows, or a repair of a day's.
constexpr Nanos kStatementTimeout = 3'600 * kNanosPerSecond;

// Lines of numbers and dates, without the header.
std::vector<std::vector<std::string>> cells_of(std::string_view csv) {
  std::vector<std::vector<std::string>> rows;
  for (bool header = true; !csv.empty(); header = false) {
    const std::size_t end = std::min(csv.find('\n'), csv.size());
    std::string_view line = csv.substr(0, end);
    csv.remove_prefix(std::min(csv.size(), end + 1));
    if (header) continue;
    auto& cells = rows.emplace_back();
    while (true) {
      const std::size_t comma = std::min(line.find(','), line.size());
      cells.emplace_back(line.substr(0, comma));
      if (comma == line.size()) break;
      line.remove_prefix(comma + 1);
    }
  }
  return rows;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "p_root=ES/p_day=2025-06-16", "p_month=2025-06", "p_year=2025", …
Result<lake::PartitionKey> key_of(const lake::Manifest& manifest) {
  constexpr std::string_view kRoot = "p_root=";
  lake::PartitionKey key;
  const std::string& text = manifest.partition;
  if (text.starts_with(kRoot)) key.root = text.substr(kRoot.size(), text.find('/') - kRoot.size());
  std::string date = text.substr(text.rfind('=') + 1);
  while (date.size() < std::string_view("2025-06-16").size()) date += "-01";
  FM_ASSIGN(key.date, Date::parse(date));
  return key;
}

// The stretch of one root that is compared at a time: a year, so that neither side's answer grows
// with the history.
struct Stretch {
  std::string root;
  Date from, before;
};

class Verification {
 public:
  Verification(const VerifyOptions& options, lake::Lake& lake, postgres::PostgresSink& sink,
               Progress& progress)
      : options_(options), lake_(lake), sink_(sink), db_(sink.connection()), progress_(progress) {}

  Result<std::vector<const Table*>> choose_tables(std::vector<std::string>& left_out);
  Result<TableVerdict> verify(const Table& table);

 private:
  Result<std::vector<Stretch>> stretches_of(const Table& table);
  Result<std::optional<Second>> final_to(const Table& table, const std::string& root);
  Result<std::set<Date>> expired(const Table& table, const Stretch& stretch);
  Result<quality::Sums> lake_sums(const Table& table, const quality::SumsRange& range);
  Result<quality::Sums> database_sums(const Table& table, const quality::SumsRange& range);
  Status look_into(const Table& table, const quality::SumsRange& range, TableVerdict& verdict,
                   const quality::SumsDifference& difference);
  Result<quality::RowDifferences> compare_rows(const Table& table,
                                               const quality::SumsRange& partition);
  Status repair(const Table& table, const quality::SumsRange& partition);
  Result<std::unique_ptr<table::RowStream>> lake_rows(const Table& table,
                                                      const quality::SumsRange& partition);

  const VerifyOptions& options_;
  lake::Lake& lake_;
  postgres::PostgresSink& sink_;
  postgres::Connection& db_;
  Progress& progress_;
  std::uint64_t rows_done_ = 0;
};

std::string sql_name(const Table& table) { return table::qualified_name(table, Engine::kPostgres); }

Result<std::vector<const Table*>> Verification::choose_tables(std::vector<std::string>& left_out) {
  std::vector<const Table*> chosen;
  for (const std::string& name : options_.tables) {
    FM_ASSIGN(const auto found, chosen_tables(name));
    chosen.push_back(found.front());
  }
  if (!chosen.empty()) return chosen;
  for (const Table& table : table::all_tables()) {
    if (table.dataset != "market_data") continue;
    FM_ASSIGN(const postgres::Rows known,
              db_.query("SELECT to_regclass($1) IS NOT NULL", {sql_name(table)}));
    bool holds_rows = false;
    if (known[0][0] == "t") {
      FM_ASSIGN(const postgres::Rows any,
                db_.query(fmt::format("SELECT EXISTS (SELECT 1 FROM {})", sql_name(table))));
      holds_rows = any[0][0] == "t";
    }
    if (holds_rows) {
      chosen.push_back(&table);
      continue;
    }
    FM_ASSIGN(const auto partitions, lake_.partitions(table));
    if (!partitions.empty()) left_out.emplace_back(table.name);
  }
  return chosen;
}

// Every root's years, on either side, within what was asked for.
Result<std::vector<Stretch>> Verification::stretches_of(const Table& table) {
  std::map<std::string, std::pair<Date, Date>> spans;  // first and last date
  const auto widen = [&](const std::string& root, Date first, Date last) {
    const auto [span, is_new] = spans.try_emplace(root, first, last);
    if (is_new) return;
    span->second.first = std::min(span->second.first, first);
    span->second.second = std::max(span->second.second, last);
  };
  FM_ASSIGN(const std::vector<lake::Manifest> manifests, lake_.partitions(table));
  for (const lake::Manifest& manifest : manifests) {
    FM_ASSIGN(const lake::PartitionKey key, key_of(manifest));
    widen(key.root, key.date, quality::partition_end(table, key.date) - 1);
  }
  const std::string date = table::quote_name(table.partition_column, Engine::kPostgres);
  const std::string root = table.root_column.empty()
                               ? std::string("''")
                               : table::quote_name(table.root_column, Engine::kPostgres);
  FM_ASSIGN(const postgres::Rows rows,
            db_.query(fmt::format("SELECT {0}, min({1}), max({1}) FROM {2} GROUP BY 1", root, date,
                                  sql_name(table))));
  for (const auto& row : rows) {
    if (!row[1]) continue;  // no rows at all, without a root
    FM_ASSIGN(const Date first, Date::parse(*row[1]));
    FM_ASSIGN(const Date last, Date::parse(*row[2]));
    widen(row[0].value_or(""), first, last);
  }
  std::vector<Stretch> stretches;
  for (const auto& [name, span] : spans) {
    const Date first = std::max(span.first, options_.from.value_or(span.first));
    const Date last = std::min(span.second, options_.to.value_or(span.second));
    for (int year = first.year(); first <= last && year <= last.year(); ++year)
      stretches.push_back(
          {name, std::max(first, Date(year, 1, 1)), std::min(last + 1, Date(year + 1, 1, 1))});
  }
  return stretches;
}

// Partitions whose rows a retention has removed from the lake: no copy need agree with that.
Result<std::set<Date>> Verification::expired(const Table& table, const Stretch& stretch) {
  FM_ASSIGN(const auto manifests, lake_.partitions(table, stretch.root));
  std::set<Date> dates;
  for (const lake::Manifest& manifest : manifests)
    if (lake::is_expired(manifest)) dates.insert(manifest.key().date);
  return dates;
}

// How far both sides have come: the smaller of the two.
Result<std::optional<Second>> Verification::final_to(const Table& table, const std::string& root) {
  std::optional<Second> smaller;
  FM_ASSIGN(const auto newest, lake_.newest(table, root));
  if (newest) smaller = newest->final_to;
  FM_ASSIGN(const postgres::Rows is_there,
            db_.query("SELECT to_regclass('frontmonth.cursors') IS NOT NULL"));
  if (is_there[0][0] != "t") return smaller;
  FM_ASSIGN(const postgres::Rows rows,
            db_.query("SELECT extract(epoch FROM min(final_to))::bigint FROM frontmonth.cursors "
                      "WHERE table_name = $1",
                      {sql_name(table)}));
  if (!rows[0][0]) return smaller;
  const auto stored = static_cast<Second>(number(*rows[0][0]));
  return smaller ? std::min(*smaller, stored) : stored;
}

Result<quality::Sums> Verification::lake_sums(const Table& table, const quality::SumsRange& range) {
  FM_ASSIGN(const auto query, lake::Query::open(lake_));
  TextFile out;
  FM_TRY(
      query->run(quality::sums_statement(table, Engine::kDuckdb, range), lake::Format::kCsv, out));
  return quality::parse_sums(table, cells_of(out.text()));
}

Result<quality::Sums> Verification::database_sums(const Table& table,
                                                  const quality::SumsRange& range) {
  FM_ASSIGN(const postgres::Rows rows,
            db_.query(quality::sums_statement(table, Engine::kPostgres, range)));
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (const auto& cell : row) line.push_back(cell.value_or(""));
  }
  return quality::parse_sums(table, cells);
}

Result<std::unique_ptr<table::RowStream>> Verification::lake_rows(
    const Table& table, const quality::SumsRange& partition) {
  lake::ReadRange range;
  range.root = partition.root;
  range.from = partition.from;
  range.before = partition.before;
  FM_ASSIGN(lake::RowCursor rows, lake_.read(table, range));
  const auto time = lake::key_time_column(table);
  if (!partition.final_to || !time) return rows;
  return std::make_unique<quality::RowsBefore>(std::move(rows), *time, *partition.final_to);
}

Result<quality::RowDifferences> Verification::compare_rows(const Table& table,
                                                           const quality::SumsRange& partition) {
  FM_ASSIGN(const auto ours, lake_rows(table, partition));
  FM_ASSIGN(
      const auto theirs,
      postgres::read_rows(db_, table, quality::condition_of(table, Engine::kPostgres, partition)));
  return quality::compare_rows(*ours, "the lake", *theirs, "postgres", kRowsShown);
}

Status Verification::repair(const Table& table, const quality::SumsRange& partition) {
  FM_ASSIGN(const auto ours, lake_rows(table, partition));
  table::RowBatch batch(table);
  for (;;) {
    FM_ASSIGN(const bool more, ours->next(batch));
    if (!more) break;
    FM_TRY(sink_.write(batch));
  }
  FM_TRY(sink_.replace(table, quality::condition_of(table, Engine::kPostgres, partition)));
  FM_ASSIGN(const quality::Sums lake, lake_sums(table, partition));
  FM_ASSIGN(const quality::Sums database, database_sums(table, partition));
  if (quality::compare(table, lake, database).empty()) return {};
  return std::unexpected(
      Error(Code::kCheckFailed, fmt::format("{} {} {}: still differs after the repair", table.name,
                                            partition.root, partition.from.iso()))
          .hint("Is somebody else writing the table?"));
}

Status Verification::look_into(const Table& table, const quality::SumsRange& range,
                               TableVerdict& verdict, const quality::SumsDifference& difference) {
  ++verdict.different;
  quality::SumsRange partition = range;
  partition.from = std::max(range.from, difference.partition);
  partition.before = std::min(range.before, quality::partition_end(table, difference.partition));
  PartitionDifference shown;
  const bool both_have_rows = difference.left_rows != "0" && difference.right_rows != "0";
  if (both_have_rows && verdict.differences.size() < kPartitionsRead) {
    FM_ASSIGN(shown.rows, compare_rows(table, partition));
  }
  if (options_.repair) {
    FM_TRY(repair(table, partition));
    shown.repaired = true;
    ++verdict.repaired;
  }
  if (verdict.differences.size() >= kPartitionsShown) return {};
  shown.root = range.root;
  shown.partition = difference.partition;
  shown.lake_rows = difference.left_rows;
  shown.other_rows = difference.right_rows;
  shown.columns.assign(difference.columns.begin(), difference.columns.end());
  verdict.differences.push_back(std::move(shown));
  return {};
}

Result<TableVerdict> Verification::verify(const Table& table) {
  TableVerdict verdict;
  verdict.table = table.name;
  FM_ASSIGN(const std::vector<Stretch> stretches, stretches_of(table));
  for (const Stretch& stretch : stretches) {
    quality::SumsRange range{.root = stretch.root, .from = stretch.from, .before = stretch.before};
    if (table::hypertable_time(table)) {
      FM_ASSIGN(range.final_to, final_to(table, stretch.root));
      if (range.final_to)
        verdict.final_to = std::max(verdict.final_to.value_or(*range.final_to), *range.final_to);
    }
    FM_ASSIGN(const quality::Sums lake, lake_sums(table, range));
    FM_ASSIGN(quality::Sums database, database_sums(table, range));
    FM_ASSIGN(const std::set<Date> gone, expired(table, stretch));
    std::erase_if(database, [&](const auto& one) { return gone.contains(one.first); });
    std::set<Date> partitions;
    for (const auto& [date, sums] : lake) {
      partitions.insert(date);
      verdict.rows += number(sums.rows);
      rows_done_ += number(sums.rows);
    }
    for (const auto& [date, sums] : database) partitions.insert(date);
    verdict.partitions += partitions.size();
    for (const quality::SumsDifference& one : quality::compare(table, lake, database))
      FM_TRY(look_into(table, range, verdict, one));
    progress_.at({.records = rows_done_, .stage = "comparing"});
  }
  return verdict;
}

}  // namespace

bool VerifyReport::equal() const {
  return std::ranges::all_of(tables,
                             [](const TableVerdict& one) { return one.different == one.repaired; });
}

Result<VerifyReport> run_verify(Env& env, const VerifyOptions& options, const Secret& uri,
                                Progress& progress) {
  if (!env.exists(options.lake))
    return std::unexpected(Error(Code::kNotFound, fmt::format("there is no lake {}", options.lake))
                               .hint("Name it by --lake DIR or the key `lake`."));
  const auto lake = lake::Lake::view(env, options.lake, {.state_dir = options.state_dir});
  FM_ASSIGN(auto db,
            postgres::Connection::open(env, uri, {.statement_timeout = kStatementTimeout}));
  VerifyReport report;
  report.place = db.place();
  FM_ASSIGN(auto sink, postgres::PostgresSink::open(std::move(db), "verify"));
  Verification verification(options, *lake, sink, progress);
  FM_ASSIGN(const auto tables, verification.choose_tables(report.left_out));
  for (const Table* table : tables) {
    FM_ASSIGN(TableVerdict verdict, verification.verify(*table));
    report.tables.push_back(std::move(verdict));
  }
  report.rows_sent = sink.figures().rows_written;
  report.rows_removed = sink.figures().rows_removed;
  return report;
}

}  // namespace fm::jobs
