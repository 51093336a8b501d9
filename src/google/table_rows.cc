#include "google/table_rows.h"

#include <utility>
#include <vector>

#include "google/cell.h"
#include "table/ddl.h"

namespace fm::google {
namespace {

using table::Column;
using table::Engine;
using table::Type;

std::string cell_sql(const Column& column) {
  std::string name = table::quote_name(column.name, Engine::kBigquery);
  switch (column.type) {
    case Type::kTimestamp:
      return fmt::format("UNIX_MICROS({})", name);
    case Type::kDate:
      return fmt::format("UNIX_DATE({})", name);
    case Type::kDouble:
      return fmt::format("FORMAT('%.17g', {})", name);
    case Type::kText:
    case Type::kInt64:
    case Type::kInt32:
    case Type::kInt8:
    case Type::kBool:
      return name;
  }
  return name;
}

class PageStream final : public table::RowStream {
 public:
  PageStream(BigQuery& bigquery, const table::Table& table, std::string job)
      : bigquery_(bigquery),
        columns_(table.columns.begin(), table.columns.end()),
        table_(table),
        job_(std::move(job)) {
    for (Column& column : columns_) column.nullable = true;
    table_.columns = columns_;
  }
  [[nodiscard]] const table::Table& table() const override { return table_; }

  Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    while (!batch.full()) {
      if (row_ == page_.rows.size()) {
        if (begun_ && page_.next.empty()) break;
        FM_ASSIGN(page_, bigquery_.page(job_, page_.next));
        begun_ = true;
        row_ = 0;
        continue;
      }
      FM_TRY(put_row(batch, page_.rows[row_++]));
    }
    return batch.size() > 0;
  }

 private:
  Status put_row(table::RowBatch& batch, const Cells& cells) {
    const auto columns = table_.columns;
    if (cells.size() != columns.size())
      return fail(Code::kCorrupt, "job {}: a row of {} cells; expected {}", job_, cells.size(),
                  columns.size());
    const std::size_t row = batch.size();
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (cells[i] && !put_cell(batch, i, row, *cells[i]))
        return fail(Code::kCorrupt, "job {}: {} is \"{}\"; expected a value of type {}", job_,
                    columns[i].name, *cells[i], table::name(columns[i].type));
    batch.set_size(row + 1);
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (!cells[i]) batch.set_null(i, row);
    return {};
  }

  BigQuery& bigquery_;
  // Whatever somebody wrote there: every column may be null.
  std::vector<Column> columns_;
  table::Table table_;
  std::string job_;
  RowPage page_;
  std::size_t row_ = 0;
  bool begun_ = false;
};

}  // namespace

std::string rows_statement(const table::Table& table, const TableName& name,
                           std::string_view condition) {
  std::string cells, order;
  for (const Column& column : table.columns)
    cells += fmt::format("{}{} AS c{}", cells.empty() ? "" : ", ", cell_sql(column),
                         table.column_index(column.name));
  // Texts are compared by their code points and nulls come first, as in the lake.
  for (const std::string_view column : table.sort)
    order += (order.empty() ? "" : ", ") + table::quote_name(column, Engine::kBigquery);
  return fmt::format("SELECT {} FROM `{}` WHERE {} ORDER BY {}", cells, name.text(), condition,
                     order);
}

Result<TableRows> read_rows(BigQuery& bigquery, const table::Table& table, const TableName& name,
                            std::string_view condition, std::int64_t bytes_billed_max) {
  TableRows read;
  FM_ASSIGN(read.job,
            bigquery.run({rows_statement(table, name, condition), bytes_billed_max}, name.text()));
  read.rows = std::make_unique<PageStream>(bigquery, table, read.job.id);
  return read;
}

}  // namespace fm::google
