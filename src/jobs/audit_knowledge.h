// What ops.sqlite and the status records know of times without bars. Private to the audit.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "lake/lake.h"
#include "quality/file_ranges.h"
#include "quality/knowledge.h"

namespace fm::jobs {

struct AuditKnowledge {
  bool has_state = false;  // ops.sqlite was there to ask
  std::vector<quality::FileRange> files;
  std::vector<quality::Interval> degraded;
  std::vector<quality::Interval> missing;   // at the vendor
  std::vector<quality::Interval> lost;      // gaps of the feed that were not
  std::vector<quality::Interval> repaired;  // those that were filled
  std::map<std::string, std::vector<quality::Interval>, std::less<>> halts;  // by root, with status

  // Of a schema's bars; an empty schema has no files.
  [[nodiscard]] quality::Knowledge of(std::string_view root, std::string_view schema) const;
};

// Errors: those of the lake and the state.
[[nodiscard]] Result<AuditKnowledge> read_audit_knowledge(Env& env, const lake::Lake& lake,
                                                          const std::string& state_dir,
                                                          std::string_view dataset);

}  // namespace fm::jobs
