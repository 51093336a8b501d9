#include "jobs/live_feed.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/thread.h"
#include "dbn/text_options.h"

namespace fm::jobs {
namespace {

constexpr Nanos kPoll = 20'000'000;  // how soon a stop is noticed while waiting
constexpr Nanos kDiskRetry = kNanosPerSecond;

constexpr const char* kSkipped = "records skipped after slow reading";
constexpr const char* kAgedOut = "replay no longer reaches back so far";

bool is_data(dbn::RType rtype) {
  switch (rtype) {
    case dbn::RType::kError:
    case dbn::RType::kSystem:
    case dbn::RType::kSymbolMapping:
      return false;
    default:
      return true;
  }
}

bool all_data(const dbn::RecordBlock& block) {
  return block.common_bytes != 0 && is_data(block.common_rtype);
}

// Arrival of the first record of the feed itself; nothing when there is none.
std::optional<Nanos> first_arrival(const dbn::RecordBlock& block) {
  for (const dbn::RecordView record : block) {
    if (!is_data(record.rtype())) continue;
    const Nanos arrival = dbn::index_time(record);
    if (arrival != kUndefTime) return arrival;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(FeedState state) {
  switch (state) {
    case FeedState::kConnecting:
      return "connecting";
    case FeedState::kConnected:
      return "connected";
    case FeedState::kWaiting:
      return "waiting";
    case FeedState::kDiskFull:
      return "disk full";
    case FeedState::kEnded:
      return "ended";
  }
  return "ended";
}

LiveFeed::LiveFeed(Parts parts, Secret key, LiveFeedOptions options)
    : parts_(std::move(parts)),
      key_(std::move(key)),
      options_(std::move(options)),
      backoff_(parts_.env, options_.backoff) {}

LiveFeed::~LiveFeed() { stop(); }

void LiveFeed::start() {
  thread_ = std::thread([this] {
    name_thread("fm-receive");
    run();
  });
}

void LiveFeed::stop() {
  stopping_.request_stop();
  {
    const std::lock_guard guard(mutex_);
    if (session_) session_->stop();
  }
  if (thread_.joinable()) thread_.join();
}

FeedFigures LiveFeed::figures() const {
  const std::lock_guard guard(mutex_);
  return figures_;
}

void LiveFeed::set_state(FeedState state) {
  const std::lock_guard guard(mutex_);
  figures_.state = state;
}

bool LiveFeed::wait(Nanos duration) {
  const Nanos end = parts_.env.monotonic() + duration;
  while (!stopping_.stop_requested()) {
    const Nanos now = parts_.env.monotonic();
    if (now >= end) return true;
    parts_.env.sleep_for(std::min(kPoll, end - now));
  }
  return false;
}

void LiveFeed::run() {
  outcome_ = keep_connected();
  parts_.silent_since(0);
  set_state(FeedState::kEnded);
  ended_ = true;
}

Status LiveFeed::keep_connected() {
  bool let_in_before = false;
  while (!stopping_.stop_requested()) {
    const Nanos begun = parts_.env.monotonic();
    const std::uint64_t sessions_before = figures().sessions;
    const Result<Ending> ending = one_session();
    parts_.silent_since(0);
    if (stopping_.stop_requested()) return {};
    if (ending && *ending == Ending::kClosed && options_.until_end) return {};
    let_in_before = let_in_before || figures().sessions > sessions_before;
    if (!ending) {
      const Error& error = ending.error();
      // The disk has stayed full for as long as the feed may wait.
      if (error.code() == Code::kNoSpace) return std::unexpected(error);
      // A key that was never good is the user's to mend; one that was may be again.
      if (!error.can_retry() && !(error.code() == Code::kRefused && let_in_before))
        return std::unexpected(error);
      log_warning("the gateway is not reached: {}", error.message());
      const std::lock_guard guard(mutex_);
      figures_.last_error = error.message();
    }
    backoff_.session_ended(parts_.env.monotonic() - begun);
    set_state(FeedState::kWaiting);
    if (!wait(backoff_.next())) return {};
  }
  return {};
}

Result<LiveFeed::Ending> LiveFeed::one_session() {
  set_state(FeedState::kConnecting);
  FM_TRY(patiently([&] { return parts_.log.sync(); }));
  FM_ASSIGN(auto filter, capture::ResumeFilter::build(parts_.env, parts_.log_directory));
  std::optional<Nanos> start = options_.first_start;
  if (filter) start = filter->start();
  if (from_everything_) start = 0;
  FM_ASSIGN(auto opened, databento::LiveSession::open(parts_.env, key_, options_.session, start,
                                                      stopping_.get_token()));
  const std::shared_ptr<databento::LiveSession> session(std::move(opened));
  {
    const std::lock_guard guard(mutex_);
    session_ = session;
    ++figures_.sessions;
    figures_.state = FeedState::kConnected;
    figures_.peer = session->peer();
    figures_.last_error.clear();
  }
  // A stop that came before the session was there.
  if (stopping_.stop_requested()) session->stop();
  const bool everything = start == Nanos{0};
  const Nanos covered_from = start && !everything ? *start : session->metadata().start;
  FM_TRY(patiently([&] { return parts_.log.begin_session(session->metadata(), covered_from); }));
  closing_.reset();
  replaying_ = start.has_value();
  replays_finished_ = 0;
  log_info("connected to {}{}", session->peer(),
           start ? fmt::format(", from {} on", iso_nanos(covered_from)) : std::string());
  Result<Ending> ending = converse(*session, filter);
  const std::lock_guard guard(mutex_);
  figures_.malformed_lines += session->malformed_lines();
  session_.reset();
  return ending;
}

Result<LiveFeed::Ending> LiveFeed::converse(databento::LiveSession& session,
                                            std::optional<capture::ResumeFilter>& filter) {
  parts_.silent_since(parts_.env.monotonic());
  for (;;) {
    const Result<dbn::RecordBlock> received = session.next();
    if (stopping_.stop_requested()) return Ending::kStopped;
    if (!received || received->empty()) {
      const std::string why = closing_   ? *closing_
                              : received ? "the gateway closed the session"
                                         : received.error().message();
      // A connection that breaks between two records looks like one that was closed.
      const bool all_replayed = !replaying_ || replays_finished_ >= schema_count();
      const bool closed = received && !closing_ && all_replayed;
      if (closed && options_.until_end) return Ending::kClosed;
      log_warning(
          "{}", why.starts_with(session.peer()) ? why : fmt::format("{}: {}", session.peer(), why));
      const std::lock_guard guard(mutex_);
      figures_.last_error = why;
      return closed ? Ending::kClosed : Ending::kFailed;
    }
    if (!all_data(*received)) listen_to_gateway(*received);
    if (!filter) {
      FM_TRY(take(*received));
      continue;
    }
    const std::uint64_t dropped = filter->records_dropped();
    const dbn::RecordBlock fresh = filter->filter(*received);
    {
      const std::lock_guard guard(mutex_);
      figures_.dropped += filter->records_dropped() - dropped;
    }
    // `fresh` may lie in the filter's memory.
    if (!fresh.empty()) FM_TRY(take(fresh));
    if (filter->done()) filter.reset();
  }
}

std::size_t LiveFeed::schema_count() const {
  std::set<dbn::Schema> schemas;
  for (const auto& subscription : options_.session.subscriptions)
    schemas.insert(subscription.schema);
  return schemas.size();
}

// The log first: what is not in it, nobody sees.
Status LiveFeed::take(const dbn::RecordBlock& block) {
  if (hole_) FM_TRY(close_hole(block));
  FM_TRY(patiently([&] { return parts_.log.append(block); }));
  parts_.candles.feed(block);
  if (all_data(block) || first_arrival(block)) parts_.silent_since(parts_.env.monotonic());
  const std::lock_guard guard(mutex_);
  figures_.records += block.record_count;
  figures_.newest_arrival = parts_.log.newest_arrival();
  return {};
}

void LiveFeed::listen_to_gateway(const dbn::RecordBlock& block) {
  for (const dbn::RecordView record : block) {
    const auto* system = record.get_if<dbn::SystemMsg>();
    if (system != nullptr && system->header.publisher_id == 0 &&
        system->code == static_cast<std::uint8_t>(dbn::SystemCode::kReplayCompleted))
      ++replays_finished_;
    const auto* error = record.get_if<dbn::ErrorMsg>();
    if (error == nullptr) continue;
    if (error->code == static_cast<std::uint8_t>(dbn::ErrorCode::kSkippedAfterSlowReading)) {
      hole_ = Hole{parts_.log.newest_arrival(), kSkipped};
      log_warning("{}", kSkipped);
      continue;
    }
    const auto closing = databento::closing_error(record);
    if (!closing) continue;
    closing_ = closing->message;
    if (closing->why != databento::Closing::kAgedOut) continue;
    // The gateway may close now, or go on with what it has.
    from_everything_ = true;
    hole_ = Hole{parts_.log.newest_arrival(), kAgedOut};
  }
}

Status LiveFeed::close_hole(const dbn::RecordBlock& block) {
  const std::optional<Nanos> to = first_arrival(block);
  if (!to) return {};
  const Hole hole = *std::exchange(hole_, std::nullopt);
  from_everything_ = false;
  closing_.reset();
  // Nothing was kept before, or nothing is missing.
  if (hole.from == 0 || *to <= hole.from) return {};
  FM_TRY(patiently([&] { return parts_.log.mark_gap(hole.from, *to, hole.reason); }));
  ops::Gap gap;
  gap.dataset = options_.session.dataset;
  gap.from = hole.from;
  gap.to = *to;
  gap.reason = hole.reason;
  FM_ASSIGN(const std::string id, parts_.state.add_gap(gap));
  log_warning("gap {}: no records from {} to {} ({})", id, iso_nanos(gap.from), iso_nanos(gap.to),
              gap.reason);
  const std::lock_guard guard(mutex_);
  ++figures_.gaps;
  return {};
}

Status LiveFeed::patiently(const std::function<Status()>& change) {
  const Nanos end = parts_.env.monotonic() + options_.disk_patience;
  for (bool warned = false;; warned = true) {
    Status done = change();
    if (done) {
      if (warned) set_state(FeedState::kConnected);
      return done;
    }
    if (done.error().code() != Code::kNoSpace || parts_.env.monotonic() >= end) return done;
    if (!warned) {
      set_state(FeedState::kDiskFull);
      log(LogLevel::kError, fmt::format("the feed waits: {}", done.error().message()));
    }
    if (!wait(kDiskRetry)) return done;
  }
}

}  // namespace fm::jobs
