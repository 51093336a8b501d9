#include "jobs/lake_sink.h"

#include <algorithm>

#include "base/log.h"
#include "jobs/candle_rows.h"
#include "jobs/lake_commit.h"
#include "jobs/session_window.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

// A partition of more parts than this is merged: readers open every one of them.
constexpr std::size_t kPartsMax = 60;

std::string path_of_day(const LakeSinkOptions& options, Date day) {
  return join(options.log.directory, day.iso());
}

}  // namespace

LakeSink::LakeSink(const LakeSinkOptions& options, capture::CaptureDays days)
    : options_(options),
      store_(options.env,
             fmt::format("{}/live-{:016x}{}", options.lake.state_dir(), options.env.random(),
                         kSpillEnding),
             options.buffer_bytes),
      days_(days) {}

LakeSink::~LakeSink() = default;

Result<std::unique_ptr<LakeSink>> LakeSink::open(const LakeSinkOptions& options) {
  FM_ASSIGN(const auto days, capture::CaptureDays::make());
  std::unique_ptr<LakeSink> sink(new LakeSink(options, days));
  sink->quarantine_ = std::make_unique<Quarantine>(options.env, "");
  sink->collector_ = std::make_unique<Collector>(sink->store_, *sink->quarantine_,
                                                 Collector::Grouping::kByTickerAndDate);
  sink->engine_ = std::make_unique<candles::Engine>(
      options.universe, options.calendar, options.engine, static_cast<candles::Output&>(*sink));
  sink->collector_->bind(*sink->engine_, *sink);
  sink->log_ = std::make_unique<LogFeed>(*sink->engine_);
  FM_ASSIGN(sink->start_, plan_capture_start(options.env, options.lake, options.calendar,
                                             options.engine, options.log));
  sink->start_.resume(*sink->engine_);
  FM_ASSIGN(auto gaps, known_gaps(options.state, options.log));
  sink->log_->set_gaps(std::move(gaps));
  return sink;
}

Status LakeSink::begin_day(Date day, Nanos segment_start) {
  FM_TRY(quarantine_->publish());
  if (!start_.first_day) start_.first_day = day;
  const candles::SourceId source = log_->begin_source(segment_start);
  day_paths_.resize(source + 1);
  day_paths_[source] = path_of_day(options_, day);
  quarantine_ = std::make_unique<Quarantine>(
      options_.env, fmt::format("{}/{}.jsonl", options_.quarantine_directory, day.iso()));
  // The collector stays: rows of a trade date may wait across the cut.
  collector_->set_quarantine(*quarantine_);
  return {};
}

Status LakeSink::feed(const dbn::RecordBlock& block) {
  log_->feed(block);
  FM_TRY(std::move(status_));
  FM_TRY(Status(collector_->status()));
  return commit_sessions();
}

// --- rows from the engine

Result<LakeSink::OpenDate> LakeSink::look_up(candles::TickerId ticker, Date date) const {
  OpenDate open;
  open.candles.first_pending = open.seconds.first_pending = kNoEnd;
  const std::string root(engine_->ticker(ticker));
  const lake::PartitionKey partition{root, date};
  for (const auto& [table, part] : {std::pair(&table::candles_1m(), &open.candles),
                                    std::pair(&table::candles_1s(), &open.seconds)}) {
    part->whole = true;
    FM_ASSIGN(const auto manifest, options_.lake.find(*table, partition));
    if (!manifest) continue;
    part->final_to = manifest->final_to;
    part->files = manifest->files.size();
    part->rows_before = manifest->rows;
    FM_ASSIGN(const auto inputs, decode_inputs(manifest->sources));
    const bool ours = std::ranges::all_of(
        inputs, [&](const RecordedInput& input) { return options_.log.made(input); });
    if (!ours) open.foreign = true;
  }
  if (open.foreign)
    log_warning(
        "{} {} was made from files; the live feed leaves it as it is (`frontmonth reconcile` "
        "compares the two)",
        root, date.iso());
  return open;
}

LakeSink::OpenDate& LakeSink::open_date(candles::TickerId ticker, Date date) {
  const Key key{ticker, date};
  if (const auto known = open_.find(key); known != open_.end()) return known->second;
  auto found = look_up(ticker, date);
  if (!found) {
    if (status_) status_ = std::unexpected(std::move(found).error());
    found = OpenDate{.candles = {}, .seconds = {}, .foreign = true};
  }
  return open_.emplace(key, *std::move(found)).first->second;
}

template <class Row>
void LakeSink::take(std::span<const Row> rows, Part OpenDate::* which) {
  while (!rows.empty()) {
    const Key key{rows.front().ticker, rows.front().trade_date};
    std::size_t same = 1;
    while (same < rows.size() && Key{rows[same].ticker, rows[same].trade_date} == key) ++same;
    OpenDate& open = open_date(key.first, key.second);
    if (!open.foreign) {
      const std::span<const Row> ours = rows.first(same);
      Part& part = open.*which;
      part.first_pending =
          std::min(part.first_pending, std::ranges::min_element(ours, {}, &Row::time)->time);
      part.pending += same;
      rows_pending_ += same;
      if constexpr (std::is_same_v<Row, candles::CandleRow>) {
        collector_->candles(ours);
      } else {
        collector_->seconds(ours);
      }
    }
    rows = rows.subspan(same);
  }
}

void LakeSink::candles(std::span<const candles::CandleRow> rows) { take(rows, &OpenDate::candles); }
void LakeSink::seconds(std::span<const candles::SecondRow> rows) { take(rows, &OpenDate::seconds); }
void LakeSink::session(const candles::SessionRow& row) { collector_->session(row); }
void LakeSink::rejected(const candles::Rejection& rejection) { collector_->rejected(rejection); }
std::string_view LakeSink::path_of(candles::SourceId source) const { return day_paths_[source]; }

// --- rows to the lake

std::vector<RecordedInput> LakeSink::inputs_of(std::string_view ticker, Date date) {
  const DateBounds bounds = bounds_of(options_.calendar, ticker, date);
  std::vector<RecordedInput> inputs;
  const Date last = days_.day_of(first_nanos(bounds.close - 1));
  for (Date day = days_.day_of(first_nanos(bounds.open)); day <= last; day = day + 1) {
    const std::string path = path_of_day(options_, day);
    const bool read = std::ranges::find(day_paths_, path) != day_paths_.end();
    if (!read) continue;
    inputs.push_back(
        {path, std::string(kCaptureHash), std::max(first_second(day), bounds.open), std::nullopt});
  }
  return inputs;
}

Status LakeSink::write_part(const table::Table& table, const Key& key, Part& part,
                            table::RowStream& rows, Second final_to) {
  const std::string root(engine_->ticker(key.first));
  const lake::PartitionKey partition{root, key.second};
  lake::CommitInfo info;
  info.sources = encode_inputs(inputs_of(root, key.second));
  info.parameters = options_.log.parameters;
  info.final_to = part.whole ? final_to : std::max(final_to, part.final_to.value_or(final_to));
  info.refuse_other_parameters = !part.whole;
  const bool empty = part.first_pending == kNoEnd;
  if (part.whole) {
    FM_ASSIGN(const lake::CommitReport written,
              options_.lake.replace(table, partition, rows, info));
    part.files = 1;
    static_cast<void>(written);
  } else if (!empty && part.final_to && part.first_pending < *part.final_to) {
    FM_ASSIGN(const lake::CommitReport written, options_.lake.merge(table, partition, rows, info));
    part.files = 1;
    static_cast<void>(written);
  } else if (!empty || part.final_to != info.final_to) {
    FM_ASSIGN(const lake::CommitReport written,
              options_.lake.append(table, partition, rows, info, part.final_to));
    part.files += empty ? 0 : 1;
    static_cast<void>(written);
  }
  part.whole = false;
  part.final_to = info.final_to;
  part.first_pending = kNoEnd;
  rows_stored_ += part.pending;
  rows_pending_ -= part.pending;
  part.pending = 0;
  if (part.files >= kPartsMax) {
    FM_ASSIGN(const lake::CompactReport merged,
              options_.lake.compact(table, partition, lake::Compact::kClosedHours));
    part.files = merged.files_after;
  }
  return {};
}

// Seconds first: who finds a candle finds its seconds.
Status LakeSink::write(const Key& key, OpenDate& open, Second final_to, Ending ending) {
  if (open.candles.would_shrink() || open.seconds.would_shrink()) {
    if (ending == Ending::kOpen) return {};
    log_warning(
        "{} {}: the capture log gives {} candles and {} seconds, fewer than the {} and {} that are "
        "stored; they are left as they are",
        engine_->ticker(key.first), key.second.iso(), open.candles.pending, open.seconds.pending,
        open.candles.rows_before, open.seconds.rows_before);
    rows_pending_ -= open.candles.pending + open.seconds.pending;
    collector_->drop(key.first, key.second);
    open.foreign = true;
    return {};
  }
  StoredSeconds seconds(store_, collector_->second_runs(key.first, key.second), *engine_);
  FM_TRY(write_part(table::candles_1s(), key, open.seconds, seconds, final_to));
  std::vector<RunStore::RunId> runs;
  if (const auto run = collector_->candle_run(key.first, key.second)) runs.push_back(*run);
  StoredCandles candles(store_, runs, *engine_);
  FM_TRY(write_part(table::candles_1m(), key, open.candles, candles, final_to));
  collector_->drop(key.first, key.second);
  return {};
}

Status LakeSink::flush() {
  const std::optional<Second> final_to = engine_->final_to();
  if (!final_to) return {};
  engine_->flush();
  FM_TRY(std::move(status_));
  for (const Key& key : collector_->pending())
    FM_TRY(write(key, open_.at(key), *final_to + 1, Ending::kOpen));
  stored_to_ = std::max(stored_to_.value_or(*final_to + 1), *final_to + 1);
  return {};
}

Status LakeSink::flush_silent(Second now) {
  const std::optional<Second> clock = engine_->clock();
  if (!clock) return {};
  FM_TRY(flush());
  // By the stream's own clock: the wall's may be years away from a replayed stream.
  const Second final_to = *clock + 2;
  engine_->provisional(open_rows_);
  FM_TRY(take_open_rows(table::candles_1s(), open_rows_.seconds(), &OpenDate::seconds, final_to));
  FM_TRY(take_open_rows(table::candles_1m(), open_rows_.candles(), &OpenDate::candles, final_to));
  for (const Key& key : collector_->pending())
    FM_TRY(write(key, open_.at(key), final_to, Ending::kOpen));
  for (const candles::SessionRow& row : open_rows_.sessions()) {
    const std::string_view ticker = engine_->ticker(row.ticker);
    if (now <= bounds_of(options_.calendar, ticker, row.trade_date).close) continue;
    if (open_date(row.ticker, row.trade_date).foreign) continue;
    const FinishedSession session{
        row, {row.contracts.begin(), row.contracts.end()}, {row.stints.begin(), row.stints.end()}};
    FM_TRY(write_account(session, account_of_session(session)));
  }
  stored_to_ = std::max(stored_to_.value_or(final_to), final_to);
  return record_rejects();
}

Status LakeSink::finish() {
  engine_->finish();
  FM_TRY(std::move(status_));
  FM_TRY(Status(collector_->status()));
  FM_TRY(commit_sessions());
  if (const auto final_to = engine_->final_to()) stored_to_ = *final_to + 1;
  FM_TRY(record_rejects());
  return quarantine_->publish();
}

// --- trade dates that are over

Status LakeSink::commit_sessions() {
  const std::vector<FinishedSession> sessions = collector_->take_sessions();
  if (sessions.empty()) return {};
  engine_->flush();
  for (const FinishedSession& session : sessions) FM_TRY(commit(session));
  FM_TRY(raise_contradictions());
  return record_rejects();
}

SessionAccount LakeSink::account_of_session(const FinishedSession& session) {
  SessionAccount account = account_of(session, *engine_);
  const DateBounds bounds = bounds_of(options_.calendar, account.ticker, account.trade_date);
  account.inputs = inputs_of(account.ticker, account.trade_date);
  account.complete = account.seconds_covered >= bounds.seconds;
  account.parameters = options_.log.parameters;
  account.parameters_hash = options_.log.parameters_hash;
  if (const auto root = start_.roots.find(account.ticker); root != start_.roots.end()) {
    account.cvd_base = root->second.cvd_base;
    account.cvd_base_date = root->second.cvd_base_date;
    account.stale = root->second.before && root->second.before->stale;
  }
  return account;
}

Status LakeSink::write_account(const FinishedSession& session, const SessionAccount& account) {
  FM_ASSIGN(const lake::CommitReport contracts,
            write_contracts(options_.env, options_.lake, account, session.contracts, *engine_));
  FM_ASSIGN(const bool changed,
            write_accounts(options_.env, options_.lake, std::span(&account, 1)));
  if (changed || !contracts.unchanged) changed_.insert({account.ticker, account.trade_date});
  return {};
}

Status LakeSink::commit(const FinishedSession& session) {
  const Key key{session.row.ticker, session.row.trade_date};
  OpenDate& open = open_date(key.first, key.second);
  FM_TRY(std::move(status_));
  const SessionAccount account = account_of_session(session);
  if (!open.foreign) {
    // A log that ends within the trade date may go on another day.
    const Second close = bounds_of(options_.calendar, account.ticker, account.trade_date).close;
    FM_TRY(write(key, open, std::min(close, *engine_->clock() + 2), Ending::kOver));
  }
  if (!open.foreign) {
    const lake::PartitionKey partition{account.ticker, account.trade_date};
    for (const table::Table* table : {&table::candles_1s(), &table::candles_1m()}) {
      FM_ASSIGN(const lake::CompactReport merged,
                options_.lake.compact(*table, partition, lake::Compact::kEverything));
      static_cast<void>(merged);
    }
    // Last: what it says is there, is there.
    FM_TRY(write_account(session, account));
    ++sessions_stored_;
  }
  open_.erase(key);
  RootState& root = start_.roots[account.ticker];
  root.before = account;
  return {};
}

Status LakeSink::record_rejects() {
  if (!start_.first_day) return {};
  const Date cut = Date::of_second(first_second(*start_.first_day));
  std::map<std::pair<std::optional<std::string>, Date>, ops::Rejects> rejects;
  for (const candles::RejectCount& count : engine_->rejects()) {
    std::optional<std::string> ticker;
    if (count.ticker) ticker = engine_->ticker(*count.ticker);
    // Of that UTC day only the end was read: its count is stored already.
    if (!ticker && count.date <= cut) continue;
    ops::Rejects& row = rejects[{ticker, count.date}];
    row.ticker = ticker;
    row.date = count.date;
    row.counts[std::string(name(count.reason))] += static_cast<std::int64_t>(count.count);
  }
  std::vector<ops::Rejects> rows;
  rows.reserve(rejects.size());
  for (auto& [key, row] : rejects) rows.push_back(std::move(row));
  return options_.state.record_rejects(rows);
}

Status LakeSink::raise_contradictions() {
  FM_TRY(jobs::raise_contradictions(*collector_, changed_, "live", options_.state));
  changed_.clear();
  return {};
}

// --- a silent feed

// What is stored here comes out of the engine once more when the feed goes on, and write_part()
// merges it.
template <class Row>
Status LakeSink::take_open_rows(const table::Table& table, std::span<const Row> rows,
                                Part OpenDate::* which, Second final_to) {
  for (std::size_t begin = 0; begin < rows.size();) {
    const Key key{rows[begin].ticker, rows[begin].trade_date};
    std::size_t end = begin + 1;
    while (end < rows.size() && Key{rows[end].ticker, rows[end].trade_date} == key) ++end;
    const std::span<const Row> same = rows.subspan(begin, end - begin);
    begin = end;
    OpenDate& open = open_date(key.first, key.second);
    FM_TRY(std::move(status_));
    if (open.foreign) continue;
    Part& part = open.*which;
    if (part.whole) {
      take(same, which);
      continue;
    }
    table::RowBatch batch(table, same.size());
    append_rows(batch, same, *engine_);
    table::BatchStream stream(batch);
    part.first_pending = std::ranges::min_element(same, {}, &Row::time)->time;
    part.pending += same.size();
    rows_pending_ += same.size();
    FM_TRY(write_part(table, key, part, stream, final_to));
  }
  return {};
}

}  // namespace fm::jobs
