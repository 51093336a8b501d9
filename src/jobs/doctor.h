// `frontmonth doctor`: looks at everything a job needs, and says how to mend what is not right.
// Leaves nothing behind.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "jobs/config.h"

namespace fm::jobs {

enum class Verdict {
  kGood,
  kWarning,  // works, and deserves a look
  kProblem,  // some job will fail
};

struct Finding {
  Verdict verdict = Verdict::kGood;
  std::string subject;  // "configuration"
  std::string found;    // "frontmonth.yaml, 3 keys set"
  std::string mend;     // what to do; empty when all is good
};

struct DoctorReport {
  std::vector<Finding> findings;
  [[nodiscard]] bool healthy() const;  // no problem; warnings may be
};

// Never fails itself: what cannot be looked at is a finding. A configuration that cannot be read is
// a problem, and the rest is then looked at with the defaults.
[[nodiscard]] DoctorReport examine(Env& env, const ConfigSources& sources);

// One line per finding, and what to do indented below it.
[[nodiscard]] std::string to_text(const DoctorReport& report);
[[nodiscard]] std::string to_json(const DoctorReport& report);

}  // namespace fm::jobs
