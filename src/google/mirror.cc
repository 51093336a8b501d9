#include "google/mirror.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "google/mirror_groups.h"
#include "google/mirror_plan.h"
#include "google/mirror_upload.h"
#include "google/table_resource.h"
#include "lake/expired.h"

namespace fm::google {
namespace {

using ops::BatchKind;
using ops::BatchStage;
using ops::MirrorBatch;
using ops::MirrorPart;
using ops::MirrorStage;
using table::Table;

std::string full_name(const Table& table) {
  return fmt::format("{}.{}", table.dataset, table.name);
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// A bucket in a region may feed a dataset of the multi-region around it: that is for the service to
// say. What is surely wrong is another region.
bool may_feed(const std::string& bucket, const std::string& dataset) {
  const auto is_multi = [](const std::string& place) { return place == "us" || place == "eu"; };
  return bucket == dataset || is_multi(bucket) || is_multi(dataset) ||
         !bucket.contains('-');  // a dual-region, such as nam4
}

}  // namespace

Mirror::Mirror(Env& env, lake::Lake& lake, ops::State& state, Tokens& tokens,
               TransportFactory transports, MirrorOptions options)
    : env_(&env),
      lake_(&lake),
      state_(&state),
      tokens_(&tokens),
      transports_(std::move(transports)),
      options_(std::move(options)),
      name_(options_.destination.name()),
      changes_(lake) {}

Result<std::unique_ptr<Mirror>> Mirror::open(Env& env, lake::Lake& lake, ops::State& state,
                                             Tokens& tokens, TransportFactory transports,
                                             MirrorOptions options) {
  FM_TRY(check(options.destination));
  std::unique_ptr<Mirror> mirror(
      new Mirror(env, lake, state, tokens, std::move(transports), std::move(options)));
  FM_TRY(mirror->look_at_services());
  return mirror;
}

Result<std::unique_ptr<Api>> Mirror::make_api() const {
  FM_ASSIGN(auto transport, transports_());
  return std::make_unique<Api>(*env_, *tokens_, std::move(transport),
                               ApiOptions{.is_stopped = options_.is_stopped});
}

Status Mirror::look_at_services() {
  FM_ASSIGN(api_, make_api());
  storage_ = std::make_unique<Storage>(*api_, options_.endpoints, options_.destination.bucket);
  FM_ASSIGN(const std::string bucket_location, storage_->location());
  FM_ASSIGN(std::string lake, lake_->id());
  owner_ = std::make_unique<Owner>(*storage_, options_.destination.owner_object(), std::move(lake),
                                   env_->random());
  FM_TRY(owner_->look());
  std::set<std::string> datasets;
  for (const Table* const table : options_.tables)
    datasets.insert(options_.destination.dataset_of(*table));
  BigQuery looking(*api_, options_.endpoints, options_.destination.project, "");
  for (const std::string& name : datasets) {
    FM_ASSIGN(const auto dataset, looking.dataset(name));
    if (!dataset)
      return std::unexpected(Error(Code::kNotFound, fmt::format("dataset {}.{}: is not there",
                                                                options_.destination.project, name))
                                 .hint("`frontmonth schema --engine bigquery --apply` makes it."));
    const std::string place = dataset->text("/location").value_or("US");
    if (location_.empty()) location_ = place;
    if (place != location_ || !may_feed(lower(bucket_location), lower(place)))
      return fail(Code::kConflict,
                  "dataset {} is in {}; expected it in {} and near the bucket {}, which is in {}",
                  name, place, location_, options_.destination.bucket, bucket_location);
  }
  bigquery_ = std::make_unique<BigQuery>(*api_, options_.endpoints, options_.destination.project,
                                         location_);
  runner_ =
      std::make_unique<BatchRunner>(*state_, *bigquery_, options_.destination, options_.limits);
  FM_TRY(compare_counts());
  for (const Table* const table : options_.tables) FM_TRY(look_at_table(*table));
  return {};
}

// A table that this mirror finds empty, or makes, has rows of nobody else. That it did so once is
// remembered.
Status Mirror::look_at_table(const Table& table) {
  const std::string known_name = "known " + full_name(table);
  FM_ASSIGN(const auto marks,
            state_->mirror_batches({.destination = name_, .batch_id = known_name}));
  const bool is_known = !marks.empty();
  const TableName name = options_.destination.table_of(table);
  FM_ASSIGN(const auto resource, bigquery_->table(name));
  if (!resource) {
    if (is_known) {
      FM_ASSIGN(const auto brought,
                state_->mirror_batches({.destination = name_, .table = full_name(table)}));
      if (brought.size() > marks.size())
        return std::unexpected(
            Error(Code::kConflict, fmt::format("table {}: is gone, and the mirror had brought {} "
                                               "batches to it",
                                               name.text(), brought.size() - marks.size()))
                .hint("`frontmonth mirror --forget` makes the mirror bring everything again."));
    }
    FM_TRY(bigquery_->create_table(name, table_json(table, name)));
  } else {
    FM_TRY(check_schema(table, *resource, name.text()));
  }
  const bool is_empty = !resource || resource->integer("/numRows") == 0;
  if (!is_known && !is_empty) return {};
  if (!is_known) {
    const MirrorBatch known{.destination = name_,
                            .batch_id = known_name,
                            .table = full_name(table),
                            .kind = BatchKind::kKnown,
                            .stage = BatchStage::kVerified,
                            .created_at = env_->now(),
                            .finished_at = env_->now()};
    FM_TRY(state_->record_mirror({}, {&known, 1}));
  }
  ours_.insert(full_name(table));
  return {};
}

// Each round of a cycle may meet the same one.
void Mirror::problem(std::string_view table, Error error) {
  const bool is_known = std::ranges::any_of(report_.problems, [&](const MirrorProblem& one) {
    return one.table == table && one.error.message() == error.message();
  });
  if (is_known) return;
  log_info("mirror: {}: {}", table, error.message());
  report_.problems.push_back({std::string(table), std::move(error)});
}

void Mirror::take(const MirrorBatch& batch) {
  ++report_.batches;
  if (batch.kind != BatchKind::kAppend) ++report_.corrections;
  report_.rows_loaded += batch.rows;
  report_.bytes_billed += batch.bytes_billed;
}

// Batches that were sealed and not finished: by an earlier cycle, or a process that died.
Status Mirror::resume() {
  FM_ASSIGN(auto batches, state_->mirror_batches({.destination = name_, .unfinished = true}));
  std::erase_if(batches, [](const MirrorBatch& one) { return one.stage == BatchStage::kFailed; });
  if (batches.empty()) return {};
  FM_ASSIGN(const bool may, publish_count());
  if (!may) return {};
  for (MirrorBatch& batch : batches) {
    if (is_stopped()) continue;
    if (Status finished = runner_->finish(batch); finished) {
      take(batch);
    } else {
      problem(batch.table, std::move(finished).error());
    }
  }
  return {};
}

Status Mirror::discover(const Table& table, const lake::Manifest& manifest,
                        const std::vector<lake::DataFile>& fresh, std::vector<MirrorPart> dropped) {
  const Nanos now = env_->now();
  const lake::PartitionKey key = manifest.key();
  std::vector<MirrorPart> parts = std::move(dropped);
  for (MirrorPart& part : parts) {
    part.stage = MirrorStage::kSuperseded;
    part.changed_at = now;
  }
  for (const lake::DataFile& file : fresh)
    parts.push_back({.destination = name_,
                     .table = manifest.table,
                     .partition = manifest.partition,
                     .part = file.name,
                     .date = key.first_day(table),
                     .object = options_.destination.object_of(table, key, file.name),
                     .rows = file.rows,
                     .bytes = file.bytes,
                     .since = file.since,
                     .planned_at = now,
                     .changed_at = now});
  if (parts.empty()) return {};
  report_.parts_found += fresh.size();
  return state_->record_mirror(parts);
}

Result<PartitionPlan> Mirror::plan_of(const lake::Manifest& manifest) {
  FM_ASSIGN(const auto known,
            state_->mirror_parts(
                {.destination = name_, .table = manifest.table, .partition = manifest.partition}));
  return plan_partition(manifest, known, ours_.contains(manifest.table));
}

// What changed since the last look joins what was not settled then.
Status Mirror::collect_changes(const Table& table) {
  FM_ASSIGN(auto manifests, changes_.of(table));
  Pending& pending = pending_[full_name(table)];
  for (lake::Manifest& manifest : manifests) {
    // Rows that the lake has let go for their age stay in the copy.
    if (lake::is_expired(manifest)) continue;
    const auto at = std::pair(manifest.key().first_day(table), manifest.partition);
    pending.insert_or_assign(at, std::move(manifest));
  }
  return {};
}

Status Mirror::find_changes(const Table& table) {
  FM_TRY(collect_changes(table));
  for (const auto& [at, manifest] : pending_[full_name(table)]) {
    FM_ASSIGN(PartitionPlan plan, plan_of(manifest));
    FM_TRY(discover(table, manifest, plan.fresh, std::move(plan.dropped)));
  }
  return {};
}

Result<MirrorPlan> Mirror::plan() {
  MirrorPlan all;
  for (const Table* const table : options_.tables) {
    FM_TRY(collect_changes(*table));
    Pending& pending = pending_[full_name(*table)];
    for (auto at = pending.begin(); at != pending.end();) {
      const lake::Manifest& manifest = at->second;
      FM_ASSIGN(const PartitionPlan plan, plan_of(manifest));
      for (const lake::DataFile& file : plan.fresh) {
        ++all.files;
        all.bytes += file.bytes;
      }
      all.partitions_corrected += plan.correct ? 1 : 0;
      all.partitions_appended += plan.append.empty() ? 0 : 1;
      at = plan.is_done() ? pending.erase(at) : std::next(at);
    }
  }
  return all;
}

// The oldest parts that are planned. True: there was something to do.
Result<bool> Mirror::upload() {
  FM_ASSIGN(auto parts, state_->mirror_parts({.destination = name_,
                                              .stage = MirrorStage::kPlanned,
                                              .parts_max = options_.parts_max}));
  std::vector<FileToUpload> files;
  files.reserve(parts.size());
  for (const MirrorPart& part : parts) {
    lake::DataFile file;
    file.name = part.part;
    files.push_back({lake_->store_path(file), part.object});
  }
  const auto results = upload_all(files, options_.upload_threads, options_.endpoints,
                                  options_.destination.bucket, [this] { return make_api(); });
  std::vector<MirrorPart> changed;
  std::optional<Error> first;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    MirrorPart& part = parts[i];
    if (results[i]) {
      part.stage = MirrorStage::kUploaded;
      part.generation = results[i]->generation;
      part.crc32c = results[i]->crc32c;
      ++report_.parts_uploaded;
      report_.bytes_uploaded += part.bytes;
    } else if (results[i].error().code() == Code::kNotFound && !env_->exists(files[i].path)) {
      // The lake has replaced it meanwhile: its manifest, read again, names another.
      part.stage = MirrorStage::kSuperseded;
    } else {
      if (!first) first = results[i].error();
      continue;
    }
    part.changed_at = env_->now();
    changed.push_back(part);
  }
  FM_TRY(state_->record_mirror(changed));
  if (first) problem("uploads", *std::move(first));
  return !changed.empty();
}

// All roots' partitions of a day are one partition of the table, which is replaced whole. Where the
// lake has let one of them go for its age, the copy's rows are the last ones: then, as where the
// lake's partitions are longer, only the partition itself is made equal.
Result<bool> Mirror::correct(const Table& table, const lake::Manifest& manifest,
                             std::vector<BatchDraft>& drafts) {
  const lake::PartitionKey key = manifest.key();
  bool is_day = table.layout == table::LakeLayout::kRootDay;
  std::vector<lake::Manifest> manifests;
  if (is_day) {
    FM_ASSIGN(const auto roots, lake_->roots(table));
    for (const std::string& root : roots) {
      FM_ASSIGN(auto other, lake_->find(table, lake::PartitionKey{root, key.date}));
      if (other && lake::is_expired(*other)) is_day = false;
      if (other) manifests.push_back(*std::move(other));
    }
  }
  if (!is_day) manifests = {manifest};
  std::vector<MirrorPart> parts;
  std::vector<std::string> partitions;
  bool is_ready = true;
  for (const lake::Manifest& one : manifests) {
    FM_ASSIGN(const auto known,
              state_->mirror_parts(
                  {.destination = name_, .table = one.table, .partition = one.partition}));
    PartitionPlan plan = plan_partition(one, known, ours_.contains(one.table));
    if (plan.wait || !plan.fresh.empty()) is_ready = false;
    if (!plan.wait) FM_TRY(discover(table, one, plan.fresh, std::move(plan.dropped)));
    partitions.push_back(one.partition);
    for (const MirrorPart& part : known) {
      const bool is_file = std::ranges::any_of(
          one.files, [&](const lake::DataFile& file) { return file.name == part.part; });
      if (!is_file || part.stage == MirrorStage::kSuperseded) continue;
      if (part.stage == MirrorStage::kPlanned || !part.generation) is_ready = false;
      parts.push_back(part);
    }
  }
  if (!is_ready) return false;
  add_correction(table, is_day ? std::optional(key.date) : std::nullopt, partitions,
                 std::move(parts), drafts);
  return true;
}

Status Mirror::settle_partition(const Table& table, const lake::Manifest& manifest,
                                std::vector<BatchDraft>& drafts, bool& done) {
  FM_ASSIGN(auto known,
            state_->mirror_parts(
                {.destination = name_, .table = manifest.table, .partition = manifest.partition}));
  PartitionPlan plan = plan_partition(manifest, known, ours_.contains(manifest.table));
  done = plan.is_done();
  if (plan.wait || !plan.fresh.empty()) return {};
  if (is_corrected(manifest, drafts)) return {};  // with another root of its day
  if (plan.correct) {
    FM_ASSIGN(const bool ready, correct(table, manifest, drafts));
    static_cast<void>(ready);  // otherwise the next round's uploads make it so
    return {};
  }
  const auto uploaded = [&](const std::string& name) -> MirrorPart* {
    for (MirrorPart& part : known)
      if (part.part == name && part.stage == MirrorStage::kUploaded) return &part;
    return nullptr;
  };
  std::vector<MirrorPart> adopted;
  for (const std::string& name : plan.adopted)
    if (MirrorPart* const part = uploaded(name)) adopted.push_back(*part);
  if (!adopted.empty() && adopted.size() == plan.adopted.size()) {
    for (MirrorPart& part : adopted) part.stage = MirrorStage::kVerified;
    report_.parts_adopted += adopted.size();
    for (MirrorPart& part : plan.merged) {
      part.stage = MirrorStage::kSuperseded;
      adopted.push_back(std::move(part));
    }
    for (MirrorPart& part : adopted) part.changed_at = env_->now();
    FM_TRY(state_->record_mirror(adopted));
  }
  for (const std::string& name : plan.append)
    if (const MirrorPart* const part = uploaded(name)) add_append(table, *part, drafts);
  return {};
}

Status Mirror::settle(const Table& table, std::vector<BatchDraft>& drafts) {
  Pending& pending = pending_[full_name(table)];
  for (auto at = pending.begin(); at != pending.end();) {
    bool done = false;
    FM_TRY(settle_partition(table, at->second, drafts, done));
    at = done ? pending.erase(at) : std::next(at);
  }
  return {};
}

// The same batch may have failed before: then its jobs go on counting.
Result<std::optional<MirrorBatch>> Mirror::seal(const Table& table, BatchDraft& draft) {
  close(table, draft);
  MirrorBatch& batch = draft.batch;
  batch.destination = name_;
  batch.created_at = env_->now();
  batch.batch_id = batch_id_of(batch, draft.parts, life_);
  FM_ASSIGN(const auto earlier,
            state_->mirror_batches({.destination = name_, .batch_id = batch.batch_id}));
  for (const MirrorBatch& before : earlier) {
    batch.attempt = before.attempt + 1;
    batch.bytes_billed = before.bytes_billed;
    const Nanos pause = options_.failed_pause * before.attempt;
    if (before.finished_at.value_or(0) + pause <= env_->now()) continue;
    report_.deferred.push_back(fmt::format("{}: failed {} times, the last time with {}",
                                           batch.table, before.attempt,
                                           before.error_message.value_or("no reason")));
    return std::nullopt;
  }
  FM_ASSIGN(const bool may, may_begin(batch));
  if (!may) return std::nullopt;
  for (MirrorPart& part : draft.parts) {
    part.batch_id = batch.batch_id;
    part.stage = MirrorStage::kUploaded;
    part.changed_at = env_->now();
  }
  const MirrorBatch both[] = {batch, count_of(sealed_ + 1)};
  FM_TRY(state_->record_mirror(draft.parts, both));
  ++sealed_;
  return batch;
}

// Before any of the jobs is sent. False: not now, and the batches wait.
Result<bool> Mirror::publish_count() {
  Status raised = owner_->raise(sealed_);
  if (raised) return true;
  if (raised.error().code() == Code::kConflict) return std::unexpected(std::move(raised).error());
  problem("bucket", std::move(raised).error());
  return false;
}

// Within the daily limits of the services, by what the state says of the last day.
Result<bool> Mirror::may_begin(const MirrorBatch& batch) {
  constexpr Nanos kDay = 24 * 3'600 * kNanosPerSecond;
  const Nanos now = env_->now();
  FM_ASSIGN(const auto batches,
            state_->mirror_batches({.destination = name_, .since = now > kDay ? now - kDay : 0}));
  std::uint64_t modified = 0, jobs = 0;
  for (const MirrorBatch& before : batches) {
    jobs += before.attempt;
    if (before.table == batch.table) modified += before.partitions_touched * before.attempt;
  }
  std::string why;
  if (modified + batch.partitions_touched > kModificationsMax)
    why = fmt::format("{}: {} partition changes within 24 hours", batch.table, modified);
  if (jobs >= kJobsMax) why = fmt::format("{}: {} jobs within 24 hours", batch.table, jobs);
  if (why.empty()) return true;
  if (std::ranges::find(report_.deferred, why) == report_.deferred.end())
    report_.deferred.push_back(why);
  return false;
}

// All jobs first, then their ends: the service works on them side by side.
Status Mirror::run(std::vector<BatchDraft> drafts) {
  std::vector<MirrorBatch> batches, sent;
  for (BatchDraft& draft : drafts) {
    if (is_stopped()) break;
    FM_ASSIGN(auto batch, seal(*table::find_table(draft.batch.table), draft));
    if (batch) batches.push_back(*std::move(batch));
  }
  if (batches.empty()) return {};
  FM_ASSIGN(const bool may, publish_count());
  if (!may) return {};
  for (MirrorBatch& batch : batches) {
    if (is_stopped()) break;
    if (Status submitted = runner_->submit(batch); submitted) {
      sent.push_back(std::move(batch));
    } else {
      problem(batch.table, std::move(submitted).error());
    }
  }
  for (MirrorBatch& batch : sent) {
    if (Status finished = runner_->finish(batch); finished) {
      take(batch);
    } else {
      problem(batch.table, std::move(finished).error());
    }
  }
  return {};
}

Status Mirror::count_waiting() {
  for (const MirrorStage stage : {MirrorStage::kPlanned, MirrorStage::kUploaded,
                                  MirrorStage::kSubmitted, MirrorStage::kLoaded}) {
    FM_ASSIGN(const auto parts, state_->mirror_parts({.destination = name_, .stage = stage}));
    report_.parts_waiting += parts.size();
    for (const MirrorPart& part : parts)
      report_.oldest_waiting =
          std::min(report_.oldest_waiting.value_or(part.planned_at), part.planned_at);
  }
  return {};
}

Result<CycleReport> Mirror::cycle() {
  report_ = {};
  const std::uint64_t requests = api_->requests();
  FM_TRY(resume());
  for (const Table* const table : options_.tables) FM_TRY(find_changes(*table));
  for (bool more = true; more && !is_stopped();) {
    FM_ASSIGN(more, upload());
    std::vector<BatchDraft> drafts;
    for (const Table* const table : options_.tables) FM_TRY(settle(*table, drafts));
    const std::uint64_t verified = report_.batches;
    FM_TRY(run(std::move(drafts)));
    more = more || report_.batches > verified;
  }
  FM_TRY(remove_superseded());
  FM_TRY(count_waiting());
  report_.requests = api_->requests() - requests;
  return std::move(report_);
}

}  // namespace fm::google
