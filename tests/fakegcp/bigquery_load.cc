#include "bigquery_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace fm::fakegcp {
namespace {

constexpr Field kParquetOptions[] = {{"enableListInference", FieldKind::kBool},
                                     {"enumAsString", FieldKind::kBool}};
constexpr Field kHiveOptions[] = {{"mode", FieldKind::kText},
                                  {"sourceUriPrefix", FieldKind::kText},
                                  {"requirePartitionFilter", FieldKind::kBool},
                                  {"fields", FieldKind::kTexts}};
constexpr Field kProperties[] = {{"description", FieldKind::kText},
                                 {"friendlyName", FieldKind::kText},
                                 {"labels", FieldKind::kLabels}};
const Field kFields[] = {{"sourceUris", FieldKind::kTexts, true},
                         {"sourceFormat", FieldKind::kText, true},
                         {"destinationTable", FieldKind::kObject, true, kTableReferenceFields},
                         {"writeDisposition", FieldKind::kText},
                         {"createDisposition", FieldKind::kText},
                         {"schema", FieldKind::kObject, false, kSchemaFields},
                         {"schemaUpdateOptions", FieldKind::kTexts},
                         {"timePartitioning", FieldKind::kObject, false, kTimePartitioningFields},
                         {"clustering", FieldKind::kObject, false, kClusteringFields},
                         {"parquetOptions", FieldKind::kObject, false, kParquetOptions},
                         {"hivePartitioningOptions", FieldKind::kObject, false, kHiveOptions},
                         {"destinationTableProperties", FieldKind::kObject, false, kProperties},
                         {"maxBadRecords", FieldKind::kInt64},
                         {"ignoreUnknownValues", FieldKind::kBool},
                         {"autodetect", FieldKind::kBool},
                         {"decimalTargetTypes", FieldKind::kTexts}};

constexpr std::int64_t kRowsToCompress = 4'000'000;

std::unexpected<Refusal> invalid(std::string message) {
  return refuse(400, "invalid", std::move(message));
}

Answer<void> one_of(const Json& value, std::string_view name,
                    std::initializer_list<std::string_view> known) {
  if (value.is_null() || std::ranges::find(known, value.text()) != known.end()) return {};
  return invalid(fmt::format("Invalid value for {}: {}", name, value.dump()));
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

// Data of a bucket are read where they are, but for multi-regions that hold the region, and the
// multi-region US, which reads from anywhere.
bool can_read(const std::string& bucket, const std::string& dataset) {
  const std::string from = upper(bucket);
  const std::string to = upper(dataset);
  return from == to || to == "US" || (from == "US" && to.starts_with("US-")) ||
         (from == "EU" && to.starts_with("EUROPE-"));
}

// The list of paths for read_parquet().
std::string list_sql(std::span<const std::string> paths) {
  std::string list;
  for (const std::string& path : paths)
    fmt::format_to(std::back_inserter(list), "{}{}", list.empty() ? "[" : ", ", sql_text(path));
  return list + "]";
}

const ColumnType* type_of_parquet(std::string_view physical, std::string_view converted,
                                  std::string_view logical, bool& is_nanos) {
  const bool is_time = logical.starts_with("TimestampType");
  if (is_time && logical.contains("NANOS=NanoSeconds")) {
    is_nanos = true;
    return column_type("INT64");
  }
  if (is_time) return column_type(logical.contains("isAdjustedToUTC=1") ? "TIMESTAMP" : "DATETIME");
  if (converted.starts_with("TIMESTAMP_") || physical == "INT96") return column_type("TIMESTAMP");
  if (converted.starts_with("TIME_") || logical.starts_with("TimeType")) return column_type("TIME");
  if (converted == "DATE" || logical.starts_with("DateType")) return column_type("DATE");
  if (converted == "DECIMAL" || logical.starts_with("DecimalType")) return column_type("NUMERIC");
  if (physical == "BOOLEAN") return column_type("BOOL");
  if (physical == "INT32" || physical == "INT64") return column_type("INT64");
  if (physical == "FLOAT" || physical == "DOUBLE") return column_type("FLOAT64");
  if (converted == "UTF8" || converted == "ENUM" || logical.starts_with("StringType"))
    return column_type("STRING");
  if (physical == "BYTE_ARRAY" || physical == "FIXED_LEN_BYTE_ARRAY") return column_type("BYTES");
  return nullptr;
}

}  // namespace

constinit const std::span<const Field> kLoadFields = kFields;

struct Loader::Input {
  std::vector<std::shared_ptr<const std::string>> files;
  std::vector<std::string> paths;
  std::vector<FileColumn> columns;
  std::int64_t bytes = 0;
  std::string relation;  // SQL that reads all of it
};

struct Loader::Target {
  TableName name = {};
  std::string partition = {};  // "20250616" of "table$20250616"; empty: the whole table
  Table* table = nullptr;      // null: to be made
  Shape shape = {};            // as it will be
  bool truncate = false;
  bool new_shape = false;  // the table is made anew
};

Answer<void> Loader::check(const Json& load) const {
  if (load.at("sourceFormat").text() != "PARQUET")
    return invalid("Only sourceFormat PARQUET is modelled.");
  if (load.at("autodetect").boolean())
    return invalid("autodetect is for CSV and JSON; Parquet has a schema of its own.");
  FM_TRY(one_of(load.at("writeDisposition"), "writeDisposition",
                {"WRITE_APPEND", "WRITE_TRUNCATE", "WRITE_TRUNCATE_DATA", "WRITE_EMPTY"}));
  FM_TRY(one_of(load.at("createDisposition"), "createDisposition",
                {"CREATE_IF_NEEDED", "CREATE_NEVER"}));
  for (const Json& option : load.at("schemaUpdateOptions").items())
    FM_TRY(
        one_of(option, "schemaUpdateOptions", {"ALLOW_FIELD_ADDITION", "ALLOW_FIELD_RELAXATION"}));
  if (load.at("hivePartitioningOptions", "requirePartitionFilter").boolean())
    return invalid("requirePartitionFilter is for external tables: loads with it fail.");
  if (load.has("hivePartitioningOptions"))
    return invalid("hivePartitioningOptions are not modelled.");
  const auto& uris = load.at("sourceUris").items();
  if (uris.empty()) return invalid("Required parameter is missing: sourceUris");
  if (static_cast<std::int64_t>(uris.size()) > catalog_->quota().limits.uris_per_job)
    return invalid(fmt::format("Too many source URIs: {}, at most {}", uris.size(),
                               catalog_->quota().limits.uris_per_job));
  const bool has_options = !load.at("schemaUpdateOptions").items().empty();
  const std::string& disposition = load.at("writeDisposition").text();
  const bool names_partition = load.at("destinationTable", "tableId").text().contains('$');
  if (has_options && !(disposition == "WRITE_APPEND" || disposition.empty() ||
                       (disposition == "WRITE_TRUNCATE" && names_partition)))
    return invalid(
        "Schema update options should only be specified with WRITE_APPEND disposition, "
        "or with WRITE_TRUNCATE disposition on a table partition.");
  return {};
}

Answer<LoadResult> Loader::run(const Json& load) {
  const Json& reference = load.at("destinationTable");
  FM_ASSIGN(const Dataset* dataset,
            catalog_->dataset(reference.at("projectId").text(), reference.at("datasetId").text()));
  // A failed job counts, too: before anything else.
  std::string id = reference.at("tableId").text();
  id = id.substr(0, id.find('$'));
  const TableName name{dataset->project, dataset->name, id};
  const Table* there = catalog_->find(name);
  const bool is_partitioned =
      there != nullptr ? there->shape.partitioning.has_value() : load.has("timePartitioning");
  FM_TRY(catalog_->quota().update(name.text(), is_partitioned, env_->now()));
  if (!is_partitioned) FM_TRY(catalog_->quota().table_change(name.text(), false, 1, env_->now()));
  FM_ASSIGN(const Input input, read_input(load, *dataset));
  FM_ASSIGN(Target target, prepare(load, input));
  FM_TRY(check_partitions(input, target));
  return write(input, target);
}

Answer<Loader::Input> Loader::read_input(const Json& load, const Dataset& dataset) {
  Input input;
  std::vector<std::string> names;
  for (const Json& uri : load.at("sourceUris").items()) {
    FM_ASSIGN(const auto objects, storage_->find(uri.text()));
    const Bucket* bucket = storage_->bucket_of(uri.text());
    if (!can_read(bucket->location, dataset.location))
      return invalid(
          fmt::format("Cannot read and write in different locations: source: {}, "
                      "destination: {}",
                      bucket->location, dataset.location));
    for (const Object* object : objects) {
      FM_ASSIGN(auto file, blobs_->on_disk(object->bytes));
      input.paths.push_back(*file);
      input.files.push_back(std::move(file));
      input.bytes += static_cast<std::int64_t>(object->bytes.size());
      names.push_back(fmt::format("gs://{}/{}", bucket->name, object->name));
    }
  }
  for (std::size_t i = 0; i < input.paths.size(); ++i) {
    FM_ASSIGN(auto columns, columns_of_file(input.paths[i], names[i]));
    if (i == 0) {
      input.columns = std::move(columns);
      continue;
    }
    const bool same = std::ranges::equal(
        columns, input.columns, [](const FileColumn& one, const FileColumn& other) {
          return one.name == other.name && one.type == other.type &&
                 one.is_required == other.is_required && one.is_nanos == other.is_nanos;
        });
    if (!same)
      return invalid(
          fmt::format("Error while reading data, error message: Input file {} has "
                      "another schema than {}: all files of a load have the same "
                      "columns in the same order.",
                      names[i], names[0]));
  }
  std::string cells;
  for (const FileColumn& column : input.columns) {
    const std::string cell = sql_name(column.name);
    fmt::format_to(std::back_inserter(cells), "{}{} AS {}", cells.empty() ? "" : ", ",
                   column.is_nanos ? fmt::format("epoch_ns({})", cell)
                                   : fmt::format("CAST({} AS {})", cell, column.type->duckdb),
                   cell);
  }
  input.relation = fmt::format("(SELECT {} FROM read_parquet({}))", cells, list_sql(input.paths));
  return input;
}

Answer<std::vector<FileColumn>> Loader::columns_of_file(const std::string& path,
                                                        const std::string& name) {
  FM_ASSIGN(Duck * sql, catalog_->duck());
  const auto found =
      sql->query(fmt::format("SELECT name, type, repetition_type, coalesce(num_children, 0), "
                             "coalesce(converted_type, ''), "
                             "coalesce(logical_type, '') FROM parquet_schema({})",
                             sql_text(path)));
  if (!found)
    return invalid(
        fmt::format("Error while reading data, error message: Input file {} is not in "
                    "Parquet format.",
                    name));
  std::vector<FileColumn> columns;
  // The first row is the root.
  for (std::size_t i = 1; i < found->rows.size(); ++i) {
    const SqlRow& row = found->rows[i];
    FileColumn column{
        .name = *row[0], .type = nullptr, .is_required = row[2] == "REQUIRED", .is_nanos = false};
    if (*row[3] == "0")
      column.type = type_of_parquet(row[1].value_or(""), *row[4], *row[5], column.is_nanos);
    if (column.type == nullptr || row[2] == "REPEATED")
      return invalid(
          fmt::format("Error while reading data: column {} of {} is nested, repeated or "
                      "of a type that is not modelled",
                      column.name, name));
    columns.push_back(std::move(column));
  }
  return columns;
}

Answer<Loader::Target> Loader::prepare(const Json& load, const Input& input) {
  const Json& reference = load.at("destinationTable");
  Target target{.name = {reference.at("projectId").text(), reference.at("datasetId").text(),
                         reference.at("tableId").text()}};
  if (const std::size_t mark = target.name.table.find('$'); mark != std::string::npos) {
    target.partition = target.name.table.substr(mark + 1);
    target.name.table.resize(mark);
  }
  const std::string& disposition = load.at("writeDisposition").text();
  target.truncate = disposition.starts_with("WRITE_TRUNCATE");
  target.table = catalog_->find(target.name);
  if (target.table != nullptr && target.table->is_view())
    return invalid(
        fmt::format("{} is not allowed for this operation because it is currently a "
                    "VIEW.",
                    target.name.text()));
  target.new_shape = target.table == nullptr || target.table->shape.columns.empty() ||
                     (disposition == "WRITE_TRUNCATE" && target.partition.empty());
  FM_TRY(match_columns(load, input, target));
  if (!target.partition.empty() &&
      (!target.shape.partitioning || !target.shape.partitioning->is_id(target.partition)))
    return invalid(
        fmt::format("Invalid partition ID: {} for table {}", target.partition, target.name.text()));
  if (disposition == "WRITE_EMPTY" && target.table != nullptr) {
    FM_ASSIGN(Duck * sql, catalog_->duck());
    const std::string where =
        target.partition.empty()
            ? ""
            : fmt::format(" WHERE {} = {}", target.shape.partitioning->id_sql(),
                          sql_text(target.partition));
    std::int64_t rows = 0;
    if (!target.table->shape.columns.empty()) {
      FM_ASSIGN(rows, sql->number(fmt::format("SELECT count(*) FROM {}{}",
                                              catalog_->sql_of(target.name), where)));
    }
    if (rows > 0)
      return refuse(409, "duplicate", fmt::format("Already Exists: Table {}", target.name.text()));
  }
  return target;
}

Answer<void> Loader::match_columns(const Json& load, const Input& input, Target& target) {
  std::vector<Column> given;  // as the job or the files say
  given.reserve(input.columns.size());
  for (const FileColumn& column : input.columns)
    given.push_back({column.name, column.type, column.is_required});
  if (load.has("schema")) {
    FM_ASSIGN(std::vector<Column> said, columns_of(load.at("schema")));
    const Shape files{given, {}, {}};
    for (const Column& column : said) {
      const Column* found = files.find(column.name);
      const auto differs = [&](std::string_view what, std::string_view is, std::string_view file) {
        return invalid(
            fmt::format("Error while reading data, error message: Provided schema is "
                        "not compatible with the file '{}'. Field '{}' is specified as "
                        "{} in provided schema which does not match {} as specified in "
                        "the file.{}",
                        input.paths[0], column.name, is, file, what));
      };
      if (found == nullptr) {
        if (column.is_required) return differs("", "REQUIRED", "nothing");
        continue;
      }
      if (found->type != column.type) return differs("", column.type->legacy, found->type->legacy);
      if (column.is_required && !found->is_required) return differs("", "REQUIRED", "NULLABLE");
    }
    for (const Column& column : given)
      if (Shape{said, {}, {}}.find(column.name) == nullptr)
        return invalid(fmt::format("Error while reading data: no such field: {}.", column.name));
    given = std::move(said);
  }
  target.shape.columns = std::move(given);
  if (load.has("timePartitioning")) {
    FM_ASSIGN(target.shape.partitioning, partitioning_of(load.at("timePartitioning")));
  }
  for (const Json& column : load.at("clustering", "fields").items())
    target.shape.clustering.push_back(column.text());
  if (target.table != nullptr) return match_table(load, input, target);
  if (load.at("createDisposition").text() == "CREATE_NEVER")
    return refuse(404, "notFound", fmt::format("Not found: Table {}", target.name.text()));
  return target.shape.check();
}

Answer<void> Loader::match_table(const Json& load, const Input& input, Target& target) {
  const Shape& there = target.table->shape;
  const auto mismatch = [&](const std::string& what) {
    return invalid(
        fmt::format("Provided Schema does not match Table {}. {}", target.name.text(), what));
  };
  const auto& wanted = target.shape.partitioning;
  if (wanted && (!there.partitioning || wanted->column != there.partitioning->column ||
                 wanted->unit != there.partitioning->unit))
    return invalid(
        fmt::format("Incompatible table partitioning specification for {}.", target.name.text()));
  if (!target.shape.clustering.empty() && target.shape.clustering != there.clustering)
    return invalid(
        fmt::format("Incompatible table clustering specification for {}.", target.name.text()));
  target.shape.partitioning = there.partitioning;
  target.shape.clustering = there.clustering;
  if (target.new_shape) return target.shape.check();
  const auto& options = load.at("schemaUpdateOptions").items();
  const auto allows = [&](std::string_view option) {
    return std::ranges::any_of(options, [&](const Json& one) { return one.text() == option; });
  };
  std::vector<Column> result = there.columns;
  for (const Column& column : target.shape.columns) {
    const auto same_name = [&](const Column& one) { return upper(one.name) == upper(column.name); };
    const auto found = std::ranges::find_if(result, same_name);
    if (found == result.end()) {
      if (!allows("ALLOW_FIELD_ADDITION"))
        return mismatch(fmt::format("Cannot add fields (field: {})", column.name));
      result.push_back({column.name, column.type, false, column.description});
      continue;
    }
    if (found->type != column.type)
      return mismatch(fmt::format("Field {} has changed type from {} to {}", column.name,
                                  found->type->legacy, column.type->legacy));
    if (found->is_required && !column.is_required) {
      if (!allows("ALLOW_FIELD_RELAXATION"))
        return mismatch(
            fmt::format("Field {} has changed mode from REQUIRED to NULLABLE", column.name));
      found->is_required = false;
    }
  }
  const Shape files{target.shape.columns, {}, {}};
  for (const Column& column : result)
    if (column.is_required && files.find(column.name) == nullptr)
      return mismatch(fmt::format("Field {} is missing in new schema", column.name));
  (void)input;
  target.shape.columns = std::move(result);
  return {};
}

Answer<void> Loader::check_partitions(const Input& input, const Target& target) {
  if (!target.shape.partitioning) return {};
  FM_ASSIGN(Duck * sql, catalog_->duck());
  const Partitioning& partitioning = *target.shape.partitioning;
  const auto found =
      sql->query(fmt::format("SELECT DISTINCT {} FROM {}", partitioning.id_sql(), input.relation));
  if (!found) return invalid("Error while reading data: " + found.error().message());
  if (!target.partition.empty())
    for (const SqlRow& row : found->rows)
      if (*row[0] != target.partition)
        return invalid(
            fmt::format("Some rows belong to different partitions rather than "
                        "destination partition {}${}",
                        target.name.text(), target.partition));
  std::set<std::string> partitions;
  for (const SqlRow& row : found->rows) partitions.insert(*row[0]);
  if (target.truncate && !target.partition.empty()) partitions.insert(target.partition);
  FM_TRY(catalog_->quota().table_change(target.name.text(), true,
                                        static_cast<std::int64_t>(partitions.size()), env_->now()));
  if (target.table == nullptr || target.new_shape) return {};
  FM_ASSIGN(const SqlRows there,
            sql->query(fmt::format("SELECT DISTINCT {} FROM {}", partitioning.id_sql(),
                                   catalog_->sql_of(target.name))));
  for (const SqlRow& row : there.rows) partitions.insert(*row[0]);
  if (static_cast<std::int64_t>(partitions.size()) > catalog_->quota().limits.partitions_per_table)
    return refuse(
        403, "quotaExceeded",
        fmt::format("Quota exceeded: Number of partitions of table {}", target.name.text()));
  return {};
}

Answer<LoadResult> Loader::write(const Input& input, Target& target) {
  FM_ASSIGN(Duck * sql, catalog_->duck());
  std::string names;
  for (const FileColumn& column : input.columns)
    fmt::format_to(std::back_inserter(names), "{}{}", names.empty() ? "" : ", ",
                   sql_name(column.name));
  const Shape files{[&] {
                      std::vector<Column> columns;
                      columns.reserve(input.columns.size());
                      for (const FileColumn& one : input.columns)
                        columns.push_back({one.name, one.type});
                      return columns;
                    }(),
                    {},
                    {}};
  LoadResult result{.input_files = static_cast<std::int64_t>(input.paths.size()),
                    .input_bytes = input.bytes};
  // Read before anything changes: a damaged page ends the job here.
  const auto size =
      sql->query(fmt::format("SELECT count(*), {} FROM {}", files.bytes_sql(), input.relation));
  if (!size) return invalid("Error while reading data, error message: " + size.error().message());
  result.output_rows = std::stoll(*size->rows[0][0]);
  result.output_bytes = std::stoll(*size->rows[0][1]);
  for (const Column& column : target.shape.columns) {
    if (!column.is_required || files.find(column.name) == nullptr) continue;
    FM_ASSIGN(const std::int64_t nulls,
              sql->number(fmt::format("SELECT count(*) FROM {} WHERE {} IS NULL", input.relation,
                                      sql_name(column.name))));
    if (nulls > 0)
      return invalid(
          fmt::format("Error while reading data, error message: Required column value "
                      "for column {} is missing: {} rows",
                      column.name, nulls));
  }
  if (target.table != nullptr && target.new_shape) {
    Table anew = *target.table;
    anew.shape = target.shape;
    FM_TRY(catalog_->drop(target.name));
    FM_ASSIGN(target.table, catalog_->create_table(std::move(anew)));
  } else if (target.table == nullptr) {
    FM_ASSIGN(target.table, catalog_->create_table({.name = target.name, .shape = target.shape}));
  } else {
    FM_TRY(catalog_->change_columns(*target.table, target.shape.columns));
  }
  const std::string table = catalog_->sql_of(target.name);
  std::string replaced;
  if (target.truncate && !target.new_shape)
    replaced = target.partition.empty()
                   ? fmt::format("DELETE FROM {};", table)
                   : fmt::format("DELETE FROM {} WHERE {} = {};", table,
                                 target.shape.partitioning->id_sql(), sql_text(target.partition));
  if (const Status written =
          sql->execute(fmt::format("BEGIN; {} INSERT INTO {} ({}) SELECT {} FROM {}; COMMIT",
                                   replaced, table, names, names, input.relation));
      !written) {
    (void)sql->execute("ROLLBACK");
    return refuse(500, "internalError", written.error().message());
  }
  catalog_->touch(*target.table);
  rows_since_compressed_ += result.output_rows;
  if (rows_since_compressed_ >= kRowsToCompress) {
    rows_since_compressed_ = 0;
    sql->compress();
  }
  return result;
}

}  // namespace fm::fakegcp
