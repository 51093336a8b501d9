#include "server/openapi.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/yaml.h"

namespace fm::server {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

Result<std::string> text_or_empty(const Yaml& node, std::string_view key) {
  const auto found = node.find(key);
  if (!found) return std::string();
  return found->text();
}

// What a schema allows, in words.
Result<std::string> values_of(const Yaml& parameter) {
  FM_ASSIGN(const Yaml schema, parameter.at("schema"));
  std::string words;
  if (const auto choices = schema.find("enum")) {
    for (const Yaml& choice : choices->items()) {
      FM_ASSIGN(const std::string word, choice.text());
      words += words.empty() ? word : ", " + word;
    }
  } else {
    FM_ASSIGN(words, text_or_empty(schema, "type"));
    FM_ASSIGN(const std::string least, text_or_empty(schema, "minimum"));
    FM_ASSIGN(const std::string most, text_or_empty(schema, "maximum"));
    if (!least.empty() && !most.empty()) words += fmt::format(" {} … {}", least, most);
  }
  FM_ASSIGN(const std::string other, text_or_empty(schema, "default"));
  if (!other.empty()) words += fmt::format("; else {}", other);
  return words;
}

// A parameter, or what {$ref: "#/components/parameters/NAME"} names.
Result<Yaml> resolved(const Yaml& document, const Yaml& node) {
  const auto reference = node.find("$ref");
  if (!reference) return node;
  FM_ASSIGN(const std::string path, reference->text());
  FM_ASSIGN(const Yaml components, document.at("components"));
  FM_ASSIGN(const Yaml parameters, components.at("parameters"));
  return parameters.at(path.substr(path.rfind('/') + 1));
}

Result<DocumentedParameter> parameter_of(const Yaml& document, const Yaml& node) {
  FM_ASSIGN(const Yaml yaml, resolved(document, node));
  DocumentedParameter parameter;
  FM_ASSIGN(const Yaml name, yaml.at("name"));
  FM_ASSIGN(parameter.name, name.text());
  FM_ASSIGN(const Yaml place, yaml.at("in"));
  FM_ASSIGN(parameter.place, place.text());
  if (const auto required = yaml.find("required")) {
    FM_ASSIGN(parameter.required, required->boolean());
  }
  FM_ASSIGN(parameter.description, text_or_empty(yaml, "description"));
  FM_ASSIGN(parameter.values, values_of(yaml));
  return parameter;
}

Result<DocumentedRoute> route_of(const Yaml& document, const std::string& path,
                                 const std::string& method, const Yaml& node) {
  DocumentedRoute route{.method = upper(method), .path = path};
  FM_ASSIGN(const Yaml summary, node.at("summary"));
  FM_ASSIGN(route.summary, summary.text());
  FM_ASSIGN(route.description, text_or_empty(node, "description"));
  FM_ASSIGN(const Yaml tags, node.at("tags"));
  for (const Yaml& tag : tags.items()) {
    FM_ASSIGN(route.tag, tag.text());
  }
  if (const auto parameters = node.find("parameters"))
    for (const Yaml& one : parameters->items()) {
      FM_ASSIGN(auto parameter, parameter_of(document, one));
      route.parameters.push_back(std::move(parameter));
    }
  FM_ASSIGN(const Yaml responses, node.at("responses"));
  for (const auto& [status, response] : responses.entries()) route.statuses.push_back(status);
  return route;
}

std::string without_end(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

void write_route(std::string& out, const DocumentedRoute& route) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, "\n### {} {}\n\n{}.\n", route.method, route.path, route.summary);
  if (!route.description.empty()) fmt::format_to(to, "\n{}\n", without_end(route.description));
  if (!route.parameters.empty()) out += "\n| parameter | values | meaning |\n|---|---|---|\n";
  for (const DocumentedParameter& parameter : route.parameters)
    fmt::format_to(to, "| `{}`{} | {} | {} |\n", parameter.name,
                   parameter.required ? ", required" : "", parameter.values, parameter.description);
  fmt::format_to(to, "\nAnswers {}.\n", fmt::join(route.statuses, ", "));
}

}  // namespace

Result<ApiDocument> parse_openapi(std::string_view yaml) {
  FM_ASSIGN(const Yaml root, Yaml::parse(yaml, "openapi.yaml"));
  ApiDocument document;
  FM_ASSIGN(const Yaml info, root.at("info"));
  FM_ASSIGN(document.description, text_or_empty(info, "description"));
  FM_ASSIGN(const Yaml paths, root.at("paths"));
  for (const auto& [path, methods] : paths.entries())
    for (const auto& [method, node] : methods.entries()) {
      FM_ASSIGN(auto route, route_of(root, path, method, node));
      document.routes.push_back(std::move(route));
    }
  return document;
}

Result<std::string> api_markdown() {
  FM_ASSIGN(const ApiDocument document, parse_openapi(kOpenapiYaml));
  std::string out =
      "# The HTTP API\n\nMade from src/server/openapi.yaml, which a running server gives at "
      "/api/openapi.yaml; this page is what\n`frontmonth schema --api` prints.\n\n";
  out += without_end(document.description) + "\n";
  for (const std::string_view tag : {"Market", "Health", "Query", "Operations", "Service"}) {
    fmt::format_to(std::back_inserter(out), "\n## {}\n", tag);
    for (const DocumentedRoute& route : document.routes)
      if (route.tag == tag) write_route(out, route);
  }
  return out;
}

}  // namespace fm::server
