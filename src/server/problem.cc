#include "server/problem.h"

#include "base/json_writer.h"

namespace fm::server {

int status_of(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return 400;
    case Code::kRefused:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
    case Code::kAlreadyExists:
      return 409;
    case Code::kQuery:
    case Code::kNotOutright:
      return 422;
    case Code::kBusy:
      return 503;
    case Code::kTimedOut:
      return 504;
    default:
      return 500;
  }
}

std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Timeout";
    default:
      return "Internal Server Error";
  }
}

net::ServerResponse problem(int status, std::string_view detail, std::string_view hint,
                            std::string_view instance) {
  JsonWriter json;
  json.object([&] {
    json.field("type", "about:blank");
    json.field("title", title_of(status));
    json.field("status", status);
    json.field("detail", detail);
    if (!hint.empty()) json.field("hint", hint);
    json.field("instance", instance);
  });
  auto response = net::ServerResponse::json(json.take(), status);
  response.content_type = "application/problem+json";
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

net::ServerResponse problem(const Error& error, std::string_view instance) {
  return problem(status_of(error.code()), error.message(), error.advice(), instance);
}

}  // namespace fm::server
