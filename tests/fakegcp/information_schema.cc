#include "information_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "bigquery_jobs.h"
#include "duck.h"

namespace fm::fakegcp {
namespace {

// Rows in the making: a relation with these columns and DuckDB's types.
class Rows {
 public:
  explicit Rows(std::vector<std::pair<std::string, std::string>> columns)
      : columns_(std::move(columns)) {}

  // Literals, in the order of the columns.
  void add(const std::vector<std::string>& cells) {
    std::string row;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      fmt::format_to(std::back_inserter(row), "{}CAST({} AS {})", row.empty() ? "" : ", ", cells[i],
                     columns_[i].second);
    rows_ += (rows_.empty() ? "(" : ", (") + row + ")";
  }

  [[nodiscard]] std::string relation(std::string_view name) const {
    std::string names;
    std::string nulls;
    for (const auto& [column, type] : columns_) {
      fmt::format_to(std::back_inserter(names), "{}{}", names.empty() ? "" : ", ",
                     sql_name(column));
      fmt::format_to(std::back_inserter(nulls), "{}CAST(NULL AS {})", nulls.empty() ? "" : ", ",
                     type);
    }
    return rows_.empty()
               ? fmt::format("(SELECT * FROM (VALUES ({})) AS listed({}) WHERE false) AS {}", nulls,
                             names, sql_name(name))
               : fmt::format("(SELECT * FROM (VALUES {}) AS listed({})) AS {}", rows_, names,
                             sql_name(name));
  }

 private:
  std::vector<std::pair<std::string, std::string>> columns_;
  std::string rows_;
};

std::string time_sql(Nanos time) {
  return time == 0 ? "NULL" : fmt::format("make_timestamptz({})", time / 1'000);
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

class Views {
 public:
  Views(Catalog& catalog, const std::string& project, const std::string& place)
      : catalog_(catalog), project_(project), place_(place) {}

  Answer<std::string> partitions() {
    FM_ASSIGN(const Dataset* in, catalog_.dataset(project_, place_));
    Rows rows({{"table_catalog", "VARCHAR"},
               {"table_schema", "VARCHAR"},
               {"table_name", "VARCHAR"},
               {"partition_id", "VARCHAR"},
               {"total_rows", "BIGINT"},
               {"total_logical_bytes", "BIGINT"},
               {"total_billable_bytes", "BIGINT"},
               {"last_modified_time", "TIMESTAMPTZ"},
               {"storage_tier", "VARCHAR"}});
    FM_ASSIGN(Duck * sql, catalog_.duck());
    for (const auto& [name, table] : in->tables) {
      if (table.is_view() || table.shape.columns.empty()) continue;
      const std::string id =
          table.shape.partitioning ? table.shape.partitioning->id_sql() : "NULL::VARCHAR";
      FM_ASSIGN(const SqlRows found,
                sql->query(fmt::format("SELECT {}, count(*), {} FROM {} GROUP BY 1 ORDER BY 1", id,
                                       table.shape.bytes_sql(), catalog_.sql_of(table.name))));
      for (const SqlRow& row : found.rows)
        rows.add({sql_text(project_), sql_text(place_), sql_text(name),
                  row[0] ? sql_text(*row[0]) : "NULL", *row[1], *row[2], *row[2],
                  time_sql(table.modified), "'ACTIVE'"});
    }
    return rows.relation("PARTITIONS");
  }

  Answer<std::string> table_storage() {
    Rows rows({{"project_id", "VARCHAR"},
               {"table_catalog", "VARCHAR"},
               {"table_schema", "VARCHAR"},
               {"table_name", "VARCHAR"},
               {"creation_time", "TIMESTAMPTZ"},
               {"total_rows", "BIGINT"},
               {"total_partitions", "BIGINT"},
               {"total_logical_bytes", "BIGINT"},
               {"active_logical_bytes", "BIGINT"},
               {"long_term_logical_bytes", "BIGINT"},
               {"storage_last_modified_time", "TIMESTAMPTZ"},
               {"deleted", "BOOLEAN"},
               {"table_type", "VARCHAR"}});
    FM_ASSIGN(Duck * sql, catalog_.duck());
    for (const auto& [key, dataset] : catalog_.datasets()) {
      if (!is_here(dataset)) continue;
      for (const auto& [name, table] : dataset.tables) {
        if (table.is_view() || table.shape.columns.empty()) continue;
        const std::string partitions =
            table.shape.partitioning
                ? fmt::format("count(DISTINCT {})", table.shape.partitioning->id_sql())
                : "0";
        FM_ASSIGN(const SqlRows found,
                  sql->query(fmt::format("SELECT count(*), {}, {} FROM {}", partitions,
                                         table.shape.bytes_sql(), catalog_.sql_of(table.name))));
        const SqlRow& row = found.rows[0];
        rows.add({sql_text(project_), sql_text(project_), sql_text(dataset.name), sql_text(name),
                  time_sql(table.created), *row[0], *row[1], *row[2], *row[2], "0",
                  time_sql(table.modified), "false", "'BASE TABLE'"});
      }
    }
    return rows.relation("TABLE_STORAGE");
  }

  Answer<std::string> tables() {
    FM_ASSIGN(const Dataset* in, catalog_.dataset(project_, place_));
    Rows rows({{"table_catalog", "VARCHAR"},
               {"table_schema", "VARCHAR"},
               {"table_name", "VARCHAR"},
               {"table_type", "VARCHAR"},
               {"creation_time", "TIMESTAMPTZ"}});
    for (const auto& [name, table] : in->tables)
      rows.add({sql_text(project_), sql_text(place_), sql_text(name),
                table.is_view() ? "'VIEW'" : "'BASE TABLE'", time_sql(table.created)});
    return rows.relation("TABLES");
  }

  Answer<std::string> columns() {
    FM_ASSIGN(const Dataset* in, catalog_.dataset(project_, place_));
    Rows rows({{"table_catalog", "VARCHAR"},
               {"table_schema", "VARCHAR"},
               {"table_name", "VARCHAR"},
               {"column_name", "VARCHAR"},
               {"ordinal_position", "BIGINT"},
               {"is_nullable", "VARCHAR"},
               {"data_type", "VARCHAR"},
               {"is_partitioning_column", "VARCHAR"},
               {"clustering_ordinal_position", "BIGINT"}});
    for (const auto& [name, table] : in->tables) {
      for (std::size_t i = 0; i < table.shape.columns.size(); ++i) {
        const Column& column = table.shape.columns[i];
        const auto& by = table.shape.clustering;
        const auto cluster = std::ranges::find(by, column.name);
        const bool partitions =
            table.shape.partitioning && table.shape.partitioning->column == column.name;
        rows.add({sql_text(project_), sql_text(place_), sql_text(name), sql_text(column.name),
                  std::to_string(i + 1), column.is_required ? "'NO'" : "'YES'",
                  sql_text(column.type->name), partitions ? "'YES'" : "'NO'",
                  cluster == by.end() ? "NULL" : std::to_string(cluster - by.begin() + 1)});
      }
    }
    return rows.relation("COLUMNS");
  }

  Answer<std::string> jobs(const std::vector<const Job*>& all, std::string_view view) {
    Rows rows({{"creation_time", "TIMESTAMPTZ"},
               {"project_id", "VARCHAR"},
               {"user_email", "VARCHAR"},
               {"job_id", "VARCHAR"},
               {"job_type", "VARCHAR"},
               {"statement_type", "VARCHAR"},
               {"start_time", "TIMESTAMPTZ"},
               {"end_time", "TIMESTAMPTZ"},
               {"state", "VARCHAR"},
               {"total_bytes_processed", "BIGINT"},
               {"total_bytes_billed", "BIGINT"},
               {"cache_hit", "BOOLEAN"}});
    for (const Job* job : all) {
      if (job->project != project_ || "REGION-" + job->location != upper(place_)) continue;
      const bool is_done = job->state == JobState::kDone;
      rows.add({time_sql(job->created), sql_text(job->project), sql_text(job->account),
                sql_text(job->id), job->is_load ? "'LOAD'" : "'QUERY'",
                job->is_load || !is_done ? "NULL" : sql_text(job->result.statement_type),
                time_sql(job->started), is_done ? time_sql(job->ends) : "NULL",
                is_done ? "'DONE'" : "'RUNNING'",
                job->is_load || !is_done ? "NULL" : std::to_string(job->result.bytes_processed),
                job->is_load || !is_done ? "NULL" : std::to_string(job->result.bytes_billed),
                "false"});
    }
    return rows.relation(view);
  }

 private:
  [[nodiscard]] bool is_here(const Dataset& dataset) const {
    return dataset.project == project_ &&
           (dataset.name == place_ || "REGION-" + upper(dataset.location) == upper(place_));
  }

  Catalog& catalog_;
  const std::string& project_;
  const std::string& place_;
};

}  // namespace

Answer<std::string> information_schema(Catalog& catalog, const std::vector<const Job*>& jobs,
                                       const std::string& project,
                                       const std::string& dataset_or_region,
                                       const std::string& view) {
  Views views(catalog, project, dataset_or_region);
  const std::string name = upper(view);
  const bool is_region = upper(dataset_or_region).starts_with("REGION-");
  if (name == "PARTITIONS" && !is_region) return views.partitions();
  if (name == "TABLES" && !is_region) return views.tables();
  if (name == "COLUMNS" && !is_region) return views.columns();
  if (name == "TABLE_STORAGE" && is_region) return views.table_storage();
  if ((name == "JOBS_BY_PROJECT" || name == "JOBS") && is_region) return views.jobs(jobs, name);
  return refuse(400, "invalidQuery",
                fmt::format("INFORMATION_SCHEMA.{} is unknown here or not modelled", view));
}

}  // namespace fm::fakegcp
