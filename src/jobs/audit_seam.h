// Where live bars follow historical ones.
#pragma once

#include "base/error.h"
#include "lake/lake.h"
#include "market/session.h"
#include "quality/audit_report.h"

namespace fm::jobs {

// Adds to the series of the live bars where they differ from the historical ones on the dates that
// both have, and which trade dates neither has between them; says what was compared. Nothing is
// compared where one of them is missing.
// Errors: those of the lake.
[[nodiscard]] Result<quality::Seam> note_seam(const lake::Lake& lake,
                                              const market::Calendar& calendar,
                                              const table::Table& live, const table::Table& history,
                                              quality::SeriesReport& series);

}  // namespace fm::jobs
