// What the connections of one server share. Boost.Asio: only for this room's own sources.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/env.h"
#include "net/handler_pool.h"
#include "net/http_routes.h"
#include "net/http_server.h"
#include "net/request_reader.h"

namespace fm::net {

class Connection;

// One of streams_max; given back when destroyed.
class StreamPlace {
 public:
  StreamPlace() = default;
  explicit StreamPlace(std::atomic<std::size_t>& count) : count_(&count, &give_back) {}

 private:
  static void give_back(std::atomic<std::size_t>* count) { --*count; }
  std::unique_ptr<std::atomic<std::size_t>, void (*)(std::atomic<std::size_t>*)> count_{nullptr,
                                                                                        &give_back};
};

struct Answer {
  ServerResponse response;
  StreamPlace place = {};  // of a stream
};

struct HttpCore {
  HttpCore(Env& world, HttpServerOptions wanted);
  ~HttpCore();
  HttpCore(const HttpCore&) = delete;
  HttpCore& operator=(const HttpCore&) = delete;

  boost::asio::io_context loop{1};  // first: outlives what waits in it
  Env& env;
  HttpServerOptions options;
  RequestLimits limits;
  std::uint16_t port = 0;
  Routes routes;
  std::function<void(const ServerRequest&, ServerResponse&)> before_sending;
  HandlerPool pool;
  std::atomic<bool> stopping = false;

  std::atomic<std::size_t> connections_now = 0;
  std::atomic<std::size_t> streams_now = 0;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> dropped = 0;

  // Of the loop's thread alone.
  std::thread::id loop_thread;
  std::unordered_set<std::shared_ptr<Connection>> connections;
  std::deque<std::weak_ptr<Connection>> parked;  // wait until the pool has room
  std::function<void()> on_room;                 // a connection is over

  // On any thread: what `handler` says, or why not, ready to be sent.
  [[nodiscard]] Answer answer(const Routes::Match& match, ServerRequest& request,
                              std::string_view raw_query);
  // On the loop's thread: an answer that is at hand, ready to be sent.
  [[nodiscard]] std::optional<Answer> at_hand(const Routes::Match& match, ServerRequest& request,
                                              std::string_view raw_query);
  [[nodiscard]] Answer refusal(const ServerRequest& request, ServerResponse response);
  // From any thread: the loop will look at its outbox.
  void wake(std::shared_ptr<Connection> connection);
  // From any thread: the pool has taken work; the loop may have connections that wait for that.
  void unpark_soon();

 private:
  void look(const ServerRequest& request, Answer& answer);
  void flush_woken();
  void unpark();

  std::mutex woken_mutex_;
  std::vector<std::shared_ptr<Connection>> woken_;
  std::atomic<bool> is_unparking_ = false;
};

}  // namespace fm::net
