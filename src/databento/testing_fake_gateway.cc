#include "databento/testing_fake_gateway.h"

#include <gtest/gtest.h>

#include <array>

namespace fm::databento::testing {
namespace {

constexpr Nanos kPatience = 20 * kNanosPerSecond;

}  // namespace

void Conversation::send(std::string_view text) {
  // The client may have gone: the test sees that on its side.
  if (socket_) static_cast<void>(socket_->write(text, kPatience));
}

void Conversation::send(const dbn::testing::Bytes& bytes) {
  if (socket_) static_cast<void>(socket_->write(std::span(bytes), kPatience));
}

std::string Conversation::line() {
  for (;;) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      lines_.push_back(unread_.substr(0, end));
      unread_.erase(0, end + 1);
      return lines_.back();
    }
    std::array<char, 4096> piece{};
    const auto got = socket_->read(std::as_writable_bytes(std::span(piece)), kPatience);
    if (!got || *got == 0) return "";
    unread_.append(piece.data(), *got);
  }
}

void Conversation::let_in(std::string_view answer) {
  send("lsg_version=0.7.2\ncram=challenge\n");
  line();
  send(answer);
  for (std::string said = line(); !said.empty() && !said.starts_with("start_session");)
    said = line();
}

void Conversation::stall() {
  std::array<std::byte, 64> piece{};
  for (;;) {
    const auto got = socket_->read(piece, kPatience);
    if (!got || *got == 0) return;
  }
}

void Conversation::shut_down() {
  if (socket_) socket_->shut_down();
}

FakeGateway::FakeGateway(std::vector<Script> scripts)
    : scripts_(std::move(scripts)), listener_(Env::posix().listen("127.0.0.1", 0).value()) {
  thread_ = std::thread([this] { serve(); });
}

FakeGateway::~FakeGateway() {
  listener_->shut_down();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    if (current_ != nullptr) current_->shut_down();
  }
  thread_.join();
}

void FakeGateway::serve() {
  for (const Script& script : scripts_) {
    auto socket = listener_->accept(kPatience);
    if (!socket) return;
    Conversation conversation(std::move(*socket));
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
      current_ = &conversation;
    }
    script(conversation);
    const std::scoped_lock lock(mutex_);
    current_ = nullptr;
    lines_.insert(lines_.end(), conversation.lines().begin(), conversation.lines().end());
  }
}

LiveOptions FakeGateway::options() const {
  LiveOptions options;
  options.host = "127.0.0.1";
  options.port = listener_->port();
  options.dataset = "GLBX.MDP3";
  options.subscriptions = {{dbn::Schema::kTbbo, dbn::SType::kParent, {"ES.FUT"}}};
  options.authentication_patience = kPatience;
  options.silence_max = kPatience;
  return options;
}

std::vector<std::string> FakeGateway::lines() {
  const std::scoped_lock lock(mutex_);
  return lines_;
}

Received receive_all(LiveSession& session) {
  Received received;
  for (;;) {
    const auto block = session.next();
    if (!block) {
      received.error = block.error();
      return received;
    }
    if (block->empty()) return received;
    std::uint64_t count = 0;
    for (const dbn::RecordView record : *block) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(record.bytes().data()) % 8, 0U);
      ++count;
    }
    EXPECT_EQ(count, block->record_count);
    received.record_count += count;
    received.records.insert(received.records.end(), block->bytes.begin(), block->bytes.end());
  }
}

}  // namespace fm::databento::testing
