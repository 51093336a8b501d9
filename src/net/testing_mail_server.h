// A mail server that answers each command by its first word and keeps what it was told: in the
// clear, or by STARTTLS.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "net/certificate.h"

namespace fm::net {

class FakeMailServer {
 public:
  struct Options {
    std::map<std::string, std::string> answers = {};  // "RCPT": "550 no such box"; "." ends a text
    std::optional<CertificateFiles> tls = {};         // STARTTLS is offered
  };
  FakeMailServer() : FakeMailServer(Options{}) {}
  explicit FakeMailServer(Options options);
  ~FakeMailServer();
  FakeMailServer(const FakeMailServer&) = delete;
  FakeMailServer& operator=(const FakeMailServer&) = delete;

  [[nodiscard]] std::string url() const;  // smtp://127.0.0.1:PORT
  // What its one client said, once that has gone.
  struct Heard {
    std::string in_clear;
    std::string in_tls;
  };
  [[nodiscard]] Heard heard();

 private:
  class Session;
  std::unique_ptr<Session> session_;
};

}  // namespace fm::net
