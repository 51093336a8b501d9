// Batch jobs of the fetch job: which was submitted for what, and waiting for one. Private to it.
#pragma once

#include <string>
#include <string_view>

#include "jobs/fetch.h"

namespace fm::jobs {

inline constexpr std::string_view kJobsFile = "frontmonth-jobs.tsv";

// Everything that makes a request another one, in one line.
[[nodiscard]] std::string request_text(const FetchOptions& options);

// DIRECTORY/frontmonth-jobs.tsv: one line per submitted job, its id and its request. The last line
// of a request counts; empty when there is none. Errors: those of Env; kCorrupt.
[[nodiscard]] Result<std::string> find_job(Env& env, const std::string& directory,
                                           std::string_view request);
[[nodiscard]] Status remember_job(Env& env, const std::string& directory, std::string_view request,
                                  std::string_view job_id);

// Looks at the job until it is done. Errors: kRefused for one that has expired; kDisconnected after
// a stop.
[[nodiscard]] Status wait_for_job(databento::HistoricalClient& client, const std::string& job_id,
                                  Nanos first_delay, StopSignal& stop, FetchObserver& observer);

}  // namespace fm::jobs
