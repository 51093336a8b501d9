// What the mirror has to do about one partition of the lake. Pure: no clock, no service.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lake/manifest.h"
#include "ops/mirror_state.h"

namespace fm::google {

struct PartitionPlan {
  // A batch that holds parts of the partition is under way: ask again when it is done. Nothing else
  // is said then.
  bool wait = false;
  // Parts of the partition that the mirror does not know yet.
  std::vector<lake::DataFile> fresh;
  // Parts that the partition no longer has and that never got into the copy.
  std::vector<ops::MirrorPart> dropped;
  // The copy holds rows that the partition does not have, or rows of somebody else: all of it must
  // be made equal.
  bool correct = false;
  // Otherwise: parts whose rows the copy has already, as those of the parts they were merged from.
  std::vector<std::string> adopted;
  std::vector<ops::MirrorPart> merged;  // these
  // And parts whose rows are to be added.
  std::vector<std::string> append;
  // Nothing is to be done.
  [[nodiscard]] bool is_done() const {
    return !wait && !correct && fresh.empty() && dropped.empty() && adopted.empty() &&
           append.empty();
  }
};

// `known` are the partition's parts as the mirror has them, superseded ones too. `copy_is_ours`:
// the copy holds no rows of the table that this mirror did not bring; where it may, a partition of
// which nothing is known is corrected.
[[nodiscard]] PartitionPlan plan_partition(const lake::Manifest& manifest,
                                           std::span<const ops::MirrorPart> known,
                                           bool copy_is_ours);

}  // namespace fm::google
