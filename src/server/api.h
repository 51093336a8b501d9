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
  // More of what it depends on: a root's rows that are in no lake yet (RowHub::version).
  std::string live_root = {};
  std::uint64_t live_version = 0;
  // With its quotes, where the content has a name of its own; else it is made from the body.
  std::string etag = {};
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

// All of them.
[[nodiscard]] Routes all_routes(Context& context);

void add_service_routes(Context& context, Routes& routes);
void add_access_routes(Context& context, Routes& routes);
void add_root_routes(Context& context, Routes& routes);
void add_candle_routes(Context& context, Routes& routes);
void add_bar_routes(Context& context, Routes& routes);
void add_mark_routes(Context& context, Routes& routes);
void add_volume_routes(Context& context, Routes& routes);
void add_live_data_routes(Context& context, Routes& routes);
void add_coverage_routes(Context& context, Routes& routes);
void add_operation_routes(Context& context, Routes& routes);
void add_query_routes(Context& context, Routes& routes);
void add_metric_routes(Context& context, Routes& routes);
void add_schema_routes(Context& context, Routes& routes);
void add_stream_routes(Context& context, Routes& routes);
// The data of a `status` event of the stream.
[[nodiscard]] std::string status_event(Context& context);

// The answer to an error of Access: 401, 403, or 429 with Retry-After.
[[nodiscard]] net::ServerResponse refusal(const Error& error, std::string_view id);

}  // namespace fm::server
