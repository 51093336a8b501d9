#include "base/socket_posix.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/assert.h"

namespace fm {
namespace {

// Room for a burst of the feed while this side looks elsewhere; the system may grant less.
constexpr int kReceiveBufferBytes = 4 << 20;
constexpr int kBacklog = 128;

class Handle {
 public:
  explicit Handle(int fd) : fd_(fd) {}
  ~Handle() {
    if (fd_ >= 0) ::close(fd_);
  }
  Handle(Handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Handle& operator=(Handle&&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Nanos monotonic() {
  timespec time{};
  FM_ASSERT(::clock_gettime(CLOCK_MONOTONIC, &time) == 0);
  return static_cast<Nanos>(time.tv_sec) * kNanosPerSecond + static_cast<Nanos>(time.tv_nsec);
}

// Whether `fd` became ready for `events` before the deadline.
Result<bool> wait_until(int fd, short events, Nanos deadline, const std::string& peer) {
  for (;;) {
    const Nanos now = monotonic();
    // Rounded up, so that the last wait does not spin.
    const Nanos left_ms = now >= deadline ? 0 : (deadline - now + 999'999) / 1'000'000;
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<Nanos>(left_ms, 1'000'000'000)));
    if (ready > 0) return true;
    if (ready == 0 && left_ms == 0) return false;
    if (ready < 0 && errno != EINTR) return std::unexpected(errno_error(errno, "wait for", peer));
  }
}

Nanos deadline_after(Nanos patience) {
  const Nanos now = monotonic();
  return patience > std::numeric_limits<Nanos>::max() - now ? std::numeric_limits<Nanos>::max()
                                                            : now + patience;
}

std::unexpected<Error> disconnected(const std::string& peer, int error_number) {
  return std::unexpected(Error(Code::kDisconnected, fmt::format("{}: the connection is gone ({})",
                                                                peer, std::strerror(error_number)))
                             .retryable());
}

std::unexpected<Error> timed_out(const std::string& peer, std::string_view what, Nanos patience) {
  return std::unexpected(
      Error(Code::kTimedOut,
            fmt::format("{}: {} for {} s", peer, what,
                        static_cast<double>(patience) / static_cast<double>(kNanosPerSecond)))
          .retryable());
}

std::string name_of(const sockaddr* address, socklen_t length) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (::getnameinfo(address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "unknown peer";
  const bool is_v6 = address->sa_family == AF_INET6;
  return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

class PosixSocket final : public Socket {
 public:
  PosixSocket(Handle fd, std::string peer) : fd_(std::move(fd)), peer_(std::move(peer)) {
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  using Socket::write;

  Result<std::size_t> read(std::span<std::byte> out, Nanos patience) override {
    FM_ASSERT(!out.empty());
    Nanos deadline = 0;
    for (;;) {
      if (is_shut_down_) return disconnected(peer_, ESHUTDOWN);
      const ssize_t got = ::recv(fd_.get(), out.data(), out.size(), MSG_DONTWAIT);
      if (got > 0) return static_cast<std::size_t>(got);
      if (got == 0) {
        if (is_shut_down_) return disconnected(peer_, ESHUTDOWN);
        return std::size_t{0};
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return disconnected(peer_, errno);
      if (deadline == 0) deadline = deadline_after(patience);
      FM_ASSIGN(const bool ready, wait_until(fd_.get(), POLLIN, deadline, peer_));
      if (!ready) return timed_out(peer_, "nothing came", patience);
    }
  }

  Status write(std::span<const std::byte> bytes, Nanos patience) override {
    while (!bytes.empty()) {
      FM_ASSIGN(const std::size_t put, write_some(bytes));
      bytes = bytes.subspan(put);
      if (put > 0) continue;
      FM_ASSIGN(const bool ready, wait_until(fd_.get(), POLLOUT, deadline_after(patience), peer_));
      if (!ready) return timed_out(peer_, "nothing was taken", patience);
    }
    return {};
  }

  Result<std::size_t> write_some(std::span<const std::byte> bytes) override {
    for (;;) {
      const ssize_t put =
          ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put >= 0) return static_cast<std::size_t>(put);
      if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
      if (errno != EINTR) return disconnected(peer_, errno);
    }
  }

  void shut_down() override {
    is_shut_down_ = true;
    ::shutdown(fd_.get(), SHUT_RDWR);
  }

  void reset(Nanos patience) override {
    const Nanos deadline = deadline_after(patience);
    int unsent = 0;
    while (::ioctl(fd_.get(), TIOCOUTQ, &unsent) == 0 && unsent > 0 && monotonic() < deadline)
      ::poll(nullptr, 0, 1);
    // Taking the association away resets the connection without closing the descriptor, which
    // another thread may be waiting on.
    sockaddr nowhere{};
    nowhere.sa_family = AF_UNSPEC;
    static_cast<void>(::connect(fd_.get(), &nowhere, sizeof nowhere));
    shut_down();
  }

  std::string peer() const override { return peer_; }

 private:
  Handle fd_;
  std::string peer_;
  std::atomic<bool> is_shut_down_ = false;
};

class PosixListener final : public Listener {
 public:
  PosixListener(Handle fd, std::uint16_t port) : fd_(std::move(fd)), port_(port) {}

  Result<std::unique_ptr<Socket>> accept(Nanos patience) override {
    const std::string place = fmt::format("port {}", port_);
    const Nanos deadline = deadline_after(patience);
    for (;;) {
      if (is_shut_down_) return disconnected(place, ESHUTDOWN);
      sockaddr_storage address{};
      socklen_t length = sizeof address;
      auto* const generic = reinterpret_cast<sockaddr*>(&address);
      Handle client(::accept4(fd_.get(), generic, &length, SOCK_CLOEXEC));
      if (client.get() >= 0)
        return std::make_unique<PosixSocket>(std::move(client), name_of(generic, length));
      // A client that gave up while it waited is no failure of this side.
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (is_shut_down_) return disconnected(place, ESHUTDOWN);
      if (errno != EAGAIN && errno != EWOULDBLOCK)
        return std::unexpected(errno_error(errno, "accept on", place));
      FM_ASSIGN(const bool ready, wait_until(fd_.get(), POLLIN, deadline, place));
      if (!ready) return timed_out(place, "no client came", patience);
    }
  }

  std::uint16_t port() const override { return port_; }

  void shut_down() override {
    is_shut_down_ = true;
    ::shutdown(fd_.get(), SHUT_RDWR);
  }

 private:
  Handle fd_;
  std::uint16_t port_;
  std::atomic<bool> is_shut_down_ = false;
};

struct Addresses {
  addrinfo* first = nullptr;
  Addresses() = default;
  ~Addresses() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;
};

Status resolve(const std::string& host, std::uint16_t port, int flags, Addresses& out) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &out.first);
  if (code == 0) return {};
  return std::unexpected(
      Error(Code::kDisconnected,
            fmt::format("{}: the name does not resolve ({})", host, ::gai_strerror(code)))
          .retryable());
}

// Errors with kTimedOut or kDisconnected.
Status connect_one(int fd, const addrinfo& address, const std::string& peer, Nanos deadline,
                   Nanos patience) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS && errno != EINTR) return disconnected(peer, errno);
  FM_ASSIGN(const bool ready, wait_until(fd, POLLOUT, deadline, peer));
  if (!ready) return timed_out(peer, "no answer", patience);
  int error_number = 0;
  socklen_t length = sizeof error_number;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &length);
  if (error_number != 0) return disconnected(peer, error_number);
  return {};
}

}  // namespace

Result<std::unique_ptr<Socket>> connect_posix(const std::string& host, std::uint16_t port,
                                              Nanos patience) {
  const Nanos deadline = deadline_after(patience);
  Addresses addresses;
  FM_TRY(resolve(host, port, 0, addresses));
  // A name may have several addresses, and the first be dead.
  Status last = fail(Code::kDisconnected, "{}: has no address", host);
  for (const addrinfo* one = addresses.first; one != nullptr; one = one->ai_next) {
    const std::string peer = name_of(one->ai_addr, one->ai_addrlen);
    Handle fd(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd.get() < 0) return std::unexpected(errno_error(errno, "open a socket to", peer));
    // Before connecting, because the window is agreed on there.
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBufferBytes, sizeof kReceiveBufferBytes);
    last = connect_one(fd.get(), *one, peer, deadline, patience);
    if (last) return std::make_unique<PosixSocket>(std::move(fd), peer);
  }
  return std::unexpected(std::move(last).error().in(fmt::format("{}:{}", host, port)));
}

Result<std::unique_ptr<Listener>> listen_posix(const std::string& host, std::uint16_t port) {
  Addresses addresses;
  FM_TRY(resolve(host, port, AI_PASSIVE, addresses));
  const addrinfo& address = *addresses.first;
  const std::string place = fmt::format("{}:{}", host, port);
  Handle fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return std::unexpected(errno_error(errno, "open a socket for", place));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    if (errno == EADDRINUSE)
      return std::unexpected(Error(Code::kBusy, fmt::format("{}: the port is in use", place))
                                 .hint("Choose another port, or 0 for any free one.")
                                 .retryable());
    return std::unexpected(errno_error(errno, "listen on", place));
  }
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &length);
  const std::uint16_t chosen = bound.ss_family == AF_INET6
                                   ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                   : reinterpret_cast<const sockaddr_in&>(bound).sin_port;
  return std::make_unique<PosixListener>(std::move(fd), ntohs(chosen));
}

}  // namespace fm
