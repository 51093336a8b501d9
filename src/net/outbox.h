// What waits to be sent on one connection: filled by any thread, emptied by the event loop.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace fm::net {

class Outbox {
 public:
  // Either the connection's own bytes or some that are shared with other connections.
  struct Piece {
    std::string own = {};
    std::shared_ptr<const std::string> shared = {};
    [[nodiscard]] std::string_view view() const { return shared ? *shared : own; }
  };

  // `bytes_max`: how much may wait of what write() and send() bring. `wake` tells the loop that
  // there is something to take; it is called under the lock, once between two takes.
  Outbox(std::size_t bytes_max, std::function<void()> wake);

  // From the loop, which takes it at once: heads, bodies, shared events. Whatever waits already.
  void put(Piece piece);
  // Waits until there is room. False once closed.
  [[nodiscard]] bool write(std::string piece);
  // Never waits. False once closed, and when there is no room: then it has overflowed for good.
  [[nodiscard]] bool send(std::shared_ptr<const std::string> piece);
  // Nothing more will come; what waits is still to be sent.
  void finish();
  // Nothing is sent any more: wakes who waits in write().
  void close();

  // For the loop.
  [[nodiscard]] bool take(Piece& out);      // false: nothing waits
  void sent(std::size_t bytes);             // of what was taken
  [[nodiscard]] std::size_t bytes() const;  // of write() and send(), not sent yet
  [[nodiscard]] bool is_finished() const;
  [[nodiscard]] bool has_overflowed() const;
  [[nodiscard]] bool is_closed() const;
  void set_bytes_max(std::size_t bytes_max);

 private:
  void wake();

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::size_t bytes_max_;
  std::function<void()> wake_;
  std::deque<Piece> pieces_;
  // Free bytes are those of put(). Which bytes are sent first is not told apart: free ones count as
  // sent first, as they are but for a few bytes behind a body.
  std::size_t free_bytes_ = 0;
  std::size_t bytes_ = 0;
  bool is_awake_ = false;
  bool is_finished_ = false;
  bool has_overflowed_ = false;
  bool is_closed_ = false;
};

}  // namespace fm::net
