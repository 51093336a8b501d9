// `frontmonth candles`: trades in files → rolling 1-minute candles, in one file or in the lake.
//
//   CandlesOptions options;
//   options.inputs = {"2025-06/"};
//   options.output = "candles.parquet";
//   NoProgress quiet;
//   FM_ASSIGN(const CandlesReport report, run_candles(Env::posix(), options, quiet));
//
// Errors: kInvalidArgument (options that cannot be), kNotFound (an input, or an input that the lake
// recorded), kCorrupt and kTruncated (damaged input, unless salvaged), kConflict (stored with other
// parameters, or a date would shrink), kUnsupported (TBBO and mbp-1 in one run), kNoSpace, kIo,
// kBusy. An error leaves no draft and no spill file, and an output that was there before as it was.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "jobs/progress.h"

namespace fm::jobs {

enum class OutputFormat { kParquet, kCsv, kJsonLines };

struct CandlesOptions {
  // Files, directories (everything below them) and "-" for standard input; in any order.
  std::vector<std::string> inputs;

  // Exactly one of `output` and `lake`. `output` is a file, or "-" for standard output.
  std::string output;
  std::string lake;
  std::optional<OutputFormat> format;  // default: by the ending of `output`; CSV for "-"
  std::string state_dir;       // of the lake: quarantine, events, spill; default: beside the lake
  std::int64_t keep_days = 0;  // of the lake: see LakePlace

  int warmup_seconds = 60;
  std::map<std::string, std::int64_t>
      cvd_base;             // by ticker, for tickers without a stored session before
  std::string front_month;  // a rule's name; empty = the default rule
  int confirm = 5;
  bool every_second = false;  // files only

  std::string universe_file;  // in place of the built-in registry of roots; empty = that one

  bool salvage = false;  // keep what comes before damage in an input, and count the loss
  bool replace =
      false;  // lake: accept other parameters, changed or missing inputs, and fewer records
  std::optional<Date>
      rebuild_from;  // lake: recompute stored dates from here on, from their recorded inputs

  std::string stats_file;                    // empty = none
  std::uint64_t buffer_bytes = 48ull << 20;  // rows held in memory before they spill
};

struct TickerReport {
  std::string ticker;
  std::uint64_t accepted = 0;     // trades that made candles
  std::uint64_t spreads = 0;      // left out: not one contract
  std::uint64_t off_session = 0;  // left out: outside the root's trading hours
  std::uint64_t left_out = 0;     // left out for any other reason
  std::uint64_t switches = 0;     // of the front month
  std::uint64_t rows = 0;         // candles written
  std::int64_t volume = 0;        // of the accepted trades, all contracts
  std::optional<std::int64_t> last_cvd;
  std::string last_contract;
};

struct SalvageReport {
  std::string file;
  std::string what;  // the damage: where, and how much came before it
};

struct CandlesReport {
  std::vector<TickerReport> tickers;  // sorted
  std::uint64_t files = 0;
  std::uint64_t files_reread = 0;   // that the lake had recorded for the same dates
  std::uint64_t files_skipped = 0;  // side files, and second copies
  std::uint64_t records = 0;        // all but blank lines
  std::uint64_t accepted = 0;
  std::uint64_t rows = 0;
  std::map<std::string, std::uint64_t> rejected;  // by reason, zero counts left out
  // First second of the minute, contract; by ticker.
  std::map<std::string, std::vector<std::pair<Second, std::string>>> stints;

  std::uint64_t quarantined = 0;
  std::string quarantine_file;  // empty when nothing was rejected
  std::vector<SalvageReport> salvaged;

  std::uint64_t partitions_written = 0;    // lake: root and trade date
  std::uint64_t partitions_unchanged = 0;  // lake: had these rows already
  std::vector<std::string>
      stale;  // lake: "ES 2025-06-17" whose CVD no longer follows the date before
  std::optional<Date> rebuild_hint;  // lake: run again with rebuild_from this date

  std::uint64_t input_bytes = 0;
  std::uint64_t output_bytes = 0;
  std::uint64_t spilled_bytes = 0;  // written beside the output and removed again
  Nanos elapsed = 0;

  [[nodiscard]] double records_per_second() const;
  [[nodiscard]] bool lost_input() const { return !salvaged.empty(); }
};

[[nodiscard]] Result<CandlesReport> run_candles(Env& env, const CandlesOptions& options,
                                                Progress& progress);

// The table that people read: one line per ticker, totals, what to look at next.
[[nodiscard]] std::string to_text(const CandlesReport& report);
// The same for machines: one JSON object.
[[nodiscard]] std::string to_json(const CandlesReport& report);

}  // namespace fm::jobs
