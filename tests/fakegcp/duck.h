// SQL for one fake: a database of its own in memory within the process's DuckDB.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace fm::fakegcp {

using SqlRow = std::vector<std::optional<std::string>>;
struct SqlRows {
  std::vector<std::string> names;
  std::vector<SqlRow> rows;  // as DuckDB writes values; times in UTC
};

// One connection; not for two threads at once. Its own database is the default one.
class Duck {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Duck>> open();
  ~Duck();
  Duck(const Duck&) = delete;
  Duck& operator=(const Duck&) = delete;

  // Errors: kQuery with DuckDB's text.
  [[nodiscard]] Status execute(const std::string& sql);
  [[nodiscard]] Result<SqlRows> query(const std::string& sql);
  // The first cell of the first row as a number; 0 when there is none.
  [[nodiscard]] Result<std::int64_t> number(const std::string& sql);
  // Brings rows into columns as small as the service's: worth it for many only.
  void compress();
  // Runs `sql`; returns the rows that it changed.
  [[nodiscard]] Result<std::int64_t> change(const std::string& sql);

  [[nodiscard]] const std::string& catalog() const { return catalog_; }

 private:
  struct Connection;
  Duck();
  std::unique_ptr<Connection> connection_;
  std::string catalog_;
};

// For SQL: "name" and 'text'.
[[nodiscard]] std::string sql_name(std::string_view name);
[[nodiscard]] std::string sql_text(std::string_view text);

}  // namespace fm::fakegcp
