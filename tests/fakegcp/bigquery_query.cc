#include "bigquery_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "google_ddl.h"
#include "information_schema.h"
#include "query_cost.h"

namespace fm::fakegcp {
namespace {

constexpr Field kDataset[] = {{"projectId", FieldKind::kText},
                              {"datasetId", FieldKind::kText, true}};
constexpr Field kParameterType[] = {{"type", FieldKind::kText, true}};
constexpr Field kParameterValue[] = {{"value", FieldKind::kText}};
const Field kParameter[] = {{"name", FieldKind::kText, true},
                            {"parameterType", FieldKind::kObject, true, kParameterType},
                            {"parameterValue", FieldKind::kObject, true, kParameterValue}};
const Field kFields[] = {{"query", FieldKind::kText, true},
                         {"useLegacySql", FieldKind::kBool},
                         {"destinationTable", FieldKind::kObject, false, kTableReferenceFields},
                         {"writeDisposition", FieldKind::kText},
                         {"createDisposition", FieldKind::kText},
                         {"defaultDataset", FieldKind::kObject, false, kDataset},
                         {"maximumBytesBilled", FieldKind::kInt64},
                         {"parameterMode", FieldKind::kText},
                         {"queryParameters", FieldKind::kArray, false, kParameter},
                         {"priority", FieldKind::kText},
                         {"useQueryCache", FieldKind::kBool}};

constexpr std::string_view kResults = "query results";  // a schema that no dataset's name can be

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

// DuckDB's text for an error, in BigQuery's terms.
Refusal query_refusal(const Error& error) {
  const std::string& text = error.message();
  if (text.contains("Overflow") || text.contains("out of range"))
    return {400, "invalidQuery", "int64 overflow: " + text};
  if (text.contains("NOT NULL constraint"))
    return {400, "invalidQuery", "Required field cannot be null: " + text};
  return {400, "invalidQuery", text};
}

// What a column of a result is called: f0_ where nobody says.
std::string result_name(const std::string& name, std::size_t index) {
  const bool is_name =
      !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
      std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  return is_name ? name : fmt::format("f{}_", index);
}

}  // namespace

constinit const std::span<const Field> kQueryFields = kFields;

struct QueryEngine::Run {
  std::string project, default_dataset, location;
  std::vector<Word> tokens;
  Scope scope;
  std::function<TableName(const std::vector<std::string>&)> name_of;
  std::int64_t billed_max = 0;
  bool is_dry = false;
  bool in_transaction = false;
  QueryResult result;
};

QueryEngine::QueryEngine(Env& env, Catalog& catalog) : env_(&env), catalog_(&catalog) {
  catalog.translate_view = [this](const std::string& project, const std::string& query,
                                  std::vector<Column>& columns) -> Answer<std::string> {
    Json configuration = Json::object();
    configuration["query"] = query;
    FM_ASSIGN(const Run run, prepare(project, configuration, ""));
    return look(run.scope, run.tokens, columns);
  };
}

Answer<QueryEngine::Run> QueryEngine::prepare(const std::string& project, const Json& configuration,
                                              const std::string& location) {
  Run run{.project = project,
          .default_dataset = configuration.at("defaultDataset", "datasetId").text(),
          .location = location,
          .tokens = {},
          .scope = {},
          .name_of = {},
          .billed_max = configuration.at("maximumBytesBilled").int64(),
          .result = {}};
  FM_ASSIGN(run.tokens, words_of(configuration.at("query").text()));
  run.name_of = [project, dataset = run.default_dataset](std::vector<std::string> path) {
    if (path.size() == 1) path.insert(path.begin(), dataset);
    if (path.size() == 2) path.insert(path.begin(), project);
    return TableName{path[0], path[1], path[2]};
  };
  run.scope.now = env_->now();
  run.scope.table = [this, project, location, name_of = run.name_of,
                     has_default = !run.default_dataset.empty()](
                        const std::vector<std::string>& path) -> Answer<std::string> {
    const auto schema = std::ranges::find(path, "INFORMATION_SCHEMA", &upper);
    if (schema != path.end()) {
      const auto before = static_cast<std::size_t>(schema - path.begin());
      if (before == 0 || before > 2 || before + 2 != path.size())
        return invalid_query("INFORMATION_SCHEMA must be qualified with a dataset or a region");
      return information_schema(*catalog_, jobs ? jobs() : std::vector<const Job*>(),
                                before == 2 ? path[0] : project, path[before - 1], path.back());
    }
    if (path.size() > 3 || (path.size() == 1 && !has_default))
      return invalid_query(fmt::format(
          "Table \"{}\" must be qualified with a dataset (e.g. dataset.table).", path.back()));
    const TableName name = name_of(path);
    if (name.table.contains('*')) return invalid_query("Wildcard tables are not modelled");
    FM_ASSIGN(const Dataset* in, catalog_->dataset(name.project, name.dataset));
    if (!location.empty() && upper(in->location) != location)
      return refuse(404, "notFound",
                    fmt::format("Not found: Dataset {}:{} was not found in location {}",
                                name.project, name.dataset, location));
    FM_ASSIGN(const Table* table, catalog_->table(name));
    if (table->shape.columns.empty())
      return invalid_query(fmt::format("Table {} does not have a schema.", name.text()));
    return catalog_->sql_of(name);
  };
  for (const Json& parameter : configuration.at("queryParameters").items()) {
    const ColumnType* type = column_type(parameter.at("parameterType", "type").text());
    if (type == nullptr) return invalid_query("A parameter's type is not known or not modelled");
    const Json& value = parameter.at("parameterValue", "value");
    run.scope.parameters[parameter.at("name").text()] = fmt::format(
        "CAST({} AS {})", value.is_null() ? "NULL" : sql_text(value.text()), type->duckdb);
  }
  return run;
}

Answer<QueryResult> QueryEngine::estimate(const std::string& project, const Json& configuration,
                                          const std::string& location) {
  FM_ASSIGN(Run run, prepare(project, configuration, location));
  run.is_dry = true;
  const std::vector<Words> statements = statements_of(run.tokens);
  if (statements.empty()) return invalid_query("Syntax error: Unexpected end of statement");
  for (const Words& statement : statements) FM_TRY(run_statement(run, statement));
  if (statements.size() > 1) run.result.statement_type = "SCRIPT";
  return std::move(run.result);
}

Answer<QueryResult> QueryEngine::run(const std::string& project, const Json& configuration,
                                     const std::string& location) {
  FM_ASSIGN(Run run, prepare(project, configuration, location));
  const std::vector<Words> statements = statements_of(run.tokens);
  if (statements.empty()) return invalid_query("Syntax error: Unexpected end of statement");
  for (const Words& statement : statements) {
    const Answer<void> done = run_statement(run, statement);
    if (done) continue;
    FM_ASSIGN(Duck * sql, catalog_->duck());
    if (run.in_transaction) (void)sql->execute("ROLLBACK");
    return std::unexpected(done.error());
  }
  if (run.in_transaction) {
    FM_ASSIGN(Duck * sql, catalog_->duck());
    (void)sql->execute("ROLLBACK");
    return invalid_query("Transaction was not committed at the end of the script");
  }
  if (statements.size() > 1) run.result.statement_type = "SCRIPT";
  if (configuration.has("destinationTable")) FM_TRY(to_destination(run, configuration));
  return std::move(run.result);
}

Answer<void> QueryEngine::run_statement(Run& run, Words statement) {
  FM_ASSIGN(Duck * sql, catalog_->duck());
  const Word& verb = statement[0];
  if (verb.is("BEGIN") || verb.is("COMMIT") || verb.is("ROLLBACK")) {
    if (statement.size() > 2 || (statement.size() == 2 && !statement[1].is("TRANSACTION")))
      return invalid_query("Syntax error: only transactions begin and end here");
    if (verb.is("BEGIN") == run.in_transaction)
      return invalid_query("Transactions neither nest nor end twice");
    if (!run.is_dry) FM_TRY(sql->execute(verb.upper));
    run.in_transaction = verb.is("BEGIN");
    return {};
  }
  if (is_ddl(statement)) {
    if (run.in_transaction) return invalid_query("DDL is not supported in a transaction");
    if (run.is_dry) {
      run.result.statement_type = statement[0].upper + "_TABLE";
      return {};
    }
    const DdlContext context{
        .catalog = *catalog_,
        .scope = run.scope,
        .project = run.project,
        .default_dataset = run.default_dataset,
        .location = run.location,
        .fill = [&](const TableName& table, Words query) -> Answer<void> {
          Translator translator(run.scope);
          FM_ASSIGN(const std::string select, translator.statement(query));
          FM_TRY(charge(run, translator, query));
          if (const Status filled =
                  sql->execute(fmt::format("INSERT INTO {} {}", catalog_->sql_of(table), select));
              !filled)
            return std::unexpected(query_refusal(filled.error()));
          return {};
        },
        .look = [&](Words query,
                    std::vector<Column>& columns) { return look(run.scope, query, columns); }};
    FM_ASSIGN(run.result.statement_type, run_ddl(context, statement));
    return {};
  }
  Translator translator(run.scope);
  if (verb.is("SELECT") || verb.is("WITH") || verb.is("("))
    return run_select(run, translator, statement);
  return run_change(run, translator, statement);
}

Answer<void> QueryEngine::charge(Run& run, const Translator& translator, Words statement) {
  FM_ASSIGN(const QueryCost cost,
            cost_of(*catalog_, run.scope, statement, translator.uses(), run.name_of));
  for (const TableUse& use : translator.uses()) {
    const TableName name = run.name_of(use.path);
    if (catalog_->find(name) == nullptr) continue;  // a view of the service's own
    const bool is_new = std::ranges::none_of(
        run.result.tables, [&](const TableName& seen) { return seen.text() == name.text(); });
    if (is_new) run.result.tables.push_back(name);
  }
  run.result.bytes_processed += cost.processed;
  run.result.bytes_billed += cost.billed;
  if (!run.is_dry && run.billed_max > 0 && run.result.bytes_billed > run.billed_max)
    return refuse(400, "bytesBilledLimitExceeded",
                  fmt::format("Query exceeded limit for bytes billed: {}. {} or higher required.",
                              run.billed_max, run.result.bytes_billed));
  return {};
}

Answer<std::vector<Column>> QueryEngine::columns_of(const std::string& select) {
  FM_ASSIGN(Duck * sql, catalog_->duck());
  const auto described = sql->query("DESCRIBE " + select);
  if (!described) return std::unexpected(query_refusal(described.error()));
  std::vector<Column> columns;
  columns.reserve(described->rows.size());
  for (std::size_t i = 0; i < described->rows.size(); ++i) {
    const SqlRow& row = described->rows[i];
    const ColumnType* type = column_type_of_duckdb(row[1].value_or(""));
    if (type == nullptr)
      return invalid_query(fmt::format("A result of type {} is not modelled", *row[1]));
    columns.push_back({.name = result_name(*row[0], i), .type = type});
  }
  return columns;
}

Answer<std::string> QueryEngine::look(const Scope& scope, Words query,
                                      std::vector<Column>& columns) {
  Translator translator(scope);
  FM_ASSIGN(std::string select, translator.statement(query));
  FM_ASSIGN(columns, columns_of(select));
  return select;
}

Answer<void> QueryEngine::run_select(Run& run, Translator& translator, Words statement) {
  FM_ASSIGN(const std::string select, translator.statement(statement));
  QueryResult& result = run.result;
  FM_ASSIGN(result.columns, columns_of(select));
  result.statement_type = "SELECT";
  FM_TRY(charge(run, translator, statement));
  if (run.is_dry) return {};
  FM_ASSIGN(Duck * sql, catalog_->duck());
  FM_TRY(sql->execute(
      fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}", sql->catalog(), sql_name(kResults))));
  result.relation = fmt::format("{}.{}.r{}", sql->catalog(), sql_name(kResults), ++results_);
  std::string cells;
  for (std::size_t i = 0; i < result.columns.size(); ++i)
    // A sum of INT64 that does not fit one is an error here.
    cells += fmt::format("{}CAST(c{} AS {}) AS {}", cells.empty() ? "" : ", ", i,
                         result.columns[i].type->duckdb, sql_name(result.columns[i].name));
  std::string names;
  for (std::size_t i = 0; i < result.columns.size(); ++i)
    names += fmt::format("{}c{}", names.empty() ? "" : ", ", i);
  for (std::size_t i = 0; i < result.columns.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (upper(result.columns[i].name) == upper(result.columns[k].name))
        return invalid_query(fmt::format(
            "Duplicate column names in the result are not supported: {}", result.columns[i].name));
  const auto made = sql->execute(fmt::format("CREATE TABLE {} AS SELECT {} FROM ({}) AS rows({})",
                                             result.relation, cells, select, names));
  if (!made) return std::unexpected(query_refusal(made.error()));
  FM_ASSIGN(result.rows, sql->number("SELECT count(*) FROM " + result.relation));
  return {};
}

Answer<void> QueryEngine::run_change(Run& run, Translator& translator, Words statement) {
  FM_ASSIGN(const std::string text, translator.statement(statement));
  const TableUse& target = translator.uses().front();
  FM_ASSIGN(Table * table, catalog_->table(run.name_of(target.path)));
  if (table->is_view()) return invalid_query("A view is not changed");
  run.result.statement_type = statement[0].upper;
  FM_TRY(charge(run, translator, statement));
  FM_ASSIGN(Duck * sql, catalog_->duck());
  if (run.is_dry) {
    // Binds the names and types without running it.
    if (const auto bound = sql->query("EXPLAIN " + text); !bound)
      return std::unexpected(query_refusal(bound.error()));
    return {};
  }
  if (statement[0].is("MERGE")) FM_TRY(check_merge(run, statement));
  const auto changed = sql->change(text);
  if (!changed) return std::unexpected(query_refusal(changed.error()));
  run.result.affected_rows = std::max<std::int64_t>(run.result.affected_rows, 0) + *changed;
  catalog_->touch(*table);
  return {};
}

// A row of the target that two rows of the source match is an error.
Answer<void> QueryEngine::check_merge(Run& run, Words statement) {
  const std::size_t using_at = find_word(statement, "USING");
  const std::size_t on_at = find_word(statement, "ON", using_at);
  const std::size_t when_at = find_word(statement, "WHEN", on_at);
  if (when_at == statement.size()) return invalid_query("Syntax error: MERGE without WHEN");
  const std::size_t from = statement[1].is("INTO") ? 2 : 1;
  // SELECT 1 FROM target, source WHERE on: as GoogleSQL, so that names mean the same.
  const auto word = [](std::string_view text, WordKind kind = WordKind::kName) {
    return Word{kind, std::string(text), std::string(text)};
  };
  std::vector<Word> query{word("SELECT"), {WordKind::kNumber, "1", ""}, word("FROM")};
  const auto append = [&](std::size_t begin, std::size_t end) {
    query.insert(query.end(), statement.begin() + static_cast<std::ptrdiff_t>(begin),
                 statement.begin() + static_cast<std::ptrdiff_t>(end));
  };
  append(from, using_at);
  query.push_back(word("JOIN"));
  append(using_at + 1, when_at);
  Translator translator(run.scope);
  FM_ASSIGN(std::string text, translator.statement(query));
  std::string alias = translator.uses().front().alias;
  FM_ASSIGN(Duck * sql, catalog_->duck());
  text.replace(0, std::string_view("SELECT 1").size(),
               fmt::format("SELECT {}.rowid AS row", sql_name(alias)));
  const auto twice = sql->number(fmt::format(
      "SELECT count(*) FROM (SELECT row FROM ({}) GROUP BY row HAVING count(*) > 1)", text));
  if (!twice) return std::unexpected(query_refusal(twice.error()));
  if (*twice > 0)
    return invalid_query("UPDATE/MERGE must match at most one source row for each target row");
  return {};
}

Answer<void> QueryEngine::to_destination(Run& run, const Json& configuration) {
  const Json& reference = configuration.at("destinationTable");
  const TableName name{reference.at("projectId").text(), reference.at("datasetId").text(),
                       reference.at("tableId").text()};
  if (name.table.contains('$'))
    return invalid_query("A partition as a query's destination is not modelled");
  if (run.result.relation.empty()) return invalid_query("Only a SELECT has a destination table");
  FM_ASSIGN(Duck * sql, catalog_->duck());
  const std::string& disposition = configuration.at("writeDisposition").text();
  Table* there = catalog_->find(name);
  if (there == nullptr) {
    if (configuration.at("createDisposition").text() == "CREATE_NEVER")
      return refuse(404, "notFound", fmt::format("Not found: Table {}", name.text()));
    FM_ASSIGN(there, catalog_->create_table({.name = name, .shape = {run.result.columns, {}, {}}}));
  } else if (disposition.empty() || disposition == "WRITE_EMPTY") {
    FM_ASSIGN(const std::int64_t rows,
              sql->number(fmt::format("SELECT count(*) FROM {}", catalog_->sql_of(name))));
    if (rows > 0)
      return refuse(409, "duplicate", fmt::format("Already Exists: Table {}", name.text()));
  }
  const bool is_partitioned = there->shape.partitioning.has_value();
  FM_TRY(catalog_->quota().update(name.text(), is_partitioned, env_->now()));
  FM_TRY(catalog_->quota().table_change(name.text(), is_partitioned, 1, env_->now()));
  const std::string table = catalog_->sql_of(name);
  const std::string clear =
      disposition == "WRITE_TRUNCATE" ? fmt::format("DELETE FROM {};", table) : "";
  if (const Status written = sql->execute(fmt::format(
          "BEGIN; {} INSERT INTO {} BY NAME FROM {}; COMMIT", clear, table, run.result.relation));
      !written) {
    (void)sql->execute("ROLLBACK");
    return std::unexpected(query_refusal(written.error()));
  }
  catalog_->touch(*there);
  return {};
}

}  // namespace fm::fakegcp
