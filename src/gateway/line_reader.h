// Control lines off a socket. Private to the room.
#pragma once

#include <optional>
#include <string>

#include "base/socket.h"
#include "gateway/control_line.h"

namespace fm::gateway {

class LineReader {
 public:
  explicit LineReader(Socket& socket) : socket_(socket) {}

  // The next line without its line feed; nothing when none was complete after `patience`. Errors:
  // kDisconnected, also when the client has closed; kInvalidArgument for a line of more than
  // kControlLineBytesMax.
  [[nodiscard]] Result<std::optional<std::string>> next(Nanos patience);

 private:
  [[nodiscard]] std::optional<std::string> take_line();

  Socket& socket_;
  std::string buffer_;
  std::size_t searched_ = 0;  // no line feed before it
};

}  // namespace fm::gateway
