#include "jobs/live_config.h"

#include <algorithm>
#include <charconv>

#include "dbn/enums.h"

namespace fm::jobs {
namespace {

constexpr Nanos kNanosPerMilli = 1'000'000;
constexpr std::uint64_t kBytesPerGb = 1'000'000'000;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The parts between separators, without blanks around them and without empty ones.
std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (const auto part = trimmed(text.substr(0, end)); !part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return parts;
}

Result<databento::Subscription> subscription(std::string_view schema, std::string_view stype,
                                             std::string_view symbols) {
  databento::Subscription made;
  const auto known_schema = dbn::parse_schema(schema);
  if (!known_schema)
    return fail(Code::kInvalidArgument, "'{}' is no schema; expected tbbo, status, …", schema);
  const auto known_stype = dbn::parse_stype(stype);
  if (!known_stype)
    return fail(Code::kInvalidArgument,
                "'{}' is no symbol type; expected parent, raw_symbol, continuous or instrument_id",
                stype);
  made.schema = *known_schema;
  made.stype_in = *known_stype;
  for (const std::string_view symbol : parts_of(symbols, ',')) made.symbols.emplace_back(symbol);
  if (made.symbols.empty())
    return fail(Code::kInvalidArgument, "a subscription to {} names no symbols", schema);
  return made;
}

Status check_together(const std::vector<databento::Subscription>& subscriptions) {
  const auto asks_for = [&](dbn::Schema schema) {
    return std::ranges::any_of(subscriptions,
                               [&](const auto& one) { return one.schema == schema; });
  };
  if (subscriptions.empty())
    return std::unexpected(
        Error(Code::kInvalidConfig, "nothing to subscribe to")
            .hint("Set databento.symbols (DATABENTO_SYMBOLS), or --symbols ES.FUT,NQ.FUT."));
  if (asks_for(dbn::Schema::kTbbo) && asks_for(dbn::Schema::kMbp1))
    return std::unexpected(
        Error(Code::kInvalidConfig,
              "tbbo and mbp-1 are both asked for; their records cannot be told apart")
            .hint("Keep one of the two: every trade is in both."));
  return {};
}

}  // namespace

Result<std::vector<databento::Subscription>> parse_subscriptions(std::string_view text) {
  std::vector<databento::Subscription> all;
  for (const std::string_view part : parts_of(text, ';')) {
    const std::size_t first = part.find(':');
    const std::size_t second = first == std::string_view::npos ? first : part.find(':', first + 1);
    if (second == std::string_view::npos)
      return fail(
          Code::kInvalidArgument,
          "subscription '{}': expected SCHEMA:STYPE:SYMBOLS as in tbbo:parent:ES.FUT,NQ.FUT", part);
    FM_ASSIGN(auto one, subscription(trimmed(part.substr(0, first)),
                                     trimmed(part.substr(first + 1, second - first - 1)),
                                     part.substr(second + 1)));
    all.push_back(std::move(one));
  }
  return all;
}

Result<std::vector<databento::Subscription>> subscriptions_of(std::string_view schemas,
                                                              std::string_view stype,
                                                              std::string_view symbols) {
  std::vector<databento::Subscription> all;
  if (trimmed(symbols).empty()) return all;
  for (const std::string_view schema : parts_of(schemas, ',')) {
    FM_ASSIGN(auto one, subscription(schema, stype, symbols));
    all.push_back(std::move(one));
  }
  return all;
}

Status parse_gateway(std::string_view text, databento::LiveOptions& options) {
  std::string_view host = text;
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && text.find(']', colon) == text.npos;
  if (has_port) {
    const std::string_view port = text.substr(colon + 1);
    const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), options.port);
    if (code != std::errc() || end != port.data() + port.size() || options.port == 0)
      return fail(Code::kInvalidArgument, "gateway '{}': expected HOST:PORT as in 127.0.0.1:13000",
                  text);
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty())
    return fail(Code::kInvalidArgument, "gateway '{}': expected HOST:PORT as in 127.0.0.1:13000",
                text);
  options.host = host;
  return {};
}

Result<LiveJobOptions> live_options(const Config& config) {
  LiveJobOptions options;
  options.lake = config.lake;
  options.state_dir = config.state_dir;
  options.keep_days = config.lake_keep_days;
  options.universe_file = config.universe;
  options.warmup_seconds = static_cast<int>(config.candles.warmup);
  options.front_month = config.candles.front_month;
  FM_ASSIGN(options.retention, parse_retention(config.retention));

  databento::LiveOptions& session = options.session;
  session.dataset = config.databento.dataset;
  FM_ASSIGN(
      session.subscriptions,
      config.live.subscriptions.empty()
          ? subscriptions_of(config.live.schemas, config.databento.stype, config.databento.symbols)
          : parse_subscriptions(config.live.subscriptions));
  FM_TRY(check_together(session.subscriptions));
  if (!config.databento.gateway.empty()) FM_TRY(parse_gateway(config.databento.gateway, session));
  session.encoding =
      config.live.encoding == "json" ? databento::Encoding::kJson : databento::Encoding::kDbn;
  session.zstd = config.live.compression == "zstd";
  session.ts_out = config.live.ts_out;
  session.heartbeat_interval_s = static_cast<int>(config.live.heartbeat_seconds);
  session.slow_reader = config.live.slow_reader == "warn"   ? databento::SlowReader::kWarn
                        : config.live.slow_reader == "skip" ? databento::SlowReader::kSkip
                                                            : databento::SlowReader::kDefault;

  options.follower.flush_interval = static_cast<Nanos>(config.live.flush_seconds) * kNanosPerSecond;
  options.sync_interval = static_cast<Nanos>(config.capture.sync_ms) * kNanosPerMilli;
  options.segment_bytes = static_cast<std::uint64_t>(config.capture.segment_mib) << 20;
  options.compress = config.capture.compress;
  options.retention_days = static_cast<int>(config.capture.retention_days);
  options.retention_bytes = static_cast<std::uint64_t>(config.capture.retention_gb) * kBytesPerGb;
  return options;
}

}  // namespace fm::jobs
