#include "lake/row_source.h"

#include <duckdb.h>

#include <cstring>

#include "base/assert.h"

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
  RowSourceImpl(table::RowStream& rows, std::string name)
      : rows_(&rows), name_(std::move(name)), batch_(rows.table(), duckdb_vector_size()) {}

  Status attach(Database& database) {
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, name_.c_str());
    duckdb_table_function_set_extra_info(function, this, nullptr);
    duckdb_table_function_set_bind(function, bind);
    duckdb_table_function_set_init(function, init);
    duckdb_table_function_set_function(function, fill);
    const auto registered = duckdb_register_table_function(database.connection(), function);
    duckdb_destroy_table_function(&function);
    if (registered == DuckDBSuccess) return {};
    return fail(Code::kInternal, "DuckDB: a second function {} in one database", name_);
  }

  std::string from_clause() const override { return fmt::format("{}()", name_); }
  void observe(Observer& observer) override { observer_ = &observer; }
  std::optional<Error> take_error() override { return std::exchange(error_, std::nullopt); }

 private:
  static void bind(duckdb_bind_info info) {
    const auto* self = static_cast<const RowSourceImpl*>(duckdb_bind_get_extra_info(info));
    for (const table::Column& column : self->rows_->table().columns) {
      duckdb_logical_type type =
          duckdb_create_logical_type(static_cast<duckdb_type>(duckdb_type_of(column.type)));
      duckdb_bind_add_result_column(info, std::string(column.name).c_str(), type);
      duckdb_destroy_logical_type(&type);
    }
  }

  static void init(duckdb_init_info info) { duckdb_init_set_max_threads(info, 1); }

  static void fill(duckdb_function_info info, duckdb_data_chunk chunk) {
    auto* self = static_cast<RowSourceImpl*>(duckdb_function_get_extra_info(info));
    const auto filled = self->fill_chunk(chunk);
    if (filled) return;
    duckdb_function_set_error(info, filled.error().message().c_str());
    self->error_ = filled.error();
  }

  Status fill_chunk(duckdb_data_chunk chunk) {
    FM_ASSIGN(const bool more, rows_->next(batch_));
    FM_ASSERT(more == (batch_.size() > 0));
    if (more && observer_ != nullptr) FM_TRY(observer_->see(batch_));
    for (std::size_t c = 0; more && c < batch_.table().columns.size(); ++c)
      copy_column(batch_, c, duckdb_data_chunk_get_vector(chunk, c));
    duckdb_data_chunk_set_size(chunk, batch_.size());
    return {};
  }

  table::RowStream* rows_;
  std::string name_;
  RowBatch batch_;
  Observer* observer_ = nullptr;
  std::optional<Error> error_;
};

}  // namespace

Result<std::unique_ptr<RowSource>> RowSource::create(Database& database, table::RowStream& rows,
                                                     std::string name) {
  auto source = std::make_unique<RowSourceImpl>(rows, std::move(name));
  FM_TRY(source->attach(database));
  return source;
}

}  // namespace fm::lake
