#include "jobs/lake_commit.h"

#include <algorithm>

#include "base/log.h"
#include "jobs/candle_rows.h"
#include "jobs/session_window.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr std::uint64_t kOffSessionExpected = 10;

}  // namespace

lake::CommitInfo commit_info(const market::Calendar& calendar, const SessionAccount& account) {
  lake::CommitInfo info;
  info.sources = encode_inputs(account.inputs);
  info.parameters = account.parameters;
  info.engine_version = account.engine_version;
  info.final_to = bounds_of(calendar, account.ticker, account.trade_date).close;
  return info;
}

Result<bool> write_accounts(Env& env, lake::Lake& lake, std::span<const SessionAccount> accounts) {
  table::RowBatch batch(table::candle_sessions(), accounts.size());
  for (const SessionAccount& account : accounts) append(batch, account, env.now());
  table::BatchStream rows(batch);
  lake::CommitInfo info;
  info.parameters = accounts.front().parameters;
  FM_ASSIGN(const lake::CommitReport report,
            lake.replace_dates(table::candle_sessions(), accounts.front().ticker, rows, info));
  return !report.unchanged;
}

Result<lake::CommitReport> write_contracts(Env& env, lake::Lake& lake,
                                           const SessionAccount& account,
                                           const std::vector<candles::ContractDay>& contracts,
                                           const candles::Engine& names) {
  table::RowBatch batch(table::candle_session_contracts(),
                        std::max<std::size_t>(1, contracts.size()));
  for (const candles::ContractDay& contract : contracts) {
    table::RowAppender(batch)
        .text(account.ticker)
        .date(account.trade_date)
        .text(names.symbol(contract.symbol))
        .int64(contract.volume)
        .int64(contract.trades)
        .timestamp(static_cast<std::int64_t>(env.now() / 1'000))
        .end();
  }
  table::BatchStream rows(batch);
  lake::CommitInfo info;
  info.parameters = account.parameters;
  return lake.replace_dates(table::candle_session_contracts(), account.ticker, rows, info);
}

Status raise_contradictions(const Collector& collector, const std::set<DateKey>& changed,
                            std::string_view job, ops::State& state) {
  for (const auto& [place, count] : collector.off_session()) {
    const auto& [root, date] = place;
    const bool is_new = changed.contains({root, date}) || changed.contains({root, date + 1});
    if (count <= kOffSessionExpected || !is_new) continue;
    const std::string message =
        fmt::format("{} {}: {} trades outside its trading hours; the calendar may be wrong", root,
                    date.iso(), count);
    const std::string payload =
        fmt::format("{{\"ticker\":\"{}\",\"date\":\"{}\",\"count\":{}}}", root, date.iso(), count);
    log_warning("{}", message);
    ops::Event event;
    event.source = job;
    event.dataset = "market_data";
    event.table_name = "candles_1m";
    event.check_type = "calendar_contradicted";
    event.message = message;
    event.payload_json = payload;
    FM_TRY(state.add_event(event));
  }
  return {};
}

std::vector<RecordedInput> DateCommitter::inputs_of(std::string_view ticker, Date date) const {
  const DateBounds bounds = bounds_of(run_.calendar, ticker, date);
  std::vector<RecordedInput> inputs;
  for (std::size_t i = 0; i < segment_.plan.inputs.size(); ++i) {
    const auto range = inputs_.covered_by(i);
    if (!range || range->from >= bounds.close || range->until <= bounds.open) continue;
    const PlannedInput& input = segment_.plan.inputs[i];
    RecordedInput recorded{input.file.path, segment_.hashes[i], range->from, std::nullopt};
    if (input.head.end) recorded.to = second_of(*input.head.end - 1) + 1;
    inputs.push_back(std::move(recorded));
  }
  return inputs;
}

SessionAccount DateCommitter::complete_account(const FinishedSession& session,
                                               const RootState& root) const {
  SessionAccount account = account_of(session, engine_);
  const DateBounds bounds = bounds_of(run_.calendar, account.ticker, account.trade_date);
  account.inputs = inputs_of(account.ticker, account.trade_date);
  account.complete = account.seconds_covered >= bounds.seconds;
  account.cvd_base = root.cvd_base;
  account.cvd_base_date = root.cvd_base_date;
  // What follows from a shifted date is shifted with it.
  account.stale = !root.set_base && root.before && root.before->stale;
  account.parameters = run_.parameters;
  account.parameters_hash = run_.parameters_hash;
  return account;
}

Status DateCommitter::refuse_less(const SessionAccount& account) const {
  const auto stored = segment_.stored.find({account.ticker, account.trade_date});
  if (stored == segment_.stored.end() || run_.options.replace) return {};
  if (account.records() >= stored->second.records()) return {};
  return std::unexpected(
      Error(Code::kConflict,
            fmt::format("{} {}: {} records would take the place of {}", account.ticker,
                        account.trade_date.iso(), account.records(), stored->second.records()))
          .hint("Give all files of the trade date, or run with --replace."));
}

Result<bool> DateCommitter::write(const FinishedSession& session, const SessionAccount& account) {
  const candles::TickerId ticker = session.row.ticker;
  const lake::PartitionKey partition{account.ticker, account.trade_date};
  const lake::CommitInfo info = commit_info(run_.calendar, account);

  std::vector<RunStore::RunId> candle_runs;
  if (const auto id = collector_.candle_run(ticker, account.trade_date)) candle_runs.push_back(*id);
  StoredCandles candle_rows(store_, candle_runs, engine_);
  FM_ASSIGN(const lake::CommitReport candles,
            run_.lake.replace(table::candles_1m(), partition, candle_rows, info));

  StoredSeconds second_rows(store_, collector_.second_runs(ticker, account.trade_date), engine_);
  FM_ASSIGN(const lake::CommitReport seconds,
            run_.lake.replace(table::candles_1s(), partition, second_rows, info));

  FM_ASSIGN(const lake::CommitReport volumes,
            write_contracts(run_.env, run_.lake, account, session.contracts, engine_));

  FM_ASSIGN(const bool account_changed,
            write_accounts(run_.env, run_.lake, std::span(&account, 1)));
  report_.output_bytes += candles.bytes + seconds.bytes + volumes.bytes;
  return !candles.unchanged || !seconds.unchanged || !volumes.unchanged || account_changed;
}

Status DateCommitter::commit(const FinishedSession& session) {
  RootState& root = segment_.root(run_, engine_.ticker(session.row.ticker));
  // A straggler of the date before: that one is stored, and complete without it.
  if (session.row.trade_date < root.first_date) {
    collector_.drop(session.row.ticker, session.row.trade_date);
    return {};
  }
  if (root.set_base && !root.cvd_base_date) root.cvd_base_date = session.row.trade_date;
  SessionAccount account = complete_account(session, root);
  FM_TRY(refuse_less(account));
  FM_ASSIGN(const bool changed, write(session, account));
  collector_.drop(session.row.ticker, session.row.trade_date);

  if (changed) changed_.insert({account.ticker, account.trade_date});
  ++(changed ? report_.partitions_written : report_.partitions_unchanged);
  root.before = std::move(account);
  root.set_base = false;
  return {};
}

Status mark_stale(LakeRun& run, const SessionAccount& last, bool changed, CandlesReport& report) {
  lake::ReadRange later;
  later.root = last.ticker;
  later.from = last.trade_date + 1;
  lake::ReadRange next = later;
  next.rows_max = 1;
  FM_ASSIGN(const std::vector<SessionAccount> first, read_accounts(run.lake, next));
  if (first.empty()) return {};
  // Under the other rule a date also depends on the volumes of the one before.
  const bool by_volumes = run.engine.front_month == market::FrontMonthRule::kPreviousSessionVolume;
  const bool follows = first.front().cvd_open == last.cvd_close &&
                       (by_volumes ? !changed : first.front().first_symbol == last.last_symbol);
  if (follows && !last.stale) return {};

  FM_ASSIGN(std::vector<SessionAccount> accounts, read_accounts(run.lake, later));
  for (std::size_t begin = 0; begin < accounts.size();) {
    // A partition holds a year.
    std::size_t end = begin;
    while (end < accounts.size() &&
           accounts[end].trade_date.year() == accounts[begin].trade_date.year()) {
      accounts[end].stale = true;
      report.stale.push_back(
          fmt::format("{} {}", accounts[end].ticker, accounts[end].trade_date.iso()));
      ++end;
    }
    FM_ASSIGN(const bool marked,
              write_accounts(run.env, run.lake, std::span(accounts).subspan(begin, end - begin)));
    static_cast<void>(marked);
    begin = end;
  }
  const Date from = accounts.front().trade_date;
  report.rebuild_hint = report.rebuild_hint ? std::min(*report.rebuild_hint, from) : from;
  return {};
}

}  // namespace fm::jobs
