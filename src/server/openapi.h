// The API as it is documented: src/server/openapi.yaml, which travels inside the binary, and the
// page that is made from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace fm::server {

extern const std::string_view kOpenapiYaml;

struct DocumentedParameter {
  std::string name;
  std::string place;  // query or path
  bool required = false;
  std::string description;
  std::string values;  // "integer 1 … 1000, else 100", "one of chart, all; else chart"
};

struct DocumentedRoute {
  std::string method = {};  // "GET"
  std::string path = {};
  std::string tag = {};
  std::string summary = {};
  std::string description = {};
  std::vector<DocumentedParameter> parameters = {};
  std::vector<std::string> statuses = {};
};

struct ApiDocument {
  std::string description;
  std::vector<DocumentedRoute> routes;  // in the order of the file
};

// Errors: kInvalidConfig, with the line, for a document of another shape.
[[nodiscard]] Result<ApiDocument> parse_openapi(std::string_view yaml);

// docs/api.md. Errors: as parse_openapi().
[[nodiscard]] Result<std::string> api_markdown();

}  // namespace fm::server
