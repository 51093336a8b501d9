// POST /api/query: one read-only statement. GET /api/query/limits: within what.
#include <fmt/format.h>
#include <simdjson.h>

#include "base/json_writer.h"
#include "server/api.h"
#include "server/context.h"
#include "server/problem.h"
#include "server/sql_service.h"

namespace fm::server {
namespace {

struct QueryBody {
  std::string sql;
  std::string format = "json";
  std::uint64_t rows_max = 0;
};

Error not_a_query(std::string_view what) {
  return Error(Code::kInvalidArgument, fmt::format("the body {}", what))
      .hint(R"(Expected {"sql": "SELECT …", "format": "json|csv|parquet", "rows_max": 1000}.)");
}

Result<QueryBody> parse_body(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const simdjson::padded_string padded(text);
  if (parser.parse(padded).get_object().get(object) != simdjson::SUCCESS)
    return std::unexpected(not_a_query("is no JSON object"));
  QueryBody body;
  for (const auto& [key, value] : object) {
    std::string_view word;
    if (key == "sql" && value.get_string().get(word) == simdjson::SUCCESS) {
      body.sql = word;
    } else if (key == "format" && value.get_string().get(word) == simdjson::SUCCESS) {
      body.format = word;
    } else if (key == "rows_max" && value.get_uint64().get(body.rows_max) == simdjson::SUCCESS) {
      if (body.rows_max == 0) return std::unexpected(not_a_query("asks for no rows"));
    } else {
      return std::unexpected(not_a_query(fmt::format("says {} in no way that is understood", key)));
    }
  }
  if (body.sql.empty()) return std::unexpected(not_a_query("holds no \"sql\""));
  return body;
}

void write_limits(JsonWriter& json, const QueryLimits& limits) {
  json.object([&] {
    json.field("rows_max", limits.rows_max);
    json.field("timeout_s", static_cast<double>(limits.time_max) / 1e9);
    json.field("memory_mib", limits.memory_mib);
    json.field("at_once_max", limits.at_once_max);
    json.field("result_bytes_max", kResultBytesMax);
  });
}

Answer to_answer(const SqlResult& result, std::string_view format, const QueryLimits& limits) {
  Answer answer{.response = net::ServerResponse::json(""), .cache_control = "no-store"};
  if (format == "json") {
    JsonWriter written;
    write_limits(written, limits);
    answer.response.body =
        fmt::format(R"({{{},"truncated":{},"elapsed_ms":{:.1f},"limits":{}}})", result.body,
                    result.is_cut, static_cast<double>(result.elapsed) / 1e6, written.take());
    return answer;
  }
  answer.response.body = result.body;
  answer.response.content_type =
      format == "csv" ? "text/csv; charset=utf-8" : "application/vnd.apache.parquet";
  answer.response.headers = {
      {"Content-Disposition", fmt::format("attachment; filename=\"query.{}\"", format)},
      {"X-Rows", std::to_string(result.rows)},
      {"X-Truncated", result.is_cut ? "true" : "false"}};
  return answer;
}

Result<Answer> query(Context& context, const Call& call) {
  if (!call.request.header("content-type").starts_with("application/json"))
    return std::unexpected(not_a_query("is not of type application/json"));
  FM_ASSIGN(const QueryBody body, parse_body(call.request.body));
  if (body.format != "json" && body.format != "csv" && body.format != "parquet")
    return std::unexpected(not_a_query("names no format of json, csv, parquet"));
  const auto result = context.sql.run(
      {.sql = body.sql,
       .format = body.format == "csv" ? lake::Format::kCsv : lake::Format::kJsonArrays,
       .parquet = body.format == "parquet",
       .rows_max = body.rows_max,
       .is_gone = [&call] { return call.request.is_gone(); }});
  if (result) return to_answer(*result, body.format, context.sql.limits());
  const Error& error = result.error();
  if (error.code() != Code::kBusy) return std::unexpected(error);
  Answer busy{.response = problem(429, error.message(), error.advice(), call.id)};
  busy.response.headers.emplace_back("Retry-After", "1");
  return busy;
}

}  // namespace

void add_query_routes(Context& context, Routes& routes) {
  routes.push_back({.method = "POST",
                    .path = "/api/query",
                    .handler = [&context](const Call& call) { return query(context, call); }});
  routes.push_back({.method = "GET",
                    .path = "/api/query/limits",
                    .handler = [&context](const Call&) -> Result<Answer> {
                      JsonWriter json;
                      write_limits(json, context.sql.limits());
                      return Answer{.response = net::ServerResponse::json(json.take())};
                    }});
}

}  // namespace fm::server
