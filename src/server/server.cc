#include "server/server.h"

#include <utility>

#include "net/http_server.h"
#include "server/api.h"
#include "server/context.h"
#include "server/gate.h"

namespace fm::server {

struct Server::State {
  std::unique_ptr<Context> context;
  Routes routes;
  std::unique_ptr<net::HttpServer> http;  // last: it ends before what it asks
};

Routes all_routes(Context& context) {
  Routes routes;
  for (const auto add : {add_service_routes, add_access_routes, add_root_routes, add_candle_routes,
                         add_bar_routes, add_mark_routes, add_volume_routes, add_live_data_routes,
                         add_coverage_routes, add_operation_routes, add_query_routes,
                         add_schema_routes, add_stream_routes, add_metric_routes})
    add(context, routes);
  return routes;
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::create(Env& env, ServerOptions options, Sources sources) {
  FM_ASSIGN(auto registry, jobs::Registry::load(env, options.universe_file));
  auto lake = lake::Lake::view(env, options.lake, {.state_dir = options.state_dir});
  AccessOptions who{.host = options.host,
                    .host_names = options.host_names,
                    .is_tls = !options.certificate_file.empty()};
  if (!options.token_file.empty()) {
    FM_ASSIGN(who.token, Access::read_token(env, options.token_file));
  }
  FM_ASSIGN(auto access, Access::create(env, std::move(who)));
  auto state = std::make_unique<State>();
  state->context =
      std::make_unique<Context>(env, std::move(options), std::move(sources), std::move(registry),
                                std::move(lake), std::move(access));
  Context& context = *state->context;
  context.coverage = std::make_unique<CoverageBook>(context);
  const ServerOptions& set = context.options;
  FM_ASSIGN(state->http, net::HttpServer::create(env, {.host = set.host,
                                                       .port = set.port,
                                                       .certificate_file = set.certificate_file,
                                                       .key_file = set.key_file,
                                                       .streams_max = set.streams_max}));
  state->routes = all_routes(context);
  open_routes(*state->context, state->routes, *state->http);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Status Server::start() {
  Context& context = *state_->context;
  context.rows->set_status([&context] { return status_event(context); });
  return state_->http->start();
}

void Server::stop() {
  // What the status is made from may go next.
  state_->context->rows->set_status({});
  state_->http->stop();
}

std::uint16_t Server::port() const { return state_->http->port(); }

}  // namespace fm::server
