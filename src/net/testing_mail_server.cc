#include "net/testing_mail_server.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <thread>
#include <utility>

namespace fm::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class FakeMailServer::Session {
 public:
  explicit Session(Options options)
      : options_(std::move(options)),
        listener_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port_(listener_.local_endpoint().port()),
        thread_([this] { serve(); }) {}
  ~Session() { join(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // A client that never comes is not waited for.
  Heard join() {
    ::shutdown(listener_.native_handle(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    return heard_;
  }

 private:
  void serve() {
    error_code error;
    tcp::socket socket(io_);
    static_cast<void>(listener_.accept(socket, error));
    if (error) return;
    say(socket, "220 fake");
    if (!talk(socket, heard_.in_clear) || !options_.tls) return;
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.use_certificate_chain_file(options_.tls->certificate);
    context.use_private_key_file(options_.tls->key, asio::ssl::context::pem);
    asio::ssl::stream<tcp::socket&> secured(socket, context);
    static_cast<void>(secured.handshake(asio::ssl::stream_base::server, error));
    if (!error) talk(secured, heard_.in_tls);
  }

  // True when the client wants TLS from here on; false at its end.
  template <class Stream>
  bool talk(Stream& stream, std::string& heard) {
    bool in_message = false;
    std::string buffer;
    for (;;) {
      error_code error;
      const std::size_t bytes =
          asio::read_until(stream, asio::dynamic_buffer(buffer), "\r\n", error);
      if (error) return false;
      const std::string line = buffer.substr(0, bytes);
      buffer.erase(0, bytes);
      heard += line;
      if (line == "STARTTLS\r\n" && options_.tls) {
        say(stream, "220 go ahead");
        return true;
      }
      if (line == "AUTH PLAIN\r\n") {
        say(stream, "334 ");  // what proves the user comes on a line of its own
        asio::read_until(stream, asio::dynamic_buffer(buffer), "\r\n", error);
        buffer.clear();
        say(stream, answer_to("AUTH"));
        continue;
      }
      if (in_message && line != ".\r\n") continue;
      const std::string word = line == ".\r\n" ? "." : line.substr(0, 4);
      in_message = word == "DATA" && !options_.answers.contains(word);
      say(stream, answer_to(word));
      if (word == "QUIT") return false;
    }
  }

  [[nodiscard]] std::string answer_to(const std::string& word) const {
    if (const auto given = options_.answers.find(word); given != options_.answers.end())
      return given->second;
    if (word == "EHLO")
      return options_.tls && heard_.in_tls.empty() ? "250-fake\r\n250 STARTTLS"
                                                   : "250-fake\r\n250 AUTH PLAIN";
    if (word == "AUTH") return "235 fine";
    if (word == "DATA") return "354 go on";
    if (word == "QUIT") return "221 bye";
    return "250 fine";
  }

  template <class Stream>
  static void say(Stream& stream, const std::string& text) {
    error_code ignored;  // the next read shows a client that is gone
    asio::write(stream, asio::buffer(text + "\r\n"), ignored);
  }

  const Options options_;
  Heard heard_;
  asio::io_context io_;
  tcp::acceptor listener_;
  const std::uint16_t port_;
  std::thread thread_;
};

FakeMailServer::FakeMailServer(Options options)
    : session_(std::make_unique<Session>(std::move(options))) {}
FakeMailServer::~FakeMailServer() = default;

std::string FakeMailServer::url() const {
  return fmt::format("smtp://127.0.0.1:{}", session_->port());
}

FakeMailServer::Heard FakeMailServer::heard() { return session_->join(); }

}  // namespace fm::net
