// GET /api/schema: every table with its columns, for whoever writes a query.
#include "base/json_writer.h"
#include "server/api.h"
#include "table/catalogue.h"
#include "table/views.h"

namespace fm::server {
namespace {

void write_table(JsonWriter& json, const table::Table& table) {
  json.object([&] {
    json.field("dataset", table.dataset);
    json.field("name", table.name);
    json.field("comment", table.description);
    json.array_field("columns", [&] {
      for (const table::Column& column : table.columns)
        json.object([&] {
          json.field("name", column.name);
          json.field("type", table::name(column.type));
          json.field("unit", column.unit);
          json.field("comment", column.description);
        });
    });
    json.array_field("key", [&] {
      for (const std::string_view key : table.key) json.value(key);
    });
  });
}

Result<Answer> schema() {
  JsonWriter json;
  json.object([&] {
    json.array_field("tables", [&] {
      for (const table::Table& table : table::all_tables()) write_table(json, table);
    });
    json.array_field("views", [&] {
      for (const table::View& view : table::all_views())
        json.object([&] {
          json.field("dataset", view.dataset);
          json.field("name", view.name);
          json.field("comment", view.description);
        });
    });
  });
  return Answer{.response = net::ServerResponse::json(json.take()), .cache_control = "max-age=300"};
}

}  // namespace

void add_schema_routes(Context&, Routes& routes) {
  routes.push_back(
      {.method = "GET", .path = "/api/schema", .handler = [](const Call&) { return schema(); }});
}

}  // namespace fm::server
