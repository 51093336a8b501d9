// `frontmonth fetch`: vendor files from the historical service, after showing what they cost.
//
// Streams into DIR, one file per part of the range, named as the vendor names them; or has a batch
// job made and downloads it into DIR/JOB_ID. Running the same again fetches only what is missing: a
// DBN file says in its metadata what it was asked for, and DIR/frontmonth-jobs.tsv which job was
// submitted for which request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/signals.h"
#include "databento/historical_client.h"
#include "jobs/progress.h"

namespace fm::jobs {

// How a range is cut into files: at midnight UTC; weeks begin on Sunday.
enum class Split { kNone, kDay, kWeek, kMonth, kYear };
[[nodiscard]] std::optional<Split> parse_split(std::string_view text);
[[nodiscard]] std::string_view name(Split split);

struct FetchOptions {
  databento::HistoricalOptions service;
  databento::DataRequest request;  // with an end
  databento::RangeForm form;
  std::string directory = ".";
  Split split = Split::kNone;
  bool batch = false;
  bool overwrite = false;  // replace files that hold something else
  std::optional<double> max_cost_dollars;
  Nanos poll_delay = kNanosPerSecond;  // between looks at a batch job, at first
};

// What is about to be asked for.
struct FetchCost {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // uncompressed: what is billed
  double dollars = 0;
  std::size_t files = 0;  // 0 for a batch job: only the service knows
};

class FetchObserver {
 public:
  virtual ~FetchObserver() = default;
  // Called once, before anything is billed; not when everything is there already. Errors end the
  // job: they say that nobody agreed.
  [[nodiscard]] virtual Status agree_to(const FetchCost& cost) = 0;
  // How far the download of a file is; `bytes_total` is 0 where nobody knows.
  virtual void at(std::string_view file, std::uint64_t bytes, std::uint64_t bytes_total) = 0;
  // A batch job is being made: "GLBX-20250617-C83SEA9BN7 is processing".
  virtual void waiting(std::string_view what, std::optional<std::uint64_t> percent) = 0;
};

enum class FetchedHow { kFetched, kResumed, kAlreadyThere };

struct FetchedFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> records;  // of streamed DBN
  FetchedHow how = FetchedHow::kFetched;
};

struct FetchReport {
  std::optional<FetchCost> cost;  // none: nothing had to be asked for
  std::string job_id;             // of a batch job
  std::vector<FetchedFile> files;
  bool partial = false;  // some symbols did not resolve
  std::vector<std::string> warnings;
};

// Errors: those of HistoricalClient; kInvalidArgument for options that do not go together and for a
// cost over max_cost_dollars; kConflict for a file that holds another request; kDisconnected,
// retryable, after a stop.
[[nodiscard]] Result<FetchReport> run_fetch(Env& env, const FetchOptions& options,
                                            const Secret& key, StopSignal& stop,
                                            FetchObserver& observer);

[[nodiscard]] std::string to_text(const FetchCost& cost);
[[nodiscard]] std::string to_text(const FetchReport& report);
[[nodiscard]] std::string to_json(const FetchReport& report);

}  // namespace fm::jobs
