#include "google/mirror_batch.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/hash.h"
#include "base/log.h"
#include "google/storage.h"
#include "google/table_resource.h"

namespace fm::google {
namespace {

using ops::BatchKind;
using ops::BatchStage;
using ops::MirrorBatch;
using ops::MirrorPart;
using ops::MirrorStage;

constexpr Nanos kStagingLife = 24 * 3'600 * kNanosPerSecond;

bool is_delete(const MirrorBatch& batch) {
  return batch.parts == 0 && batch.kind != BatchKind::kAppend;
}

// A merge first fills its staging table.
bool is_staging(const MirrorBatch& batch) {
  return batch.kind == BatchKind::kMerge && !is_delete(batch) && batch.stage == BatchStage::kSealed;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    names.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return names;
}

lake::PartitionKey partition_key(const std::string& name) {
  lake::Manifest manifest;
  manifest.partition = name;
  return manifest.key();
}

std::string decorated(std::string_view table, Date day) {
  std::string text = fmt::format("{}$", table);
  for (const char c : day.iso())
    if (c != '-') text += c;
  return text;
}

}  // namespace

Result<BatchScope> scope_of(const MirrorBatch& batch) {
  BatchScope scope;
  scope.table = table::find_table(batch.table);
  if (scope.table == nullptr)
    return fail(Code::kCorrupt, "batch {}: of table {}, which the catalogue does not know",
                batch.batch_id, batch.table);
  if (batch.partition) scope.partitions = split(*batch.partition);
  if (batch.day) scope.rows = {.from = *batch.day, .before = *batch.day + 1};
  if (batch.kind != BatchKind::kMerge) return scope;
  std::set<std::string> roots;
  for (const std::string& name : scope.partitions) {
    const lake::PartitionKey key = partition_key(name);
    const Date first = key.first_day(*scope.table);
    if (name == scope.partitions.front()) scope.rows.from = first;
    if (first != scope.rows.from)
      return fail(Code::kCorrupt, "batch {}: merges {} and {}", batch.batch_id,
                  scope.partitions.front(), name);
    scope.rows.before = key.end_day(*scope.table);
    if (!key.root.empty()) roots.insert(key.root);
  }
  scope.rows.roots.assign(roots.begin(), roots.end());
  return scope;
}

std::string batch_id_of(const MirrorBatch& batch, const std::vector<MirrorPart>& parts,
                        std::uint64_t life) {
  std::vector<std::string> lines;
  lines.reserve(parts.size());
  for (const MirrorPart& part : parts)
    lines.push_back(fmt::format("{} {} {}", part.partition, part.part, part.since));
  std::ranges::sort(lines);
  Hasher hasher;
  hasher.add(fmt::format("{}\n{}\n{}\n{}\n{}\n", batch.destination, batch.table, name(batch.kind),
                         batch.partition.value_or(""), batch.day ? batch.day->iso() : ""));
  if (life > 0) hasher.add(fmt::format("{}\n", life));
  // What is removed has no parts to tell one time from another.
  if (parts.empty()) hasher.add(fmt::format("{}\n", batch.created_at));
  for (const std::string& line : lines) hasher.add(line + "\n");
  return hasher.digest().hex();
}

TableName BatchRunner::staging_of(const MirrorBatch& batch) const {
  TableName name = destination_->table_of(*table::find_table(batch.table));
  name.table += fmt::format("_staging_{}", batch.batch_id);
  return name;
}

std::string BatchRunner::job_id_of(const MirrorBatch& batch) const {
  std::string_view step = "load";
  if (batch.kind == BatchKind::kMerge) step = is_staging(batch) ? "stage" : "merge";
  if (is_delete(batch)) step = "delete";
  const std::string_view table = std::string_view(batch.table).substr(batch.table.find('.') + 1);
  return fmt::format("frontmonth_{}_{}_{}_{}", table, batch.batch_id, step, batch.attempt);
}

Result<std::vector<MirrorPart>> BatchRunner::parts_of(const MirrorBatch& batch) {
  return state_->mirror_parts(
      {.destination = batch.destination, .table = batch.table, .batch_id = batch.batch_id});
}

// The batch and its parts, in one transaction.
Status BatchRunner::record(const MirrorBatch& batch, MirrorStage stage) {
  FM_ASSIGN(auto parts, parts_of(batch));
  const Nanos now = bigquery_->api().env().now();
  for (MirrorPart& part : parts) {
    if (part.stage != stage) part.changed_at = now;
    part.stage = stage;
  }
  return state_->record_mirror(parts, {&batch, 1});
}

Result<Job> BatchRunner::send(const MirrorBatch& batch, const std::vector<MirrorPart>& parts) {
  FM_ASSIGN(const BatchScope scope, scope_of(batch));
  const TableName table = destination_->table_of(*scope.table);
  const std::string id = job_id_of(batch);
  const auto query = [&](std::string sql) {
    return bigquery_->insert(QueryJob{std::move(sql), limits_->merge_bytes_max}, id);
  };
  if (is_delete(batch)) return query(delete_statement(*scope.table, table, scope.rows));
  if (batch.kind == BatchKind::kMerge && !is_staging(batch))
    return query(merge_statement(*scope.table, table, staging_of(batch), scope.rows));
  LoadJob load{.table = table,
               .uris = {},
               .replace = batch.kind != BatchKind::kAppend,
               .schema_json = schema_json(*scope.table)};
  if (batch.kind == BatchKind::kReplaceDay) load.table.table = decorated(table.table, *batch.day);
  if (is_staging(batch)) {
    load.table = staging_of(batch);
    FM_TRY(bigquery_->create_table(
        load.table, table_json(*scope.table, load.table,
                               {.expires_at = bigquery_->api().env().now() + kStagingLife})));
  }
  load.uris.reserve(parts.size());
  for (const MirrorPart& part : parts)
    load.uris.push_back(uri_of(destination_->bucket, part.object));
  return bigquery_->insert(load, id);
}

Status BatchRunner::submit(MirrorBatch& batch) {
  const bool has_step = batch.stage == BatchStage::kSealed || batch.stage == BatchStage::kStaged;
  if (!has_step || batch.job_id == job_id_of(batch)) return {};
  FM_ASSIGN(const auto parts, parts_of(batch));
  FM_ASSIGN(const Job job, send(batch, parts));
  batch.job_id = job.id;
  return record(batch, MirrorStage::kSubmitted);
}

// The job of the present step, done. Failures that pass are tried again under another name.
Result<Job> BatchRunner::run_step(MirrorBatch& batch) {
  net::Backoff backoff(bigquery_->api().env(), {.attempts_max = limits_->attempts_max},
                       [this] { return bigquery_->api().is_stopped(); });
  for (;;) {
    FM_TRY(submit(batch));
    FM_ASSIGN(Job job, bigquery_->job(*batch.job_id));
    FM_ASSIGN(job, bigquery_->wait(std::move(job), limits_->job_patience));
    batch.bytes_billed += static_cast<std::uint64_t>(job.bytes_billed);
    if (!job.failed() || !job.may_run_again()) return job;
    // A job's name is used up by its failure.
    ++batch.attempt;
    batch.error_message = job.error_message;
    FM_TRY(record(batch, MirrorStage::kSubmitted));
    log_warning("{}: {}: {}; trying again", job.id, job.error_reason, job.error_message);
    if (!backoff.wait()) return std::unexpected(job.error(batch.table));
  }
}

// Its parts may go into another batch. Where the table may hold rows of the partitions concerned,
// those get a part that the lake has not, so that they will be corrected.
Status BatchRunner::fail_batch(MirrorBatch& batch, Error error, bool rows_may_be_there,
                               bool objects_are_missing) {
  FM_ASSIGN(auto parts, parts_of(batch));
  FM_ASSIGN(const BatchScope scope, scope_of(batch));
  const Nanos now = bigquery_->api().env().now();
  std::set<std::string> partitions(scope.partitions.begin(), scope.partitions.end());
  for (MirrorPart& part : parts) {
    part.stage = MirrorStage::kUploaded;
    part.batch_id.reset();
    part.changed_at = now;
    partitions.insert(part.partition);
    if (!objects_are_missing) continue;
    part.stage = MirrorStage::kPlanned;
    part.generation.reset();
    part.crc32c.reset();
  }
  if (rows_may_be_there) {
    for (const std::string& partition : partitions)
      parts.push_back({.destination = batch.destination,
                       .table = batch.table,
                       .partition = partition,
                       .part = std::string(kUnknownRows),
                       .date = partition_key(partition).first_day(*scope.table),
                       .object = {},
                       .stage = MirrorStage::kVerified,
                       .planned_at = now,
                       .changed_at = now});
  }
  batch.stage = BatchStage::kFailed;
  batch.error_message = error.message();
  batch.finished_at = now;
  FM_TRY(state_->record_mirror(parts, {&batch, 1}));
  return std::unexpected(std::move(error));
}

Status BatchRunner::take_result(MirrorBatch& batch, const Job& job) {
  const bool was_load = !is_delete(batch) && (batch.kind != BatchKind::kMerge || is_staging(batch));
  if (job.failed())  // an append that failed has left nothing
    return fail_batch(batch, job.error(batch.table), batch.kind != BatchKind::kAppend,
                      job.error_reason == "notFound");
  if (was_load && static_cast<std::uint64_t>(job.rows) != batch.rows)
    return fail_batch(
        batch,
        Error(Code::kCheckFailed, fmt::format("{}: job {} loaded {} rows; its files have {}",
                                              batch.table, job.id, job.rows, batch.rows)),
        true, false);
  batch.error_message.reset();
  if (is_staging(batch)) {
    batch.stage = BatchStage::kStaged;
    batch.job_id.reset();
    return record(batch, MirrorStage::kSubmitted);
  }
  batch.stage = BatchStage::kLoaded;
  return record(batch, MirrorStage::kLoaded);
}

// What a load reports is its proof. A merge's is asked for: it reports what it changed.
Status BatchRunner::count_rows(MirrorBatch& batch) {
  if (batch.kind != BatchKind::kMerge && !is_delete(batch)) return {};
  FM_ASSIGN(const BatchScope scope, scope_of(batch));
  std::uint64_t rows = 0;
  std::vector<ResultColumn> columns;
  FM_ASSIGN(const Job job,
            bigquery_->select(
                {count_statement(*scope.table, destination_->table_of(*scope.table), scope.rows),
                 limits_->merge_bytes_max},
                columns, [&](Cells cells) -> Status {
                  const std::string text = cells.empty() ? "" : cells[0].value_or("");
                  std::from_chars(text.data(), text.data() + text.size(), rows);
                  return {};
                }));
  batch.bytes_billed += static_cast<std::uint64_t>(job.bytes_billed);
  if (rows == batch.rows) return {};
  return fail_batch(batch,
                    Error(Code::kCheckFailed,
                          fmt::format("{}: after batch {} the table has {} rows; its files have {}",
                                      batch.table, batch.batch_id, rows, batch.rows)),
                    true, false);
}

// The parts are what the copy holds; of the partitions that were made equal, nothing else is.
Status BatchRunner::verified(MirrorBatch& batch) {
  FM_ASSIGN(auto parts, parts_of(batch));
  const Nanos now = bigquery_->api().env().now();
  for (MirrorPart& part : parts) {
    part.stage = MirrorStage::kVerified;
    part.changed_at = now;
  }
  FM_ASSIGN(const BatchScope scope, scope_of(batch));
  for (const std::string& partition : scope.partitions) {
    FM_ASSIGN(auto others, state_->mirror_parts({.destination = batch.destination,
                                                 .table = batch.table,
                                                 .partition = partition}));
    for (MirrorPart& part : others) {
      const bool was_in_copy =
          part.stage == MirrorStage::kLoaded || part.stage == MirrorStage::kVerified;
      if (part.batch_id == batch.batch_id || !was_in_copy) continue;
      part.stage = MirrorStage::kSuperseded;
      part.changed_at = now;
      parts.push_back(std::move(part));
    }
  }
  batch.stage = BatchStage::kVerified;
  batch.finished_at = now;
  FM_TRY(state_->record_mirror(parts, {&batch, 1}));
  if (batch.kind == BatchKind::kMerge && !is_delete(batch))
    static_cast<void>(bigquery_->drop_table(staging_of(batch)));  // goes by itself, too
  return {};
}

Status BatchRunner::advance(MirrorBatch& batch) {
  if (batch.stage == BatchStage::kLoaded) {
    FM_TRY(count_rows(batch));
    return verified(batch);
  }
  FM_ASSIGN(const Job job, run_step(batch));
  return take_result(batch, job);
}

Status BatchRunner::abandon(MirrorBatch& batch) {
  FM_ASSIGN(auto job, bigquery_->find_job(batch.job_id.value_or(job_id_of(batch))));
  if (job && !job->is_done()) FM_TRY(bigquery_->wait(*std::move(job), limits_->job_patience));
  batch.stage = BatchStage::kFailed;
  batch.error_message = "the state was restored from an older backup";
  batch.finished_at = bigquery_->api().env().now();
  return {};
}

Status BatchRunner::finish(MirrorBatch& batch) {
  while (batch.stage != BatchStage::kVerified && batch.stage != BatchStage::kFailed)
    FM_TRY(advance(batch));
  return {};
}

}  // namespace fm::google
