// Answers that are made while they are sent: event streams, and bodies from a producer.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/http_routes.h"
#include "net/http_server.h"
#include "net/outbox.h"

namespace fm::net {

class OutboxStream final : public EventStream {
 public:
  OutboxStream(std::shared_ptr<Outbox> outbox, std::thread::id loop_thread);

  bool send(std::shared_ptr<const std::string> text) override;
  void close() override { outbox_->finish(); }
  bool is_closed() const override;
  void on_close(std::function<void()> callback) override;

  // For the loop: what it sends until then is free of the limit.
  void started() { is_starting_ = false; }
  // For the loop: nothing more will be sent.
  void over();

 private:
  std::shared_ptr<Outbox> outbox_;
  std::thread::id loop_thread_;
  bool is_starting_ = true;  // of the loop's thread alone
  mutable std::mutex mutex_;
  bool is_over_ = false;
  std::vector<std::function<void()>> callbacks_;
};

// A body that a producer writes step by step. One thread at a time.
class Production {
 public:
  // `length`: of the whole body, for Framing::kLength.
  Production(BodyProducer producer, std::shared_ptr<Outbox> outbox,
             const std::atomic<bool>& stopping, Framing framing, std::uint64_t length);

  // May block. Errors: the producer's own; kInternal when it throws.
  [[nodiscard]] Result<Body> step();
  // What ends the body on the wire. Errors: kTruncated when the producer wrote less than `length`.
  [[nodiscard]] Result<std::string> tail() const;

  // What the loop keeps beside it.
  bool is_running = false;
  bool has_ended = false;

 private:
  class Writer;

  BodyProducer producer_;
  std::shared_ptr<Outbox> outbox_;
  const std::atomic<bool>& stopping_;
  Framing framing_;
  std::uint64_t left_;
};

}  // namespace fm::net
