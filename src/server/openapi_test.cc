#include "server/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "base/testing_fault_env.h"
#include "server/api.h"
#include "server/context.h"
#include "server/gate.h"
#include "server/testing_server.h"

namespace fm::server {
namespace {

// Every route that there is: with a token, so that those of access are among them.
class Everything {
 public:
  Everything()
      : context_(
            Env::posix(), {.lake = folder_.file("lake")}, {},
            jobs::Registry::load(Env::posix(), "").value(),
            lake::Lake::view(Env::posix(), folder_.file("lake")),
            Access::create(Env::posix(), {.host = "127.0.0.1", .token = Secret("0123456789abcdef")})
                .value()),
        routes(all_routes(context_)) {}

 private:
  const TestDirectory folder_;
  Context context_;

 public:
  const Routes routes;
};

using Key = std::pair<std::string, std::string>;  // method and path

TEST(OpenApi, NamesEveryRouteAndNoOther) {
  const Everything server;
  std::map<Key, std::set<std::string>> registered, documented;
  for (const Route& route : server.routes) {
    auto& names = registered[{std::string(route.method), std::string(route.path)}];
    for (const auto name : route.parameters) EXPECT_TRUE(names.emplace(name).second) << route.path;
    for (std::string_view rest = route.path; rest.contains('{');) {
      rest.remove_prefix(rest.find('{') + 1);
      names.emplace(rest.substr(0, rest.find('}')));
    }
  }
  const auto document = parse_openapi(kOpenapiYaml);
  ASSERT_TRUE(document) << document.error().message();
  for (const DocumentedRoute& route : document->routes) {
    auto& names = documented[{route.method, route.path}];
    for (const DocumentedParameter& parameter : route.parameters) {
      EXPECT_TRUE(names.insert(parameter.name).second) << route.path;
      EXPECT_EQ(parameter.place == "path", route.path.contains("{" + parameter.name + "}"))
          << route.path << " " << parameter.name;
      EXPECT_TRUE(parameter.place != "path" || parameter.required) << route.path;
    }
    EXPECT_FALSE(route.summary.empty() || route.summary.ends_with('.')) << route.path;
    EXPECT_FALSE(route.statuses.empty()) << route.path;
  }
  for (const auto& [key, names] : registered) {
    ASSERT_TRUE(documented.contains(key)) << key.first << " " << key.second << " is not documented";
    EXPECT_EQ(documented.at(key), names) << key.second;
  }
  for (const auto& [key, names] : documented)
    EXPECT_TRUE(registered.contains(key)) << key.first << " " << key.second << " does not exist";
}

TEST(OpenApi, TravelsInTheBinary) {
  TestServer server;
  const auto answer = server.get("/api/openapi.yaml");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "application/yaml");
  EXPECT_EQ(answer.body, kOpenapiYaml);
}

TEST(OpenApi, IsDocumentedAsItIs) {
  std::ifstream file(FM_SOURCE_DIR "/docs/api.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_TRUE(page == api_markdown().value())
      << "docs/api.md: make it anew with `frontmonth schema --api > docs/api.md`";
}

TEST(OpenApi, RefusesADocumentOfAnotherShape) {
  for (const auto* text : {"", "paths: {}", "info: {}\npaths: {/x: {get: {tags: [A]}}}",
                           "info: {}\npaths: {/x: {get: {summary: A, tags: [A], responses: {}, "
                           "parameters: [{$ref: \"#/components/parameters/X\"}]}}}"}) {
    const auto document = parse_openapi(text);
    EXPECT_FALSE(document) << text;
  }
}

TEST(Gate, TurnsPathsIntoPatterns) {
  EXPECT_EQ(pattern_of("/api/parquet/{table}/{root}"), "/api/parquet/*/*");
  EXPECT_EQ(pattern_of("/api/jobs/{run_id}/log"), "/api/jobs/*/log");
  EXPECT_EQ(pattern_of("/healthz"), "/healthz");
}

TEST(Gate, KnowsAnEtagInEveryForm) {
  struct {
    const char* header;
    bool is_named;
  } const cases[] = {{"\"a\"", true}, {"W/\"a\"", true},    {"\"b\", \"a\"", true},
                     {"*", true},     {"\"a-gzip\"", true}, {"\"b\"", false},
                     {"", false},     {"\"aa\"", false},    {"W/", false}};
  for (const auto& c : cases) EXPECT_EQ(names_etag(c.header, "\"a\""), c.is_named) << c.header;
  EXPECT_TRUE(names_etag("\"a\"", "\"a-gzip\""));
}

}  // namespace
}  // namespace fm::server
