#include "net/http_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <limits>
#include <utility>

#include "base/log.h"

namespace fm::net {
namespace {

constexpr Nanos kNever = std::numeric_limits<Nanos>::max();
constexpr std::size_t kInputBytesFirst = 4 << 10;
constexpr std::size_t kInputBytesOfBody = 64 << 10;
constexpr std::size_t kOutboxBytesMax = 256 << 10;
// Below it a producer is asked for more.
constexpr std::size_t kOutboxBytesLow = 64 << 10;
// What the system may hold of a stream besides: else it takes megabytes for a client that is slow.
constexpr int kStreamUnsentBytes = 256 << 10;
constexpr std::uint64_t kBodyBytesPerSecond = 16 << 10;
// How long, and for how many bytes, a client may go on sending after its answer: to close at once
// would reset the connection, and the answer with it.
constexpr Nanos kLingerPatience = 2 * kNanosPerSecond;
constexpr std::size_t kLingerBytesMax = 4 << 20;

}  // namespace

Connection::Connection(HttpCore& core, std::string remote)
    : core_(core), remote_(std::move(remote)), read_deadline_(kNever), write_deadline_(kNever) {}

Connection::~Connection() = default;

void Connection::start() {
  outbox_ = std::make_shared<Outbox>(kOutboxBytesMax, [&core = core_, self = weak_from_this()] {
    if (auto connection = self.lock()) core.wake(std::move(connection));
  });
  gone_ = std::make_shared<std::atomic<bool>>(false);
  read_deadline_ = core_.env.monotonic() + core_.options.read_timeout;
  do_handshake();
}

void Connection::start_refusing(ServerResponse response) {
  outbox_ = std::make_shared<Outbox>(kOutboxBytesMax, [] {});
  gone_ = std::make_shared<std::atomic<bool>>(false);
  stage_ = Stage::kHandling;
  closes_after_ = true;
  respond(core_.refusal({.remote = remote_}, std::move(response)));
}

void Connection::on_handshake(bool is_good) {
  if (stage_ == Stage::kClosed) return;
  if (!is_good) return close();
  begin_request(core_.options.read_timeout);
  read();
}

// --- Reading

void Connection::begin_request(Nanos patience) {
  stage_ = Stage::kHead;
  reader_.emplace(core_.limits);
  has_begun_ = false;
  body_received_ = 0;
  read_deadline_ = core_.env.monotonic() + patience;
  write_deadline_ = kNever;
}

std::size_t Connection::input_bytes_max() const {
  return std::max(core_.limits.head_bytes_max(), kInputBytesOfBody);
}

// Chunks of one byte take six; anything beyond is extensions that nobody reads.
std::uint64_t Connection::body_received_max() const {
  return 8 * std::uint64_t{core_.limits.body_bytes_max} + kInputBytesOfBody;
}

void Connection::read() {
  if (is_reading_ || input_has_ended_ || stage_ == Stage::kClosed) return;
  if (begin_ > 0) {
    std::copy(input_.begin() + static_cast<std::ptrdiff_t>(begin_),
              input_.begin() + static_cast<std::ptrdiff_t>(end_), input_.begin());
    end_ -= std::exchange(begin_, 0);
  }
  // Bodies are read in larger pieces.
  if (stage_ == Stage::kBody && input_.size() < kInputBytesOfBody) input_.resize(kInputBytesOfBody);
  if (end_ == input_.size()) {
    const std::size_t most = input_bytes_max();
    // A client that sends ahead waits until what it sent has been answered.
    if (end_ == most) return;
    input_.resize(std::clamp(2 * end_, kInputBytesFirst, most));
  }
  is_reading_ = true;
  do_read(std::span(input_).subspan(end_));
}

void Connection::on_read(Input input, std::size_t count) {
  is_reading_ = false;
  if (stage_ == Stage::kClosed) return;
  if (input != Input::kBytes) return on_input_end(input);
  if (stage_ == Stage::kEnding) {
    lingered_ += count;
    if (lingered_ > kLingerBytesMax) return close();
  } else {
    end_ += count;
    advance();
  }
  read();
}

void Connection::on_input_end(Input input) {
  input_has_ended_ = true;
  gone_->store(true);
  switch (stage_) {
    case Stage::kBody:
      if (input == Input::kEnd) return refuse(400, "the body is not whole");
      break;
    case Stage::kHandling:
    case Stage::kSending:
    case Stage::kProducing:
      // A client may have closed only its own direction, and wait for the answer.
      closes_after_ = true;
      if (input == Input::kEnd) return;
      break;
    default:
      break;
  }
  close();
}

void Connection::advance() {
  while (advance_once()) {
  }
}

// Whether there may be more to understand.
bool Connection::advance_once() {
  if (begin_ == end_ || (stage_ != Stage::kHead && stage_ != Stage::kBody)) return false;
  const Nanos now = core_.env.monotonic();
  if (!std::exchange(has_begun_, true)) read_deadline_ = now + core_.options.read_timeout;
  const std::size_t taken = reader_->feed({input_.data() + begin_, end_ - begin_});
  begin_ += taken;
  const bool is_in_head = stage_ == Stage::kHead;
  if (!is_in_head) {
    body_received_ += taken;
    read_deadline_ = body_started_ + core_.options.read_timeout +
                     static_cast<Nanos>(body_received_ * (kNanosPerSecond / kBodyBytesPerSecond));
  }
  switch (reader_->stage()) {
    case RequestReader::Stage::kRefused:
      refuse(reader_->refusal().status, reader_->refusal().why);
      return false;
    case RequestReader::Stage::kHead:
      break;
    case RequestReader::Stage::kBody:
    case RequestReader::Stage::kWhole:
      if (is_in_head) {
        body_started_ = now;
        body_received_ = 0;
        after_head();
      }
      if (stage_ == Stage::kBody && reader_->stage() == RequestReader::Stage::kWhole) handle();
      break;
  }
  const bool is_stuck =
      (taken == 0 && end_ - begin_ == input_bytes_max()) || body_received_ > body_received_max();
  if (is_stuck && (stage_ == Stage::kHead || stage_ == Stage::kBody))
    refuse(400, "no proper request: too much that says nothing");
  return taken > 0;
}

void Connection::after_head() {
  ServerRequest& request = reader_->request();
  is_head_request_ = request.method == "HEAD";
  is_http_1_0_ = reader_->is_http_1_0();
  match_ = core_.routes.find(request.method, request.path);
  if (!match_.options.on_loop && core_.pool.waiting() >= core_.options.waiting_max) {
    stage_ = Stage::kParked;
    read_deadline_ = kNever;
    core_.parked.push_back(weak_from_this());
    core_.unpark_soon();
    return;
  }
  stage_ = Stage::kBody;
  if (reader_->expects_continue() && reader_->stage() == RequestReader::Stage::kBody) {
    outbox_->put({.own = "HTTP/1.1 100 Continue\r\n\r\n"});
    flush();
  }
}

void Connection::unpark() {
  if (stage_ != Stage::kParked) return;
  const Nanos now = core_.env.monotonic();
  body_started_ = now;
  read_deadline_ = now + core_.options.read_timeout;
  stage_ = Stage::kBody;
  if (reader_->stage() == RequestReader::Stage::kWhole) {
    handle();
  } else {
    if (reader_->expects_continue()) {
      outbox_->put({.own = "HTTP/1.1 100 Continue\r\n\r\n"});
      flush();
    }
    advance();
  }
  read();
}

void Connection::refuse(int status, std::string why) {
  read_deadline_ = kNever;
  stage_ = Stage::kHandling;
  closes_after_ = true;  // where a next request would begin is not known
  ServerRequest& request = reader_->request();
  request.remote = remote_;
  is_head_request_ = request.method == "HEAD";
  respond(core_.refusal(request, ServerResponse::text(std::move(why), status)));
}

// --- Answering

void Connection::handle() {
  read_deadline_ = kNever;
  stage_ = Stage::kHandling;
  ++core_.requests;
  closes_after_ = !reader_->keeps_alive() || ++served_ >= core_.options.keep_alive_requests_max ||
                  input_has_ended_;
  ServerRequest request = std::move(reader_->request());
  request.remote = remote_;
  request.host = request.header("host");
  if (request.host.empty()) request.host = fmt::format("{}:{}", core_.options.host, core_.port);
  request.gone = gone_;
  if (match_.options.on_loop) {
    respond(core_.answer(match_, request, reader_->raw_query()));
    return;
  }
  if (auto answer = core_.at_hand(match_, request, reader_->raw_query())) {
    respond(*std::move(answer));
    return;
  }
  core_.pool.submit([self = shared_from_this(), &core = core_, match = std::move(match_),
                     query = reader_->raw_query(), request = std::move(request)]() mutable {
    core.unpark_soon();
    Answer answer = core.answer(match, request, query);
    boost::asio::post(core.loop, [self = std::move(self), answer = std::move(answer)]() mutable {
      self->respond(std::move(answer));
    });
  });
}

void Connection::respond(Answer answer) {
  if (stage_ == Stage::kClosed) return;
  ServerResponse& response = answer.response;
  const bool is_bodiless =
      response.status < 200 || response.status == 204 || response.status == 304;
  closes_after_ = closes_after_ || response.close || core_.stopping;
  const std::size_t text_bytes =
      response.shared_body ? response.shared_body->size() : response.body.size();
  Framing framing = Framing::kLength;
  std::uint64_t length = response.producer ? response.length.value_or(0) : text_bytes;
  if (is_bodiless)
    framing = Framing::kNone;
  else if (response.stream || (response.producer && !response.length && is_http_1_0_))
    framing = Framing::kUntilClose;
  else if (response.producer && !response.length)
    framing = Framing::kChunked;
  if (framing == Framing::kUntilClose) closes_after_ = true;
  outbox_->put({.own = response_head(response, framing, length, closes_after_)});

  stage_ = Stage::kSending;
  if (is_bodiless || is_head_request_) return flush();
  if (response.stream) {
    place_ = std::move(answer.place);
    return start_stream(response);
  }
  if (!response.producer) {
    if (response.shared_body)
      outbox_->put({.shared = std::move(response.shared_body)});
    else
      outbox_->put({.own = std::move(response.body)});
  } else if (framing != Framing::kLength || length > 0) {
    stage_ = Stage::kProducing;
    production_ = std::make_shared<Production>(std::move(response.producer), outbox_,
                                               core_.stopping, framing, length);
    produce();
  }
  flush();
}

void Connection::start_stream(ServerResponse& response) {
  stage_ = Stage::kStreaming;
  do_limit_unsent(kStreamUnsentBytes);
  outbox_->set_bytes_max(core_.options.stream_bytes_max);
  outbox_->put({.own = std::move(response.body)});
  stream_ = std::make_shared<OutboxStream>(outbox_, core_.loop_thread);
  // Copied: the callback may close the connection, which gives up the stream.
  const auto stream = stream_;
  response.stream(stream);
  stream->started();
  flush();
}

void Connection::produce() {
  production_->is_running = true;
  core_.pool.submit([self = shared_from_this(), &core = core_, production = production_]() mutable {
    core.unpark_soon();
    Result<Body> body = production->step();
    boost::asio::post(
        core.loop, [self = std::move(self), body = std::move(body)] { self->on_produced(body); });
  });
}

void Connection::on_produced(const Result<Body>& body) {
  if (stage_ == Stage::kClosed) return;
  production_->is_running = false;
  if (body && *body == Body::kMore) {
    if (outbox_->bytes() <= kOutboxBytesLow) produce();
    return;
  }
  production_->has_ended = true;
  Result<std::string> tail = body ? production_->tail() : std::unexpected(body.error());
  if (tail) {
    outbox_->put({.own = *std::move(tail)});
  } else {
    if (tail.error().code() != Code::kBrokenPipe)
      log_warning("an answer broke off: {}", tail.error().message());
    closes_after_ = true;
  }
  stage_ = Stage::kSending;
  flush();
}

// --- Sending

void Connection::flush() {
  if (is_writing_ || stage_ == Stage::kClosed || stage_ == Stage::kEnding) return;
  if (outbox_->has_overflowed()) {
    ++core_.dropped;
    return close();
  }
  Outbox::Piece piece;
  while (sending_.size() < kBuffersPerWrite && outbox_->take(piece))
    sending_.push_back(std::move(piece));
  if (sending_.empty()) return on_flushed();
  std::array<std::string_view, kBuffersPerWrite> pieces;
  for (std::size_t i = 0; i < sending_.size(); ++i) pieces[i] = sending_[i].view();
  pieces[0].remove_prefix(sent_of_first_);
  is_writing_ = true;
  write_deadline_ = core_.env.monotonic() + core_.options.write_timeout;
  do_write(std::span(pieces).first(sending_.size()));
}

void Connection::on_write(bool is_good, std::size_t count) {
  is_writing_ = false;
  if (stage_ == Stage::kClosed) return;
  if (!is_good) return close();
  outbox_->sent(count);
  std::size_t whole = 0;
  sent_of_first_ += count;
  while (whole < sending_.size() && sent_of_first_ >= sending_[whole].view().size())
    sent_of_first_ -= sending_[whole++].view().size();
  sending_.erase(sending_.begin(), sending_.begin() + static_cast<std::ptrdiff_t>(whole));
  write_deadline_ = kNever;
  if (stage_ == Stage::kProducing && !production_->is_running &&
      outbox_->bytes() <= kOutboxBytesLow)
    produce();
  flush();
}

void Connection::on_flushed() {
  if (stage_ == Stage::kSending)
    finish_response();
  else if (stage_ == Stage::kStreaming && outbox_->is_finished())
    end();
}

void Connection::finish_response() {
  production_.reset();
  if (closes_after_) return end();
  begin_request(core_.options.keep_alive_timeout);
  advance();
  read();
}

void Connection::end() {
  stage_ = Stage::kEnding;
  read_deadline_ = core_.env.monotonic() + kLingerPatience;
  begin_ = end_ = 0;
  if (stream_) stream_->over();
  do_end();
  if (input_has_ended_) return close();
  read();
}

void Connection::check_deadlines(Nanos now) {
  if (now > write_deadline_) {
    ++core_.dropped;
    return close();
  }
  if (now <= read_deadline_) return;
  if (stage_ == Stage::kHead && has_begun_) return refuse(408, "the request is not whole in time");
  if (stage_ == Stage::kBody) return refuse(400, "the body is not whole");
  close();
}

void Connection::close() {
  if (stage_ == Stage::kClosed) return;
  const auto self = shared_from_this();  // forgetting it must not destroy it here
  if (stage_ == Stage::kParked)
    std::erase_if(core_.parked, [&](const auto& parked) { return parked.lock() == self; });
  stage_ = Stage::kClosed;
  gone_->store(true);
  outbox_->close();
  do_close();
  if (stream_) stream_->over();
  stream_.reset();
  place_ = {};
  // So that a producer between two steps learns of it as one within a step does.
  if (production_ && !production_->is_running && !production_->has_ended && !core_.stopping)
    produce();
  core_.connections.erase(self);
  core_.connections_now = core_.connections.size();
  if (core_.on_room) core_.on_room();
}

}  // namespace fm::net
