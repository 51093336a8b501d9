// HTTP and HTTPS, as a server: one event loop holds all connections and does all their input and
// output; handlers answer on a bounded number of threads, or on the loop itself.
//
//   auto server = HttpServer::create(env, {.port = 0}).value();
//   server->route("GET", "/v0/metadata.list_datasets", [](const ServerRequest&) {
//     return ServerResponse::json(R"(["GLBX.MDP3"])");
//   });
//   FM_TRY(server->start());        // server->port() tells where
//   …
//   server->stop();
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "net/http_client.h"

namespace fm::net {

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;             // 0: any free one
  std::string certificate_file = {};  // PEM; with key_file: HTTPS
  std::string key_file = {};
  int threads = 16;              // run the handlers that may block, and the producers of bodies
  std::size_t waiting_max = 64;  // requests that wait for a thread; further ones are not read on
  std::size_t connections_max = 1024;              // open at once; more are answered 503
  std::size_t target_bytes_max = 8 << 10;          // path and query; more is answered 414
  std::size_t headers_max = 100;                   // of a request; more are answered 431
  std::size_t header_bytes_max = 32 << 10;         // of all headers; more are answered 431
  std::size_t body_bytes_max = 1 << 20;            // of a request; more is answered 413
  Nanos read_timeout = 5 * kNanosPerSecond;        // for the whole head of a request, and for its
                                                   // body at 16 KiB/s more
  Nanos write_timeout = 60 * kNanosPerSecond;      // a client that takes nothing for so long
  Nanos keep_alive_timeout = 1 * kNanosPerSecond;  // between the requests of a connection
  int keep_alive_requests_max = 1000;
  std::size_t streams_max = 500;             // event streams open at once; more are answered 503
  std::size_t stream_bytes_max = 256 << 10;  // that wait for one client; it is dropped beyond
};

struct ServerRequest {
  std::string method = {};
  std::string path = {};                // decoded
  std::vector<std::string> parts = {};  // what stood for each "*" of the route's pattern
  Parameters query = {};
  Parameters form = {};  // of a body of type application/x-www-form-urlencoded
  std::string body = {};
  std::vector<Header> headers = {};  // names in lower case
  std::string remote = {};           // "127.0.0.1:51234"
  std::string host = {};  // of the Host header: "localhost:8000"; "127.0.0.1:PORT" when missing
  std::shared_ptr<const std::atomic<bool>> gone = {};  // what is_gone() reads

  // From the form, else from the query; the first of that name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
  [[nodiscard]] std::string_view header(std::string_view name) const;  // lower-case name; or empty
  // User and password of basic authentication.
  [[nodiscard]] std::optional<std::pair<std::string, std::string>> basic_auth() const;
  // Whether the client has hung up: a handler that works for long asks, and may give up. Cheap, and
  // from any thread.
  [[nodiscard]] bool is_gone() const { return gone != nullptr && gone->load(); }
};

// Takes the pieces of a body.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  // False when the client is gone or the server stops; then nothing more will be taken.
  [[nodiscard]] virtual bool write(std::span<const std::byte> bytes) = 0;
  [[nodiscard]] bool write(std::string_view text) {
    return write(std::as_bytes(std::span(text.data(), text.size())));
  }
  // Whether the server is asked to stop: a producer that waits asks at least every 100 ms.
  [[nodiscard]] virtual bool is_stopping() const = 0;
};

enum class Body { kMore, kEnd };
// Writes the next piece of a body; is called until it says kEnd. An error breaks the connection off
// before the body's end, so that the client learns of it. Destroyed when the response is over.
using BodyProducer = std::function<Result<Body>(BodyWriter&)>;

// An answer without an end: events go to a client as they happen (text/event-stream).
class EventStream {
 public:
  virtual ~EventStream() = default;
  // From any thread, never blocks. `text`: one or more whole events, shared by all clients they go
  // to. False once the client is gone, or dropped because more than stream_bytes_max wait for it.
  [[nodiscard]] virtual bool send(std::shared_ptr<const std::string> text) = 0;
  // Ends the stream once what was sent has gone out. From any thread.
  virtual void close() = 0;
  [[nodiscard]] virtual bool is_closed() const = 0;
  // `callback` runs once, when the stream is over for whatever reason, on the event loop's thread;
  // at once when it is over already. It must not block.
  virtual void on_close(std::function<void()> callback) = 0;
};
// Gets the stream once the head of the answer is on its way, on the event loop's thread; must not
// block. What it sends before it returns (what a client that comes back has missed) does not count
// against stream_bytes_max.
using StreamStart = std::function<void(std::shared_ptr<EventStream>)>;

struct ServerResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<Header> headers = {};
  std::string body = {};
  std::shared_ptr<const std::string> shared_body = {};  // instead of `body`: of a cache
  BodyProducer producer = {};  // instead of `body`: sent in chunks, or with the length below
  std::optional<std::uint64_t> length = std::nullopt;
  StreamStart stream = {};  // instead of a body; see events()
  bool close = false;       // end the connection afterwards

  [[nodiscard]] static ServerResponse json(std::string text, int status = 200);
  [[nodiscard]] static ServerResponse text(std::string text, int status = 200);
  // Answered 503 with Retry-After when streams_max are open.
  [[nodiscard]] static ServerResponse events(StreamStart start);
};

// Runs on a thread of the server; must be safe to call on several at once.
using Handler = std::function<ServerResponse(const ServerRequest&)>;

struct RouteOptions {
  // The handler never blocks (no file, no lock held for long, no query): it answers on the event
  // loop's own thread, without a change of threads.
  bool on_loop = false;
  // Asked first, on the event loop's thread, and as little allowed to block: an answer that is at
  // hand. Nothing: the handler is asked.
  std::function<std::optional<ServerResponse>(const ServerRequest&)> at_hand = {};
};

// The range of a body of `size` that a Range header asks for. No value: the header asks for nothing
// that is understood, and the whole body is the answer. An empty range: it lies outside (416).
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};
[[nodiscard]] std::optional<ByteRange> parse_range(std::string_view header, std::uint64_t size);
// A file (or the asked range of it, 206; or 416), read piece by piece.
[[nodiscard]] ServerResponse file_response(Env& env, const std::string& path,
                                           const ServerRequest& request,
                                           std::string content_type = "application/octet-stream");

// "a=1&b=x+y" into decoded pairs. Errors: kInvalidArgument for a broken escape, a NUL, or more than
// kParametersMax pairs.
inline constexpr std::size_t kParametersMax = 1000;
[[nodiscard]] Result<Parameters> parse_form(std::string_view text);

// What the server has done since start(), and does now.
struct HttpFigures {
  std::size_t connections = 0;  // open now
  std::size_t streams = 0;      // event streams open now
  std::uint64_t requests = 0;   // read whole
  std::uint64_t refused = 0;    // answered 4xx or 503 before any handler saw them
  std::uint64_t dropped = 0;    // connections given up because the client was too slow to read
};

// Boost.Asio does the socket I/O, Boost.Beast reads the requests.
class HttpServer {
 public:
  // Binds, so that port() is known and clients wait. Errors: kBusy for a taken port; kPermission;
  // kInvalidConfig for a certificate or key that cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> create(Env& env,
                                                                  HttpServerOptions options);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Before start(). `pattern` is a path in which "*" stands for one segment; a last segment "**"
  // for the rest. The first route that fits answers; HEAD is answered by GET's routes.
  void route(std::string method, std::string_view pattern, Handler handler,
             RouteOptions options = {});
  // Answers what no route fits; default: 404, or 405 where another method would fit.
  void otherwise(Handler handler, RouteOptions options = {});
  // Before start(): looks at every answer before it is sent (access log, common headers). Called on
  // the thread that has the answer, on several at once.
  void before_sending(std::function<void(const ServerRequest&, ServerResponse&)> look);

  [[nodiscard]] Status start();
  // From any thread, also twice. Returns when all threads have ended: bodies under way are broken
  // off.
  void stop();
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] bool is_stopping() const;
  [[nodiscard]] HttpFigures figures() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::net
