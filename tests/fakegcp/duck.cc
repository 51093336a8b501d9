#include "duck.h"

#include <duckdb.h>
#include <fmt/format.h>

#include <atomic>
#include <charconv>

namespace fm::fakegcp {
namespace {

// The thread sanitizer does not see how DuckDB's own threads agree with each other.
#ifdef __SANITIZE_THREAD__
constexpr const char* kThreads = "1";
#else
constexpr const char* kThreads = "2";
#endif

struct Outcome {
  duckdb_result result{};
  Outcome() = default;
  Outcome(const Outcome&) = delete;
  Outcome& operator=(const Outcome&) = delete;
  ~Outcome() { duckdb_destroy_result(&result); }
};

// Never closed: at the end of the process DuckDB may be gone before it.
duckdb_database process_database() {
  static const duckdb_database kDatabase = [] {
    duckdb_config config = nullptr;
    duckdb_database database = nullptr;
    duckdb_create_config(&config);
    duckdb_set_config(config, "threads", kThreads);
    duckdb_set_config(config, "autoinstall_known_extensions", "false");
    duckdb_set_config(config, "autoload_known_extensions", "false");
    duckdb_open_ext(nullptr, &database, config, nullptr);
    duckdb_destroy_config(&config);
    return database;
  }();
  return kDatabase;
}

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out += quote;
}

}  // namespace

struct Duck::Connection {
  duckdb_connection handle = nullptr;
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { duckdb_disconnect(&handle); }
};

Duck::Duck() : connection_(std::make_unique<Connection>()) {}

Result<std::unique_ptr<Duck>> Duck::open() {
  static std::atomic<int> opened = 0;
  std::unique_ptr<Duck> duck(new Duck);
  if (process_database() == nullptr ||
      duckdb_connect(process_database(), &duck->connection_->handle) != DuckDBSuccess)
    return fail(Code::kInternal, "DuckDB: cannot connect");
  duck->catalog_ = fmt::format("cloud_{}", ++opened);
  FM_TRY(
      duck->execute(fmt::format("SET TimeZone='UTC'; "
                                "SET default_null_order='nulls_first_on_asc_last_on_desc'; "
                                "ATTACH ':memory:' AS {0} (COMPRESS); USE {0}",
                                duck->catalog_)));
  return duck;
}

Duck::~Duck() {
  if (catalog_.empty()) return;
  // Nothing can be done about a database that does not leave, and there may be no transaction.
  (void)execute("ROLLBACK");
  (void)execute(fmt::format("USE memory; DETACH DATABASE IF EXISTS {}", catalog_));
}

Status Duck::execute(const std::string& sql) {
  Outcome outcome;
  if (duckdb_query(connection_->handle, sql.c_str(), &outcome.result) != DuckDBSuccess)
    return fail(Code::kQuery, "{}", duckdb_result_error(&outcome.result));
  return {};
}

void Duck::compress() {
  (void)execute("CHECKPOINT " + catalog_);  // what others are writing at the moment stays as it is
}

Result<SqlRows> Duck::query(const std::string& sql) {
  Outcome outcome;
  if (duckdb_query(connection_->handle, sql.c_str(), &outcome.result) != DuckDBSuccess)
    return fail(Code::kQuery, "{}", duckdb_result_error(&outcome.result));
  SqlRows out;
  const idx_t columns = duckdb_column_count(&outcome.result);
  for (idx_t column = 0; column < columns; ++column)
    out.names.emplace_back(duckdb_column_name(&outcome.result, column));
  const idx_t rows = duckdb_row_count(&outcome.result);
  out.rows.reserve(rows);
  for (idx_t row = 0; row < rows; ++row) {
    SqlRow& cells = out.rows.emplace_back();
    cells.reserve(columns);
    for (idx_t column = 0; column < columns; ++column) {
      char* text = duckdb_value_varchar(&outcome.result, column, row);
      cells.push_back(text == nullptr ? std::nullopt : std::optional<std::string>(text));
      duckdb_free(text);
    }
  }
  return out;
}

Result<std::int64_t> Duck::number(const std::string& sql) {
  FM_ASSIGN(const SqlRows rows, query(sql));
  std::int64_t value = 0;
  if (!rows.rows.empty() && !rows.rows[0].empty() && rows.rows[0][0]) {
    const std::string& text = *rows.rows[0][0];
    std::from_chars(text.data(), text.data() + text.size(), value);
  }
  return value;
}

Result<std::int64_t> Duck::change(const std::string& sql) {
  Outcome outcome;
  if (duckdb_query(connection_->handle, sql.c_str(), &outcome.result) != DuckDBSuccess)
    return fail(Code::kQuery, "{}", duckdb_result_error(&outcome.result));
  return static_cast<std::int64_t>(duckdb_rows_changed(&outcome.result));
}

std::string sql_name(std::string_view name) { return quoted(name, '"'); }
std::string sql_text(std::string_view text) { return quoted(text, '\''); }

}  // namespace fm::fakegcp
