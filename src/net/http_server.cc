#include "net/http_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/http_connection.h"
#include "net/http_core.h"

namespace fm::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 1024;
// Connections beyond connections_max that are told so; further ones wait in the system's queue.
constexpr std::size_t kRefusedMax = 64;
constexpr auto kTick = std::chrono::milliseconds(50);  // how late a deadline may be seen
constexpr auto kAcceptRetry = std::chrono::milliseconds(200);

}  // namespace

struct HttpServer::State {
  State(Env& env, HttpServerOptions options) : core(env, std::move(options)) {}

  HttpCore core;
  std::optional<asio::ssl::context> tls;
  tcp::acceptor acceptor{core.loop};
  asio::steady_timer tick{core.loop};
  asio::steady_timer accept_retry{core.loop};
  asio::executor_work_guard<asio::io_context::executor_type> work{core.loop.get_executor()};
  bool is_accepting = false;
  bool has_complained = false;
  std::mutex stop_mutex;
  std::thread thread;

  Status use_certificate();
  Status bind();
  error_code listen_on(const tcp::endpoint& endpoint);
  void run();
  void accept();
  void add(tcp::socket socket);
  void wait_to_accept(const error_code& error);
  void check_deadlines();
  void close_all();
};

Status HttpServer::State::use_certificate() {
  const HttpServerOptions& options = core.options;
  if (options.certificate_file.empty() && options.key_file.empty()) return {};
  tls.emplace(asio::ssl::context::tls_server);
  error_code error;
  tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                   asio::ssl::context::no_tlsv1_1);
  tls->use_certificate_chain_file(options.certificate_file, error);
  if (!error) tls->use_private_key_file(options.key_file, asio::ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(tls->native_handle()) != 1)
    return fail(Code::kInvalidConfig,
                "certificate '{}' and key '{}': expected a PEM certificate and its private key",
                options.certificate_file, options.key_file);
  return {};
}

error_code HttpServer::State::listen_on(const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.close(error);
  acceptor.open(endpoint.protocol(), error);
  // Not "port reuse", by which a second server could share the port.
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  return error;
}

Status HttpServer::State::bind() {
  const HttpServerOptions& options = core.options;
  error_code error;
  tcp::resolver resolver(core.loop);
  const auto found =
      resolver.resolve(options.host, std::to_string(options.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (!error) error = asio::error::host_not_found;
  for (const auto& entry : found) {
    error = listen_on(entry.endpoint());
    if (!error) break;
  }
  if (error) {
    // Env tells why.
    const auto probe = core.env.listen(options.host, options.port);
    if (!probe) return std::unexpected(probe.error());
    return fail(Code::kIo, "cannot listen on {}:{}: {}", options.host, options.port,
                error.message());
  }
  core.port = acceptor.local_endpoint(error).port();
  return {};
}

void HttpServer::State::run() {
  name_thread("fm-http");
  core.loop_thread = std::this_thread::get_id();
  core.on_room = [this] {
    if (!is_accepting) accept();
  };
  accept();
  check_deadlines();
  core.loop.run();
}

void HttpServer::State::accept() {
  is_accepting =
      !core.stopping && core.connections.size() < core.options.connections_max + kRefusedMax;
  if (!is_accepting) return;
  acceptor.async_accept([this](const error_code& error, tcp::socket socket) {
    if (core.stopping) return;
    if (error) return wait_to_accept(error);
    has_complained = false;
    add(std::move(socket));
    accept();
  });
}

// Out of file descriptors, as a rule: they come back when connections close.
void HttpServer::State::wait_to_accept(const error_code& error) {
  if (!std::exchange(has_complained, true))
    log(LogLevel::kError,
        fmt::format("port {}: cannot accept connections for now: {}", core.port, error.message()));
  accept_retry.expires_after(kAcceptRetry);
  accept_retry.async_wait([this](const error_code& ended) {
    if (!ended) accept();
  });
}

void HttpServer::State::add(tcp::socket socket) {
  const auto connection = Connection::create(core, std::move(socket), tls ? &*tls : nullptr);
  const bool is_too_many = core.connections.size() >= core.options.connections_max;
  core.connections.insert(connection);
  core.connections_now = core.connections.size();
  if (!is_too_many) return connection->start();
  ServerResponse refusal = ServerResponse::text("too many connections are open", 503);
  refusal.headers.emplace_back("Retry-After", "1");
  connection->start_refusing(std::move(refusal));
}

void HttpServer::State::check_deadlines() {
  if (core.stopping) return;
  const Nanos now = core.env.monotonic();
  // Copied, because a connection that is over leaves the set.
  const std::vector<std::shared_ptr<Connection>> all(core.connections.begin(),
                                                     core.connections.end());
  for (const auto& connection : all) connection->check_deadlines(now);
  tick.expires_after(kTick);
  tick.async_wait([this](const error_code& ended) {
    if (!ended) check_deadlines();
  });
}

void HttpServer::State::close_all() {
  error_code ignored;
  acceptor.close(ignored);
  tick.cancel();
  accept_retry.cancel();
  const std::vector<std::shared_ptr<Connection>> all(core.connections.begin(),
                                                     core.connections.end());
  for (const auto& connection : all) connection->close();
  work.reset();
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

// NOLINTNEXTLINE(bugprone-exception-escape): posting to the loop throws when memory is out.
HttpServer::~HttpServer() { stop(); }

Result<std::unique_ptr<HttpServer>> HttpServer::create(Env& env, HttpServerOptions options) {
  FM_ASSERT(options.threads >= 1 && options.waiting_max >= 1 && options.connections_max >= 1);
  auto state = std::make_unique<State>(env, std::move(options));
  FM_TRY(state->use_certificate());
  FM_TRY(state->bind());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

void HttpServer::route(std::string method, std::string_view pattern, Handler handler,
                       RouteOptions options) {
  FM_ASSERT(pattern.starts_with('/') && !state_->thread.joinable());
  state_->core.routes.add(std::move(method), pattern, std::move(handler), options);
}

void HttpServer::otherwise(Handler handler, RouteOptions options) {
  state_->core.routes.set_otherwise(std::move(handler), options);
}

void HttpServer::before_sending(std::function<void(const ServerRequest&, ServerResponse&)> look) {
  state_->core.before_sending = std::move(look);
}

Status HttpServer::start() {
  State& state = *state_;
  FM_ASSERT(!state.thread.joinable() && !state.core.stopping);
  state.core.pool.start(state.core.options.threads);
  state.thread = std::thread([&state] { state.run(); });
  return {};
}

void HttpServer::stop() {
  State& state = *state_;
  const std::lock_guard once(state.stop_mutex);
  state.core.stopping = true;
  if (!state.thread.joinable()) return;
  // Wakes the handlers that write, and leaves the loop without work, so that it ends.
  asio::post(state.core.loop, [&state] { state.close_all(); });
  state.core.pool.stop();
  state.thread.join();
}

std::uint16_t HttpServer::port() const { return state_->core.port; }
bool HttpServer::is_stopping() const { return state_->core.stopping; }

HttpFigures HttpServer::figures() const {
  const HttpCore& core = state_->core;
  return {.connections = core.connections_now,
          .streams = core.streams_now,
          .requests = core.requests,
          .refused = core.refused,
          .dropped = core.dropped};
}

}  // namespace fm::net
