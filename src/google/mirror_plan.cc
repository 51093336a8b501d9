#include "google/mirror_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace fm::google {
namespace {

using ops::MirrorStage;

bool is_in_copy(const ops::MirrorPart& part) {
  return part.stage == MirrorStage::kLoaded || part.stage == MirrorStage::kVerified;
}

bool is_under_way(const ops::MirrorPart& part) { return part.batch_id && !is_in_copy(part); }

bool has(const lake::Manifest& manifest, std::string_view part) {
  return std::ranges::any_of(manifest.files,
                             [&](const lake::DataFile& file) { return file.name == part; });
}

}  // namespace

PartitionPlan plan_partition(const lake::Manifest& manifest, std::span<const ops::MirrorPart> known,
                             bool copy_is_ours) {
  PartitionPlan plan;
  std::map<std::string_view, const ops::MirrorPart*> active;
  for (const ops::MirrorPart& part : known) {
    if (part.stage == MirrorStage::kSuperseded) continue;
    if (is_under_way(part)) plan.wait = true;
    active.emplace(part.part, &part);
  }
  if (plan.wait) return plan;

  // Rows that the copy has and the partition may not.
  std::map<std::string_view, const ops::MirrorPart*> gone;
  bool any_in_copy = false;
  for (const auto& [name, part] : active) {
    any_in_copy = any_in_copy || is_in_copy(*part);
    if (has(manifest, name)) continue;
    if (is_in_copy(*part)) {
      gone.emplace(name, part);
    } else {
      plan.dropped.push_back(*part);
    }
  }
  // A merged part stands for its predecessors only where the copy has the rows of all of them.
  for (const lake::DataFile& file : manifest.files) {
    const auto held = active.find(file.name);
    if (held == active.end()) plan.fresh.push_back(file);
    if (held != active.end() && is_in_copy(*held->second)) continue;
    const auto& from = file.merged_from;
    const bool is_there = !from.empty() && std::ranges::all_of(from, [&](const std::string& name) {
      return gone.contains(name);
    });
    (is_there ? plan.adopted : plan.append).push_back(file.name);
    if (!is_there) continue;
    for (const std::string& name : from) {
      plan.merged.push_back(*gone.at(name));
      gone.erase(name);
    }
  }
  plan.correct = !gone.empty() || (!copy_is_ours && !any_in_copy && !manifest.files.empty());
  if (plan.correct) {
    plan.adopted.clear();
    plan.merged.clear();
    plan.append.clear();
  }
  return plan;
}

}  // namespace fm::google
