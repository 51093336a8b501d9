#include "query_cost.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "duck.h"

namespace fm::fakegcp {
namespace {

constexpr std::int64_t kMebibyte = 1 << 20;
constexpr std::int64_t kBilledMin = 10 * kMebibyte;

bool equal_in_any_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  });
}

bool ends_condition(const Word& token) {
  for (const std::string_view word :
       {"AND",   "OR",      ")",      "WHEN",   "THEN",      "GROUP",  "ORDER", "LIMIT",
        "UNION", "QUALIFY", "WINDOW", "HAVING", "INTERSECT", "EXCEPT", ",",     "JOIN",
        "LEFT",  "INNER",   "RIGHT",  "FULL",   "CROSS",     "WHERE",  "ELSE",  "END"})
    if (token.is(word)) return true;
  return false;
}

// Whether what stands at `at` is one side of an OR, or within one.
bool is_under_or(Words tokens, std::size_t at) {
  int depth = 0;
  // To the right, on its own level and those around it.
  for (std::size_t i = at; i < tokens.size(); ++i) {
    if (tokens[i].is("(")) ++depth;
    if (tokens[i].is(")")) depth = std::max(depth - 1, 0);
    if (depth <= 0 && tokens[i].is("OR")) return true;
    if (depth <= 0 && (tokens[i].is("GROUP") || tokens[i].is("ORDER") || tokens[i].is("WHEN") ||
                       tokens[i].is("UNION") || tokens[i].is("SELECT") || tokens[i].is("JOIN") ||
                       tokens[i].is("WHERE")))
      break;
  }
  depth = 0;
  for (std::size_t i = at; i-- > 0;) {
    if (tokens[i].is(")")) ++depth;
    if (tokens[i].is("(") && depth > 0) --depth;
    if (depth == 0 && tokens[i].is("OR")) return true;
    if (depth == 0 && tokens[i].is("NOT") && tokens[i + 1].is("(")) return true;
    if (depth == 0 && (tokens[i].is("WHERE") || tokens[i].is("ON") || tokens[i].is("WHEN") ||
                       tokens[i].is("SELECT")))
      return false;
  }
  return false;
}

class Costs {
 public:
  Costs(Catalog& catalog, const Scope& scope,
        const std::function<TableName(const std::vector<std::string>&)>& name_of)
      : catalog_(catalog), scope_(scope), name_of_(name_of) {}

  // A statement, and those of the views that it names.
  Answer<void> add(Words statement, const std::vector<TableUse>& uses) {
    statements_.emplace_back(statement.begin(), statement.end());
    for (const TableUse& use : uses) {
      const auto is_schema = [](const std::string& part) {
        return equal_in_any_case(part, "INFORMATION_SCHEMA");
      };
      if (std::ranges::any_of(use.path, is_schema)) {
        billed_ += kBilledMin;
        continue;
      }
      FM_ASSIGN(Table * table, catalog_.table(name_of_(use.path)));
      if (!table->is_view()) {
        uses_.emplace_back(table, use);
        continue;
      }
      FM_ASSIGN(const std::vector<Word> query, words_of(table->view_query));
      Translator translator(scope_);
      FM_TRY(translator.statement(query));
      FM_TRY(add(query, translator.uses()));
    }
    return {};
  }

  Answer<QueryCost> sum() {
    QueryCost cost;
    for (const auto& [table, use] : uses_) {
      FM_ASSIGN(const std::int64_t bytes, bytes_of(*table, use));
      cost.processed += bytes;
      if (bytes > 0)
        cost.billed += std::max(kBilledMin, (bytes + kMebibyte - 1) / kMebibyte * kMebibyte);
    }
    cost.billed += billed_;
    return cost;
  }

 private:
  Answer<std::int64_t> bytes_of(Table& table, const TableUse& use) {
    const bool is_inserted = use.is_target && statements_[0][0].is("INSERT");
    std::string where = "true";
    bool has_filter = false;
    if (table.shape.partitioning)
      for (const std::vector<Word>& statement : statements_) {
        FM_ASSIGN(const std::vector<std::string> found, filters(table, use, statement));
        for (const std::string& one : found) where += " AND " + one;
        has_filter = has_filter || !found.empty();
      }
    if (table.require_partition_filter && !has_filter && !is_inserted)
      return invalid_query(
          fmt::format("Cannot query over table '{}.{}.{}' without a filter over column(s) '{}' "
                      "that can be used "
                      "for partition elimination",
                      table.name.project, table.name.dataset, table.name.table,
                      table.shape.partitioning->column));
    if (is_inserted || table.shape.columns.empty()) return 0;
    const std::vector<std::string> columns = columns_of_use(table, use);
    if (columns.empty()) return 0;
    return catalog_.count_bytes(
        table, fmt::format("SELECT {} FROM {} WHERE {}", table.shape.bytes_sql(columns),
                           catalog_.sql_of(table.name), where));
  }

  // What a statement that changes rows reads of its target is every column.
  std::vector<std::string> columns_of_use(const Table& table, const TableUse& use) const {
    std::set<std::string> named;
    bool all = use.is_target;
    for (const std::vector<Word>& tokens : statements_)
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i].is_any_name())
          if (const Column* column = table.shape.find(tokens[i].text)) named.insert(column->name);
        // SELECT *, t.*: not count(*), and no product.
        if (tokens[i].is("*") && i > 0 &&
            (tokens[i - 1].is("SELECT") || tokens[i - 1].is("DISTINCT") || tokens[i - 1].is(".") ||
             tokens[i - 1].is(",")))
          all = true;
      }
    if (all) {
      named.clear();
      for (const Column& column : table.shape.columns) named.insert(column.name);
    }
    return {named.begin(), named.end()};
  }

  // Comparisons of the partition column with constants, as SQL that holds for every row of the
  // partitions that are read.
  Answer<std::vector<std::string>> filters(const Table& table, const TableUse& use, Words tokens) {
    std::vector<std::string> out;
    const Partitioning& partitioning = *table.shape.partitioning;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (!tokens[i].is_any_name() || !equal_in_any_case(tokens[i].text, partitioning.column))
        continue;
      if (i > 1 && tokens[i - 1].is(".") && !equal_in_any_case(tokens[i - 2].text, use.alias))
        continue;
      if (is_under_or(tokens, i)) continue;
      FM_ASSIGN(const std::string one, filter(partitioning, tokens, i + 1));
      if (!one.empty()) out.push_back(one);
    }
    return out;
  }

  Answer<std::string> filter(const Partitioning& partitioning, Words tokens, std::size_t at) {
    const std::string begin =
        fmt::format("date_trunc('{}', {})", name(partitioning.unit), sql_name(partitioning.column));
    const auto truncated = [&](const std::string& value) {
      return fmt::format("date_trunc('{}', {})", name(partitioning.unit), value);
    };
    if (tokens[at].is("BETWEEN")) {
      const std::size_t between = find_word(tokens, "AND", at + 1);
      if (between == tokens.size()) return std::string();
      FM_ASSIGN(const std::string low, constant(tokens.subspan(at + 1, between - at - 1)));
      FM_ASSIGN(const std::string high, constant(until_end(tokens, between + 1)));
      if (low.empty() || high.empty()) return std::string();
      return fmt::format("{0} >= {1} AND {0} <= {2}", begin, truncated(low), high);
    }
    if (tokens[at].is("IN") && at + 1 < tokens.size() && tokens[at + 1].is("(")) {
      FM_ASSIGN(const std::size_t end, closing(tokens, at + 1));
      std::string list;
      for (const Words& one : split_commas(tokens.subspan(at + 2, end - at - 2))) {
        FM_ASSIGN(const std::string value, constant(one));
        if (value.empty()) return std::string();
        list += (list.empty() ? "" : ", ") + truncated(value);
      }
      return fmt::format("{} IN ({})", begin, list);
    }
    const bool is_less = tokens[at].is("<") || tokens[at].is("<=");
    const bool is_more = tokens[at].is(">") || tokens[at].is(">=");
    if (!is_less && !is_more && !tokens[at].is("=")) return std::string();
    FM_ASSIGN(const std::string value, constant(until_end(tokens, at + 1)));
    if (value.empty()) return std::string();
    if (is_less) return fmt::format("{} {} {}", begin, tokens[at].text, value);
    return fmt::format("{} {} {}", begin, is_more ? ">=" : "=", truncated(value));
  }

  static Words until_end(Words tokens, std::size_t from) {
    int depth = 0;
    std::size_t end = from;
    for (; end < tokens.size(); ++end) {
      if (depth == 0 && ends_condition(tokens[end])) break;
      if (tokens[end].is("(")) ++depth;
      if (tokens[end].is(")")) --depth;
    }
    return tokens.subspan(from, end - from);
  }

  // The expression's value as a literal; empty for what needs rows: a subquery, a column.
  Answer<std::string> constant(Words tokens) {
    for (const Word& token : tokens)
      if (token.is("SELECT")) return std::string();
    Translator translator(scope_);
    const auto text = translator.translate(tokens);
    if (!text || tokens.empty()) return std::string();
    FM_ASSIGN(Duck * sql, catalog_.duck());
    const auto value = sql->query(fmt::format("SELECT CAST({} AS VARCHAR)", *text));
    if (!value || !value->rows[0][0]) return std::string();
    return fmt::format("CAST({} AS TIMESTAMPTZ)", sql_text(*value->rows[0][0]));
  }

  Catalog& catalog_;
  const Scope& scope_;
  const std::function<TableName(const std::vector<std::string>&)>& name_of_;
  std::vector<std::vector<Word>> statements_;
  std::vector<std::pair<Table*, TableUse>> uses_;
  std::int64_t billed_ = 0;
};

}  // namespace

Answer<QueryCost> cost_of(
    Catalog& catalog, const Scope& scope, Words statement, const std::vector<TableUse>& uses,
    const std::function<TableName(const std::vector<std::string>&)>& name_of) {
  Costs costs(catalog, scope, name_of);
  FM_TRY(costs.add(statement, uses));
  return costs.sum();
}

}  // namespace fm::fakegcp
