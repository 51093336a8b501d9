// Tables of the catalogue: tables.* and tabledata.list.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "bigquery_catalog.h"
#include "crypto.h"

namespace fm::fakegcp {
namespace {

constexpr Field kView[] = {{"query", FieldKind::kText, true}, {"useLegacySql", FieldKind::kBool}};
constexpr Field kPrimaryKey[] = {{"columns", FieldKind::kTexts, true}};
constexpr Field kConstraints[] = {{"primaryKey", FieldKind::kObject, false, kPrimaryKey}};
const Field kTableFields[] = {
    {"tableReference", FieldKind::kObject, false, kTableReferenceFields},
    {"friendlyName", FieldKind::kText},
    {"description", FieldKind::kText},
    {"labels", FieldKind::kLabels},
    {"schema", FieldKind::kObject, false, kSchemaFields},
    {"timePartitioning", FieldKind::kObject, false, kTimePartitioningFields},
    {"requirePartitionFilter", FieldKind::kBool},
    {"clustering", FieldKind::kObject, false, kClusteringFields},
    {"expirationTime", FieldKind::kInt64},
    {"tableConstraints", FieldKind::kObject, false, kConstraints},
    {"view", FieldKind::kObject, false, kView}};
constexpr std::size_t kPageRows = 10'000;

bool is_table_name(std::string_view name) {
  return !name.empty() && name.size() <= 1024 && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == ' ' || c >= 0x80;
  });
}

std::string etag_of(const Table& table) {
  return base64(fmt::format("table-{}-{}", table.created, table.version));
}

Answer<void> apply_settings(const Json& body, Table& table) {
  for (const auto& [name, value] : body.members()) {
    if (name == "labels") {
      for (const auto& [label, text] : value.members()) {
        if (text.is_null())
          table.settings["labels"].erase(label);
        else
          table.settings["labels"][label] = text;
      }
    } else if (name == "description" || name == "friendlyName" || name == "tableConstraints") {
      table.settings[name] = value;
    } else if (name == "requirePartitionFilter") {
      table.require_partition_filter = value.boolean();
    } else if (name == "expirationTime") {
      table.expires_ms = value.int64();
    }
  }
  for (const Json& column : body.at("tableConstraints", "primaryKey", "columns").items())
    if (table.shape.find(column.text()) == nullptr)
      return refuse(400, "invalid", "Primary key column not found: " + column.text());
  if (table.require_partition_filter && !table.shape.partitioning && !table.is_view())
    return refuse(400, "invalid",
                  "require_partition_filter can only be specified for partitioned tables.");
  return {};
}

Answer<Shape> shape_of(const Json& body) {
  Shape shape;
  FM_ASSIGN(shape.columns, columns_of(body.at("schema")));
  if (body.has("timePartitioning")) {
    FM_ASSIGN(shape.partitioning, partitioning_of(body.at("timePartitioning")));
  }
  for (const Json& column : body.at("clustering", "fields").items())
    shape.clustering.push_back(column.text());
  FM_TRY(shape.check());
  return shape;
}

// A cell as the REST API writes it.
std::string cell_sql(const Column& column, bool times_as_integers) {
  const std::string cell = sql_name(column.name);
  if (column.type->name == "TIMESTAMP")
    return times_as_integers
               ? fmt::format("epoch_us({})::VARCHAR", cell)
               : fmt::format("(epoch_us({})::DECIMAL(38,6) / 1000000)::VARCHAR", cell);
  if (column.type->name == "DATETIME") return fmt::format("replace({}::VARCHAR, ' ', 'T')", cell);
  if (column.type->name == "NUMERIC")
    return fmt::format("rtrim(rtrim({}::DECIMAL(38,9)::VARCHAR, '0'), '.')", cell);
  if (column.type->name == "BYTES") return fmt::format("base64({})", cell);
  return fmt::format("{}::VARCHAR", cell);
}

}  // namespace

Answer<Table*> Catalog::create_table(Table table) {
  FM_ASSIGN(Dataset * in, dataset(table.name.project, table.name.dataset));
  if (!is_table_name(table.name.table))
    return refuse(400, "invalid", fmt::format("Invalid table ID \"{}\".", table.name.table));
  if (find(table.name) != nullptr)
    return refuse(409, "duplicate", fmt::format("Already Exists: Table {}", table.name.text()));
  FM_TRY(table.shape.check());
  FM_ASSIGN(Duck * sql, duck());
  std::string columns;
  for (const Column& column : table.shape.columns)
    fmt::format_to(std::back_inserter(columns), "{}{} {}{}", columns.empty() ? "" : ", ",
                   sql_name(column.name), column.type->duckdb,
                   column.is_required ? " NOT NULL" : "");
  // BigQuery has tables without columns, DuckDB not: a load makes them anew.
  if (!columns.empty())
    FM_TRY(sql->execute(fmt::format("CREATE TABLE {} ({})", sql_of(table.name), columns)));
  table.created = table.modified = env_->now();
  if (table.expires_ms == 0 && in->default_expiration_ms > 0)
    table.expires_ms =
        static_cast<std::int64_t>(table.created / 1'000'000) + in->default_expiration_ms;
  return &(in->tables[table.name.table] = std::move(table));
}

Answer<Table*> Catalog::create_view(Table view, const std::string& select, bool replace) {
  FM_ASSIGN(Dataset * in, dataset(view.name.project, view.name.dataset));
  Table* there = find(view.name);
  if (there != nullptr && (!replace || !there->is_view()))
    return refuse(409, "duplicate", fmt::format("Already Exists: Table {}", view.name.text()));
  FM_ASSIGN(Duck * sql, duck());
  if (const Status made =
          sql->execute(fmt::format("CREATE OR REPLACE VIEW {} AS {}", sql_of(view.name), select));
      !made)
    return refuse(400, "invalidQuery", made.error().message());
  view.created = view.modified = env_->now();
  return &(in->tables[view.name.table] = std::move(view));
}

Answer<void> Catalog::drop(const TableName& name) {
  FM_ASSIGN(const Table* found, table(name));
  FM_ASSIGN(Duck * sql, duck());
  FM_TRY(sql->execute(
      fmt::format("DROP {} IF EXISTS {}", found->is_view() ? "VIEW" : "TABLE", sql_of(name))));
  datasets_.at(name.project + ":" + name.dataset).tables.erase(name.table);
  return {};
}

Answer<void> Catalog::change_columns(Table& table, const std::vector<Column>& columns) {
  const auto mismatch = [&](const std::string& what) {
    return refuse(
        400, "invalid",
        fmt::format("Provided Schema does not match Table {}. {}", table.name.text(), what));
  };
  Shape wanted{columns, {}, {}};
  for (const Column& column : table.shape.columns) {
    const Column* now = wanted.find(column.name);
    if (now == nullptr)
      return mismatch(fmt::format("Field {} is missing in new schema", column.name));
    if (now->type != column.type)
      return mismatch(fmt::format("Field {} has changed type from {} to {}", column.name,
                                  column.type->legacy, now->type->legacy));
    if (now->is_required && !column.is_required)
      return mismatch(
          fmt::format("Field {} has changed mode from NULLABLE to REQUIRED", column.name));
  }
  FM_ASSIGN(Duck * sql, duck());
  const bool is_first = table.shape.columns.empty();
  std::string all;
  for (const Column& column : columns) {
    const Column* before = table.shape.find(column.name);
    if (before == nullptr && column.is_required && !is_first)
      return mismatch(fmt::format("Cannot add required fields to an existing schema. (field: {})",
                                  column.name));
    fmt::format_to(std::back_inserter(all), "{}{} {}{}", all.empty() ? "" : ", ",
                   sql_name(column.name), column.type->duckdb,
                   column.is_required ? " NOT NULL" : "");
    if (is_first) continue;
    if (before == nullptr)
      FM_TRY(sql->execute(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", sql_of(table.name),
                                      sql_name(column.name), column.type->duckdb)));
    else if (before->is_required && !column.is_required)
      FM_TRY(sql->execute(fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
                                      sql_of(table.name), sql_name(column.name))));
  }
  if (is_first && !all.empty())
    FM_TRY(sql->execute(fmt::format("CREATE TABLE {} ({})", sql_of(table.name), all)));
  // New columns come last, whatever the order of the new schema.
  std::vector<Column> kept;
  kept.reserve(columns.size());
  for (const Column& column : table.shape.columns) kept.push_back(*wanted.find(column.name));
  for (const Column& column : columns)
    if (table.shape.find(column.name) == nullptr) kept.push_back(column);
  table.shape.columns = std::move(kept);
  return {};
}

void Catalog::expire() {
  if (env_->now() == expired_at_) return;
  expired_at_ = env_->now();
  const auto now_ms = static_cast<std::int64_t>(env_->now() / 1'000'000);
  for (auto& [key, dataset] : datasets_) {
    std::vector<TableName> over;
    for (const auto& [name, table] : dataset.tables) {
      if (table.expires_ms > 0 && table.expires_ms <= now_ms) over.push_back(table.name);
      if (!table.shape.partitioning || table.shape.partitioning->expiration_ms == 0) continue;
      // A partition that is over goes whole; nobody can see that it went a moment late.
      if (duck_)
        (void)duck_->execute(
            fmt::format("DELETE FROM {} WHERE epoch_ms(CAST({} AS TIMESTAMP)) + {} < {}",
                        sql_of(table.name), sql_name(table.shape.partitioning->column),
                        table.shape.partitioning->expiration_ms, now_ms));
    }
    for (const TableName& name : over) (void)drop(name);
  }
}

Answer<Json> Catalog::rows(const std::string& relation, std::span<const Column> columns,
                           std::size_t offset, std::size_t count, bool times_as_integers) {
  FM_ASSIGN(Duck * sql, duck());
  std::string cells;
  for (const Column& column : columns)
    fmt::format_to(std::back_inserter(cells), "{}{}", cells.empty() ? "" : ", ",
                   cell_sql(column, times_as_integers));
  Json out = Json::array();
  if (cells.empty()) return out;
  FM_ASSIGN(const SqlRows found, sql->query(fmt::format("SELECT {} FROM {} LIMIT {} OFFSET {}",
                                                        cells, relation, count, offset)));
  for (const SqlRow& row : found.rows) {
    Json list = Json::array();
    for (const auto& cell : row) {
      Json value = Json::object();
      value["v"] = cell ? Json(*cell) : Json();
      list.push(std::move(value));
    }
    Json item = Json::object();
    item["f"] = std::move(list);
    out.push(std::move(item));
  }
  return out;
}

Json Catalog::table_description(const Table& table) const {
  Json out = table.settings.is_object() ? table.settings : Json::object();
  out["kind"] = "bigquery#table";
  out["id"] = table.name.text();
  out["tableReference"]["projectId"] = table.name.project;
  out["tableReference"]["datasetId"] = table.name.dataset;
  out["tableReference"]["tableId"] = table.name.table;
  out["type"] = table.is_view() ? "VIEW" : "TABLE";
  out["creationTime"] = millis_text(table.created);
  if (table.expires_ms > 0) out["expirationTime"] = std::to_string(table.expires_ms);
  if (table.is_view()) {
    out["view"]["query"] = table.view_query;
    out["view"]["useLegacySql"] = false;
    return out;
  }
  if (const auto& partitioning = table.shape.partitioning) {
    out["timePartitioning"]["type"] = name(partitioning->unit);
    out["timePartitioning"]["field"] = partitioning->column;
    if (partitioning->expiration_ms > 0)
      out["timePartitioning"]["expirationMs"] = std::to_string(partitioning->expiration_ms);
    out["requirePartitionFilter"] = table.require_partition_filter;
  }
  for (const std::string& by : table.shape.clustering) out["clustering"]["fields"].push(by);
  return out;
}

Answer<Json> Catalog::table_resource(Table& table) {
  Json out = table_description(table);
  out["etag"] = etag_of(table);
  out["schema"] = schema_resource(table.shape.columns);
  FM_ASSIGN(const Dataset* in, dataset(table.name.project, table.name.dataset));
  out["location"] = in->location;
  out["lastModifiedTime"] = millis_text(table.modified);
  if (table.is_view()) return out;
  std::int64_t count = 0;
  std::int64_t bytes = 0;
  if (!table.shape.columns.empty()) {
    FM_ASSIGN(Duck * sql, duck());
    FM_ASSIGN(count, sql->number(fmt::format("SELECT count(*) FROM {}", sql_of(table.name))));
    FM_ASSIGN(bytes, count_bytes(table, fmt::format("SELECT {} FROM {}", table.shape.bytes_sql(),
                                                    sql_of(table.name))));
  }
  out["numRows"] = std::to_string(count);
  out["numBytes"] = std::to_string(bytes);
  out["numLongTermBytes"] = "0";
  return out;
}

Answer<net::ServerResponse> Catalog::get_table(const Call& call) {
  FM_ASSIGN(Table * found, table({call.parts[0], call.parts[1], call.parts[2]}));
  FM_ASSIGN(const Json out, table_resource(*found));
  return respond(out);
}

Answer<net::ServerResponse> Catalog::list_tables(const Call& call) {
  FM_ASSIGN(const Dataset* in, dataset(call.parts[0], call.parts[1]));
  FM_ASSIGN(const Page page, page_of(call, in->tables.size(), 50));
  Json out = Json::object();
  out["kind"] = "bigquery#tableList";
  std::size_t at = 0;
  for (const auto& [name, table] : in->tables) {
    if (at >= page.first && at < page.last) {
      out["tables"].push(table_description(table));
    }
    ++at;
  }
  if (!page.next.empty()) out["nextPageToken"] = page.next;
  out["totalItems"] = static_cast<std::int64_t>(in->tables.size());
  return respond(out);
}

Answer<net::ServerResponse> Catalog::insert_table(const Call& call) {
  FM_TRY(dataset(call.parts[0], call.parts[1]));
  FM_ASSIGN(const Json body, call.body(kTableFields));
  const Json& reference = body.at("tableReference");
  if (reference.is_null())
    return refuse(400, "required", "Required parameter is missing: tableReference");
  if (reference.at("projectId").text() != call.parts[0] ||
      reference.at("datasetId").text() != call.parts[1])
    return refuse(400, "invalid", "tableReference is not in the dataset of the path");
  Table made{.name = {call.parts[0], call.parts[1], reference.at("tableId").text()}};
  if (body.has("view")) {
    if (!body.at("view").has("useLegacySql") || body.at("view", "useLegacySql").boolean())
      return refuse(400, "invalid", "Views in legacy SQL are not modelled: useLegacySql false.");
    made.view_query = body.at("view", "query").text();
    FM_TRY(apply_settings(body, made));
    if (find(made.name) != nullptr)
      return refuse(409, "duplicate", fmt::format("Already Exists: Table {}", made.name.text()));
    if (!translate_view) return refuse(501, "notImplemented", "views need a query engine");
    FM_ASSIGN(const std::string select,
              translate_view(made.name.project, made.view_query, made.shape.columns));
    FM_ASSIGN(Table * kept, create_view(std::move(made), select, false));
    FM_ASSIGN(const Json out, table_resource(*kept));
    return respond(out);
  }
  FM_ASSIGN(made.shape, shape_of(body));
  if (body.at("timePartitioning", "requirePartitionFilter").boolean())
    made.require_partition_filter = true;
  FM_TRY(apply_settings(body, made));
  FM_ASSIGN(Table * kept, create_table(std::move(made)));
  FM_ASSIGN(const Json out, table_resource(*kept));
  return respond(out);
}

Answer<net::ServerResponse> Catalog::patch_table(const Call& call) {
  FM_ASSIGN(Table * found, table({call.parts[0], call.parts[1], call.parts[2]}));
  FM_ASSIGN(const Json body, call.body(kTableFields));
  const std::string_view etag = call.request.header("if-match");
  if (!etag.empty() && etag != "*" && etag != etag_of(*found))
    return refuse(412, "conditionNotMet", "Precondition check failed.");
  if (body.has("timePartitioning")) {
    FM_ASSIGN(const Partitioning wanted, partitioning_of(body.at("timePartitioning")));
    auto& partitioning = found->shape.partitioning;
    if (!partitioning || wanted.column != partitioning->column || wanted.unit != partitioning->unit)
      return refuse(400, "invalid", "Cannot change partitioning spec of a table.");
    partitioning->expiration_ms = wanted.expiration_ms;
    if (body.at("timePartitioning").has("requirePartitionFilter"))
      found->require_partition_filter =
          body.at("timePartitioning", "requirePartitionFilter").boolean();
  }
  if (body.has("clustering")) {
    Shape shape = found->shape;
    shape.clustering.clear();
    for (const Json& column : body.at("clustering", "fields").items())
      shape.clustering.push_back(column.text());
    FM_TRY(shape.check());
    found->shape.clustering = shape.clustering;
  }
  if (body.has("schema")) {
    FM_ASSIGN(const std::vector<Column> columns, columns_of(body.at("schema")));
    Shape shape{columns, {}, {}};
    FM_TRY(shape.check());
    if (!found->is_view()) FM_TRY(change_columns(*found, columns));
    // Of a view, descriptions only.
    if (found->is_view()) found->shape.columns = columns;
  }
  if (body.has("view")) {
    if (!found->is_view()) return refuse(400, "invalid", "Cannot make a view of a table.");
    Table changed = *found;
    changed.view_query = body.at("view", "query").text();
    FM_ASSIGN(const std::string select,
              translate_view(changed.name.project, changed.view_query, changed.shape.columns));
    FM_ASSIGN(found, create_view(std::move(changed), select, true));
  }
  FM_TRY(quota_.update(found->name.text(), found->shape.partitioning.has_value(), env_->now()));
  FM_TRY(apply_settings(body, *found));
  touch(*found);
  FM_ASSIGN(const Json out, table_resource(*found));
  return respond(out);
}

Answer<net::ServerResponse> Catalog::delete_table(const Call& call) {
  FM_TRY(drop({call.parts[0], call.parts[1], call.parts[2]}));
  return net::ServerResponse{.status = 204};
}

Answer<net::ServerResponse> Catalog::list_rows(const Call& call) {
  FM_ASSIGN(const Table* found, table({call.parts[0], call.parts[1], call.parts[2]}));
  if (found->is_view()) return refuse(400, "invalid", "Cannot list a table of type VIEW.");
  std::vector<Column> columns = found->shape.columns;
  if (const std::string selected = call.query("selectedFields"); !selected.empty())
    std::erase_if(columns, [&](const Column& column) {
      return !("," + selected + ",").contains("," + column.name + ",");
    });
  FM_ASSIGN(Duck * sql, duck());
  std::int64_t count = 0;
  if (!found->shape.columns.empty()) {
    FM_ASSIGN(count, sql->number(fmt::format("SELECT count(*) FROM {}", sql_of(found->name))));
  }
  FM_ASSIGN(const Page page, page_of(call, static_cast<std::size_t>(count), kPageRows));
  FM_ASSIGN(const auto start, call.number("startIndex"));
  const std::size_t first =
      call.has_query("pageToken") || !start ? page.first : static_cast<std::size_t>(*start);
  Json out = Json::object();
  out["kind"] = "bigquery#tableDataList";
  out["etag"] = etag_of(*found);
  out["totalRows"] = std::to_string(count);
  FM_ASSIGN(out["rows"], rows(sql_of(found->name), columns, first, page.last - page.first,
                              call.query("formatOptions.useInt64Timestamp") == "true"));
  if (!page.next.empty()) out["pageToken"] = page.next;
  return respond(out);
}

}  // namespace fm::fakegcp
