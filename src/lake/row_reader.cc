#include "lake/row_reader.h"

#include <duckdb.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <numeric>
#include <utility>

#include "base/assert.h"
#include "lake/duckdb.h"
#include "lake/merge.h"
#include "lake/row_taker.h"
#include "table/ddl.h"

namespace fm::lake {
namespace {

using table::Engine;
using table::RowBatch;
using table::Type;

constexpr DatabaseOptions kReaderDatabase{.memory_max_mb = 256, .threads = 1};

// Rows [first, first + rows) of a vector as the first rows of a batch's column.
template <class Cell>
void copy_cells(duckdb_vector vector, std::span<Cell> cells, std::size_t first, std::size_t rows) {
  const auto* from = static_cast<const Cell*>(duckdb_vector_get_data(vector));
  std::memcpy(cells.data(), from + first, rows * sizeof(Cell));
}

// One bit per row, 1: valid; no bits at all where every row is.
void copy_nulls(const std::uint64_t* valid, RowBatch& batch, std::size_t column, std::size_t first,
                std::size_t rows) {
  constexpr std::size_t kBits = 64;
  if (valid == nullptr) return;
  for (std::size_t row = first; row < first + rows;) {
    const std::uint64_t word = valid[row / kBits];
    const std::size_t end = std::min(first + rows, (row / kBits + 1) * kBits);
    for (; word != ~std::uint64_t{0} && row < end; ++row)
      if ((word >> row % kBits & 1) == 0) batch.set_null(column, row - first);
    row = end;
  }
}

// A ticker's few symbols alternate: short texts are known by their bytes, before anything is asked
// of the batch.
void copy_texts(duckdb_vector vector, RowBatch& batch, std::size_t column, std::size_t first,
                std::size_t rows) {
  struct Known {
    std::array<std::uint64_t, 2> bytes{};  // length and text, as DuckDB keeps it
    std::int32_t code = -1;
  };
  static_assert(sizeof(duckdb_string_t) == sizeof(Known::bytes));
  std::array<Known, 4> known{};
  std::size_t oldest = 0;
  auto* texts = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector)) + first;
  const auto codes = batch.text_codes(column);
  const bool has_nulls = batch.has_nulls(column);
  for (std::size_t row = 0; row < rows; ++row) {
    if (has_nulls && batch.is_null(column, row)) continue;
    if (texts[row].value.inlined.length > sizeof texts[row].value.inlined.inlined) {
      batch.set_text(column, row,
                     {duckdb_string_t_data(&texts[row]), duckdb_string_t_length(texts[row])});
      continue;
    }
    std::array<std::uint64_t, 2> bytes{};
    std::memcpy(bytes.data(), &texts[row], sizeof bytes);
    const auto found = std::ranges::find_if(
        known, [&](const Known& one) { return one.code >= 0 && one.bytes == bytes; });
    if (found != known.end()) {
      codes[row] = found->code;
      continue;
    }
    codes[row] = batch.code_of_text(
        column, {duckdb_string_t_data(&texts[row]), duckdb_string_t_length(texts[row])});
    known[oldest++ % known.size()] = {bytes, codes[row]};
  }
}

void copy_column(duckdb_vector vector, RowBatch& batch, std::size_t column, std::size_t first,
                 std::size_t rows) {
  copy_nulls(duckdb_vector_get_validity(vector), batch, column, first, rows);
  switch (batch.table().columns[column].type) {
    case Type::kTimestamp:
    case Type::kInt64:
      copy_cells(vector, batch.int64s(column), first, rows);
      break;
    case Type::kDate:
    case Type::kInt32:
      copy_cells(vector, batch.int32s(column), first, rows);
      break;
    case Type::kInt8:
    case Type::kBool:
      copy_cells(vector, batch.int8s(column), first, rows);
      break;
    case Type::kDouble:
      copy_cells(vector, batch.doubles(column), first, rows);
      break;
    case Type::kText:
      copy_texts(vector, batch, column, first, rows);
      break;
  }
}

// Rows of the chosen columns, straight from the query's chunks into the caller's batch.
class RowReader final : public table::RowStream {
 public:
  RowReader(const table::Table& table, std::vector<std::size_t> columns, Database database,
            Rows rows)
      : table_(&table),
        columns_(std::move(columns)),
        database_(std::move(database)),
        rows_(std::move(rows)) {}

  const table::Table& table() const override { return *table_; }

  // The next chunk; the first one early, so that what is wrong with the files shows at once.
  Status fetch() {
    FM_ASSIGN(chunk_, rows_.next());
    row_ = 0;
    size_ = chunk_ ? duckdb_data_chunk_get_size(chunk_.get()) : 0;
    return {};
  }

  Result<bool> next(RowBatch& batch) override {
    batch.clear();
    if (row_ == size_ && chunk_) FM_TRY(fetch());
    const std::size_t rows = std::min(batch.rows_max(), size_ - row_);
    if (rows == 0) return false;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      copy_column(duckdb_data_chunk_get_vector(chunk_.get(), i), batch, columns_[i], row_, rows);
    batch.set_size(rows);
    row_ += rows;
    return true;
  }

 private:
  const table::Table* table_;
  std::vector<std::size_t> columns_;
  Database database_;
  Rows rows_;    // destroyed before its database
  Chunk chunk_;  // nullptr at the end
  std::size_t size_ = 0;
  std::size_t row_ = 0;  // the first that was not given yet
};

// Holds a partition to the number of rows that its manifest promises: what is written anew from it
// takes its place.
class CountedRows final : public table::RowStream {
 public:
  CountedRows(RowCursor rows, std::uint64_t expected)
      : rows_(std::move(rows)), expected_(expected) {}

  const table::Table& table() const override { return rows_->table(); }

  Result<bool> next(RowBatch& batch) override {
    FM_ASSIGN(const bool more, rows_->next(batch));
    seen_ += batch.size();
    if (more || seen_ == expected_) return more;
    return fail(Code::kCorrupt, "{}.{}: files of {} rows gave {}", table().dataset, table().name,
                expected_, seen_);
  }

 private:
  RowCursor rows_;
  std::uint64_t expected_;
  std::uint64_t seen_ = 0;
};

std::vector<std::size_t> all_columns(const table::Table& table) {
  std::vector<std::size_t> columns(table.columns.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  return columns;
}

std::vector<std::size_t> columns_of(const table::Table& table, const ReadRange& range) {
  if (range.columns.empty()) return all_columns(table);
  std::vector<std::size_t> columns;
  columns.reserve(range.columns.size());
  for (const std::string_view name : range.columns) columns.push_back(table.column_index(name));
  return columns;
}

std::string column_names(const table::Table& table, const std::vector<std::size_t>& columns) {
  std::string names;
  for (const std::size_t column : columns)
    fmt::format_to(std::back_inserter(names), "{}{}", names.empty() ? "" : ", ",
                   quote_name(table.columns[column].name, Engine::kDuckdb));
  return names;
}

// Rows lie in the partition that they belong to, so that what holds for a whole partition need not
// be asked of each row.
std::string condition(const table::Table& table, const std::vector<Manifest>& manifests,
                      const ReadRange& range) {
  bool is_of_root = true;
  bool is_from = true;
  bool is_before = true;
  for (const Manifest& manifest : manifests) {
    const PartitionKey key = manifest.key();
    is_of_root = is_of_root && key.root == range.root;
    is_from = is_from && range.from && key.first_day(table) >= *range.from;
    is_before = is_before && range.before && key.end_day(table) <= *range.before;
  }
  std::string where;
  const auto add = [&](std::string_view column, std::string_view comparison) {
    fmt::format_to(std::back_inserter(where), "{} {} {}", where.empty() ? " WHERE" : " AND",
                   quote_name(column, Engine::kDuckdb), comparison);
  };
  if (!range.root.empty() && !table.root_column.empty() && !is_of_root)
    add(table.root_column, fmt::format("= {}", quote_text(range.root, Engine::kDuckdb)));
  if (range.from && !is_from)
    add(table.partition_column, fmt::format(">= DATE '{}'", range.from->iso()));
  if (range.before && !is_before)
    add(table.partition_column, fmt::format("< DATE '{}'", range.before->iso()));
  return where;
}

// A file is sorted by key; several need a sort.
std::string order(const table::Table& table, const ReadRange& range, bool files_are_sorted) {
  if (files_are_sorted) return "";
  std::string columns = " ORDER BY ";
  const std::size_t begin = columns.size();
  if (range.newest_first)
    columns += fmt::format("{} DESC", quote_name(table.partition_column, Engine::kDuckdb));
  for (const auto& name : table.sort)
    if (!range.newest_first || name != table.partition_column)
      fmt::format_to(std::back_inserter(columns), "{}{}{}", columns.size() == begin ? "" : ", ",
                     quote_name(name, Engine::kDuckdb), range.newest_first ? " DESC" : "");
  return columns;
}

// By the directory's value, whose text sorts as its dates do.
bool may_hold(const table::Table& table, const Manifest& manifest, const ReadRange& range) {
  const std::string value = manifest.partition.substr(manifest.partition.rfind('=') + 1);
  const auto text_of = [&](Date date) {
    const std::string iso = PartitionKey{.root = "", .date = date}.first_day(table).iso();
    return iso.substr(0, value.size());
  };
  if (range.from && value < text_of(*range.from)) return false;
  return !range.before || value <= text_of(*range.before - 1);
}

Result<RowCursor> read_query(const table::Table& table, std::vector<std::size_t> columns,
                             Database database, const std::string& sql) {
  FM_ASSIGN(Rows rows, database.query(sql));
  auto reader =
      std::make_unique<RowReader>(table, std::move(columns), std::move(database), std::move(rows));
  FM_TRY(reader->fetch());
  return reader;
}

}  // namespace

std::string relation_of(const Store& store, const table::Table& table,
                        const std::vector<DataFile>& files) {
  std::string paths;
  for (const DataFile& file : files)
    fmt::format_to(std::back_inserter(paths), "{}{}", paths.empty() ? "" : ", ",
                   quote_text(store.part_path(file.name), Engine::kDuckdb));
  if (!paths.empty())
    return fmt::format("(SELECT {} FROM read_parquet([{}], hive_partitioning=false))",
                       column_names(table, all_columns(table)), paths);
  std::string columns;
  for (const auto& column : table.columns)
    fmt::format_to(std::back_inserter(columns), "{}CAST(NULL AS {}) AS {}",
                   columns.empty() ? "" : ", ", sql_type(column.type, Engine::kDuckdb),
                   quote_name(column.name, Engine::kDuckdb));
  return fmt::format("(SELECT {} WHERE false)", columns);
}

std::vector<DataFile> files_of(const std::vector<Manifest>& manifests) {
  std::vector<DataFile> files;
  for (const Manifest& manifest : manifests)
    files.insert(files.end(), manifest.files.begin(), manifest.files.end());
  return files;
}

namespace {

// Those that may hold rows of the range.
std::vector<Manifest> chosen_manifests(const table::Table& table,
                                       const std::vector<Manifest>& manifests,
                                       const ReadRange& range) {
  std::vector<Manifest> chosen;
  for (const Manifest& manifest : manifests)
    if (may_hold(table, manifest, range)) chosen.push_back(manifest);
  return chosen;
}

}  // namespace

Result<RowCursor> read_files(const Store& store, const table::Table& table,
                             const std::vector<Manifest>& manifests, const ReadRange& range) {
  const std::vector<Manifest> chosen = chosen_manifests(table, manifests, range);
  const std::vector<DataFile> files = files_of(chosen);
  FM_ASSIGN(Database database, Database::lease(kReaderDatabase));
  const std::vector<std::size_t> columns = columns_of(table, range);
  return read_query(table, columns, std::move(database),
                    fmt::format("SELECT {} FROM {}{}{}{}", column_names(table, columns),
                                relation_of(store, table, files), condition(table, chosen, range),
                                order(table, range, files.size() <= 1 && !range.newest_first),
                                range.rows_max ? fmt::format(" LIMIT {}", *range.rows_max) : ""));
}

Status scan_files(const Store& store, const table::Table& table,
                  const std::vector<Manifest>& manifests, const ReadRange& range,
                  const Lake::TakeRows& take) {
  FM_ASSERT(!range.newest_first && !range.rows_max);
  const std::vector<Manifest> chosen = chosen_manifests(table, manifests, range);
  const std::vector<DataFile> files = files_of(chosen);
  if (files.empty()) return {};
  const std::vector<std::size_t> columns = columns_of(table, range);
  RowBatch batch(table);
  FM_ASSIGN(Database database, Database::lease(kReaderDatabase));
  RowTaker taker(database, [&](duckdb_data_chunk chunk, std::size_t rows) {
    FM_ASSERT(rows <= batch.rows_max());
    batch.clear();
    for (std::size_t i = 0; i < columns.size(); ++i)
      copy_column(duckdb_data_chunk_get_vector(chunk, i), batch, columns[i], 0, rows);
    batch.set_size(rows);
    return take(batch);
  });
  return taker.run(column_names(table, columns),
                   relation_of(store, table, files) + condition(table, chosen, range));
}

Result<RowCursor> read_in_order(const Store& store, const table::Table& table,
                                const std::vector<DataFile>& files) {
  if (files.empty()) return std::make_unique<table::EmptyStream>(table);
  FM_ASSIGN(const Database database, Database::lease(kReaderDatabase));
  std::vector<RowCursor> cursors;
  std::uint64_t rows = 0;
  for (const DataFile& file : files) {
    rows += file.rows;
    FM_ASSIGN(Database connection, database.connect());
    FM_ASSIGN(auto cursor,
              read_query(table, all_columns(table), std::move(connection),
                         fmt::format("SELECT {} FROM {}", column_names(table, all_columns(table)),
                                     relation_of(store, table, {file}))));
    cursors.push_back(std::move(cursor));
  }
  if (cursors.size() == 1) return std::make_unique<CountedRows>(std::move(cursors.front()), rows);
  return std::make_unique<CountedRows>(std::make_unique<MergedRows>(table, std::move(cursors)),
                                       rows);
}

}  // namespace fm::lake
