// The PostgreSQL database of a user, found and opened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "base/secret.h"
#include "jobs/config.h"
#include "postgres/connection.h"

namespace fm::jobs {

// The connection URI: postgres.url_file, the systemd credential database_url, DATABASE_URL, the
// keychain. Errors: kNotFound with every place that was looked at; kInvalidArgument for what is no
// URI; kPermission.
[[nodiscard]] Result<FoundSecret> find_database(Env& env, const Variables& variables,
                                                const Config& config);
// For `frontmonth live`: nothing where postgres.live says so, or it is auto and nothing is found.
[[nodiscard]] Result<std::optional<Secret>> find_live_database(Env& env, const Variables& variables,
                                                               const Config& config);

struct ApplySchemaOptions {
  std::optional<std::string> table;  // none: every one
  int months_ahead = 0;              // partitions for this month and so many behind it
};
inline constexpr int kMonthsAheadMax = 120;

// Makes what is missing in the database; says what was done. Errors: those of
// postgres::migrate(); kNotFound for an unknown table.
[[nodiscard]] Result<std::vector<std::string>> apply_schema(Env& env, const Secret& uri,
                                                            const ApplySchemaOptions& options);

}  // namespace fm::jobs
