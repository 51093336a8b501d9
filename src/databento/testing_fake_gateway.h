// A live gateway that does what the test says, one connection after the other.
//
//   FakeGateway gateway({[](Conversation& with) {
//     with.let_in();
//     with.send(tbbo_file(3, 10));
//   }});                                              // closes when the script returns
//   LiveOptions options = gateway.options();
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/env.h"
#include "databento/live_session.h"
#include "dbn/testing_records.h"

namespace fm::databento::testing {

inline constexpr std::string_view kTestKey = "db-0123456789abcdefghijklmnPLANT";

class Conversation {
 public:
  explicit Conversation(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}

  void send(std::string_view text);
  void send(const dbn::testing::Bytes& bytes);
  // The next line of the client; empty when it has gone.
  std::string line();
  // Greets, challenges, lets anybody in, and reads to the start of the session.
  void let_in(std::string_view answer = "success=1|session_id=1717171717\n");
  // Says nothing until the client goes or the test ends.
  void stall();
  void close() { socket_.reset(); }
  void shut_down();

  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::unique_ptr<Socket> socket_;
  std::string unread_;
  std::vector<std::string> lines_;
};

using Script = std::function<void(Conversation&)>;

class FakeGateway {
 public:
  explicit FakeGateway(std::vector<Script> scripts);
  ~FakeGateway();  // ends the conversation in hand
  FakeGateway(const FakeGateway&) = delete;
  FakeGateway& operator=(const FakeGateway&) = delete;

  // For a session over TBBO of ES with this gateway.
  [[nodiscard]] LiveOptions options() const;
  // What the clients said, over all conversations that have ended.
  [[nodiscard]] std::vector<std::string> lines();

 private:
  void serve();

  std::vector<Script> scripts_;
  std::unique_ptr<Listener> listener_;
  std::mutex mutex_;
  Conversation* current_ = nullptr;  // guarded
  bool stopping_ = false;            // guarded
  std::vector<std::string> lines_;   // guarded
  std::thread thread_;
};

// Everything that a session gave, and how it ended.
struct Received {
  dbn::testing::Bytes records;
  std::uint64_t record_count = 0;
  std::optional<Error> error;  // none: a clean end
};
[[nodiscard]] Received receive_all(LiveSession& session);

}  // namespace fm::databento::testing
