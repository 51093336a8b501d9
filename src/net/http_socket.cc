// The two kinds of connection: plain and TLS.
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "net/http_connection.h"

namespace fm::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::ip::tcp::socket;
using UserTimeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;

std::string name_of(const Socket& socket) {
  error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return "";
  return fmt::format("{}:{}", remote.address().to_string(), remote.port());
}

void prepare(Socket& socket, Nanos write_timeout) {
  error_code ignored;  // a socket whose client is gone already shows it with the first read
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  // A machine that has vanished answers nothing, while a little that is sent to it still finds room
  // in the system.
  socket.set_option(UserTimeout(static_cast<int>(write_timeout / 1'000'000)), ignored);
}

template <class Layer>
class SocketConnection : public Connection {
 public:
  template <class... Args>
  SocketConnection(HttpCore& core, std::string remote, Args&&... args)
      : Connection(core, std::move(remote)), layer_(std::forward<Args>(args)...) {}

 protected:
  void do_read(std::span<char> out) override {
    layer_.async_read_some(asio::buffer(out.data(), out.size()),
                           [self = self()](const error_code& error, std::size_t count) {
                             self->on_read(input_of(error), count);
                           });
  }
  void do_write(std::span<const std::string_view> pieces) override {
    std::array<asio::const_buffer, kBuffersPerWrite> buffers;
    for (std::size_t i = 0; i < pieces.size(); ++i)
      buffers[i] = asio::buffer(pieces[i].data(), pieces[i].size());
    layer_.async_write_some(buffers, [self = self()](const error_code& error, std::size_t count) {
      self->on_write(!error, count);
    });
  }
  void do_close() override {
    error_code ignored;
    layer_.lowest_layer().close(ignored);
  }
  void do_limit_unsent(int bytes) override {
    error_code ignored;
    layer_.lowest_layer().set_option(asio::socket_base::send_buffer_size(bytes), ignored);
  }

  std::shared_ptr<SocketConnection> self() {
    return std::static_pointer_cast<SocketConnection>(shared_from_this());
  }

  Layer layer_;

 private:
  static Input input_of(const error_code& error) {
    if (!error) return Input::kBytes;
    const bool is_end = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    return is_end ? Input::kEnd : Input::kFailed;
  }
};

class PlainConnection final : public SocketConnection<Socket> {
 public:
  using SocketConnection::SocketConnection;

 private:
  void do_handshake() override { on_handshake(true); }
  void do_end() override {
    error_code ignored;
    layer_.shutdown(Socket::shutdown_send, ignored);
  }
};

class TlsConnection final : public SocketConnection<asio::ssl::stream<Socket>> {
 public:
  using SocketConnection::SocketConnection;

 private:
  void do_handshake() override {
    layer_.async_handshake(
        asio::ssl::stream_base::server,
        [self = shared_from_this(), this](const error_code& error) { on_handshake(!error); });
  }
  void do_end() override {
    layer_.async_shutdown([self = shared_from_this(), this](const error_code&) {
      error_code ignored;
      layer_.lowest_layer().shutdown(Socket::shutdown_send, ignored);
    });
  }
};

}  // namespace

std::shared_ptr<Connection> Connection::create(HttpCore& core, Socket socket,
                                               asio::ssl::context* tls) {
  prepare(socket, core.options.write_timeout);
  std::string remote = name_of(socket);
  if (tls != nullptr)
    return std::make_shared<TlsConnection>(core, std::move(remote), std::move(socket), *tls);
  return std::make_shared<PlainConnection>(core, std::move(remote), std::move(socket));
}

}  // namespace fm::net
