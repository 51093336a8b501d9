// Streams to other processes, by way of Env so that a test can own them. Blocking, with a limit on
// every wait.
//
//   FM_ASSIGN(auto socket, env.connect("glbx-mdp3.lsg.databento.com", 13000, 10 *
//   kNanosPerSecond)); FM_TRY(socket->write("start_session\n", patience)); FM_ASSIGN(const
//   std::size_t got, socket->read(buffer, patience));   // 0: the other side closed
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace fm {

class Socket {
 public:
  virtual ~Socket() = default;  // closes
  // At least one byte and at most out.size(), which is not 0; 0 when the other side has closed
  // cleanly. Errors: kTimedOut when nothing came for `patience` (the stream is as good as before),
  // kDisconnected.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> out, Nanos patience) = 0;
  // All of `bytes`. Errors: kTimedOut when the other side took nothing for `patience` (how much of
  // it went out is not known), kDisconnected.
  [[nodiscard]] virtual Status write(std::span<const std::byte> bytes, Nanos patience) = 0;
  [[nodiscard]] Status write(std::string_view text, Nanos patience) {
    return write(std::as_bytes(std::span(text.data(), text.size())), patience);
  }
  // As much as goes out without waiting; 0 when the other side is slow. Errors: kDisconnected.
  [[nodiscard]] virtual Result<std::size_t> write_some(std::span<const std::byte> bytes) = 0;
  // From any thread: every read and write, also one that waits now, ends with kDisconnected.
  virtual void shut_down() = 0;
  // As shut_down(), but the other side finds the connection reset, not ended. Waits for up to
  // `patience` until it has taken what was written; anything after that is lost.
  virtual void reset(Nanos patience);
  // "127.0.0.1:13000"
  [[nodiscard]] virtual std::string peer() const = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;
  // Errors: kTimedOut; kDisconnected after shut_down(); kIo.
  [[nodiscard]] virtual Result<std::unique_ptr<Socket>> accept(Nanos patience) = 0;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  // From any thread.
  virtual void shut_down() = 0;
};

}  // namespace fm
