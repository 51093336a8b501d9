// What to do when the copy is ahead of the state: the state was restored from an older backup, or
// a second copy of the lake is mirrored to the same place.
//
// Nobody knows then which rows the tables have. But whatever was loaded since the backup came from
// objects that were made since, or that the state has as uploaded or under way; an object that was
// removed since was superseded. So what the state and the bucket disagree about names the
// partitions concerned, and each of them is made equal as a whole: by jobs of other names than any
// before, and not by what was under way, which may have ended long ago. A job that the state knows
// nothing of and that still runs meanwhile is beyond this: a backup is restored when those of the
// life before have ended, which takes minutes at most.
#include <map>
#include <set>

#include "base/log.h"
#include "google/mirror.h"

namespace fm::google {

using ops::BatchKind;
using ops::BatchStage;
using ops::MirrorBatch;
using ops::MirrorPart;
using ops::MirrorStage;
using table::Table;

namespace {

constexpr std::string_view kCountName = "batches";

Date first_day(const Table& table, const std::string& partition) {
  lake::Manifest manifest;
  manifest.partition = partition;
  return manifest.key().first_day(table);
}

}  // namespace

// How many batches were sealed, as the state knows; nothing where it knows nothing at all.
Result<std::optional<std::uint64_t>> Mirror::sealed_batches() {
  FM_ASSIGN(const auto counts,
            state_->mirror_batches({.destination = name_, .batch_id = std::string(kCountName)}));
  counting_since_ = counts.empty() ? env_->now() : counts.front().created_at;
  life_ = counts.empty() ? 0 : counts.front().rows;
  if (!counts.empty()) return counts.front().parts;
  FM_ASSIGN(const auto any, state_->mirror_batches({.destination = name_}));
  return any.empty() ? std::nullopt : std::optional<std::uint64_t>(0);
}

// Goes into the state with the batch that it counts last: no state has the one without the other.
MirrorBatch Mirror::count_of(std::uint64_t batches) const {
  return {.destination = name_,
          .batch_id = std::string(kCountName),
          .table = {},
          .kind = BatchKind::kKnown,
          .parts = batches,
          .rows = life_,
          .stage = BatchStage::kVerified,
          .created_at = counting_since_,
          .finished_at = env_->now()};
}

Status Mirror::compare_counts() {
  FM_ASSIGN(const auto here, sealed_batches());
  sealed_ = here.value_or(0);
  if (owner_->batches() <= sealed_) return {};
  std::vector<MirrorPart> changed;
  std::vector<MirrorBatch> batches;
  std::uint64_t partitions = 0;
  if (here) {  // a state that is new makes everything equal anyway: the tables are not empty
    FM_ASSIGN(batches, state_->mirror_batches({.destination = name_, .unfinished = true}));
    std::erase_if(batches, [](const MirrorBatch& one) { return one.stage == BatchStage::kFailed; });
    for (MirrorBatch& batch : batches) FM_TRY(runner_->abandon(batch));
    FM_ASSIGN(const auto all, state_->mirror_batches({.destination = name_}));
    std::set<std::string> tables;
    for (const MirrorBatch& batch : all) tables.insert(batch.table);
    for (const std::string& name : tables)
      if (const Table* const table = table::find_table(name))
        FM_TRY(mistrust(*table, batches, changed, partitions));
    log_warning(
        "mirror: {} has seen {} batches and this state {}: it was restored from an older backup, "
        "or "
        "a second copy of this lake is mirrored there. {} partitions will be made equal",
        name_, owner_->batches(), sealed_, partitions);
  }
  life_ = sealed_ = owner_->batches();
  batches.push_back(count_of(sealed_));
  return state_->record_mirror(changed, batches);
}

// Adds what makes the table's doubtful partitions corrected.
Status Mirror::mistrust(const Table& table, const std::vector<MirrorBatch>& abandoned,
                        std::vector<MirrorPart>& changed, std::uint64_t& count) {
  const Destination& destination = options_.destination;
  const std::string name = fmt::format("{}.{}", table.dataset, table.name);
  FM_ASSIGN(auto known, state_->mirror_parts({.destination = name_, .table = name}));
  std::map<std::string, std::int64_t> objects;
  FM_TRY(
      storage_->list(destination.folder_of(table), [&](const std::vector<Object>& page) -> Status {
        for (const Object& object : page) objects.emplace(object.name, object.generation);
        return {};
      }));
  std::set<std::string> doubtful;  // partitions
  std::set<std::string_view> ids;
  for (const MirrorBatch& batch : abandoned) {
    if (batch.table != name) continue;
    ids.insert(batch.batch_id);
    FM_ASSIGN(const BatchScope scope, scope_of(batch));
    doubtful.insert(scope.partitions.begin(), scope.partitions.end());
  }
  const Nanos now = env_->now();
  for (MirrorPart& part : known) {
    const auto object = objects.find(part.object);
    const bool is_there = object != objects.end() && object->second == part.generation;
    if (is_there) objects.erase(object);
    if (part.stage == MirrorStage::kSuperseded || part.stage == MirrorStage::kPlanned) continue;
    if (part.part == kUnknownRows) continue;
    const bool is_abandoned = part.batch_id && ids.contains(*part.batch_id);
    const bool is_in_copy = !is_abandoned && (part.stage == MirrorStage::kLoaded ||
                                              part.stage == MirrorStage::kVerified);
    if (is_in_copy && is_there) continue;
    doubtful.insert(part.partition);
    part.batch_id.reset();
    part.changed_at = now;
    part.stage = MirrorStage::kUploaded;
    if (is_there) {
      changed.push_back(part);
      continue;
    }
    part.stage = MirrorStage::kPlanned;
    part.generation.reset();
    part.crc32c.reset();
    changed.push_back(part);
  }
  for (const auto& [object, generation] : objects) {
    const auto key = destination.partition_of(table, object);
    if (!key) continue;
    const auto partition = key->directory(table);
    if (partition) doubtful.insert(*partition);
  }
  for (const std::string& partition : doubtful)
    changed.push_back({.destination = name_,
                       .table = name,
                       .partition = partition,
                       .part = std::string(kUnknownRows),
                       .date = first_day(table, partition),
                       .object = {},
                       .stage = MirrorStage::kVerified,
                       .planned_at = now,
                       .changed_at = now});
  count += doubtful.size();
  return {};
}

}  // namespace fm::google
