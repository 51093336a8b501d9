// Servers that break HTTP's rules: they read a request's head and answer with given bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/env.h"

namespace fm::net {

class RawServer {
 public:
  // The n-th connection gets the n-th answer and is then closed; further connections get the last
  // one. `linger`: what happens between the answer and the close.
  explicit RawServer(std::vector<std::string> answers, Nanos linger = 0);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] std::string url(std::string_view path = "/") const;
  // The heads of the requests so far; call after the answers have been received.
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }

 private:
  void serve();

  std::vector<std::string> answers_;
  Nanos linger_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace fm::net
