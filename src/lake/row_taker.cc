#include "lake/row_taker.h"

#include <duckdb.h>
#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/assert.h"

namespace fm::lake {

struct TakeFunction {
  static void take(duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector counts) {
    auto* const taker = *static_cast<RowTaker**>(duckdb_scalar_function_get_extra_info(info));
    if (taker == nullptr) {
      duckdb_scalar_function_set_error(info, "fm_take: nobody takes rows");
      return;
    }
    const std::size_t rows = duckdb_data_chunk_get_size(chunk);
    std::memset(duckdb_vector_get_data(counts), 0, rows);
    taker->status_ = taker->take_(chunk, rows);
    if (!taker->status_)
      duckdb_scalar_function_set_error(info, taker->status_.error().message().c_str());
  }
};

RowTaker::RowTaker(Database& database, Take take) : database_(&database), take_(std::move(take)) {
  FM_ASSERT(database.row_taker() == nullptr);
  database.row_taker() = this;
}

RowTaker::~RowTaker() { database_->row_taker() = nullptr; }

Status RowTaker::run(const std::string& columns, const std::string& from) {
  const Status ran =
      database_->execute(fmt::format("SELECT sum(fm_take({})) FROM {}", columns, from));
  // The true reason behind DuckDB's error.
  return status_ ? ran : status_;
}

Status RowTaker::add_function(_duckdb_connection* connection, RowTaker*& serving) {
  duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
  duckdb_logical_type count = duckdb_create_logical_type(DUCKDB_TYPE_TINYINT);
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, "fm_take");
  duckdb_scalar_function_set_varargs(function, any);
  duckdb_scalar_function_set_return_type(function, count);
  duckdb_scalar_function_set_special_handling(function);  // nulls are rows, too
  duckdb_scalar_function_set_volatile(function);
  duckdb_scalar_function_set_extra_info(function, static_cast<void*>(&serving), nullptr);
  duckdb_scalar_function_set_function(function, TakeFunction::take);
  const auto registered = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  duckdb_destroy_logical_type(&count);
  duckdb_destroy_logical_type(&any);
  if (registered == DuckDBSuccess) return {};
  return fail(Code::kInternal, "DuckDB: does not take the function fm_take");
}

}  // namespace fm::lake
