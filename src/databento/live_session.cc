#include "databento/live_session.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstring>
#include <variant>

#include "base/assert.h"
#include "databento/live_handshake.h"
#include "databento/live_json.h"
#include "dbn/byte_source.h"
#include "dbn/reader.h"

namespace fm::databento {
namespace {

// Large enough that a full socket is emptied in few calls, small enough to stay in the cache.
constexpr std::size_t kReadBytes = std::size_t{256} << 10;

// What comes off the socket, beginning with what the handshake had read too much.
class SocketSource final : public dbn::ByteSource {
 public:
  SocketSource(Socket& socket, std::string early, Nanos silence_max,
               std::atomic<std::uint64_t>& received)
      : socket_(&socket),
        early_(std::move(early)),
        silence_max_(silence_max),
        received_(&received) {
    count(early_.size());
  }

  Result<std::size_t> read(std::span<std::byte> out) override {
    if (at_ < early_.size()) {
      const std::size_t given = std::min(out.size(), early_.size() - at_);
      std::memcpy(out.data(), early_.data() + at_, given);
      at_ += given;
      return given;
    }
    auto got = socket_->read(out, silence_max_);
    if (got) count(*got);
    if (!got && got.error().code() == Code::kTimedOut)
      return std::unexpected(
          Error(Code::kTimedOut,
                fmt::format("{}: nothing came for {} s, not even a heartbeat", socket_->peer(),
                            static_cast<double>(silence_max_) / kNanosPerSecond))
              .retryable());
    return got;
  }

 private:
  void count(std::size_t bytes) { received_->fetch_add(bytes, std::memory_order_relaxed); }

  Socket* socket_;
  std::string early_;
  std::size_t at_ = 0;
  Nanos silence_max_;
  std::atomic<std::uint64_t>* received_;
};

// Of a stream, not of a file: its advice about salvaging does not apply, and the next session may
// be sound.
Error of_stream(const Error& error) {
  Error plain(error.code(), error.message());
  const bool passes = error.code() == Code::kTruncated || error.code() == Code::kCorrupt;
  if (passes || error.can_retry()) return std::move(plain).retryable();
  return plain;
}

Error at_gateway(Error error, const std::string& gateway) {
  if (error.message().starts_with(gateway)) return error;
  return std::move(error).in(gateway);
}

}  // namespace

struct LiveSession::State {
  Result<void> begin(std::string early, const LiveOptions& options, Nanos now);
  Status begin_dbn(std::unique_ptr<dbn::ByteSource> source, const LiveOptions& options);
  void begin_json(std::unique_ptr<dbn::ByteSource> source, const LiveOptions& options, Nanos now);
  Result<dbn::RecordBlock> next();

  std::unique_ptr<Socket> socket;  // outlives the readers
  std::string peer;
  std::string session_id;
  std::atomic<std::uint64_t> bytes_received = 0;
  std::variant<std::monostate, dbn::Reader, LiveJsonReader> reader;
  dbn::Metadata metadata;
  std::optional<Error> failure;
};

Status LiveSession::State::begin_dbn(std::unique_ptr<dbn::ByteSource> source,
                                     const LiveOptions& options) {
  dbn::ReaderOptions how;
  how.buffer_bytes = kReadBytes;
  auto opened = dbn::Reader::open(std::move(source), peer, how);
  if (!opened) return std::unexpected(of_stream(opened.error()));
  metadata = opened->metadata();
  reader.emplace<dbn::Reader>(std::move(*opened));
  if (metadata.dataset != options.dataset)
    return fail(Code::kCorrupt, "{}: sends the dataset \"{}\", expected {}", peer, metadata.dataset,
                options.dataset);
  return {};
}

void LiveSession::State::begin_json(std::unique_ptr<dbn::ByteSource> source,
                                    const LiveOptions& options, Nanos now) {
  reader.emplace<LiveJsonReader>(std::move(source), peer);
  metadata.dataset = options.dataset;
  metadata.start = now;
}

Status LiveSession::State::begin(std::string early, const LiveOptions& options, Nanos now) {
  const Nanos heartbeat = static_cast<Nanos>(options.heartbeat_interval_s) * kNanosPerSecond;
  const Nanos silence_max =
      options.silence_max != 0 ? options.silence_max : heartbeat + kHeartbeatGrace;
  std::unique_ptr<dbn::ByteSource> source =
      std::make_unique<SocketSource>(*socket, std::move(early), silence_max, bytes_received);
  if (options.zstd) source = std::make_unique<dbn::ZstdSource>(std::move(source));
  if (options.encoding == Encoding::kDbn) return begin_dbn(std::move(source), options);
  begin_json(std::move(source), options, now);
  return {};
}

Result<dbn::RecordBlock> LiveSession::State::next() {
  if (auto* const dbn = std::get_if<dbn::Reader>(&reader)) return dbn->next();
  return std::get<LiveJsonReader>(reader).next();
}

std::string gateway_host(std::string_view dataset) {
  std::string host;
  for (const unsigned char c : dataset) host += c == '.' ? '-' : static_cast<char>(std::tolower(c));
  return host + ".lsg.databento.com";
}

Result<std::unique_ptr<LiveSession>> LiveSession::open(Env& env, const Secret& key,
                                                       const LiveOptions& options,
                                                       std::optional<Nanos> start,
                                                       const std::stop_token& stop) {
  FM_TRY(check(options));
  const std::string host = options.host.empty() ? gateway_host(options.dataset) : options.host;
  const std::string gateway = fmt::format("{}:{}", host, options.port);
  auto state = std::make_unique<State>();
  FM_ASSIGN(state->socket, env.connect(host, options.port, options.connect_patience));
  state->peer = state->socket->peer();
  const std::stop_callback wake(stop, [&socket = *state->socket] { socket.shut_down(); });

  const auto begin = [&]() -> Status {
    ControlReader control(env, *state->socket, options.authentication_patience);
    FM_ASSIGN(state->session_id, shake_hands(control, *state->socket, key, options, start));
    return state->begin(std::move(control).rest(), options, env.now());
  };
  if (Status begun = begin(); !begun)
    return std::unexpected(at_gateway(std::move(begun).error(), gateway));
  return std::unique_ptr<LiveSession>(new LiveSession(std::move(state)));
}

LiveSession::LiveSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
LiveSession::~LiveSession() = default;

const dbn::Metadata& LiveSession::metadata() const { return state_->metadata; }
const std::string& LiveSession::session_id() const { return state_->session_id; }
const std::string& LiveSession::peer() const { return state_->peer; }

Result<dbn::RecordBlock> LiveSession::next() {
  if (state_->failure) return std::unexpected(*state_->failure);
  auto block = state_->next();
  if (!block) {
    state_->failure = of_stream(block.error());
    return std::unexpected(*state_->failure);
  }
  return block;
}

void LiveSession::stop() { state_->socket->shut_down(); }

std::uint64_t LiveSession::bytes_received() const { return state_->bytes_received; }
std::uint64_t LiveSession::malformed_lines() const {
  const auto* const json = std::get_if<LiveJsonReader>(&state_->reader);
  return json == nullptr ? 0 : json->malformed_lines();
}

std::optional<ClosingError> closing_error(dbn::RecordView record) {
  const auto* const error = record.get_if<dbn::ErrorMsg>();
  if (error == nullptr) return std::nullopt;
  const auto closing = [&](Closing why) {
    return ClosingError{why, std::string(dbn::text_of(error->err))};
  };
  switch (static_cast<dbn::ErrorCode>(error->code)) {
    case dbn::ErrorCode::kAuthenticationFailed:
    case dbn::ErrorCode::kKeyDeactivated:
      return closing(Closing::kAuthentication);
    case dbn::ErrorCode::kConnectionLimit:
      return closing(Closing::kConnectionLimit);
    case dbn::ErrorCode::kInvalidSubscription:
      return closing(Closing::kRequest);
    case dbn::ErrorCode::kInternalError:
      return closing(Closing::kInternal);
    case dbn::ErrorCode::kReplayAgedOut:
      return closing(Closing::kAgedOut);
    case dbn::ErrorCode::kSymbolResolutionFailed:
    case dbn::ErrorCode::kSkippedAfterSlowReading:
    case dbn::ErrorCode::kUnset:
      return std::nullopt;
  }
  return std::nullopt;
}

bool passes(Closing why) { return why == Closing::kConnectionLimit || why == Closing::kInternal; }

}  // namespace fm::databento
