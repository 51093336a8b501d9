// The HTTP API and the page over a lake and what runs in this process: GET /api/openapi.yaml says
// what it answers.
//
//   FM_ASSIGN(const auto server, Server::create(env, {.lake = "lake"}, {.rows = &hub}));
//   FM_TRY(server->start());     // server->port()
//   …
//   server->stop();              // before what `sources` points to goes
//
// It never writes to the lake, and nothing that it waits for makes a feed wait.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "server/sources.h"

namespace fm::server {

struct QueryLimits {
  std::uint64_t memory_mib = 512;
  int threads = 1;
  Nanos time_max = 30 * kNanosPerSecond;
  std::uint64_t rows_max = 100'000;  // of an answer
  int at_once_max = 2;               // further ones are answered 429
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;          // 0: any free one
  std::string certificate_file = {};  // PEM; with key_file: HTTPS
  std::string key_file = {};
  // Of mode 0600. Required where `host` is not of this machine alone; without one, whoever can
  // connect may read everything.
  std::string token_file = {};
  // Names under which the server may be asked for, beside its address and localhost: those of a
  // reverse proxy, such as "data.example.com".
  std::vector<std::string> host_names = {};
  std::string lake;
  std::string state_dir = {};      // empty: beside the lake
  std::string universe_file = {};  // empty: the built-in registry
  QueryLimits query = {};
  std::size_t streams_max = 500;  // clients of /api/stream; further ones are answered 503
  std::uint64_t cache_bytes_max = 64 << 20;  // of answers kept
};

class Server {
 public:
  // Binds, so that port() is known and clients wait. Errors: kInvalidConfig where a token is
  // required or the certificate cannot be used; kPermission for a token file that others may read;
  // kBusy for a taken port; those of the registry.
  [[nodiscard]] static Result<std::unique_ptr<Server>> create(Env& env, ServerOptions options,
                                                              Sources sources);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] Status start();
  // From any thread, also twice.
  void stop();
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::server
