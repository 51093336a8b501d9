#include "jobs/capture_start.h"

#include <algorithm>
#include <vector>

#include "capture/capture_day.h"
#include "capture/log_reader.h"
#include "jobs/cvd_bases.h"
#include "jobs/session_window.h"

namespace fm::jobs {
namespace {

bool made_by(const CaptureSource& log, const SessionAccount& account) {
  return !account.inputs.empty() &&
         std::ranges::all_of(account.inputs, [&](const auto& input) { return log.made(input); });
}

Status check_parameters(const CaptureSource& log, const SessionAccount& account) {
  if (account.parameters_hash == log.parameters_hash) return {};
  return std::unexpected(
      Error(Code::kConflict,
            fmt::format("{} {} was made with {}, this run has {}", account.ticker,
                        account.trade_date.iso(), account.parameters, log.parameters))
          .hint("Use the stored parameters, or another lake."));
}

// The newest trade date that the log has made, or the first one that is stale. Those before it are
// whole: an account is the last thing that is stored of a date, and all dates of one day are over
// before any of the next is.
Result<std::optional<Date>> first_to_make(const lake::Lake& lake,
                                          const std::vector<std::string>& roots,
                                          const CaptureSource& log, Date oldest) {
  std::optional<Date> newest, stale;
  for (const std::string& root : roots) {
    lake::ReadRange range;
    range.root = root;
    range.from = oldest;
    FM_ASSIGN(const std::vector<SessionAccount> accounts, read_accounts(lake, range));
    for (const SessionAccount& account : accounts) {
      if (!made_by(log, account)) continue;
      FM_TRY(check_parameters(log, account));
      newest = std::max(newest.value_or(account.trade_date), account.trade_date);
      if (account.stale) stale = std::min(stale.value_or(account.trade_date), account.trade_date);
    }
  }
  return stale ? stale : newest;
}

Result<RootState> state_before(const lake::Lake& lake, const market::Calendar& calendar,
                               const candles::EngineOptions& engine, const std::string& root,
                               Second start) {
  RootState state;
  state.first_date = first_trade_date(calendar, root, start);
  FM_ASSIGN(state.before, newest_account_before(lake, root, state.first_date));
  if (!state.before) return state;
  state.cvd_base = state.before->cvd_base;
  state.cvd_base_date = state.before->cvd_base_date;
  if (engine.front_month == market::FrontMonthRule::kPreviousSessionVolume) {
    FM_ASSIGN(state.volumes_before, read_contract_volumes(lake, root, state.before->trade_date));
  }
  return state;
}

// Roots without an account of their own go on from what a database knew of them.
Status add_cvd_bases(Env& env, const lake::Lake& lake, const market::Calendar& calendar,
                     CaptureStart& start) {
  FM_ASSIGN(const std::vector<CvdBase> bases, read_cvd_bases(env, lake.state_dir()));
  for (const CvdBase& base : bases) {
    RootState& state = start.roots[base.ticker];
    if (state.before) continue;
    state.cvd_base = base.cvd_close;
    state.cvd_base_date = first_trade_date(calendar, base.ticker,
                                           bounds_of(calendar, base.ticker, base.trade_date).close);
    SessionAccount account;
    account.ticker = base.ticker;
    account.trade_date = base.trade_date;
    account.last_symbol = base.symbol;
    account.cvd_close = base.cvd_close;
    state.before = std::move(account);
  }
  return {};
}

}  // namespace

void CaptureStart::resume(candles::Engine& engine) const {
  for (const auto& [ticker, root] : roots) {
    if (!root.before) continue;
    engine.resume(ticker, {root.before->cvd_close, root.before->last_symbol, root.volumes_before});
  }
}

Result<KnownGaps> known_gaps(ops::State& state, const CaptureSource& log) {
  FM_ASSIGN(const std::vector<ops::StoredGap> stored,
            state.gaps(base_name(log.directory), ops::Gaps::kAll));
  KnownGaps gaps;
  for (const ops::StoredGap& one : stored)
    (one.repaired ? gaps.repaired : gaps.open).push_back({one.gap.from, one.gap.to});
  return gaps;
}

Result<CaptureStart> plan_capture_start(Env& env, const lake::Lake& lake,
                                        const market::Calendar& calendar,
                                        const candles::EngineOptions& engine,
                                        const CaptureSource& log, std::optional<Date> not_after) {
  CaptureStart start;
  std::vector<Date> days;
  if (env.exists(log.directory)) {
    FM_ASSIGN(days, capture::days(env, log.directory));
  }
  if (days.empty()) {
    FM_TRY(add_cvd_bases(env, lake, calendar, start));
    return start;
  }
  FM_ASSIGN(const std::vector<std::string> roots, roots_in(lake));
  FM_ASSIGN(std::optional<Date> date, first_to_make(lake, roots, log, days.front()));
  if (date && not_after) date = std::min(*date, *not_after);

  FM_ASSIGN(auto capture_days, capture::CaptureDays::make());
  Second from = second_of(capture_days.end_of(days.front() - 1));
  if (date) {
    Second open = kNoEnd;
    for (const std::string& root : roots)
      open = std::min(open, bounds_of(calendar, root, *date).open);
    from = std::max(from, open);
  }
  // The trade date behind a holiday spans two capture days.
  from = widen_to_front(calendar, from);
  start.first_day = capture_days.day_of(first_nanos(from + kWindowMarginSeconds));
  for (const std::string& root : roots) {
    FM_ASSIGN(RootState state, state_before(lake, calendar, engine, root, from));
    start.roots.emplace(root, std::move(state));
  }
  FM_TRY(add_cvd_bases(env, lake, calendar, start));
  return start;
}

}  // namespace fm::jobs
