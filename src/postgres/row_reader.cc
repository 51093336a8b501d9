#include "postgres/row_reader.h"

#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "postgres/copy_rows.h"
#include "postgres/layout.h"

namespace fm::postgres {
namespace {

using table::Type;

template <class Integer>
bool read_integer(std::string_view bytes, Integer& value) {
  if (bytes.size() != sizeof(Integer)) return false;
  std::make_unsigned_t<Integer> sum = 0;
  for (const char byte : bytes)
    sum = static_cast<decltype(sum)>(static_cast<std::uint64_t>(sum) << 8 |
                                     static_cast<unsigned char>(byte));
  value = static_cast<Integer>(sum);
  return true;
}

std::string order_of(const table::Table& table) {
  std::string text;
  for (const std::string_view name : table.sort) {
    const table::Column& column = table.columns[table.column_index(name)];
    text += fmt::format(
        "{}{}{}{}", text.empty() ? "" : ", ", table::quote_name(name, table::Engine::kPostgres),
        column.type == Type::kText ? " COLLATE \"C\"" : "", column.nullable ? " NULLS FIRST" : "");
  }
  return text;
}

class CursorStream final : public table::RowStream {
 public:
  CursorStream(Connection& db, const table::Table& table) : db_(db), table_(table) {}
  ~CursorStream() override {
    // Nothing was changed: whether it ends well is all the same.
    if (!db_.is_broken()) static_cast<void>(db_.run("ROLLBACK"));
  }
  CursorStream(const CursorStream&) = delete;
  CursorStream& operator=(const CursorStream&) = delete;

  Status open(std::string_view condition) {
    std::string columns;
    for (const table::Column& column : table_.columns)
      columns += fmt::format("{}{}", columns.empty() ? "" : ", ",
                             table::quote_name(column.name, table::Engine::kPostgres));
    FM_ASSIGN(const std::uint64_t begun,
              db_.run(fmt::format("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; DECLARE rows "
                                  "NO SCROLL CURSOR FOR SELECT {} FROM {} WHERE {} ORDER BY {}",
                                  columns, sql_name(table_), condition, order_of(table_))));
    static_cast<void>(begun);
    return {};
  }

  [[nodiscard]] const table::Table& table() const override { return table_; }
  Result<bool> next(table::RowBatch& batch) override {
    batch.clear();
    FM_ASSIGN(const Rows rows, db_.query(fmt::format("FETCH {} FROM rows", batch.rows_max()), {},
                                         Connection::Cells::kBinary));
    for (std::size_t row = 0; row < rows.size(); ++row)
      for (std::size_t column = 0; column < table_.columns.size(); ++column)
        FM_TRY(take(batch, column, row, rows[row][column]));
    batch.set_size(rows.size());
    return !rows.empty();
  }

 private:
  Status take(table::RowBatch& batch, std::size_t column, std::size_t row,
              const std::optional<std::string>& cell) const {
    const table::Column& one = table_.columns[column];
    if (cell && put_cell(batch, column, row, *cell)) return {};
    if (!cell && one.nullable) {
      batch.set_null(column, row);
      return {};
    }
    return fail(Code::kCorrupt, "{}: {}.{}.{}: {}; expected {}", db_.place(), table_.dataset,
                table_.name, one.name,
                cell ? fmt::format("found a value of {} bytes", cell->size()) : "found NULL",
                table::sql_type(one.type, table::Engine::kPostgres));
  }

  Connection& db_;
  const table::Table& table_;
};

}  // namespace

bool put_cell(table::RowBatch& rows, std::size_t column, std::size_t row, std::string_view bytes) {
  switch (rows.table().columns[column].type) {
    case Type::kTimestamp: {
      std::int64_t since_2000 = 0;
      // The largest and smallest stand for infinity.
      if (!read_integer(bytes, since_2000) ||
          since_2000 > std::numeric_limits<std::int64_t>::max() - 1 - kMicrosTo2000 ||
          since_2000 == std::numeric_limits<std::int64_t>::min())
        return false;
      rows.int64s(column)[row] = since_2000 + kMicrosTo2000;
      return true;
    }
    case Type::kDate: {
      std::int32_t since_2000 = 0;
      if (!read_integer(bytes, since_2000) ||
          since_2000 > std::numeric_limits<std::int32_t>::max() - 1 - kDaysTo2000 ||
          since_2000 == std::numeric_limits<std::int32_t>::min())
        return false;
      rows.int32s(column)[row] = since_2000 + kDaysTo2000;
      return true;
    }
    case Type::kInt64:
      return read_integer(bytes, rows.int64s(column)[row]);
    case Type::kInt32:
      return read_integer(bytes, rows.int32s(column)[row]);
    case Type::kDouble: {
      std::int64_t bits = 0;
      if (!read_integer(bytes, bits)) return false;
      rows.doubles(column)[row] = std::bit_cast<double>(bits);
      return true;
    }
    case Type::kInt8: {
      std::int16_t value = 0;
      if (!read_integer(bytes, value) || value < -128 || value > 127) return false;
      rows.int8s(column)[row] = static_cast<std::int8_t>(value);
      return true;
    }
    case Type::kBool:
      if (bytes.size() != 1) return false;
      rows.int8s(column)[row] = static_cast<std::int8_t>(bytes[0] != 0);
      return true;
    case Type::kText:
      rows.set_text(column, row, bytes);
      return true;
  }
  return false;
}

Result<std::unique_ptr<table::RowStream>> read_rows(Connection& db, const table::Table& table,
                                                    std::string_view condition) {
  auto stream = std::make_unique<CursorStream>(db, table);
  FM_TRY(stream->open(condition));
  return std::unique_ptr<table::RowStream>(std::move(stream));
}

}  // namespace fm::postgres
