#include "gateway/client_session.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/log.h"
#include "gateway/live_stream.h"

namespace fm::gateway {
namespace {

constexpr std::size_t kChallengeChars = 32;
// How long a session that was refused before its start waits for the client to start it.
constexpr Nanos kRefusalPatience = 5 * kNanosPerSecond;
constexpr Nanos kPoll = kNanosPerSecond / 4;

std::string make_challenge(Env& env) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string challenge;
  for (std::size_t i = 0; i < kChallengeChars; ++i)
    challenge += kLetters[env.random() % kLetters.size()];
  return challenge;
}

// One session's way from the greeting to its stream.
class ClientSession {
 public:
  ClientSession(const SessionContext& context, Socket& socket, bool is_over_limit)
      : context_(context),
        socket_(socket),
        is_over_limit_(is_over_limit),
        lines_(socket),
        outbox_(context.env, socket, context.stop) {}

  Status run() {
    const std::string challenge = make_challenge(context_.env);
    FM_TRY(outbox_.say(fmt::format("lsg_version=0.7.2\ncram={}\n", challenge)));
    if (Status admitted = authenticate(challenge); !admitted) {
      if (admitted.error().code() == Code::kDisconnected) return admitted;
      FM_TRY(outbox_.say(fmt::format("success=0|error={}\n", admitted.error().message())));
      return admitted;
    }
    FM_TRY(outbox_.say(fmt::format("success=1|session_id={}\n", session_id())));
    FM_TRY(read_requests());
    was_started_ = true;
    LiveStream stream(context_, auth_, lines_, outbox_, chunks_, session_);
    FM_TRY(stream.run(std::move(requests_), refusal_));
    drain();
    return {};
  }

  SessionResult result(Status end) const {
    return {session_, was_started_, outbox_.records_sent(), std::move(end)};
  }

 private:
  // Closing with bytes unread would make the system throw away what is still on its way out.
  void drain() {
    constexpr int kDrainedLinesMax = 1'000;
    for (int i = 0; i < kDrainedLinesMax; ++i)
      if (const auto line = lines_.next(0); !line || !*line) return;
  }

  // The next line within `patience`; errors also when there is none.
  Result<std::string> line_within(Nanos patience, std::string_view awaited) {
    const Nanos deadline = context_.env.monotonic() + patience;
    for (;;) {
      const Nanos now = context_.env.monotonic();
      if (context_.stop) return fail(Code::kDisconnected, "the server is stopping");
      if (now >= deadline)
        return fail(Code::kTimedOut, "No {} within {} s", awaited, patience / kNanosPerSecond);
      FM_ASSIGN(auto line, lines_.next(std::min(kPoll, deadline - now)));
      if (line) return *std::move(line);
    }
  }

  Status authenticate(const std::string& challenge) {
    FM_ASSIGN(const std::string line,
              line_within(context_.options.timing.authentication_max, "authentication"));
    FM_ASSIGN(auth_, parse_auth(line));
    if (context_.options.key) {
      const std::string_view key = context_.options.key->reveal();
      const std::string_view bucket = key.substr(key.size() - std::min<std::size_t>(5, key.size()));
      if (auth_.bucket != bucket || auth_.digest != cram_digest(challenge, key))
        return fail(Code::kRefused, "Authentication failed. Check the API key.");
    }
    if (!context_.archive->has(auth_.dataset))
      return fail(Code::kRefused, "Unknown dataset. This gateway serves {}.", datasets());
    if (is_over_limit_)
      return fail(Code::kRefused, "Connection limit reached: {} clients are connected.",
                  kClientsMax);
    FM_ASSIGN(session_, context_.admit());
    log_info("session {}: {} for {} from {}", session_, auth_.client, auth_.dataset,
             socket_.peer());
    return {};
  }

  std::string datasets() const {
    std::string names;
    for (const std::string& name : context_.archive->datasets())
      names += (names.empty() ? "" : ", ") + name;
    return names;
  }

  // An unsigned number of 32 bits, as clients expect, that tells sessions of several runs apart.
  std::uint64_t session_id() const { return context_.env.now() / kNanosPerSecond + session_; }

  // Everything up to start_session. A line that cannot be served is answered on the stream, since
  // clients read nothing but records from here on.
  Status read_requests() {
    for (;;) {
      const Nanos patience =
          refusal_ ? kRefusalPatience : context_.options.timing.idle_before_start_max;
      auto line = line_within(patience, "start_session");
      if (!line && line.error().code() == Code::kInvalidArgument) {
        refusal_ = line.error();
        return {};
      }
      if (!line) return std::unexpected(std::move(line).error());
      if (line->empty()) continue;
      if (kind_of(*line) == LineKind::kStart) return {};
      if (refusal_) continue;
      if (Status taken = take_request(*line); !taken) refusal_ = std::move(taken).error();
    }
  }

  Status take_request(const std::string& line) {
    FM_ASSIGN(SubscribeRequest chunk, parse_subscribe(line));
    FM_TRY(check_servable(chunk));
    FM_ASSIGN(auto request, chunks_.add(std::move(chunk)));
    if (request) requests_.push_back(*std::move(request));
    return {};
  }

  const SessionContext& context_;
  Socket& socket_;
  bool is_over_limit_;
  LineReader lines_;
  Outbox outbox_;
  ChunkMerger chunks_;
  AuthRequest auth_;
  std::uint64_t session_ = 0;
  bool was_started_ = false;
  std::vector<SubscribeRequest> requests_;
  std::optional<Error> refusal_;
};

}  // namespace

std::string cram_digest(std::string_view challenge, std::string_view key) {
  std::string text;
  text.reserve(challenge.size() + 1 + key.size());
  text.append(challenge).append("|").append(key);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const bool done =
      EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1;
  // The text holds the key.
  std::ranges::fill(text, '\0');
  FM_ASSERT(done);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

SessionResult run_session(const SessionContext& context, Socket& socket, bool is_over_limit) {
  ClientSession session(context, socket, is_over_limit);
  Status end = session.run();
  return session.result(std::move(end));
}

}  // namespace fm::gateway
