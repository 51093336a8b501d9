// Whether the server is there, and which one it is.
#include "base/json_writer.h"
#include "ops/state.h"
#include "server/api.h"
#include "server/context.h"
#include "server/openapi.h"
#include "table/catalogue.h"

namespace fm::server {
namespace {

Answer fresh(net::ServerResponse response) {
  return {.response = std::move(response), .cache_control = "no-store"};
}

Result<Answer> version() {
  JsonWriter json;
  json.object([&] {
    json.field("version", FM_VERSION);
    json.field("schema", ops::State::schema_version());
  });
  return Answer{.response = net::ServerResponse::json(json.take())};
}

// Ready: the lake can be asked.
Result<Answer> readiness(Context& context) {
  const Status looked = context.index.look(table::candles_1m());
  if (looked) return fresh(net::ServerResponse::text("ready\n"));
  return fresh(net::ServerResponse::text(looked.error().message() + "\n", 503));
}

}  // namespace

void add_service_routes(Context& context, Routes& routes) {
  routes.push_back({.method = "GET",
                    .path = "/healthz",
                    .handler = [](const Call&) { return fresh(net::ServerResponse::text("ok\n")); },
                    .needs_token = false});
  routes.push_back({.method = "GET",
                    .path = "/readyz",
                    .handler = [&context](const Call&) { return readiness(context); },
                    .needs_token = false});
  routes.push_back(
      {.method = "GET", .path = "/api/version", .handler = [](const Call&) { return version(); }});
  routes.push_back(
      {.method = "GET", .path = "/api/openapi.yaml", .handler = [](const Call&) -> Result<Answer> {
         Answer answer{.response = net::ServerResponse::text(std::string(kOpenapiYaml))};
         answer.response.content_type = "application/yaml";
         return answer;
       }});
}

}  // namespace fm::server
