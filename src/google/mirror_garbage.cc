// What the mirror leaves behind, and removing it.
#include <set>

#include "google/mirror.h"

namespace fm::google {

using ops::MirrorPart;
using ops::MirrorStage;
using table::Table;

// A thousand at a time, so that a cycle stays short.
Status Mirror::remove_superseded() {
  constexpr std::uint64_t kObjectsMax = 1'000;
  const Nanos now = env_->now();
  FM_ASSIGN(const auto parts,
            state_->mirror_parts({.destination = name_,
                                  .stage = MirrorStage::kSuperseded,
                                  .changed_before = now > kObjectGrace ? now - kObjectGrace : 0,
                                  .parts_max = kObjectsMax}));
  std::vector<MirrorPart> removed;
  for (const MirrorPart& part : parts) {
    if (is_stopped()) break;
    if (part.generation) {
      const auto gone = storage_->remove({part.object, *part.generation, part.bytes, {}});
      if (!gone) {
        problem(part.table, gone.error());
        break;
      }
      report_.objects_removed += *gone ? 1 : 0;
    }
    removed.push_back(part);
  }
  return state_->remove_mirror(removed);
}

Result<GarbageReport> Mirror::collect_garbage() {
  GarbageReport report;
  for (const Table* const table : options_.tables) {
    const std::string folder = options_.destination.folder_of(*table);
    FM_ASSIGN(const auto known,
              state_->mirror_parts({.destination = name_,
                                    .table = fmt::format("{}.{}", table->dataset, table->name)}));
    const std::string owner = options_.destination.owner_object();
    std::set<std::string_view> wanted{owner};
    for (const MirrorPart& part : known)
      if (part.stage != MirrorStage::kSuperseded) wanted.insert(part.object);
    FM_TRY(storage_->list(folder, [&](const std::vector<Object>& objects) -> Status {
      for (const Object& object : objects) {
        ++report.objects_seen;
        if (wanted.contains(object.name)) continue;
        FM_ASSIGN(const bool removed, storage_->remove(object));
        if (!removed) continue;
        ++report.objects_removed;
        report.bytes_removed += object.bytes;
      }
      return {};
    }));
    std::vector<MirrorPart> over;
    for (const MirrorPart& part : known)
      if (part.stage == MirrorStage::kSuperseded) over.push_back(part);
    FM_TRY(state_->remove_mirror(over));
  }
  return report;
}

}  // namespace fm::google
