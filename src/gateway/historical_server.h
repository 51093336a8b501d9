// Databento's historical HTTP service over an archive: timeseries, metadata, symbology and batch.
//
//   FM_ASSIGN(const auto server, HistoricalServer::start(env, archive, {.http_port = 8000}));
//   …
//   server->stop();
//
// Plain HTTP, HTTPS, or both. Clients with a key send it as the user of basic authentication.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "gateway/archive.h"
#include "gateway/historical_faults.h"
#include "net/certificate.h"

namespace fm::gateway {

struct HistoricalOptions {
  std::string host = "127.0.0.1";
  std::optional<std::uint16_t> http_port = std::nullopt;   // 0: any free one; none: not served
  std::optional<std::uint16_t> https_port = std::nullopt;  // needs the certificate
  net::CertificateFiles certificate = {};
  const Secret* key = nullptr;  // null: every client is let in; else outlives the server
  std::string jobs_directory;   // the files of batch jobs; what is left there is not served again
  HistoricalFaults faults = {};
  int threads = 16;  // for each of the two
};

class HistoricalServer {
 public:
  // Listens and serves until stopped. Errors: those of net::HttpServer::create;
  // kInvalidArgument without a port.
  [[nodiscard]] static Result<std::unique_ptr<HistoricalServer>> start(
      Env& env, const std::shared_ptr<const Archive>& archive, HistoricalOptions options);
  ~HistoricalServer();  // stops
  HistoricalServer(const HistoricalServer&) = delete;
  HistoricalServer& operator=(const HistoricalServer&) = delete;

  // 0 when not served.
  [[nodiscard]] std::uint16_t http_port() const;
  [[nodiscard]] std::uint16_t https_port() const;
  // From any thread.
  void stop();

 private:
  struct State;
  explicit HistoricalServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fm::gateway
