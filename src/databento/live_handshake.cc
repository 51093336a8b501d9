#include "databento/live_handshake.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/sha256.h"

namespace fm::databento {
namespace {

// The end of a key is public: the gateway finds the key by it.
constexpr std::size_t kKeyTailBytes = 5;
constexpr std::size_t kKeyBytesMin = 2 * kKeyTailBytes;
constexpr std::size_t kShownBytesMax = 300;

// Text of the other side, fit to be shown.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, kShownBytesMax));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

// Whether `text` can stand as a value of a control line.
bool is_value(std::string_view text) {
  return !text.empty() && is_printable(text) && text.find('|') == std::string_view::npos;
}

bool is_read_from_json(dbn::Schema schema) {
  switch (schema) {
    case dbn::Schema::kTbbo:
    case dbn::Schema::kOhlcv1s:
    case dbn::Schema::kOhlcv1m:
    case dbn::Schema::kOhlcv1h:
    case dbn::Schema::kOhlcv1d:
    case dbn::Schema::kDefinition:
    case dbn::Schema::kStatistics:
    case dbn::Schema::kStatus:
      return true;
    default:
      return false;
  }
}

Status check(const Subscription& subscription, std::size_t number) {
  const auto refuse = [number](std::string_view what) -> Status {
    return fail(Code::kInvalidArgument, "subscription {}: {}", number, what);
  };
  if (subscription.symbols.empty()) return refuse("names no symbols");
  if (subscription.symbols.size() > kSymbolsMax)
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("subscription {}: names {} symbols, at most {} are taken", number,
                          subscription.symbols.size(), kSymbolsMax))
            .hint("Make several subscriptions of them, or subscribe to their parents."));
  for (const std::string& symbol : subscription.symbols) {
    if (!is_value(symbol) || symbol.find(',') != std::string::npos)
      return refuse(fmt::format("\"{}\" cannot be a symbol", shown(symbol)));
    if (symbol == "ALL_SYMBOLS" && subscription.symbols.size() > 1)
      return refuse("names ALL_SYMBOLS and others");
  }
  return {};
}

std::string_view name(SlowReader behaviour) {
  return behaviour == SlowReader::kWarn ? "warn" : "skip";
}

// Whether a refusal in these words passes by itself.
bool speaks_of_something_that_passes(std::string_view words) {
  constexpr std::array<std::string_view, 7> kPassing = {
      "connection limit", "internal error", "try again",  "temporar",
      "unavailable",      "too many",       "maintenance"};
  const std::string text = lower(words);
  return std::ranges::any_of(
      kPassing, [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

Error refusal(std::string_view words) {
  Error error(Code::kRefused, fmt::format("the gateway refused the session: {}",
                                          words.empty() ? "it gave no reason" : shown(words)));
  if (speaks_of_something_that_passes(words)) return std::move(error).retryable();
  return Error(std::move(error).hint("Check the key, and that it is entitled to the dataset."));
}

// Reads the line that must hold `key`, or the refusal that comes instead.
Result<std::string> expect(ControlReader& reader, std::string_view key) {
  FM_ASSIGN(const std::string line, reader.next());
  const ControlLine values(line);
  if (values.find("success") == "0")
    return std::unexpected(refusal(values.find("error").value_or("")));
  if (const auto value = values.find(key)) return std::string(*value);
  return std::unexpected(Error(Code::kCorrupt, fmt::format("is no Databento live gateway: said "
                                                           "\"{}\", expected {}=…",
                                                           shown(line), key))
                             .hint("Check the gateway's host and port."));
}

}  // namespace

ControlLine::ControlLine(std::string_view line) {
  while (!line.empty()) {
    const std::size_t bar = line.find('|');
    const std::string_view part = line.substr(0, bar);
    line = bar == std::string_view::npos ? std::string_view() : line.substr(bar + 1);
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos)
      values_.emplace_back(part.substr(0, equals), part.substr(equals + 1));
  }
}

std::optional<std::string_view> ControlLine::find(std::string_view key) const {
  for (const auto& [name, value] : values_)
    if (name == key) return value;
  return std::nullopt;
}

Nanos ControlReader::time_left() const {
  const Nanos now = env_->monotonic();
  return now >= deadline_ ? 0 : deadline_ - now;
}

Result<std::string> ControlReader::next() {
  for (;;) {
    if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    if (buffer_.size() > kControlLineBytesMax)
      return fail(Code::kCorrupt, "sent {} bytes without a line feed, expected a line of text",
                  buffer_.size());
    std::array<char, 1024> piece{};
    FM_ASSIGN(const std::size_t got,
              socket_->read(std::as_writable_bytes(std::span(piece)), time_left()));
    if (got == 0)
      return std::unexpected(
          Error(Code::kDisconnected, "closed the connection during the handshake").retryable());
    buffer_.append(piece.data(), got);
  }
}

Status check(const LiveOptions& options) {
  const auto refuse = [](std::string what) -> Status {
    return std::unexpected(Error(Code::kInvalidArgument, std::move(what)));
  };
  if (!is_value(options.dataset))
    return refuse(
        fmt::format("\"{}\" cannot be a dataset; one is GLBX.MDP3", shown(options.dataset)));
  if (!is_value(options.client))
    return refuse(fmt::format("\"{}\" cannot be a client's name", shown(options.client)));
  if (options.heartbeat_interval_s < kHeartbeatIntervalMin_s ||
      options.heartbeat_interval_s > kHeartbeatIntervalMax_s)
    return refuse(fmt::format("a heartbeat interval of {} s, expected {} … {}",
                              options.heartbeat_interval_s, kHeartbeatIntervalMin_s,
                              kHeartbeatIntervalMax_s));
  if (options.encoding == Encoding::kJson && options.ts_out)
    return refuse("ts_out is read from the dbn encoding only");
  if (options.subscriptions.empty() || options.subscriptions.size() > kSubscriptionsMax)
    return refuse(fmt::format("{} subscriptions, expected 1 … {}", options.subscriptions.size(),
                              kSubscriptionsMax));
  for (std::size_t i = 0; i < options.subscriptions.size(); ++i) {
    const Subscription& one = options.subscriptions[i];
    FM_TRY(check(one, i + 1));
    if (options.encoding == Encoding::kJson && !is_read_from_json(one.schema))
      return refuse(
          fmt::format("subscription {}: {} is read from the dbn encoding only; json "
                      "carries tbbo, bars, status, statistics and definition",
                      i + 1, dbn::name(one.schema)));
  }
  return {};
}

Result<std::string> authentication_line(const Secret& key, std::string_view challenge,
                                        const LiveOptions& options) {
  const std::string_view text = key.reveal();
  if (text.size() < kKeyBytesMin || !is_value(text))
    return std::unexpected(
        Error(Code::kInvalidArgument,
              fmt::format("the Databento key ({} characters) cannot be one", text.size()))
            .hint("A key has 32 characters and begins with db-."));
  std::string proof(challenge);
  proof += '|';
  proof += text;
  const Secret proven(std::move(proof));
  std::string line = fmt::format(
      "auth={}-{}|dataset={}|encoding={}|ts_out={}|compression={}|client={}|heartbeat_interval_s={"
      "}",
      sha256_of(proven.reveal()), text.substr(text.size() - kKeyTailBytes), options.dataset,
      options.encoding == Encoding::kDbn ? "dbn" : "json", options.ts_out ? 1 : 0,
      options.zstd ? "zstd" : "none", options.client, options.heartbeat_interval_s);
  if (options.slow_reader != SlowReader::kDefault)
    line += fmt::format("|slow_reader_behavior={}", name(options.slow_reader));
  line += '\n';
  return line;
}

std::string subscription_lines(const LiveOptions& options, std::optional<Nanos> start) {
  std::string out;
  for (std::size_t number = 1; const Subscription& one : options.subscriptions) {
    for (std::size_t from = 0; from < one.symbols.size(); from += kSymbolsPerRequest) {
      const std::size_t to = std::min(from + kSymbolsPerRequest, one.symbols.size());
      out += fmt::format("schema={}|stype_in={}|id={}", dbn::name(one.schema),
                         dbn::name(one.stype_in), number);
      if (start) out += fmt::format("|start={}", *start);
      out += "|symbols=";
      for (std::size_t i = from; i < to; ++i) {
        if (i != from) out += ',';
        out += one.symbols[i];
      }
      out += fmt::format("|snapshot=0|is_last={}\n", to == one.symbols.size() ? 1 : 0);
    }
    ++number;
  }
  out += "start_session\n";
  return out;
}

Result<std::string> shake_hands(ControlReader& reader, Socket& socket, const Secret& key,
                                const LiveOptions& options, std::optional<Nanos> start) {
  FM_TRY(expect(reader, "lsg_version"));
  FM_ASSIGN(const std::string challenge, expect(reader, "cram"));
  FM_ASSIGN(const std::string line, authentication_line(key, challenge, options));
  FM_TRY(socket.write(line, reader.time_left()));
  FM_ASSIGN(const std::string answer, reader.next());
  const ControlLine values(answer);
  if (values.find("success") != "1") {
    if (values.find("success") || values.find("error"))
      return std::unexpected(refusal(values.find("error").value_or("")));
    return fail(Code::kCorrupt, "answered \"{}\" to the authentication, expected success=…",
                shown(answer));
  }
  FM_TRY(socket.write(subscription_lines(options, start), reader.time_left()));
  return shown(values.find("session_id").value_or(""));
}

}  // namespace fm::databento
