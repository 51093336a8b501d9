// Finished trade dates into the lake's partitions, and the marks on later dates that no longer
// follow. Private to the jobs that make candles.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "candles/engine.h"
#include "jobs/candles_job.h"
#include "jobs/collector.h"
#include "jobs/lake_segment.h"
#include "jobs/merge.h"
#include "jobs/run_store.h"
#include "ops/state.h"

namespace fm::jobs {

// The account of trade dates of one ticker and one year; says whether anything changed.
[[nodiscard]] Result<bool> write_accounts(Env& env, lake::Lake& lake,
                                          std::span<const SessionAccount> accounts);
// What each contract did in the account's trade date.
[[nodiscard]] Result<lake::CommitReport> write_contracts(
    Env& env, lake::Lake& lake, const SessionAccount& account,
    const std::vector<candles::ContractDay>& contracts, const candles::Engine& names);
// What the account's rows were made from.
[[nodiscard]] lake::CommitInfo commit_info(const market::Calendar& calendar,
                                           const SessionAccount& account);

// Says where the data contradicts the calendar: once, when the dates beside it have changed.
[[nodiscard]] Status raise_contradictions(const Collector& collector,
                                          const std::set<DateKey>& changed, std::string_view job,
                                          ops::State& state);

class DateCommitter {
 public:
  DateCommitter(LakeRun& run, LakeSegment& segment, RunStore& store, Collector& collector,
                const candles::Engine& engine, const MergedInputs& inputs, CandlesReport& report)
      : run_(run),
        segment_(segment),
        store_(store),
        collector_(collector),
        engine_(engine),
        inputs_(inputs),
        report_(report) {}

  // All four tables of one root and trade date; its rows leave the store. candle_sessions comes
  // last: what it says is there, is there. Errors: kConflict when fewer records would replace more;
  // those of the lake.
  [[nodiscard]] Status commit(const FinishedSession& session);
  // Dates whose rows changed.
  [[nodiscard]] const std::set<DateKey>& changed() const { return changed_; }

 private:
  [[nodiscard]] SessionAccount complete_account(const FinishedSession& session,
                                                const RootState& root) const;
  [[nodiscard]] std::vector<RecordedInput> inputs_of(std::string_view ticker, Date date) const;
  [[nodiscard]] Status refuse_less(const SessionAccount& account) const;
  // Whether anything changed.
  [[nodiscard]] Result<bool> write(const FinishedSession& session, const SessionAccount& account);

  LakeRun& run_;
  LakeSegment& segment_;
  RunStore& store_;
  Collector& collector_;
  const candles::Engine& engine_;
  const MergedInputs& inputs_;
  CandlesReport& report_;
  std::set<DateKey> changed_;
};

// Marks the stored dates behind `last` as stale when the first of them did not start from where
// `last` ends.
[[nodiscard]] Status mark_stale(LakeRun& run, const SessionAccount& last, bool changed,
                                CandlesReport& report);

}  // namespace fm::jobs
