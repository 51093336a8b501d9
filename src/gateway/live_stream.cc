#include "gateway/live_stream.h"

#include <algorithm>

#include "base/log.h"
#include "gateway/messages.h"

namespace fm::gateway {
namespace {

using dbn::Schema;

constexpr Nanos kLinePollInterval = 20'000'000;
constexpr Nanos kWaitMax = kNanosPerSecond;
// Intervals without any record that are announced one by one; after so many, those up to the next
// record are passed over.
constexpr Nanos kSilentIntervalsMax = 100'000;
constexpr Nanos kNever = kUndefTime;

Date day_of(Nanos time) { return Date::of_second(second_of(time)); }
Nanos midnight_of(Date day) { return static_cast<Nanos>(day.first_second()) * kNanosPerSecond; }

// What may be left out for a client that reads slowly: states that the next record replaces.
bool may_skip(Schema schema) {
  switch (schema) {
    case Schema::kMbp1:
    case Schema::kMbp10:
    case Schema::kBbo1s:
    case Schema::kBbo1m:
    case Schema::kCmbp1:
    case Schema::kCbbo1s:
    case Schema::kCbbo1m:
      return true;
    default:
      return false;
  }
}

}  // namespace

LiveStream::LiveStream(const SessionContext& context, const AuthRequest& auth, LineReader& lines,
                       Outbox& outbox, ChunkMerger& chunks, std::uint64_t session)
    : context_(context),
      auth_(auth),
      lines_(lines),
      outbox_(outbox),
      chunks_(chunks),
      session_(session),
      subscriptions_(*context.archive, auth.dataset),
      range_(context.archive->range(auth.dataset)) {}

Nanos LiveStream::now() const {
  return context_.clock.is_paced() ? context_.clock.now() : position_;
}

Status LiveStream::run(std::vector<SubscribeRequest> requests,
                       const std::optional<Error>& refusal) {
  FM_TRY(begin(requests));
  if (refusal) {
    FM_TRY(refuse(*refusal));
    return outbox_.finish();
  }
  Status served = subscribe_all(std::move(requests));
  if (served) served = serve();
  if (served || served.error().code() == Code::kDisconnected ||
      served.error().code() == Code::kTimedOut)
    return served;
  // The files have let us down; the client is told before the end.
  log_warning("session {}: {}", session_, served.error().message());
  const auto message =
      error_message(dbn::ErrorCode::kInternalError, served.error().message(), now());
  FM_TRY(tell(dbn::RecordView(message)));
  FM_TRY(outbox_.finish());
  return served;
}

Status LiveStream::begin(std::vector<SubscribeRequest>& requests) {
  const std::vector<std::string> aged_out = apply_age_limit(requests);
  position_ = first_moment(requests);

  dbn::Metadata metadata;
  metadata.dataset = auth_.dataset;
  metadata.start = now();
  metadata.ts_out = auth_.ts_out;
  OutboxOptions options;
  options.json = auth_.encoding == Encoding::kJson;
  options.zstd = auth_.zstd;
  options.ts_out = auth_.ts_out;
  options.text.pretty_px = auth_.pretty_px;
  options.text.pretty_ts = auth_.pretty_ts;
  FM_TRY(outbox_.begin(metadata, options,
                       context_.options.faults.plan(session_, context_.options.seed)));
  for (const std::string& text : aged_out) {
    const auto message = error_message(dbn::ErrorCode::kReplayAgedOut, text, now());
    FM_TRY(tell(dbn::RecordView(message)));
  }
  return {};
}

// Where a session's own clock begins: at its smallest start, else where its schemas do.
Nanos LiveStream::first_moment(const std::vector<SubscribeRequest>& requests) const {
  std::optional<Nanos> start;
  TimeRange range;
  for (const SubscribeRequest& request : requests) {
    if (request.start) start = std::min(start.value_or(kUndefTime), *request.start);
    range.start =
        std::min(range.start, context_.archive->range(auth_.dataset, request.schema).start);
  }
  if (range.start == kUndefTime) range = range_;
  return std::max(start.value_or(range.start), range.start);
}

// Moves starts that are too old to where replay begins; what the client must hear of it.
std::vector<std::string> LiveStream::apply_age_limit(std::vector<SubscribeRequest>& requests) {
  std::vector<std::string> texts;
  // On a clock of its own, a session's present is where its files end.
  const Nanos present = context_.clock.is_paced() ? now() : range_.end;
  const auto limit = context_.options.faults.oldest_start(session_, present);
  if (!limit) return texts;
  const Nanos oldest = *limit;
  for (SubscribeRequest& request : requests) {
    if (!request.start || *request.start >= oldest) continue;
    texts.push_back(fmt::format("Replay of {} data from {} is no longer available. It begins at {}",
                                dbn::name(request.schema), iso_nanos(*request.start),
                                iso_nanos(oldest)));
    request.start = oldest;
  }
  return texts;
}

Status LiveStream::subscribe_all(std::vector<SubscribeRequest> requests) {
  const Nanos begin_now = now();
  const bool has_start = std::ranges::any_of(
      requests, [](const SubscribeRequest& request) { return request.start.has_value(); });
  // On its own clock, a session without a start sees everything, whatever its time stamps.
  const Nanos live_from = context_.clock.is_paced() || has_start ? begin_now : 0;
  const auto from = [&](const SubscribeRequest& request) {
    return request.start.value_or(live_from);
  };
  std::ranges::stable_sort(requests, {}, from);
  for (const SubscribeRequest& request : requests)
    FM_TRY(subscriptions_.add(request, from(request), begin_now,
                              [this](dbn::RecordView record) { return tell(record); }));
  const Nanos first = requests.empty() ? begin_now : std::max(from(requests[0]), range_.start);
  day_ = day_of(first);
  if (context_.clock.is_paced()) position_ = std::min(first, begin_now);
  for (const Schema schema : subscriptions_.schemas()) add_marks(schema);
  return outbox_.flush();
}

void LiveStream::add_marks(Schema schema) {
  const Nanos interval = interval_of(schema);
  if (interval == 0 || std::ranges::find(marks_, schema, &IntervalMark::schema) != marks_.end())
    return;
  marks_.push_back({schema, position_ / interval * interval + interval});
}

Status LiveStream::serve() {
  for (;;) {
    if (outbox_.is_ended()) return {};
    if (is_closing_) return outbox_.finish();
    if (context_.env.monotonic() - lines_polled_ >= kLinePollInterval) FM_TRY(take_lines(0));
    FM_ASSIGN(const bool has_moved, step());
    if (has_moved) continue;
    FM_ASSIGN(const std::optional<Nanos> next_record, subscriptions_.next_time());
    if (is_over(next_record)) return finish();
    FM_TRY(catch_up());
    FM_TRY(wait(next_record));
  }
}

// The time up to which records come before the next mark: the end of an interval, or midnight.
Nanos LiveStream::next_mark() const {
  Nanos mark = midnight_of(day_ + 1) - 1;
  for (const IntervalMark& one : marks_) mark = std::min(mark, one.end);
  return mark;
}

// Sends what comes next if its time has come; whether there was anything.
Result<bool> LiveStream::step() {
  if (subscriptions_.empty()) return false;
  const bool is_paced = context_.clock.is_paced();
  FM_ASSIGN(const std::optional<Nanos> next, subscriptions_.next_time());
  const Nanos mark = next_mark();
  const Nanos reached = is_paced ? context_.clock.now() : kNever;
  if (next && *next <= std::min(mark, reached)) {
    FM_ASSIGN(const FeedRun feed, subscriptions_.next(std::min(mark, reached)));
    position_ = std::max(position_, feed.run.last_time);
    FM_TRY(send(feed));
    return true;
  }
  // On its own clock, a session's time goes no further than its records.
  const bool is_due = is_paced ? mark <= reached : next || mark <= position_;
  if (!is_due) return false;
  position_ = std::max(position_, mark);
  FM_TRY(fire(mark, next));
  return true;
}

Status LiveStream::send(const FeedRun& feed) {
  if (feed.run.empty()) return {};
  FM_ASSIGN(const bool is_skipped, skips(feed.run));
  if (is_skipped) return {};
  const Nanos sent_at = context_.clock.is_paced() ? now() : feed.run.last_time;
  FM_TRY(outbox_.send_data(feed.run.block, sent_at, feed.is_replay));
  if (outbox_.take_longest_wait() < context_.options.timing.slow_after) return {};
  return warn_of_slow_reading(feed.run.schema);
}

// Whether the client is so far behind that the run is left out.
Result<bool> LiveStream::skips(const RecordRun& run) {
  if (!context_.clock.is_paced() || !caught_up_) return false;
  const Nanos reached = now();
  const Nanos behind = reached - std::min(reached, run.first_time);
  bool& is_skipping = skipping_[run.schema];
  if (context_.clock.real(behind) < context_.options.timing.slow_after) {
    is_skipping = false;
    return false;
  }
  if (!may_skip(run.schema) || auth_.slow_reader == SlowReader::kWarn) {
    FM_TRY(warn_of_slow_reading(run.schema));
    return false;
  }
  if (!is_skipping) {
    // It marks where the hole is, and so stands before the first record behind it.
    const auto message = error_message(dbn::ErrorCode::kSkippedAfterSlowReading,
                                       records_skipped(run.schema), reached);
    FM_TRY(tell(dbn::RecordView(message)));
    log_warning("session {}: reads slowly, {} records are skipped", session_,
                dbn::name(run.schema));
  }
  is_skipping = true;
  return true;
}

Status LiveStream::warn_of_slow_reading(Schema schema) {
  const Nanos real_now = context_.env.monotonic();
  const auto [last, is_new] = warned_.try_emplace(schema, real_now);
  if (!is_new && real_now - last->second < context_.options.timing.slow_warning_interval) return {};
  last->second = real_now;
  const auto message =
      system_message(dbn::SystemCode::kSlowReaderWarning, slow_reader_warning(schema), now());
  return tell(dbn::RecordView(message));
}

Status LiveStream::fire(Nanos mark, std::optional<Nanos> next_record) {
  for (IntervalMark& one : marks_) {
    if (one.end != mark) continue;
    dbn::SystemMsg message =
        system_message(dbn::SystemCode::kEndOfInterval, end_of_interval(one.schema), one.end);
    FM_TRY(outbox_.send_message(dbn::RecordView(message), now()));
    const Nanos interval = interval_of(one.schema);
    one.end += interval;
    const bool is_waiting = context_.clock.is_paced() && next_record.value_or(0) > now();
    if (is_waiting || !next_record || *next_record < one.end) continue;
    const Nanos silent = (*next_record - one.end) / interval;
    if (silent <= kSilentIntervalsMax) continue;
    log_info("session {}: {} silent intervals of {} are passed over", session_, silent,
             dbn::name(one.schema));
    one.end += silent * interval;
  }
  if (mark != midnight_of(day_ + 1) - 1) return {};
  day_ = day_ + 1;
  // Days without records need no symbols.
  if (next_record && day_of(*next_record) > day_) day_ = day_of(*next_record);
  return subscriptions_.begin_day(day_, now(),
                                  [this](dbn::RecordView record) { return tell(record); });
}

// Nothing is due: whoever was replaying is live now.
Status LiveStream::catch_up() {
  if (caught_up_ || !context_.clock.is_paced() || subscriptions_.empty()) return {};
  caught_up_ = true;
  for (const Schema schema : subscriptions_.replayed_schemas()) {
    const auto message =
        system_message(dbn::SystemCode::kReplayCompleted, replay_finished(schema), now());
    FM_TRY(tell(dbn::RecordView(message)));
  }
  return {};
}

bool LiveStream::is_over(std::optional<Nanos> next_record) const {
  if (next_record || subscriptions_.empty()) return false;
  return !context_.clock.is_paced() || context_.clock.now() >= range_.end;
}

Status LiveStream::finish() {
  if (!caught_up_) {
    for (const Schema schema : subscriptions_.replayed_schemas()) {
      const auto message =
          system_message(dbn::SystemCode::kReplayCompleted, replay_finished(schema), now());
      FM_TRY(tell(dbn::RecordView(message)));
    }
  }
  return outbox_.finish();
}

Status LiveStream::wait(std::optional<Nanos> next_record) {
  FM_TRY(outbox_.flush());
  Nanos patience = kWaitMax;
  if (context_.clock.is_paced()) {
    Nanos next = subscriptions_.empty() ? kNever : next_mark();
    next = std::min({next, next_record.value_or(kNever), range_.end > now() ? range_.end : kNever});
    patience = std::min(patience, context_.clock.until(next));
  }
  const Nanos since = context_.env.monotonic() - outbox_.last_sent();
  const Nanos interval =
      static_cast<Nanos>(auth_.heartbeat_interval_s) * context_.options.timing.heartbeat_second;
  patience = std::min(patience, since >= interval ? 0 : interval - since);
  FM_TRY(take_lines(patience));
  return heartbeat_if_due();
}

Status LiveStream::heartbeat_if_due() {
  const Nanos since = context_.env.monotonic() - outbox_.last_sent();
  const Nanos interval =
      static_cast<Nanos>(auth_.heartbeat_interval_s) * context_.options.timing.heartbeat_second;
  if (since < interval) return {};
  const auto message = system_message(dbn::SystemCode::kHeartbeat, "Heartbeat", now());
  FM_TRY(tell(dbn::RecordView(message)));
  return outbox_.flush();
}

// Waits for a line for so long, then takes all that are there.
Status LiveStream::take_lines(Nanos patience) {
  for (;;) {
    auto line = lines_.next(patience);
    lines_polled_ = context_.env.monotonic();
    if (!line && line.error().code() == Code::kInvalidArgument) return refuse(line.error());
    if (!line) return std::unexpected(std::move(line).error());
    if (!*line || is_closing_) return {};
    FM_TRY(take_line(**line));
    patience = 0;
  }
}

Status LiveStream::take_line(const std::string& line) {
  if (line.empty() || kind_of(line) == LineKind::kStart) return {};
  auto chunk = parse_subscribe(line);
  if (!chunk) return refuse(chunk.error());
  if (chunk->start)
    return refuse(Error(Code::kInvalidArgument, "start is not allowed after start_session"));
  if (const Status servable = check_servable(*chunk); !servable) return refuse(servable.error());
  auto request = chunks_.add(*std::move(chunk));
  if (!request) return refuse(request.error());
  if (!*request) return {};
  const Nanos from = context_.clock.is_paced() ? now() : position_ + 1;
  const bool is_first = subscriptions_.empty();
  if (is_first) day_ = day_of(std::max(from, range_.start));
  FM_TRY(subscriptions_.add(**request, is_first && !context_.clock.is_paced() ? 0 : from, now(),
                            [this](dbn::RecordView record) { return tell(record); }));
  add_marks((*request)->schema);
  return outbox_.flush();
}

Status LiveStream::refuse(const Error& error) {
  const auto message = error_message(dbn::ErrorCode::kInvalidSubscription, error.message(), now());
  is_closing_ = true;
  return tell(dbn::RecordView(message));
}

}  // namespace fm::gateway
