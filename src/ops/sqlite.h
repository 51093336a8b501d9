// RAII over SQLite's C interface, for this room alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace fm::ops {

class Statement {
 public:
  explicit Statement(sqlite3_stmt* handle, std::string file)
      : handle_(handle), file_(std::move(file)) {}
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  // Binds the next parameter; texts must live until the last step.
  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t value);
  Statement& bind_null();
  Statement& bind_optional(const std::optional<std::string_view>& text);
  Statement& bind_optional(const std::optional<std::int64_t>& value);

  // True when a row is there, false at the end.
  [[nodiscard]] Result<bool> step();
  // To the end, for statements without rows.
  [[nodiscard]] Status run();
  // Ready to be bound and stepped again.
  void reset();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;  // valid until the next step

 private:
  sqlite3_stmt* handle_;
  std::string file_;
  int bound_ = 0;
};

class Sqlite {
 public:
  [[nodiscard]] static Result<Sqlite> open(const std::string& file, bool read_only, Nanos patience);
  ~Sqlite();
  Sqlite(Sqlite&& other) noexcept;
  Sqlite& operator=(Sqlite&&) = delete;

  [[nodiscard]] const std::string& file() const { return file_; }
  // Statements without parameters and rows, separated by semicolons.
  [[nodiscard]] Status execute(const char* sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  // The first column of the first row.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);
  [[nodiscard]] Result<std::string> text(std::string_view sql);
  [[nodiscard]] std::int64_t changed_rows() const;

 private:
  Sqlite(sqlite3* handle, std::string file) : handle_(handle), file_(std::move(file)) {}
  sqlite3* handle_;
  std::string file_;
};

// Holds the write lock from construction on; rolls back unless committed.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Sqlite& sqlite);
  ~Transaction();
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  [[nodiscard]] Status commit();

 private:
  explicit Transaction(Sqlite& sqlite) : sqlite_(&sqlite) {}
  Sqlite* sqlite_;
};

}  // namespace fm::ops
