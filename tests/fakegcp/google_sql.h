// GoogleSQL into DuckDB's: the forms that frontmonth sends, and an error for the rest.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "google_words.h"

namespace fm::fakegcp {

// What names mean where a statement runs.
struct Scope {
  // The relation that a path names: {"project", "dataset", "table"} or less of it. Refused: 404,
  // invalidQuery.
  std::function<Answer<std::string>(const std::vector<std::string>& path)> table;
  std::map<std::string, std::string> parameters = {};  // @name: an SQL literal
  Nanos now = 0;
};

// A table that a statement names.
struct TableUse {
  std::vector<std::string> path;
  std::string alias;       // or the table's own name
  bool is_target = false;  // of INSERT, UPDATE, DELETE or MERGE
};

class Translator {
 public:
  explicit Translator(const Scope& scope) : scope_(&scope) {}

  // One statement: SELECT, INSERT, UPDATE, DELETE or MERGE. Refused: invalidQuery.
  [[nodiscard]] Answer<std::string> statement(Words tokens);
  // An expression, or any other part of a statement.
  [[nodiscard]] Answer<std::string> translate(Words tokens);
  [[nodiscard]] const std::vector<TableUse>& uses() const { return uses_; }
  [[nodiscard]] const Scope& scope() const { return *scope_; }

 private:
  class Walk;
  const Scope* scope_;
  std::set<std::string> names_with_;  // of WITH, in capitals
  std::vector<TableUse> uses_;
  std::string verb_;
};

// A call of this function with these arguments. Refused: unknown functions, other counts.
[[nodiscard]] Answer<std::string> translate_call(Translator& translator, const std::string& name,
                                                 Words arguments);
// DuckDB's name of a type of GoogleSQL. Refused: what is none or is not modelled.
[[nodiscard]] Answer<std::string> translate_type(Words type);
// "`a.b`.c" at `at`, which moves behind it.
[[nodiscard]] Answer<std::vector<std::string>> read_path(Words tokens, std::size_t& at);

}  // namespace fm::fakegcp
