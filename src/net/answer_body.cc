#include "net/answer_body.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"

namespace fm::net {
namespace {

constexpr std::size_t kPieceBytes = 64 << 10;

std::string chunk_of(std::string_view text) {
  std::string out = fmt::format("{:x}\r\n", text.size());
  out.reserve(out.size() + text.size() + 2);
  out += text;
  out += "\r\n";
  return out;
}

}  // namespace

OutboxStream::OutboxStream(std::shared_ptr<Outbox> outbox, std::thread::id loop_thread)
    : outbox_(std::move(outbox)), loop_thread_(loop_thread) {}

bool OutboxStream::send(std::shared_ptr<const std::string> text) {
  if (std::this_thread::get_id() == loop_thread_ && is_starting_) {
    if (outbox_->is_closed()) return false;
    outbox_->put({.shared = std::move(text)});
    return true;
  }
  return outbox_->send(std::move(text));
}

bool OutboxStream::is_closed() const {
  const std::lock_guard lock(mutex_);
  return is_over_;
}

void OutboxStream::on_close(std::function<void()> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_over_) {
      callbacks_.push_back(std::move(callback));
      return;
    }
  }
  callback();
}

void OutboxStream::over() {
  std::vector<std::function<void()>> callbacks;
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    callbacks.swap(callbacks_);
  }
  for (const auto& callback : callbacks) callback();
}

class Production::Writer final : public BodyWriter {
 public:
  explicit Writer(Production& production) : production_(production) {}
  using BodyWriter::write;

  bool write(std::span<const std::byte> bytes) override {
    if (production_.framing_ == Framing::kLength && bytes.size() > production_.left_) {
      log(LogLevel::kError, "an answer's body is longer than it said");
      return false;
    }
    Outbox& outbox = *production_.outbox_;
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
      const std::string_view text(reinterpret_cast<const char*>(piece.data()), piece.size());
      const bool is_chunk = production_.framing_ == Framing::kChunked;
      if (!outbox.write(is_chunk ? chunk_of(text) : std::string(text))) return false;
      if (production_.framing_ == Framing::kLength) production_.left_ -= piece.size();
      bytes = bytes.subspan(piece.size());
    }
    return !outbox.is_closed();
  }
  bool is_stopping() const override {
    return production_.stopping_ || production_.outbox_->is_closed();
  }

 private:
  Production& production_;
};

Production::Production(BodyProducer producer, std::shared_ptr<Outbox> outbox,
                       const std::atomic<bool>& stopping, Framing framing, std::uint64_t length)
    : producer_(std::move(producer)),
      outbox_(std::move(outbox)),
      stopping_(stopping),
      framing_(framing),
      left_(length) {}

Result<Body> Production::step() {
  Writer writer(*this);
  try {
    return producer_(writer);
  } catch (const std::exception& error) {
    return fail(Code::kInternal, "the producer of a body threw: {}", error.what());
  }
}

Result<std::string> Production::tail() const {
  if (framing_ == Framing::kLength && left_ > 0)
    return fail(Code::kTruncated, "its body is {} bytes short of its length", left_);
  return std::string(framing_ == Framing::kChunked ? "0\r\n\r\n" : "");
}

}  // namespace fm::net
