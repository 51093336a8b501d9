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

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::create(Env& env, ServerOptions options, Sources sources) {
  FM_ASSIGN(auto registry, jobs::Registry::load(env, options.universe_file));
  auto lake = lake::Lake::view(env, options.lake, {.state_dir = options.state_dir});
  auto state = std::make_unique<State>();
  state->context = std::make_unique<Context>(env, std::move(options), std::move(sources),
                                             std::move(registry), std::move(lake));
  const ServerOptions& set = state->context->options;
  FM_ASSIGN(state->http, net::HttpServer::create(env, {.host = set.host,
                                                       .port = set.port,
                                                       .certificate_file = set.certificate_file,
                                                       .key_file = set.key_file}));
  add_service_routes(*state->context, state->routes);
  add_root_routes(*state->context, state->routes);
  add_candle_routes(*state->context, state->routes);
  open_routes(*state->context, state->routes, *state->http);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Status Server::start() { return state_->http->start(); }
void Server::stop() { state_->http->stop(); }
std::uint16_t Server::port() const { return state_->http->port(); }

}  // namespace fm::server
