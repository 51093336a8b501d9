#include "gateway/historical_faults.h"

#include <algorithm>
#include <array>
#include <memory>

#include "gateway/request_values.h"

namespace fm::gateway {
namespace {

using net::Body;
using net::BodyWriter;
using net::ServerResponse;

constexpr Nanos kStallMax = 600 * kNanosPerSecond;
constexpr Nanos kStallStep = 20'000'000;

// As documented: requests per window, by the method's family.
struct Limit {
  std::string_view prefix;
  std::uint64_t count;
  Nanos window;
};
constexpr std::array<Limit, 5> kLimits = {{{"timeseries.", 100, kNanosPerSecond},
                                           {"symbology.", 100, kNanosPerSecond},
                                           {"metadata.", 20, kNanosPerSecond},
                                           {"batch.list_jobs", 20, kNanosPerSecond},
                                           {"batch.submit_job", 20, 60 * kNanosPerSecond}}};

bool take_one(std::atomic<std::uint64_t>& left) {
  std::uint64_t now = left;
  while (now != 0)
    if (left.compare_exchange_weak(now, now == kAlways ? now : now - 1)) return true;
  return false;
}

ServerResponse too_many(std::uint64_t retry_after_s) {
  auto response = to_response({429, "rate_limit_exceeded", "Too many requests"});
  response.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
  return response;
}

// Lets so many bytes pass.
class CutWriter final : public BodyWriter {
 public:
  CutWriter(BodyWriter& under, std::uint64_t& left) : under_(under), left_(left) {}
  bool write(std::span<const std::byte> bytes) override {
    const std::size_t count = std::min<std::uint64_t>(bytes.size(), left_);
    left_ -= count;
    return under_.write(bytes.first(count)) && count == bytes.size();
  }
  bool is_stopping() const override { return under_.is_stopping(); }

 private:
  BodyWriter& under_;
  std::uint64_t& left_;
};

std::unexpected<Error> on_purpose() { return fail(Code::kBrokenPipe, "broken off on purpose"); }

void use_producer(ServerResponse& response) {
  if (response.producer) return;
  response.length = response.body.size();
  response.producer = [text = std::move(response.body)](BodyWriter& writer) -> Result<Body> {
    if (!writer.write(text)) return on_purpose();
    return Body::kEnd;
  };
}

struct Word {
  std::string_view name;
  std::string_view value;
  std::uint64_t times = kAlways;
};

Result<Word> split(std::string_view text) {
  Word word;
  const std::size_t star = text.find('*');
  if (star != std::string_view::npos) {
    FM_ASSIGN(word.times, parse_count(text.substr(star + 1)));
    text = text.substr(0, star);
  }
  const std::size_t equals = text.find('=');
  word.name = text.substr(0, equals);
  if (equals != std::string_view::npos) word.value = text.substr(equals + 1);
  return word;
}

}  // namespace

Result<bool> HistoricalFaults::add(std::string_view text) {
  if (!text.starts_with("http-")) return false;
  FM_ASSIGN(const Word word, split(text));
  const std::string_view name = word.name.substr(5);
  if (name == "close-after") {
    close.times = word.times;
    FM_ASSIGN(close.after_bytes, parse_count(word.value));
  } else if (name == "stall-after") {
    stall.times = word.times;
    FM_ASSIGN(stall.after_bytes, parse_count(word.value));
  } else if (name == "no-last-chunk") {
    no_last_chunk.times = word.times;
  } else if (name == "open-frame") {
    open_frame.times = word.times;
  } else if (name == "429") {
    const std::size_t colon = word.value.find(':');
    FM_ASSIGN(too_many_requests, parse_count(word.value.substr(0, colon)));
    if (colon != std::string_view::npos) {
      FM_ASSIGN(retry_after_s, parse_count(word.value.substr(colon + 1)));
    }
  } else if (name == "500") {
    FM_ASSIGN(server_errors, parse_count(word.value));
  } else if (name == "wrong-hash") {
    wrong_hash = true;
  } else if (name == "limits") {
    limits = true;
  } else {
    return std::unexpected(
        Error(Code::kInvalidArgument, fmt::format("--fault {}: is not known", text.substr(0, 64)))
            .hint("http-close-after=BYTES, http-stall-after=BYTES, http-no-last-chunk, "
                  "http-open-frame, http-429=TIMES, http-500=TIMES, http-wrong-hash, http-limits"));
  }
  return true;
}

FaultRun::FaultRun(Env& env, const HistoricalFaults& faults)
    : env_(env),
      faults_(faults),
      close_(faults.close.times),
      stall_(faults.stall.times),
      no_last_chunk_(faults.no_last_chunk.times),
      open_frame_(faults.open_frame.times),
      too_many_(faults.too_many_requests),
      errors_(faults.server_errors) {}

bool FaultRun::exceeds_limit(std::string_view method) {
  const auto limit = std::ranges::find_if(
      kLimits, [&](const Limit& one) { return method.starts_with(one.prefix); });
  if (limit == kLimits.end()) return false;
  const std::lock_guard lock(mutex_);
  Window& window = windows_[static_cast<std::size_t>(limit - kLimits.begin())];
  const Nanos now = env_.now();
  if (now - window.start >= limit->window) window = {.start = now};
  return ++window.count > limit->count;
}

std::optional<ServerResponse> FaultRun::instead(std::string_view method) {
  if (take_one(too_many_)) return too_many(faults_.retry_after_s);
  if (take_one(errors_))
    return to_response({500, "internal_error", "The service failed on purpose"});
  if (faults_.limits && exceeds_limit(method)) return too_many(1);
  return std::nullopt;
}

bool FaultRun::leaves_frame_open() { return take_one(open_frame_); }

ServerResponse FaultRun::spoil(ServerResponse response) {
  const bool closes = take_one(close_);
  const bool stalls = !closes && take_one(stall_);
  if (closes || stalls) {
    use_producer(response);
    const std::uint64_t bytes = closes ? faults_.close.after_bytes : faults_.stall.after_bytes;
    response.producer = [inner = std::move(response.producer), left = bytes, stalls,
                         env = &env_](BodyWriter& writer) mutable -> Result<Body> {
      CutWriter cut(writer, left);
      Result<Body> body = inner(cut);
      if (body || left > 0) return body;
      for (Nanos waited = 0; stalls && waited < kStallMax && !writer.is_stopping();
           waited += kStallStep)
        env->sleep_for(kStallStep);
      return on_purpose();
    };
  }
  if (take_one(no_last_chunk_)) {
    use_producer(response);
    response.length.reset();
    response.producer = [inner = std::move(response.producer)](BodyWriter& writer) -> Result<Body> {
      FM_ASSIGN(const Body body, inner(writer));
      if (body == Body::kEnd) return on_purpose();
      return body;
    };
  }
  return response;
}

}  // namespace fm::gateway
