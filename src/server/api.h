// The routes: what each is asked by, who may ask, and how long its answer holds. Private to this
// room; one api_*.cc for each kind of question.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/http_server.h"
#include "server/arguments.h"
#include "table/catalogue.h"

namespace fm::server {

struct Context;

struct Call {
  const net::ServerRequest& request;
  const Arguments& arguments;
  std::string_view id;  // of the request
};

// Rows that an answer was made from: those of a root (empty: of a table of all roots, or of no
// one root) on the days [from, before).
struct MadeFrom {
  const table::Table* table = nullptr;
  std::string root;
  Date from;
  Date before;
};

struct Answer {
  net::ServerResponse response;
  // Of the Cache-Control header. The default: ask again each time, by ETag.
  std::string cache_control = "no-cache";
  // The answer may be given again as long as these rows are the same, and no longer than
  // `valid_for`. Neither: it is made anew each time.
  std::vector<MadeFrom> made_from = {};
  Nanos valid_for = 0;
  // More of what it depends on: rows that are in no lake yet.
  std::uint64_t live_version = 0;
};

using Handler = std::function<Result<Answer>(const Call&)>;

struct Route {
  std::string_view method;
  std::string_view path;                          // "/api/parquet/{table}/{root}"
  std::vector<std::string_view> parameters = {};  // of the query
  Handler handler;
  bool needs_token = true;  // where one is configured
};

using Routes = std::vector<Route>;

void add_root_routes(Context& context, Routes& routes);
void add_candle_routes(Context& context, Routes& routes);
void add_service_routes(Context& context, Routes& routes);

}  // namespace fm::server
