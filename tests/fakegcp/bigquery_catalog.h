// Datasets and tables: what is there, and what the REST API makes of it. Rows lie in DuckDB.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "bigquery_quota.h"
#include "bigquery_schema.h"
#include "call.h"
#include "duck.h"

namespace fm::fakegcp {

struct TableName {
  std::string project = {}, dataset = {}, table = {};
  [[nodiscard]] std::string text() const { return project + ":" + dataset + "." + table; }
  friend auto operator<=>(const TableName&, const TableName&) = default;
};

struct Table {
  TableName name = {};
  Json settings = {};  // description, labels, friendlyName, tableConstraints
  Shape shape = {};
  bool require_partition_filter = false;
  std::string view_query = {};  // of a view
  Nanos created = 0;
  Nanos modified = 0;
  std::int64_t version = 1;  // the etag
  std::int64_t expires_ms = 0;
  // Bytes that queries read, which the service knows without counting: by the statement that
  // counts them, until the rows change.
  std::map<std::string, std::int64_t> bytes_read = {};
  [[nodiscard]] bool is_view() const { return !view_query.empty(); }
};

struct Dataset {
  std::string project = {}, name = {}, location = {};
  Json settings = {};  // description, labels, access, …
  std::int64_t default_expiration_ms = 0;
  Nanos created = 0;
  Nanos modified = 0;
  std::int64_t version = 1;
  std::map<std::string, Table> tables = {};
};

class Catalog {
 public:
  explicit Catalog(Env& env) : env_(&env) {}

  void add_routes(std::vector<Route>& routes);

  // Refused: 404.
  [[nodiscard]] Answer<Dataset*> dataset(const std::string& project, const std::string& name);
  [[nodiscard]] Answer<Table*> table(const TableName& name);
  [[nodiscard]] Table* find(const TableName& name);  // null when missing or expired
  // Refused: 409 for what is there.
  [[nodiscard]] Answer<Dataset*> create_dataset(Dataset dataset);
  [[nodiscard]] Answer<Table*> create_table(Table table);
  // `select`: the view's query as DuckDB runs it.
  [[nodiscard]] Answer<Table*> create_view(Table view, const std::string& select, bool replace);
  [[nodiscard]] Answer<void> drop(const TableName& name);
  // Only what BigQuery allows: more columns, and REQUIRED to NULLABLE.
  [[nodiscard]] Answer<void> change_columns(Table& table, const std::vector<Column>& columns);
  void touch(Table& table);
  // What `statement` counts of the table.
  [[nodiscard]] Answer<std::int64_t> count_bytes(Table& table, const std::string& statement);
  void expire();

  // Opened at the first use.
  [[nodiscard]] Answer<Duck*> duck();
  [[nodiscard]] std::string sql_of(const TableName& name);
  [[nodiscard]] const std::map<std::string, Dataset>& datasets() const { return datasets_; }
  [[nodiscard]] Quota& quota() { return quota_; }
  // The rows of [offset, offset+count) as {"f":[{"v":…}]}.
  [[nodiscard]] Answer<Json> rows(const std::string& relation, std::span<const Column> columns,
                                  std::size_t offset, std::size_t count, bool times_as_integers);
  // What makes DuckDB's SELECT of a view; set by who can read GoogleSQL.
  std::function<Answer<std::string>(const std::string& project, const std::string& query,
                                    std::vector<Column>& columns)>
      translate_view;

 private:
  [[nodiscard]] Answer<net::ServerResponse> get_dataset(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> list_datasets(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> insert_dataset(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> patch_dataset(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> delete_dataset(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> get_table(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> list_tables(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> insert_table(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> patch_table(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> delete_table(const Call& call);
  [[nodiscard]] Answer<net::ServerResponse> list_rows(const Call& call);
  // With the numbers of rows and bytes, which are counted for it.
  [[nodiscard]] Answer<Json> table_resource(Table& table);
  [[nodiscard]] Json table_description(const Table& table) const;
  [[nodiscard]] Json dataset_resource(const Dataset& dataset) const;

  Env* env_;
  std::unique_ptr<Duck> duck_;
  std::map<std::string, Dataset> datasets_;  // by "project:dataset"
  Quota quota_;
  Nanos expired_at_ = 0;
};

}  // namespace fm::fakegcp
