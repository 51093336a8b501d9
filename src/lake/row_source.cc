#include "lake/row_source.h"

#include <duckdb.h>

#include <cstring>

#include "base/assert.h"
#include "lake/duckdb.h"
#include "lake/row_pump.h"

namespace fm::lake {
namespace {

using table::RowBatch;
using table::Type;

template <class Cell>
void copy_cells(std::span<const Cell> cells, duckdb_vector vector, std::size_t rows) {
  std::memcpy(duckdb_vector_get_data(vector), cells.data(), rows * sizeof(Cell));
}

void copy_text(const RowBatch& batch, std::size_t column, duckdb_vector vector) {
  if (batch.text_count(column) == 1 && !batch.has_nulls(column)) {
    const std::string_view text = batch.text_of_code(column, 0);
    duckdb_value value = duckdb_create_varchar_length(text.data(), text.size());
    duckdb_vector_reference_value(vector, value);  // a constant vector: one string for all rows
    duckdb_destroy_value(&value);
    return;
  }
  for (std::size_t row = 0; row < batch.size(); ++row) {
    if (batch.is_null(column, row)) continue;
    const std::string_view text = batch.text(column, row);
    duckdb_vector_assign_string_element_len(vector, row, text.data(), text.size());
  }
}

void copy_column(const RowBatch& batch, std::size_t column, duckdb_vector vector) {
  const std::size_t rows = batch.size();
  switch (batch.table().columns[column].type) {
    case Type::kTimestamp:
    case Type::kInt64:
      copy_cells(batch.int64s(column), vector, rows);
      break;
    case Type::kDate:
    case Type::kInt32:
      copy_cells(batch.int32s(column), vector, rows);
      break;
    case Type::kInt8:
    case Type::kBool:
      copy_cells(batch.int8s(column), vector, rows);
      break;
    case Type::kDouble:
      copy_cells(batch.doubles(column), vector, rows);
      break;
    case Type::kText:
      copy_text(batch, column, vector);
      break;
  }
  if (!batch.has_nulls(column)) return;
  duckdb_vector_ensure_validity_writable(vector);
  std::memcpy(duckdb_vector_get_validity(vector), batch.validity(column).data(),
              (rows + 63) / 64 * sizeof(std::uint64_t));
}

class RowSourceImpl final : public RowSource {
 public:
  RowSourceImpl(table::RowStream& rows, RowSource*& served)
      : table_(&rows.table()), served_(&served), pump_(rows, duckdb_vector_size()) {
    FM_ASSERT(served == nullptr);
    served = this;
  }
  ~RowSourceImpl() override { *served_ = nullptr; }
  RowSourceImpl(const RowSourceImpl&) = delete;
  RowSourceImpl& operator=(const RowSourceImpl&) = delete;

  std::string from_clause() const override { return "fm_rows()"; }
  void observe(Observer& observer) override { pump_.observe(observer); }
  std::optional<Error> take_error() override { return std::exchange(error_, std::nullopt); }

  static void bind(duckdb_bind_info info) {
    auto* source =
        static_cast<RowSourceImpl*>(*static_cast<RowSource**>(duckdb_bind_get_extra_info(info)));
    if (source == nullptr) {
      duckdb_bind_set_error(info, "fm_rows: no rows to serve");
      return;
    }
    for (const table::Column& column : source->table_->columns) {
      duckdb_logical_type type =
          duckdb_create_logical_type(static_cast<duckdb_type>(duckdb_type_of(column.type)));
      duckdb_bind_add_result_column(info, std::string(column.name).c_str(), type);
      duckdb_destroy_logical_type(&type);
    }
    duckdb_bind_set_bind_data(info, source, nullptr);
  }

  static void init(duckdb_init_info info) { duckdb_init_set_max_threads(info, 1); }

  static void fill(duckdb_function_info info, duckdb_data_chunk chunk) {
    auto* source = static_cast<RowSourceImpl*>(duckdb_function_get_bind_data(info));
    const auto filled = source->fill_chunk(chunk);
    if (filled) return;
    duckdb_function_set_error(info, filled.error().message().c_str());
    source->error_ = filled.error();
  }

 private:
  Status fill_chunk(duckdb_data_chunk chunk) {
    FM_ASSIGN(const RowBatch* batch, pump_.next());
    if (batch == nullptr) {
      duckdb_data_chunk_set_size(chunk, 0);
      return {};
    }
    for (std::size_t c = 0; c < table_->columns.size(); ++c)
      copy_column(*batch, c, duckdb_data_chunk_get_vector(chunk, c));
    duckdb_data_chunk_set_size(chunk, batch->size());
    return {};
  }

  const table::Table* table_;
  RowSource** served_;
  RowPump pump_;
  std::optional<Error> error_;
};

}  // namespace

std::unique_ptr<RowSource> RowSource::create(Database& database, table::RowStream& rows) {
  return std::make_unique<RowSourceImpl>(rows, database.row_source());
}

Status RowSource::add_function(_duckdb_connection* connection, RowSource*& served) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "fm_rows");
  duckdb_table_function_set_extra_info(function, static_cast<void*>(&served), nullptr);
  duckdb_table_function_set_bind(function, RowSourceImpl::bind);
  duckdb_table_function_set_init(function, RowSourceImpl::init);
  duckdb_table_function_set_function(function, RowSourceImpl::fill);
  const auto registered = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  if (registered == DuckDBSuccess) return {};
  return fail(Code::kInternal, "DuckDB: does not take the table function fm_rows");
}

}  // namespace fm::lake
