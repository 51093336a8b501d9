// `frontmonth demo`: the main job from nothing. Makes a trading day, serves it through the replay
// gateway, streams it live into capture log, candles and a lake, holds the lake to a batch run over
// the same trades, and draws it.
//
// Everything lies below one folder: trades.dbn.zst, lake/, frontmonth-state-lake/, batch/ (the lake
// of the batch run, with its own state), ES.png and ES.svg. Running it again with the same options
// changes nothing; with others, the earlier demo's content is replaced.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/time.h"
#include "jobs/candles_job.h"
#include "jobs/live.h"
#include "jobs/progress.h"

namespace fm::app {

struct DemoOptions {
  std::string directory = "./frontmonth-demo";
  std::uint64_t trades = 400'000;  // of all roots together
  Date date{2025, 6, 10};          // a trade date, else the next one is taken
};

struct DemoReport {
  std::string directory;
  std::string trades_file;
  std::uint64_t trades_bytes = 0;
  Nanos synth_elapsed = 0;
  Date trade_date;
  std::string lake;
  std::string root;  // that the pictures show
  std::string png;
  std::string svg;
  bool replaced_other = false;  // an earlier demo with other options was there
  jobs::LiveStatus live;
  Nanos live_elapsed = 0;
  std::uint64_t partitions_equal = 0;  // of candles and seconds, live and batch
  jobs::CandlesReport candles;         // of the batch run
};

// Errors: kAlreadyExists when the folder holds something that no demo made; kCheckFailed when live
// and batch differ; kTimedOut (retryable) when it was stopped; those of the generator, the gateway,
// the live feed, the candles job, the lake and the chart.
[[nodiscard]] Result<DemoReport> run_demo(Env& env, const DemoOptions& options,
                                          jobs::Progress& progress);

// What people see: the table, where everything lies, and commands to look further, which begin with
// `program` and can be pasted.
[[nodiscard]] std::string to_text(const DemoReport& report, const std::string& program);
[[nodiscard]] std::string to_json(const DemoReport& report);

// Those commands.
[[nodiscard]] std::vector<std::string> next_commands(const DemoReport& report,
                                                     const std::string& program);

// As one word of a POSIX shell.
[[nodiscard]] std::string shell_word(const std::string& text);

}  // namespace fm::app
