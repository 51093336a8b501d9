// One batch from its sealing to its proof: jobs that run once, step by step. Inside.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "google/bigquery.h"
#include "google/destination.h"
#include "google/mirror_sql.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::google {

// Stands for rows of a partition that the table may hold, and of which nothing is known.
inline constexpr std::string_view kUnknownRows = "unknown";

struct BatchLimits {
  Nanos job_patience = 600 * kNanosPerSecond;  // then the next cycle looks again
  std::int64_t merge_bytes_max = 1LL << 40;    // that a MERGE may be billed
  int attempts_max = 5;                        // of one step, in one go
};

// What follows from a batch's names; the parts' rows are those it loads.
struct BatchScope {
  const table::Table* table = nullptr;
  std::vector<std::string> partitions = {};  // of the lake, that the batch makes equal
  RowScope rows = {};                        // of a replaced day or merge
};

// The rows that a batch replaces, by its day or its partitions. Errors: kCorrupt for a batch of the
// state that no mirror made.
[[nodiscard]] Result<BatchScope> scope_of(const ops::MirrorBatch& batch);

// The batch's name: equal for the same parts that entered their partitions at the same time, in one
// life of the state. A state that was restored begins another: what was done for the same parts
// since its backup may have been undone again.
[[nodiscard]] std::string batch_id_of(const ops::MirrorBatch& batch,
                                      const std::vector<ops::MirrorPart>& parts,
                                      std::uint64_t life);

class BatchRunner {
 public:
  BatchRunner(ops::State& state, BigQuery& bigquery, const Destination& destination,
              const BatchLimits& limits)
      : state_(&state), bigquery_(&bigquery), destination_(&destination), limits_(&limits) {}

  // Sends the job of the batch's present step, unless one is under way, and does not wait.
  [[nodiscard]] Status submit(ops::MirrorBatch& batch);
  // Goes on with the batch until it is verified. Every step is in the state before the next begins,
  // and safe to repeat. Errors: what makes a job fail, also kept in the batch: one that passes
  // leaves it where it is, another leaves it failed and its parts free for another batch;
  // kCheckFailed where the table has another number of rows than the parts.
  [[nodiscard]] Status finish(ops::MirrorBatch& batch);
  // Waits until no job of its present step can change rows any more, and makes it a failed one; the
  // state is the caller's. Errors: kTimedOut (retry) for a job that goes on and on; those of Api.
  [[nodiscard]] Status abandon(ops::MirrorBatch& batch);

 private:
  [[nodiscard]] Status advance(ops::MirrorBatch& batch);
  [[nodiscard]] Result<Job> send(const ops::MirrorBatch& batch,
                                 const std::vector<ops::MirrorPart>& parts);
  [[nodiscard]] Result<Job> run_step(ops::MirrorBatch& batch);
  [[nodiscard]] Status fail_batch(ops::MirrorBatch& batch, Error error, bool rows_may_be_there,
                                  bool objects_are_missing);
  [[nodiscard]] Status take_result(ops::MirrorBatch& batch, const Job& job);
  [[nodiscard]] Status count_rows(ops::MirrorBatch& batch);
  [[nodiscard]] Status verified(ops::MirrorBatch& batch);
  [[nodiscard]] Result<std::vector<ops::MirrorPart>> parts_of(const ops::MirrorBatch& batch);
  [[nodiscard]] Status record(const ops::MirrorBatch& batch, ops::MirrorStage stage);
  [[nodiscard]] TableName staging_of(const ops::MirrorBatch& batch) const;
  [[nodiscard]] std::string job_id_of(const ops::MirrorBatch& batch) const;

  ops::State* state_;
  BigQuery* bigquery_;
  const Destination* destination_;
  const BatchLimits* limits_;
};

}  // namespace fm::google
