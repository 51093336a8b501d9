// One request on its way through the fake, and how it is refused.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json.h"
#include "net/http_server.h"

namespace fm::fakegcp {

// An answer that is none: status, Google's reason and a message.
struct Refusal {
  int code = 400;
  std::string reason;
  std::string message;

  Refusal(int status, std::string why, std::string what)
      : code(status), reason(std::move(why)), message(std::move(what)) {}
  Refusal(Error error) : code(400), reason("invalid"), message(error.message()) {}
};

template <class T>
using Answer = std::expected<T, Refusal>;

[[nodiscard]] inline std::unexpected<Refusal> refuse(int code, std::string reason,
                                                     std::string message) {
  return std::unexpected(Refusal(code, std::move(reason), std::move(message)));
}

[[nodiscard]] net::ServerResponse respond(const Json& body, int status = 200);
// {"error":{"code":…,"message":…,"errors":[…],"status":…}}
[[nodiscard]] net::ServerResponse respond(const Refusal& refusal);

// What a bearer token must allow.
enum class Need { kNothing, kStorage, kBigquery, kCloudPlatform };

struct Call {
  const net::ServerRequest& request;
  std::vector<std::string> parts;  // what stood for the stars of the route
  std::string account;             // who asks

  [[nodiscard]] std::string query(std::string_view name) const;  // empty when missing
  [[nodiscard]] bool has_query(std::string_view name) const;
  // A number of the query, or none. Refused: what is no number.
  [[nodiscard]] Answer<std::optional<std::int64_t>> number(std::string_view name) const;
  // The body as a JSON object of application/json with these fields.
  [[nodiscard]] Answer<Json> body(std::span<const Field> fields) const;
};

using Handler = std::function<Answer<net::ServerResponse>(const Call&)>;

// "*" is one segment, "**" the rest, "*:verb" a segment with this ending.
struct Route {
  std::string kind;  // "bigquery.jobs.insert": what faults and counters call it
  std::string method;
  std::string pattern;
  Need need;
  // Names of query parameters that are known, separated by blanks; others are refused.
  std::string parameters;
  Handler handler;
  // "name=value" that the query must have for the route to fit; empty: none.
  std::string when = {};
};

// What stood for the stars; none when the request does not fit.
[[nodiscard]] std::optional<std::vector<std::string>> match(const Route& route,
                                                            const net::ServerRequest& request);
[[nodiscard]] Answer<void> check_parameters(const Route& route, const net::ServerRequest& request);

// A page of a list: [first, last) and the token of the next page, if any.
struct Page {
  std::size_t first = 0;
  std::size_t last = 0;
  std::string next;
};
[[nodiscard]] Answer<Page> page_of(const Call& call, std::size_t items, std::size_t default_size);

// YYYY-MM-DDTHH:MM:SS.mmmZ
[[nodiscard]] std::string iso_millis(Nanos time);
[[nodiscard]] std::string millis_text(Nanos time);

}  // namespace fm::fakegcp
