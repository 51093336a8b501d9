#include "jobs/testing_bigquery_sql.h"

#include <gtest/gtest.h>

#include "base/env.h"
#include "base/json_text.h"
#include "google/cost_sql.h"
#include "google/destination.h"
#include "google/mirror_sql.h"
#include "google/rollup_sql.h"
#include "google/table_rows.h"
#include "jobs/registry.h"
#include "jobs/trade_date_rules.h"
#include "quality/verify_sums.h"
#include "table/ddl.h"
#include "table/views.h"

namespace fm::jobs {
namespace {

using table::Engine;
using table::Table;

constexpr Engine kEngine = Engine::kBigquery;

std::string full_name(const Table& table) {
  return fmt::format("{}.{}", table.dataset, table.name);
}

class Statements {
 public:
  Statements() { destination_.project = "market-4711"; }

  void add_table(const Table& table) {
    const Date from(2025, 6, 16);
    const google::TableName name = destination_.table_of(table);
    const std::string relation = fmt::format("`{}`", name.text());
    google::TableName staging = name;
    staging.table += "_staging_6b1f";
    add("create", table, table::create_statement(table, kEngine));
    std::vector<google::RowScope> scopes{{.from = from, .before = from + 1}};
    if (!table.root_column.empty())
      scopes.push_back({.from = from, .before = from + 31, .roots = {"ES", "it's"}});
    for (const google::RowScope& scope : scopes) {
      add("merge", table, google::merge_statement(table, name, staging, scope));
      add("delete", table, google::delete_statement(table, name, scope));
      add("count", table, google::count_statement(table, name, scope));
    }
    quality::SumsRange range{.root = "ES", .from = from, .before = from + 365};
    quality::SumsScope scope{.from = from, .before = from + 500};
    add("sums", table, quality::sums_statement(table, kEngine, scope, relation));
    range.final_to = scope.final_to = from.first_second() + 60;
    scope.root_final_to = {{"ES", *range.final_to}, {"NQ", *range.final_to + 1}};
    scope.before = from + 1;
    add("sums", table, quality::sums_statement(table, kEngine, scope, relation));
    scope.root = "ES";
    add("sums", table, quality::sums_statement(table, kEngine, scope, relation));
    add("dates", table, quality::dates_statement(table, kEngine, from, from + 365, relation));
    add("rows", table,
        google::rows_statement(table, name, quality::condition_of(table, kEngine, range)));
  }

  void add_rollups() {
    const auto registry = Registry::load(Env::posix(), "");
    ASSERT_TRUE(registry) << registry.error().message();
    const Date from(2025, 1, 1);
    const google::TableName minutes = destination_.table_of(table::futures_ohlcv_1m_live());
    // A quiet week with few exceptions, and years with many.
    for (const int days : {7, 800}) {
      const auto rules = trade_date_rules(*registry, from - 11, from + days + 11);
      ASSERT_TRUE(rules) << rules.error().message();
      for (const Table* const table :
           {&table::futures_ohlcv_1h_live(), &table::futures_ohlcv_1d_live()}) {
        const google::TableName target = destination_.table_of(*table);
        add("rollup", *table,
            google::rollup_statement(*table, target, minutes, rules->rules,
                                     google::rollup_range(from, from + days, rules->lead_days)));
        add("scheduled", *table,
            google::rollup_statement(*table, target, minutes, rules->rules,
                                     google::scheduled_range(1, rules->lead_days)));
      }
    }
    add("partitions", table::futures_ohlcv_1m_live(), google::partitions_statement(minutes));
  }

  void add_costs() {
    all_.push_back({"cost", google::project_cost_statement("market-4711", "US", Date(2025, 6, 1),
                                                           Date(2025, 7, 1))});
  }

  void add_views() {
    for (const table::View& view : table::all_views())
      all_.push_back(
          {fmt::format("view {}.{}", view.dataset, view.name), std::string(view.select)});
  }

  std::vector<NamedStatement> take() { return std::move(all_); }

 private:
  void add(std::string_view kind, const Table& table, std::string sql) {
    all_.push_back({fmt::format("{} {}", kind, full_name(table)), std::move(sql)});
  }

  google::Destination destination_;
  std::vector<NamedStatement> all_;
};

}  // namespace

std::vector<NamedStatement> bigquery_statements() {
  Statements statements;
  for (const Table& table : table::all_tables()) statements.add_table(table);
  statements.add_views();
  statements.add_rollups();
  statements.add_costs();
  return statements.take();
}

std::string bigquery_statements_json() {
  std::string schema;
  for (const Table& table : table::all_tables()) {
    std::string columns;
    for (const table::Column& column : table.columns)
      columns += fmt::format("{}{}:\"{}\"", columns.empty() ? "" : ",", json_quoted(column.name),
                             table::sql_type(column.type, kEngine));
    schema += fmt::format("{}{}:{{{}}}", schema.empty() ? "" : ",", json_quoted(full_name(table)),
                          columns);
  }
  std::string list;
  for (const NamedStatement& one : bigquery_statements())
    list += fmt::format("{}{{\"name\":{},\"sql\":{}}}", list.empty() ? "" : ",",
                        json_quoted(one.name), json_quoted(one.sql));
  return fmt::format("{{\"schema\":{{{}}},\"statements\":[{}]}}\n", schema, list);
}

}  // namespace fm::jobs
