// What a service says of itself to whoever started it: systemd's protocol of notifications, one
// datagram each to the socket that $NOTIFY_SOCKET names.
//
//   ServiceManager manager(variables);
//   manager.tell("READY=1\nSTATUS=serving");
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "base/time.h"

namespace fm {

class ServiceManager {
 public:
  // By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. Without a socket nothing is ever told.
  explicit ServiceManager(const Variables& variables);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  [[nodiscard]] bool is_there() const { return fd_ >= 0; }
  // Lines as "READY=1". What cannot be sent is lost: a manager that does not listen is none.
  void tell(std::string_view lines);
  // How often "WATCHDOG=1" is expected at least; nothing where it is not.
  [[nodiscard]] std::optional<Nanos> watchdog() const { return watchdog_; }

 private:
  std::string address_;
  int fd_ = -1;
  std::optional<Nanos> watchdog_;
};

}  // namespace fm
