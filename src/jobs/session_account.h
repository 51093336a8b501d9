// Rows of market_data.candle_sessions as the job works with them: the account of each stored trade
// date, and the inputs it was made from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "candles/engine.h"
#include "jobs/collector.h"
#include "lake/lake.h"
#include "table/row_batch.h"

namespace fm::jobs {

struct RecordedInput {
  std::string path;          // absolute
  std::string hash;          // of the file's bytes
  Second from = 0;           // the file covers the feed from here on
  std::optional<Second> to;  // up to here, where its metadata says so
  friend bool operator==(const RecordedInput&, const RecordedInput&) = default;
};

// JSON: [{"path":…,"hash":…,"from":"2025-06-16T00:00:00Z","to":…}, …]
[[nodiscard]] std::string encode_inputs(const std::vector<RecordedInput>& inputs);
// Errors: kCorrupt.
[[nodiscard]] Result<std::vector<RecordedInput>> decode_inputs(const std::string& json);

struct SessionAccount {
  std::string ticker;
  Date trade_date;
  std::string first_symbol;  // empty = null
  std::string last_symbol;
  std::int32_t switches = 0;
  std::string stints = "[]";
  std::int64_t accepted = 0;
  std::int64_t left_out = 0;  // sum of `rejected`
  std::string rejected = "{}";
  std::int64_t volume = 0;
  std::optional<Nanos> first_event, last_event;
  std::int64_t cvd_open = 0;
  std::int64_t cvd_close = 0;
  std::int64_t cvd_base = 0;
  std::optional<Date> cvd_base_date;
  std::int64_t rows_written = 0;
  std::int64_t seconds_written = 0;
  std::int32_t seconds_covered = 0;
  std::int32_t seconds_in_gaps = 0;
  std::vector<RecordedInput> inputs;
  bool complete = false;
  bool stale = false;
  std::string parameters;
  std::string parameters_hash;
  std::string engine_version;

  // All that were seen: a run never replaces a date by fewer.
  [[nodiscard]] std::int64_t records() const { return accepted + left_out; }
};

// What the engine says of a date; bases, inputs and the rest are the caller's.
[[nodiscard]] SessionAccount account_of(const FinishedSession& session,
                                        const candles::Engine& names);

void append(table::RowBatch& batch, const SessionAccount& account, Nanos created_at);
// Errors: kCorrupt.
[[nodiscard]] Result<SessionAccount> account_from(const table::RowBatch& batch, std::size_t row);

// All accounts in a range, in the order of ticker and trade date. Errors: those of the lake.
[[nodiscard]] Result<std::vector<SessionAccount>> read_accounts(const lake::Lake& lake,
                                                                const lake::ReadRange& range);
// The newest stored one of a ticker before `date`; nothing where there is none.
[[nodiscard]] Result<std::optional<SessionAccount>> newest_account_before(const lake::Lake& lake,
                                                                          const std::string& ticker,
                                                                          Date date);
// Tickers that have accounts.
[[nodiscard]] Result<std::vector<std::string>> roots_in(const lake::Lake& lake);
// Accepted volume by contract of one trade date.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::int64_t>>> read_contract_volumes(
    const lake::Lake& lake, const std::string& ticker, Date trade_date);

}  // namespace fm::jobs
