#include "gateway/api_error.h"

#include "base/json_writer.h"

namespace fm::gateway {
namespace {

int status_of(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kUnsupported:
    case Code::kNotOutright:
      return 422;
    case Code::kNotFound:
      return 404;
    case Code::kBusy:
    case Code::kNoSpace:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

ApiError::ApiError(const Error& error)
    : status(status_of(error.code())),
      which(status < 500 ? "request_invalid" : "internal_error"),
      message(error.message()) {}

net::ServerResponse to_response(const ApiError& error) {
  JsonWriter json;
  json.object([&] {
    if (error.which.empty()) return json.field("detail", error.message);
    json.object_field("detail", [&] {
      json.field("case", error.which);
      json.field("message", error.message);
      json.field("status_code", error.status);
      json.field("docs", "https://databento.com/docs/api-reference-historical/basics/errors");
      json.key("payload");
      if (error.payload.empty()) return json.value(nullptr);
      json.object([&] {
        for (const auto& [name, text] : error.payload) json.field(name, text);
      });
    });
  });
  return net::ServerResponse::json(json.take(), error.status);
}

}  // namespace fm::gateway
