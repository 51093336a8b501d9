// What an audit says beside the bars: backups, how long tables are kept, seams, and the cost of
// what is to be downloaded. Private to the audit.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "jobs/audit.h"
#include "lake/lake.h"
#include "quality/audit_report.h"

namespace fm::jobs {

// Errors: those of the state and the lake.
[[nodiscard]] Result<quality::BackupAccount> read_backup_account(Env& env,
                                                                 const std::string& state_dir);
[[nodiscard]] Result<std::vector<quality::KeptTable>> read_kept_tables(const lake::Lake& lake,
                                                                       const RetentionRules& rules);

// Has the vendor price each request; where it cannot be asked, or does not answer, costs stay
// absent and the report says why.
void ask_costs(Env& env, const AuditOptions& options, quality::AuditReport& report);

// For a terminal, each with its heading; empty where there is nothing to say.
[[nodiscard]] std::string accounts_text(const quality::AuditReport& report);
// Members of the report's object: "seams":[…],"retention":[…],"backup":{…}
[[nodiscard]] std::string accounts_json(const quality::AuditReport& report);
// Sections of the page. `html` escapes.
[[nodiscard]] std::string accounts_html(const quality::AuditReport& report,
                                        std::string (*html)(std::string_view));

// Lines of cells, every column as wide as its widest cell; the first `texts` columns to the left.
[[nodiscard]] std::string table_of(const std::vector<std::vector<std::string>>& lines,
                                   std::size_t texts);

}  // namespace fm::jobs
