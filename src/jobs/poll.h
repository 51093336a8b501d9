// `frontmonth poll`: one-minute bars of whole roots from the historical service into
// market_data.futures_ohlcv_1m_live, again and again.
//
// A poll of a root begins `lookback` before its newest stored bar, so that what the vendor corrects
// late arrives, and ends where the service's data end. Rows are merged by key: never twice. Spreads
// and options are left out; bars that cannot be right go to STATE/quarantine/poll/ROOT/. One root's
// failure does not stop the others.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/signals.h"
#include "databento/historical_client.h"
#include "jobs/retention.h"

namespace fm::jobs {

inline constexpr std::size_t kPollRootsMax = 200;
// More outrights of one root than a UTC day has in any market: such an answer is refused.
inline constexpr std::size_t kPollBarsPerDayMax = 1'000'000;

struct PollReport;

struct PollOptions {
  databento::HistoricalOptions service;
  std::string lake;
  std::string state_dir;       // empty: beside the lake
  std::int64_t keep_days = 0;  // see LakePlace
  std::string universe_file;
  std::string dataset = "GLBX.MDP3";
  std::vector<std::string> roots;
  Nanos interval = 60 * kNanosPerSecond;       // between polls
  Nanos lookback = 30 * 60 * kNanosPerSecond;  // read again by every poll; all of a first one
  double outlier_limit = 0.2;                  // see GuardOptions
  bool once = false;
  RetentionRules retention = {};  // of the lake's tables
  // Of a database that takes candles, which outlives the poll: what it needs stays. Null: none.
  const Secret* database = nullptr;
  // Told after each poll what came of all so far, and up to when the service had bars; nothing
  // where it could not be asked.
  std::function<void(const PollReport& so_far, std::optional<Nanos> available_to)> polled = {};
};

struct PolledRoot {
  std::string root;
  std::uint64_t failures = 0;  // polls that failed
  std::uint64_t added = 0;     // rows, of all polls
  std::uint64_t corrected = 0;
  std::uint64_t quarantined = 0;  // new lines in the quarantine, of all polls
  std::optional<Second> newest;   // start of the newest stored bar
  std::optional<Error> error;     // of the last poll
  // Of the last poll:
  std::uint64_t bars = 0;               // that passed
  std::uint64_t other_instruments = 0;  // bars of spreads, options and the like
  std::map<std::string, std::uint64_t, std::less<>> left_out;  // in the quarantine, by reason
};

enum class PollVerdict {
  kOk,      // the last poll of every root went well
  kRetry,   // some root failed with what may succeed later
  kFailed,  // some root failed otherwise
};

struct PollReport {
  std::uint64_t polls = 0;
  bool stopped = false;  // by a signal
  std::vector<PolledRoot> roots;
  std::string quarantine_directory;

  [[nodiscard]] PollVerdict verdict() const;
};

// "ES,zl, CL" → ES, ZL, CL: in capitals, each once. Errors: kInvalidArgument for what is no root,
// for none and for more than kPollRootsMax.
[[nodiscard]] Result<std::vector<std::string>> parse_roots(std::string_view text);

// Returns after one poll when `once`, else within a second of a stop. Errors: kInvalidArgument for
// options that cannot be; those of the lake, of the registry and of ops::State. What a root's poll
// meets is in the report instead.
[[nodiscard]] Result<PollReport> run_poll(Env& env, const PollOptions& options, const Secret& key,
                                          StopSignal& stop);

[[nodiscard]] std::string to_text(const PollReport& report);
[[nodiscard]] std::string to_json(const PollReport& report);

}  // namespace fm::jobs
