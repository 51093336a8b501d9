// One client's connection, on the loop's thread: reads a request, has it answered, sends the
// answer, and again. Boost.Asio: only for this room's own sources.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/answer_body.h"
#include "net/http_core.h"
#include "net/outbox.h"

namespace fm::net {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  [[nodiscard]] static std::shared_ptr<Connection> create(HttpCore& core,
                                                          boost::asio::ip::tcp::socket socket,
                                                          boost::asio::ssl::context* tls);
  Connection(HttpCore& core, std::string remote);
  virtual ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  // Instead of start(): says so and ends.
  void start_refusing(ServerResponse response);
  // Sends what the outbox holds.
  void flush();
  void unpark();
  void check_deadlines(Nanos now);
  // At once, whatever is under way.
  void close();

 protected:
  static constexpr std::size_t kBuffersPerWrite = 16;
  enum class Input { kBytes, kEnd, kFailed };

  // The stream below; each reports once by on_…(), never from within.
  virtual void do_handshake() = 0;
  virtual void do_read(std::span<char> out) = 0;
  virtual void do_write(std::span<const std::string_view> pieces) = 0;
  virtual void do_end() = 0;  // nothing more will be sent; reports nothing
  virtual void do_close() = 0;
  virtual void do_limit_unsent(int bytes) = 0;

  void on_handshake(bool is_good);
  void on_read(Input input, std::size_t count);
  void on_write(bool is_good, std::size_t count);

 private:
  enum class Stage {
    kHandshake,
    kHead,
    kParked,  // the head is read, the pool is full
    kBody,
    kHandling,
    kSending,
    kProducing,
    kStreaming,
    kEnding,  // everything is sent: waits for the client to close, so that it reads the answer
    kClosed,
  };

  [[nodiscard]] std::size_t input_bytes_max() const;
  [[nodiscard]] std::uint64_t body_received_max() const;
  void begin_request(Nanos patience);
  void read();
  void advance();
  bool advance_once();
  void after_head();
  void handle();
  void refuse(int status, std::string why);
  void on_input_end(Input input);
  void respond(Answer answer);
  void send_body(ServerResponse& response);
  void start_stream(ServerResponse& response);
  void produce();
  void on_produced(const Result<Body>& body);
  void on_flushed();
  void finish_response();
  void end();

  HttpCore& core_;
  std::string remote_;
  Stage stage_ = Stage::kHandshake;
  Nanos read_deadline_;
  Nanos write_deadline_;

  // Bytes that were read and not understood yet: [begin_, end_). A read under way fills from end_.
  std::vector<char> input_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_reading_ = false;
  bool input_has_ended_ = false;
  std::size_t lingered_ = 0;

  std::optional<RequestReader> reader_;
  Routes::Match match_;
  bool has_begun_ = false;
  Nanos body_started_ = 0;
  std::uint64_t body_received_ = 0;
  int served_ = 0;
  bool is_head_request_ = false;
  bool is_http_1_0_ = false;
  bool closes_after_ = false;
  std::shared_ptr<std::atomic<bool>> gone_;

  std::shared_ptr<Outbox> outbox_;
  std::vector<Outbox::Piece> sending_;  // what a write under way refers to
  std::size_t sent_of_first_ = 0;
  bool is_writing_ = false;

  std::shared_ptr<Production> production_;
  std::shared_ptr<OutboxStream> stream_;
  StreamPlace place_;
};

}  // namespace fm::net
