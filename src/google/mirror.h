// The mirror: files of the lake into a bucket, and from there into BigQuery's tables, each row
// once.
//
//   FM_ASSIGN(auto mirror, Mirror::open(env, *lake, state, tokens, transports, options));
//   FM_ASSIGN(const CycleReport report, mirror->cycle());
//
//   lake ─▶ plan_partition ─▶ upload_all ─▶ plan_partition ─▶ BatchRunner ─▶ verified
//            (mirror_plan.h)  (mirror_upload.h)  appended, adopted or   (mirror_batch.h)
//                                                corrected
//
// What is done, and what is about to be, lies in ops.sqlite before it happens; so a cycle goes on
// where the last one ended, however it ended.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "google/bigquery.h"
#include "google/destination.h"
#include "google/mirror_batch.h"
#include "google/mirror_groups.h"
#include "google/mirror_plan.h"
#include "google/owner.h"
#include "google/storage.h"
#include "google/tokens.h"
#include "google/transport.h"
#include "lake/changes.h"
#include "lake/lake.h"
#include "ops/state.h"

namespace fm::google {

// What the mirror takes at most of the services' daily limits: 90 %.
inline constexpr std::uint64_t kModificationsMax = 27'000;  // of a table's partitions
inline constexpr std::uint64_t kJobsMax = 90'000;           // of the project

// Objects that stand for nothing any more stay so long for who has just listed them.
inline constexpr Nanos kObjectGrace = 24 * 3'600 * kNanosPerSecond;

struct MirrorOptions {
  Endpoints endpoints = {};
  Destination destination = {};
  std::vector<const table::Table*> tables = {};
  int upload_threads = 4;
  std::size_t parts_max = 2'000;  // of a round: uploaded, then loaded, then the next ones
  BatchLimits limits = {};
  // How long a batch that failed for a reason that does not pass is left alone; times its attempts.
  Nanos failed_pause = 0;
  std::function<bool()> is_stopped = {};
};

// What did not go well, and with what. Another cycle tries again.
struct MirrorProblem {
  std::string table;
  Error error;
};

struct CycleReport {
  std::uint64_t parts_found = 0;  // that the mirror did not know
  std::uint64_t parts_uploaded = 0;
  std::uint64_t bytes_uploaded = 0;
  std::uint64_t parts_adopted = 0;  // whose rows were there already, in the parts they merge
  std::uint64_t batches = 0;        // verified
  std::uint64_t corrections = 0;    // of these: replaced days and merges
  std::uint64_t rows_loaded = 0;    // by them
  std::uint64_t bytes_billed = 0;
  std::uint64_t objects_removed = 0;    // a day after they were superseded
  std::uint64_t parts_waiting = 0;      // known and not verified when the cycle ended
  std::optional<Nanos> oldest_waiting;  // when the mirror learned of the first of them
  std::uint64_t requests = 0;
  std::vector<MirrorProblem> problems;
  std::vector<std::string> deferred;  // "market_data.candles_1m: 27,000 partition changes today"
};

// What a cycle would do, as far as the lake says now.
struct MirrorPlan {
  std::uint64_t files = 0;  // to be uploaded
  std::uint64_t bytes = 0;
  std::uint64_t partitions_appended = 0;   // of the lake, that get rows
  std::uint64_t partitions_corrected = 0;  // that are made equal
};

struct GarbageReport {
  std::uint64_t objects_seen = 0;
  std::uint64_t objects_removed = 0;
  std::uint64_t bytes_removed = 0;
};

class Mirror {
 public:
  // Looks at bucket and tables; makes tables that are missing. Everything given must outlive it.
  // Errors: kNotFound for a bucket or dataset that is not there; kConflict for a bucket in another
  // place than the datasets, a prefix that belongs to another lake, or a table with other columns;
  // those of Api.
  [[nodiscard]] static Result<std::unique_ptr<Mirror>> open(Env& env, lake::Lake& lake,
                                                            ops::State& state, Tokens& tokens,
                                                            TransportFactory transports,
                                                            MirrorOptions options);

  // Changes nothing.
  [[nodiscard]] Result<MirrorPlan> plan();
  // Until the copy has what the lake had when the cycle began, as far as nothing stands against it;
  // oldest partitions first. Errors: those of lake and state. What the services refuse is a problem
  // of the table concerned.
  [[nodiscard]] Result<CycleReport> cycle();
  // Removes objects of the mirror's folders that stand for no file of the lake any more.
  [[nodiscard]] Result<GarbageReport> collect_garbage();

  [[nodiscard]] const std::string& location() const { return location_; }
  [[nodiscard]] Storage& storage() { return *storage_; }
  [[nodiscard]] BigQuery& bigquery() { return *bigquery_; }

 private:
  Mirror(Env& env, lake::Lake& lake, ops::State& state, Tokens& tokens, TransportFactory transports,
         MirrorOptions options);
  using Pending = std::map<std::pair<Date, std::string>, lake::Manifest>;  // oldest first

  [[nodiscard]] Status look_at_services();
  [[nodiscard]] Status look_at_table(const table::Table& table);
  [[nodiscard]] Result<std::optional<std::uint64_t>> sealed_batches();
  [[nodiscard]] ops::MirrorBatch count_of(std::uint64_t batches) const;
  [[nodiscard]] Status compare_counts();
  [[nodiscard]] Status mistrust(const table::Table& table,
                                const std::vector<ops::MirrorBatch>& abandoned,
                                std::vector<ops::MirrorPart>& changed, std::uint64_t& count);
  [[nodiscard]] Result<bool> publish_count();
  [[nodiscard]] Result<std::unique_ptr<Api>> make_api() const;

  [[nodiscard]] Status resume();
  [[nodiscard]] Result<PartitionPlan> plan_of(const lake::Manifest& manifest);
  [[nodiscard]] Status collect_changes(const table::Table& table);
  [[nodiscard]] Status find_changes(const table::Table& table);
  [[nodiscard]] Status discover(const table::Table& table, const lake::Manifest& manifest,
                                const std::vector<lake::DataFile>& fresh,
                                std::vector<ops::MirrorPart> dropped);
  [[nodiscard]] Result<bool> upload();
  [[nodiscard]] Status settle(const table::Table& table, std::vector<BatchDraft>& drafts);
  [[nodiscard]] Status settle_partition(const table::Table& table, const lake::Manifest& manifest,
                                        std::vector<BatchDraft>& drafts, bool& done);
  [[nodiscard]] Result<bool> correct(const table::Table& table, const lake::Manifest& manifest,
                                     std::vector<BatchDraft>& drafts);
  [[nodiscard]] Status run(std::vector<BatchDraft> drafts);
  [[nodiscard]] Result<std::optional<ops::MirrorBatch>> seal(const table::Table& table,
                                                             BatchDraft& draft);
  [[nodiscard]] Result<bool> may_begin(const ops::MirrorBatch& batch);
  [[nodiscard]] Status remove_superseded();
  [[nodiscard]] Status count_waiting();
  void take(const ops::MirrorBatch& batch);
  void problem(std::string_view table, Error error);
  [[nodiscard]] bool is_stopped() const { return options_.is_stopped && options_.is_stopped(); }

  Env* env_;
  lake::Lake* lake_;
  ops::State* state_;
  Tokens* tokens_;
  TransportFactory transports_;
  MirrorOptions options_;
  std::string name_;  // of the destination, in the state
  std::string location_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Owner> owner_;
  std::unique_ptr<BigQuery> bigquery_;
  std::unique_ptr<BatchRunner> runner_;
  lake::Changes changes_;
  std::map<std::string, Pending, std::less<>> pending_;  // by table: changed and not yet settled
  std::set<std::string, std::less<>> ours_;              // tables without rows of somebody else
  std::uint64_t sealed_ = 0;                             // batches, ever
  std::uint64_t life_ = 0;  // how many there were when the state was last found to be behind
  Nanos counting_since_ = 0;
  CycleReport report_;
};

}  // namespace fm::google
