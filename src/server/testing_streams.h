// A client of the row hub without a socket, and an engine that gives rows their names.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_server.h"

namespace fm::server {

struct TestEvent {
  std::string id;
  std::string kind;  // "rows", "reset", "status"; empty for comments
  std::string data;
};
[[nodiscard]] std::vector<TestEvent> parse_events(std::string_view text);

class TestStream final : public net::EventStream {
 public:
  bool send(std::shared_ptr<const std::string> text) override;
  void close() override;
  [[nodiscard]] bool is_closed() const override;
  void on_close(std::function<void()> callback) override;

  // As a client that has gone, or was too slow.
  void break_off();
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<TestEvent> events() const { return parse_events(text()); }
  [[nodiscard]] std::vector<TestEvent> events(std::string_view kind) const;
  // What was sent, piece by piece.
  [[nodiscard]] std::vector<std::shared_ptr<const std::string>> pieces() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const std::string>> pieces_;
  bool closed_ = false;
};

// What a client's rows are after these events: by root and time, the rest of the row as it came.
using ClientRows = std::map<std::pair<std::string, std::int64_t>, std::string>;
void apply_events(const std::vector<TestEvent>& events, ClientRows& rows);

}  // namespace fm::server
