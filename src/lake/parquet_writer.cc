#include "lake/parquet_writer.h"

#include <compare>
#include <utility>
#include <vector>

#include "lake/duckdb.h"
#include "lake/row_source.h"
#include "lake/text.h"
#include "table/ddl.h"

namespace fm::lake {
namespace {

using table::RowBatch;
using table::Type;

std::strong_ordering compare_cells(const RowBatch& left, std::size_t left_row,
                                   const RowBatch& right, std::size_t right_row,
                                   std::size_t column) {
  const bool left_null = left.is_null(column, left_row);
  const bool right_null = right.is_null(column, right_row);
  if (left_null || right_null) return right_null <=> left_null;  // nulls first
  switch (left.table().columns[column].type) {
    case Type::kTimestamp:
    case Type::kInt64:
      return left.int64s(column)[left_row] <=> right.int64s(column)[right_row];
    case Type::kDate:
    case Type::kInt32:
      return left.int32s(column)[left_row] <=> right.int32s(column)[right_row];
    case Type::kInt8:
    case Type::kBool:
      return left.int8s(column)[left_row] <=> right.int8s(column)[right_row];
    case Type::kText:
      return left.text(column, left_row) <=> right.text(column, right_row);
    case Type::kDouble:
      break;
  }
  FM_ASSERT(false);  // no table sorts by a double
}

// Hashes the rows on their way, holds them to the table's order and remembers the first and last
// key.
class Inspector final : public RowSource::Observer {
 public:
  Inspector(const table::Table& table, bool check_order)
      : hasher_(table), last_(table, 1), check_order_(check_order) {
    for (const auto& name : table.sort) sort_.push_back(table.column_index(name));
  }

  Status see(const RowBatch& batch) override {
    if (check_order_) FM_TRY(check(batch));
    if (rows_ == 0) first_key_ = key_text(batch, 0);
    last_.clear();
    last_.append(batch, batch.size() - 1, 1);
    hasher_.add(batch);
    rows_ += batch.size();
    return {};
  }

  [[nodiscard]] ParquetReport report() const {
    return {.rows = rows_,
            .bytes = 0,
            .hash = hasher_.digest().hex(),
            .first_key = first_key_,
            .last_key = rows_ == 0 ? "" : key_text(last_, 0)};
  }

 private:
  Status check(const RowBatch& batch) const {
    for (std::size_t row = 0; row < batch.size(); ++row) {
      if (row == 0 && rows_ == 0) continue;
      const RowBatch& before = row == 0 ? last_ : batch;
      const std::size_t before_row = row == 0 ? 0 : row - 1;
      if (ascends(before, before_row, batch, row)) continue;
      return fail(Code::kInvalidArgument,
                  "{}.{}: row {} has the key {} behind {}; expected rows in ascending order of "
                  "distinct keys",
                  batch.table().dataset, batch.table().name, rows_ + row + 1, key_text(batch, row),
                  key_text(before, before_row));
    }
    return {};
  }

  [[nodiscard]] bool ascends(const RowBatch& left, std::size_t left_row, const RowBatch& right,
                             std::size_t right_row) const {
    for (const std::size_t column : sort_) {
      const auto order = compare_cells(left, left_row, right, right_row, column);
      if (order != std::strong_ordering::equal) return order == std::strong_ordering::less;
    }
    return false;
  }

  table::RowHasher hasher_;
  RowBatch last_;
  bool check_order_;
  std::vector<std::size_t> sort_;
  std::string first_key_;
  std::uint64_t rows_ = 0;
};

// One thread: a source that keeps its order feeds one writer in any case, a second DuckDB thread
// would only wait. Measured use is below 70 MiB; the limit turns a surprise into an error.
constexpr DatabaseOptions kWriterDatabase{.memory_max_mb = 192, .threads = 1};

Result<ParquetReport> write(Env& env, const std::string& path, table::RowStream& rows,
                            const ParquetOptions& options) {
  FM_ASSIGN(Database database, Database::open(kWriterDatabase));
  FM_ASSIGN(const auto source, RowSource::create(database, rows));
  Inspector inspector(rows.table(), options.check_order);
  source->observe(inspector);
  const Status copied = database.execute(fmt::format(
      "COPY (SELECT * FROM {}) TO {} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 32768, "
      "USE_TMP_FILE false)",
      source->from_clause(), table::quote_text(path, table::Engine::kDuckdb)));
  if (auto error = source->take_error()) return std::unexpected(*std::move(error));
  FM_TRY_IN(copied, path);
  FM_TRY(env.sync_file(path));
  ParquetReport report = inspector.report();
  FM_ASSIGN(const FileInfo file, env.info(path));
  report.bytes = file.size_bytes;
  return report;
}

}  // namespace

Result<ParquetReport> write_parquet(Env& env, const std::string& path, table::RowStream& rows,
                                    const ParquetOptions& options) {
  auto written = write(env, path, rows, options);
  // Half a file helps nobody; the first error is the one to report.
  if (!written) static_cast<void>(env.remove(path));
  return written;
}

}  // namespace fm::lake
