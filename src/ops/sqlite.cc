#include "ops/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"

namespace fm::ops {
namespace {

constexpr std::string_view kDamagedHint =
    "Restore it from a backup, or move it away: a new one is made, and the lake is not affected.";

Error sqlite_error(sqlite3* handle, int result, const std::string& file) {
  // SQLite does not always keep the cause of a failed write (a quota, a limit on file sizes); errno
  // does.
  const int latest_errno = errno;
  const std::string message =
      fmt::format("{}: {}", file, handle ? sqlite3_errmsg(handle) : sqlite3_errstr(result));
  int system_error = handle ? sqlite3_system_errno(handle) : 0;
  if (system_error == 0 && result == SQLITE_IOERR_WRITE) system_error = latest_errno;
  switch (result & 0xff) {
    case SQLITE_FULL:
      return Error(Code::kNoSpace, message).hint("Free some space, then run it again.").retryable();
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(Code::kBusy, message)
          .hint("Another process is writing to it; run it again in a moment.")
          .retryable();
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error(Code::kCorrupt, message).hint(kDamagedHint);
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return Error(Code::kPermission, message);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (system_error != 0) return errno_error(system_error, "use", file);
      return Error(Code::kIo, message);
    default:
      return Error(Code::kInternal, message);
  }
}

}  // namespace

Statement::~Statement() { sqlite3_finalize(handle_); }
Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      file_(std::move(other.file_)),
      bound_(other.bound_) {}

Statement& Statement::bind(std::string_view text) {
  // A null pointer would bind NULL in place of the empty text.
  const char* data = text.data() ? text.data() : "";
  FM_ASSERT(sqlite3_bind_text64(handle_, ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8) ==
            SQLITE_OK);
  return *this;
}
Statement& Statement::bind(std::int64_t value) {
  FM_ASSERT(sqlite3_bind_int64(handle_, ++bound_, value) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind_null() {
  FM_ASSERT(sqlite3_bind_null(handle_, ++bound_) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind_optional(const std::optional<std::string_view>& text) {
  return text ? bind(*text) : bind_null();
}
Statement& Statement::bind_optional(const std::optional<std::int64_t>& value) {
  return value ? bind(*value) : bind_null();
}

Result<bool> Statement::step() {
  const int result = sqlite3_step(handle_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return std::unexpected(sqlite_error(sqlite3_db_handle(handle_), result, file_));
}

Status Statement::run() {
  for (;;) {
    FM_ASSIGN(const bool row, step());
    if (!row) return {};
  }
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  bound_ = 0;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }
std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return {data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

Result<Sqlite> Sqlite::open(const std::string& file, bool read_only, Nanos patience) {
  const int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(file.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Sqlite sqlite(handle, file);  // closed also when opening failed
  if (result != SQLITE_OK) return std::unexpected(sqlite_error(handle, result, file));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, static_cast<int>(patience / 1'000'000));
  return sqlite;
}

Sqlite::~Sqlite() { FM_ASSERT(sqlite3_close(handle_) == SQLITE_OK); }
Sqlite::Sqlite(Sqlite&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), file_(std::move(other.file_)) {}

Status Sqlite::execute(const char* sql) {
  const int result = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (result == SQLITE_OK) return {};
  return std::unexpected(sqlite_error(handle_, result, file_));
}

Result<Statement> Sqlite::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result =
      sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (result != SQLITE_OK) return std::unexpected(sqlite_error(handle_, result, file_));
  return Statement(statement, file_);
}

Result<std::int64_t> Sqlite::integer(std::string_view sql) {
  FM_ASSIGN(Statement statement, prepare(sql));
  FM_ASSIGN(const bool row, statement.step());
  FM_ASSERT(row);
  return statement.integer(0);
}

Result<std::string> Sqlite::text(std::string_view sql) {
  FM_ASSIGN(Statement statement, prepare(sql));
  FM_ASSIGN(const bool row, statement.step());
  FM_ASSERT(row);
  return std::string(statement.text(0));
}

std::int64_t Sqlite::changed_rows() const { return sqlite3_changes(handle_); }

Result<Transaction> Transaction::begin(Sqlite& sqlite) {
  FM_TRY(sqlite.execute("BEGIN IMMEDIATE"));
  return Transaction(sqlite);
}

Transaction::~Transaction() {
  // SQLite itself has rolled back after some failures; then this one fails, and nothing is lost.
  if (sqlite_) static_cast<void>(sqlite_->execute("ROLLBACK"));
}
Transaction::Transaction(Transaction&& other) noexcept
    : sqlite_(std::exchange(other.sqlite_, nullptr)) {}

Status Transaction::commit() {
  FM_TRY(sqlite_->execute("COMMIT"));
  sqlite_ = nullptr;
  return {};
}

}  // namespace fm::ops
