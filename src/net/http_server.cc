#include "net/http_server.h"

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/assert.h"
#include "base/log.h"
#include "base/thread.h"

namespace fm::net {
namespace {

constexpr int kBacklog = 128;
// Matching a longer path would cost cpp-httplib's regular expressions much of a thread's stack.
constexpr std::size_t kPathBytesMax = 1024;
// How long one call into cpp-httplib waits for a slow client before it is asked whether to stop.
constexpr Nanos kWriteSlice = kNanosPerSecond / 4;
// Always fits once a socket is writable, so that no call waits longer than kWriteSlice.
constexpr std::size_t kWriteBytes = 16 << 10;
constexpr Nanos kStartPatience = 10 * kNanosPerSecond;
constexpr char kEveryPath[] = R"([^\n]*)";

std::chrono::microseconds micros(Nanos duration) {
  return std::chrono::microseconds(std::max<Nanos>(duration / 1000, 1));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    out.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

struct Route {
  std::string method;
  std::vector<std::string> pattern;
  Handler handler;

  // What stood for the stars, when the path fits.
  [[nodiscard]] std::optional<std::vector<std::string>> match(
      const std::vector<std::string>& path) const {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == "**") {
        std::string rest;
        for (std::size_t k = i; k < path.size(); ++k) rest += (k == i ? "" : "/") + path[k];
        parts.push_back(std::move(rest));
        return parts;
      }
      if (i >= path.size()) return std::nullopt;
      if (pattern[i] == "*") parts.push_back(path[i]);
      if (pattern[i] != "*" && pattern[i] != path[i]) return std::nullopt;
    }
    return pattern.size() == path.size() ? std::optional(std::move(parts)) : std::nullopt;
  }
};

// The threads of a server, and the connections that wait for one.
class Workers final : public httplib::TaskQueue {
 public:
  // `mutex` and `changed` are the server's, so that its stop() can wake who waits here.
  Workers(const HttpServerOptions& options, std::mutex& mutex, std::condition_variable& changed,
          const std::atomic<bool>& stopping)
      : waiting_max_(options.waiting_max), mutex_(mutex), changed_(changed), stopping_(stopping) {
    for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { work(); });
  }

  // Runs on the accepting thread: while it waits here, connections queue up in the system.
  void enqueue(std::function<void()> connection) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < waiting_max_ || stopping_; });
    waiting_.push_back(std::move(connection));
    changed_.notify_all();
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  void on_idle() override {
    // Orders the accepting thread's use of the listening socket before stop() closes it.
    const std::lock_guard lock(mutex_);
  }

 private:
  void work() {
    name_thread("fm-http");
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return !waiting_.empty() || ended_; });
      if (waiting_.empty()) return;
      const std::function<void()> connection = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.notify_all();
      lock.unlock();
      connection();
      lock.lock();
    }
  }

  std::size_t waiting_max_;
  std::mutex& mutex_;
  std::condition_variable& changed_;
  const std::atomic<bool>& stopping_;
  std::deque<std::function<void()>> waiting_;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

class SinkWriter final : public BodyWriter {
 public:
  SinkWriter(httplib::DataSink& sink, Env& env, Nanos timeout, const std::atomic<bool>& stopping)
      : sink_(sink), env_(env), timeout_(timeout), stopping_(stopping) {}
  using BodyWriter::write;

  bool write(std::span<const std::byte> bytes) override {
    while (!bytes.empty() && !is_broken_) {
      const auto piece = bytes.first(std::min(bytes.size(), kWriteBytes));
      is_broken_ =
          !wait() || !sink_.write(reinterpret_cast<const char*>(piece.data()), piece.size());
      bytes = bytes.subspan(piece.size());
    }
    return !is_broken_;
  }
  bool is_stopping() const override { return stopping_; }

 private:
  // Until the client takes something.
  bool wait() {
    const Nanos start = env_.monotonic();
    for (;;) {
      if (stopping_) return false;
      if (sink_.is_writable()) return true;
      if (env_.monotonic() - start > timeout_) return false;
    }
  }

  httplib::DataSink& sink_;
  Env& env_;
  Nanos timeout_;
  const std::atomic<bool>& stopping_;
  bool is_broken_ = false;
};

BodyProducer produce_text(std::string text) {
  return [text = std::move(text)](BodyWriter& writer) -> Result<Body> {
    if (!writer.write(text)) return fail(Code::kBrokenPipe, "the client is gone");
    return Body::kEnd;
  };
}

}  // namespace

struct HttpServer::State {
  Env* env = nullptr;
  HttpServerOptions options;
  std::unique_ptr<httplib::Server> server;
  std::uint16_t port = 0;
  std::vector<Route> routes;
  Handler otherwise;
  std::function<void(const ServerRequest&, ServerResponse&)> before_sending;
  std::atomic<bool> stopping = false;
  std::mutex accept_mutex;
  std::condition_variable accept_changed;
  std::mutex stop_mutex;
  std::thread acceptor;

  Status configure();
  Status bind();
  void serve(const httplib::Request& request, httplib::Response& response, std::string body,
             std::optional<ServerResponse> refusal);
  void serve_with_body(const httplib::Request& request, httplib::Response& response,
                       const httplib::ContentReader& read);
  ServerRequest translate(const httplib::Request& request, std::string body) const;
  ServerResponse answer(ServerRequest& request) const;
  void send(ServerResponse answer, httplib::Response& response) const;
};

ServerRequest HttpServer::State::translate(const httplib::Request& request,
                                           std::string body) const {
  ServerRequest out{.method = request.method,
                    .path = request.path,
                    .body = std::move(body),
                    .remote = fmt::format("{}:{}", request.remote_addr, request.remote_port)};
  for (const auto& [name, value] : request.headers) out.headers.emplace_back(lower(name), value);
  out.host = out.header("host");
  if (out.host.empty()) out.host = fmt::format("{}:{}", options.host, port);
  return out;
}

// Parameters are read here and not by cpp-httplib, which takes any bytes for a parameter and no
// form above 8 KiB.
ServerResponse HttpServer::State::answer(ServerRequest& request) const {
  const auto path = segments_of(request.path);
  bool other_method_fits = false;
  for (const Route& route : routes) {
    auto parts = route.match(path);
    if (!parts) continue;
    const bool method_fits =
        route.method == request.method || (route.method == "GET" && request.method == "HEAD");
    if (!method_fits) {
      other_method_fits = true;
      continue;
    }
    request.parts = *std::move(parts);
    return route.handler(request);
  }
  if (otherwise) return otherwise(request);
  return other_method_fits ? ServerResponse::text("Method Not Allowed", 405)
                           : ServerResponse::text("Not Found", 404);
}

void HttpServer::State::serve(const httplib::Request& request, httplib::Response& response,
                              std::string body, std::optional<ServerResponse> refusal) {
  // cpp-httplib would cut every body by these without looking at its size, and file_response()
  // reads the header itself. The object is cpp-httplib's own and not const.
  const_cast<httplib::Request&>(request).ranges.clear();
  ServerRequest translated = translate(request, std::move(body));
  const auto read_parameters = [&]() -> Status {
    const std::size_t mark = request.target.find('?');
    if (mark != std::string::npos) {
      FM_ASSIGN(translated.query, parse_form(std::string_view(request.target).substr(mark + 1)));
    }
    if (translated.header("content-type").starts_with("application/x-www-form-urlencoded")) {
      FM_ASSIGN(translated.form, parse_form(translated.body));
    }
    return {};
  };
  if (!refusal)
    if (const Status status = read_parameters(); !status)
      refusal = ServerResponse::text(status.error().message(), 400);
  ServerResponse out = refusal ? *std::move(refusal) : answer(translated);
  if (before_sending) before_sending(translated, out);
  send(std::move(out), response);
}

void HttpServer::State::serve_with_body(const httplib::Request& request,
                                        httplib::Response& response,
                                        const httplib::ContentReader& read) {
  std::string body;
  std::optional<ServerResponse> refusal;
  const auto refuse = [&](std::string why, int status) {
    refusal = ServerResponse::text(std::move(why), status);
    refusal->close = true;  // what is left of the body cannot be told from a next request
  };
  const bool has_body =
      request.has_header("Content-Length") || request.has_header("Transfer-Encoding");
  if (request.is_multipart_form_data()) {
    refuse("multipart bodies are not read here", 415);
  } else if (has_body) {
    bool is_too_long = false;
    const bool is_whole = read([&](const char* data, std::size_t size) {
      is_too_long = body.size() + size > options.body_bytes_max;
      if (!is_too_long) body.append(data, size);
      return !is_too_long;
    });
    if (is_too_long || response.status == 413)
      refuse(fmt::format("the body is longer than {} bytes", options.body_bytes_max), 413);
    else if (!is_whole)
      refuse("the body is not whole", 400);
  }
  response.status = -1;
  serve(request, response, std::move(body), std::move(refusal));
}

void HttpServer::State::send(ServerResponse answer, httplib::Response& response) const {
  if (answer.shared_body) answer.body = *answer.shared_body;
  if (answer.stream) answer = ServerResponse::text("no event streams here", 501);
  response.status = answer.status;
  for (const auto& [name, value] : answer.headers) response.set_header(name, value);
  if (!answer.producer && (answer.body.size() > kWriteBytes || answer.close)) {
    // An empty piece is the end of a chunked body, and there is no provider of length 0.
    if (answer.body.empty()) answer.body = "\n";
    answer.length = answer.body.size();
    answer.producer = produce_text(std::move(answer.body));
  }
  if (!answer.producer || answer.length == 0) {
    response.set_content(answer.body, answer.content_type);
    return;
  }
  // Shared, because std::function copies what it holds.
  struct Sending {
    BodyProducer produce;
    bool close;
    bool is_over = false;
  };
  auto sending = std::make_shared<Sending>(std::move(answer.producer), answer.close);
  const auto step = [this, sending](httplib::DataSink& sink) -> bool {
    SinkWriter writer(sink, *env, options.write_timeout, stopping);
    const Result<Body> body = sending->produce(writer);
    if (!body) {
      if (body.error().code() != Code::kBrokenPipe)
        log_warning("an answer broke off: {}", body.error().message());
      return false;
    }
    sending->is_over = *body == Body::kEnd;
    return true;
  };
  if (answer.length) {
    response.set_content_provider(
        *answer.length, answer.content_type,
        [step, sending](std::size_t, std::size_t, httplib::DataSink& sink) {
          // A failed last piece is how cpp-httplib is told to close the connection.
          return step(sink) && !(sending->is_over && sending->close);
        });
  } else {
    response.set_chunked_content_provider(answer.content_type,
                                          [step, sending](std::size_t, httplib::DataSink& sink) {
                                            if (!step(sink)) return false;
                                            if (sending->is_over) sink.done();
                                            return !(sending->is_over && sending->close);
                                          });
  }
}

Status HttpServer::State::configure() {
  const bool is_tls = !options.certificate_file.empty() || !options.key_file.empty();
  if (is_tls)
    server = std::make_unique<httplib::SSLServer>(options.certificate_file.c_str(),
                                                  options.key_file.c_str());
  else
    server = std::make_unique<httplib::Server>();
  if (!server->is_valid())
    return fail(Code::kInvalidConfig,
                "certificate '{}' and key '{}': expected a PEM certificate and its private key",
                options.certificate_file, options.key_file);
  server->set_payload_max_length(options.body_bytes_max);
  server->set_read_timeout(micros(options.read_timeout));
  server->set_write_timeout(micros(kWriteSlice));
  server->set_idle_interval(std::chrono::milliseconds(50));
  server->set_keep_alive_max_count(static_cast<std::size_t>(options.keep_alive_requests_max));
  server->set_keep_alive_timeout(
      static_cast<time_t>(std::max<Nanos>(options.keep_alive_timeout / kNanosPerSecond, 1)));
  server->set_tcp_nodelay(true);
  server->new_task_queue = [this] {
    return new Workers(options, accept_mutex, accept_changed, stopping);
  };
  server->set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        using Response = httplib::Server::HandlerResponse;
        if (request.path.size() > kPathBytesMax || !request.path.starts_with('/')) {
          auto refusal = ServerResponse::text("no path that is served here", 414);
          refusal.close = true;
          serve(request, response, {}, std::move(refusal));
          return Response::Handled;
        }
        for (const char* const with_body : {"POST", "PUT", "PATCH", "DELETE"})
          if (request.method == with_body) return Response::Unhandled;
        std::optional<ServerResponse> refusal;
        if (request.has_header("Transfer-Encoding") ||
            (request.has_header("Content-Length") &&
             request.get_header_value("Content-Length") != "0")) {
          refusal = ServerResponse::text("a request of this method has no body here", 400);
          refusal->close = true;
        }
        serve(request, response, {}, std::move(refusal));
        return Response::Handled;
      });
  const auto with_body = [this](const httplib::Request& request, httplib::Response& response,
                                const httplib::ContentReader& read) {
    serve_with_body(request, response, read);
  };
  server->Post(kEveryPath, httplib::Server::HandlerWithContentReader(with_body));
  server->Put(kEveryPath, httplib::Server::HandlerWithContentReader(with_body));
  server->Patch(kEveryPath, httplib::Server::HandlerWithContentReader(with_body));
  server->Delete(kEveryPath, httplib::Server::HandlerWithContentReader(with_body));
  return {};
}

Status HttpServer::State::bind() {
  int listening = -1;
  // cpp-httplib's own default would let a second server share the port.
  server->set_socket_options([&](int fd) {
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    listening = fd;
  });
  const int bound = options.port == 0 ? server->bind_to_any_port(options.host)
                    : server->bind_to_port(options.host, options.port) ? options.port
                                                                       : -1;
  if (bound <= 0) {
    // Env tells why.
    const auto probe = env->listen(options.host, options.port);
    if (!probe) return std::unexpected(probe.error());
    return fail(Code::kIo, "cannot listen on {}:{}", options.host, options.port);
  }
  // Asks for more room than cpp-httplib's 5 waiting connections.
  ::listen(listening, kBacklog);
  port = static_cast<std::uint16_t>(bound);
  return {};
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() { stop(); }

Result<std::unique_ptr<HttpServer>> HttpServer::create(Env& env, HttpServerOptions options) {
  FM_ASSERT(options.threads >= 1 && options.waiting_max >= 1);
  auto state = std::make_unique<State>();
  state->env = &env;
  state->options = std::move(options);
  FM_TRY(state->configure());
  FM_TRY(state->bind());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

void HttpServer::route(std::string method, std::string_view pattern, Handler handler,
                       RouteOptions) {
  FM_ASSERT(pattern.starts_with('/') && !state_->acceptor.joinable());
  state_->routes.push_back({std::move(method), segments_of(pattern), std::move(handler)});
}

void HttpServer::otherwise(Handler handler, RouteOptions) {
  state_->otherwise = std::move(handler);
}

void HttpServer::before_sending(std::function<void(const ServerRequest&, ServerResponse&)> look) {
  state_->before_sending = std::move(look);
}

Status HttpServer::start() {
  State& state = *state_;
  FM_ASSERT(!state.acceptor.joinable() && !state.stopping);
  state.acceptor = std::thread([&state] {
    name_thread("fm-http-accept");
    if (!state.server->listen_after_bind() && !state.stopping)
      log(LogLevel::kError, fmt::format("port {}: no longer accepts connections", state.port));
  });
  // stop() does nothing to a server that does not run yet.
  const Nanos deadline = state.env->monotonic() + kStartPatience;
  while (!state.server->is_running()) {
    if (state.env->monotonic() > deadline)
      return fail(Code::kInternal, "port {}: the server does not start", state.port);
    state.env->sleep_for(1'000'000);
  }
  return {};
}

void HttpServer::stop() {
  State& state = *state_;
  const std::lock_guard once(state.stop_mutex);
  state.stopping = true;
  if (!state.acceptor.joinable()) return;
  {
    const std::lock_guard lock(state.accept_mutex);
    state.server->stop();
    state.accept_changed.notify_all();
  }
  state.acceptor.join();
}

std::uint16_t HttpServer::port() const { return state_->port; }
bool HttpServer::is_stopping() const { return state_->stopping; }

}  // namespace fm::net
