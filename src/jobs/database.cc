#include "jobs/database.h"

#include "jobs/schema_job.h"
#include "postgres/schema.h"

namespace fm::jobs {
namespace {

// Making indexes on tables of a user takes as long as it takes.
constexpr Nanos kNoLimit = 0;

}  // namespace

Result<FoundSecret> find_database(Env& env, const Variables& variables, const Config& config) {
  FM_ASSIGN(FoundSecret found, find_secret(env, variables,
                                           {.name = "database_url",
                                            .variable = "DATABASE_URL",
                                            .file = config.postgres.url_file}));
  FM_TRY_IN(postgres::check_uri(found.secret), found.place);
  return found;
}

Result<std::optional<Secret>> find_live_database(Env& env, const Variables& variables,
                                                 const Config& config) {
  if (config.postgres.live == "off") return std::optional<Secret>();
  auto found = find_database(env, variables, config);
  if (found) return std::optional<Secret>(std::move(found->secret));
  const bool is_wanted = config.postgres.live == "on" || !config.postgres.url_file.empty();
  if (found.error().code() == Code::kNotFound && !is_wanted) return std::optional<Secret>();
  return std::unexpected(std::move(found).error());
}

Result<std::vector<std::string>> apply_schema(Env& env, const Secret& uri,
                                              const ApplySchemaOptions& options) {
  FM_ASSIGN(const std::vector<const table::Table*> tables, chosen_tables(options.table));
  FM_ASSIGN(auto db, postgres::Connection::open(env, uri, {.statement_timeout = kNoLimit}));
  FM_ASSIGN(std::vector<std::string> changes, postgres::migrate(db, tables));
  const Date today = Date::of_second(second_of(env.now()));
  for (const table::Table* table : tables) {
    if (options.months_ahead == 0) break;
    FM_ASSIGN(const std::vector<std::string> made,
              postgres::make_partitions_ahead(db, *table, today, options.months_ahead));
    changes.insert(changes.end(), made.begin(), made.end());
  }
  return changes;
}

}  // namespace fm::jobs
