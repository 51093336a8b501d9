#include "google/mirror_sql.h"

#include <algorithm>
#include <functional>

#include "table/ddl.h"

namespace fm::google {
namespace {

using table::Column;
using table::Engine;
using table::Table;

std::string quoted(std::string_view name) { return table::quote_name(name, Engine::kBigquery); }
std::string in_quotes(const TableName& name) { return "`" + name.text() + "`"; }

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  std::string all;
  for (const std::string& text : texts) {
    if (!all.empty()) all += between;
    all += text;
  }
  return all;
}

std::vector<std::string> each(const Table& table, const std::function<bool(const Column&)>& wanted,
                              const std::function<std::string(const std::string&)>& text) {
  std::vector<std::string> texts;
  for (const Column& column : table.columns)
    if (wanted(column)) texts.push_back(text(quoted(column.name)));
  return texts;
}

bool is_key(const Table& table, const Column& column) {
  return std::ranges::find(table.key, column.name) != table.key.end();
}

// A null equals a null, in keys too.
std::string key_condition(const Table& table) {
  std::vector<std::string> equal;
  for (const std::string_view key : table.key) {
    const std::string name = quoted(key);
    const bool nullable = table.columns[table.column_index(key)].nullable;
    equal.push_back(nullable
                        ? fmt::format("(t.{0} = s.{0} OR (t.{0} IS NULL AND s.{0} IS NULL))", name)
                        : fmt::format("t.{0} = s.{0}", name));
  }
  return joined(equal, " AND ");
}

}  // namespace

std::string scope_condition(const Table& table, const RowScope& scope, std::string_view alias) {
  const std::string dot = alias.empty() ? "" : fmt::format("{}.", alias);
  const std::string date = dot + quoted(table.partition_column);
  std::string text = fmt::format("{0} >= DATE '{1}' AND {0} < DATE '{2}'", date, scope.from.iso(),
                                 scope.before.iso());
  if (table.root_column.empty() || scope.roots.empty()) return text;
  std::vector<std::string> roots;
  roots.reserve(scope.roots.size());
  for (const std::string& root : scope.roots)
    roots.push_back(table::quote_text(root, Engine::kBigquery));
  text += fmt::format(" AND {}{} IN ({})", dot, quoted(table.root_column), joined(roots, ", "));
  return text;
}

std::string merge_statement(const Table& table, const TableName& target, const TableName& staging,
                            const RowScope& scope) {
  return merge_statement(table, target, in_quotes(staging), scope_condition(table, scope, "t"));
}

std::string merge_statement(const Table& table, const TableName& target, std::string_view source,
                            std::string_view scope) {
  const auto is_value = [&](const Column& column) {
    return !is_key(table, column) && !column.bookkeeping;
  };
  const auto all = [](const Column&) { return true; };
  const auto as_is = [](const std::string& name) { return name; };
  const auto staged = [](const std::string& name) { return "s." + name; };
  const std::string differs =
      joined(each(table, is_value,
                  [](const std::string& name) {
                    return fmt::format("t.{0} IS DISTINCT FROM s.{0}", name);
                  }),
             " OR ");
  const std::string update =
      joined(each(table, is_value,
                  [](const std::string& name) { return fmt::format("{0} = s.{0}", name); }),
             ", ");
  std::string text = fmt::format("MERGE {} AS t\nUSING {} AS s\nON {}\n  AND {}\n",
                                 in_quotes(target), source, scope, key_condition(table));
  if (!update.empty())
    text += fmt::format("WHEN MATCHED AND ({}) THEN\n  UPDATE SET {}\n", differs, update);
  text += fmt::format(
      "WHEN NOT MATCHED BY TARGET THEN\n  INSERT ({}) VALUES ({})\n"
      "WHEN NOT MATCHED BY SOURCE AND {} THEN\n  DELETE",
      joined(each(table, all, as_is), ", "), joined(each(table, all, staged), ", "), scope);
  return text;
}

std::string delete_statement(const Table& table, const TableName& target, const RowScope& scope) {
  return fmt::format("DELETE FROM {} WHERE {}", in_quotes(target), scope_condition(table, scope));
}

std::string count_statement(const Table& table, const TableName& target, const RowScope& scope) {
  return fmt::format("SELECT COUNT(*) FROM {} WHERE {}", in_quotes(target),
                     scope_condition(table, scope));
}

}  // namespace fm::google
