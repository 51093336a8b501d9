// What the routes share. Private to this room.
#pragma once

#include <memory>

#include "base/env.h"
#include "jobs/lake_health.h"
#include "jobs/registry.h"
#include "lake/lake.h"
#include "server/access.h"
#include "server/coverage.h"
#include "server/lake_index.h"
#include "server/request_figures.h"
#include "server/response_cache.h"
#include "server/row_hub.h"
#include "server/server.h"
#include "server/sql_service.h"

namespace fm::server {

struct Context {
  Context(Env& environment, ServerOptions the_options, Sources the_sources,
          jobs::Registry the_registry, std::unique_ptr<lake::Lake> the_lake,
          std::unique_ptr<Access> the_access)
      : env(environment),
        options(std::move(the_options)),
        sources(std::move(the_sources)),
        registry(std::move(the_registry)),
        lake(std::move(the_lake)),
        index(*lake),
        own_rows(sources.rows == nullptr ? std::make_unique<RowHub>(env) : nullptr),
        rows(sources.rows == nullptr ? own_rows.get() : sources.rows),
        lake_health(sources.health == nullptr
                        ? std::make_unique<jobs::LakeHealth>(
                              env, jobs::LakeHealthOptions{.lake = options.lake,
                                                           .state_dir = options.state_dir,
                                                           .universe_file = options.universe_file})
                        : nullptr),
        sql(env, *lake, options.query),
        access(std::move(the_access)),
        cache(options.cache_bytes_max),
        started(env.now()),
        started_monotonic(env.monotonic()) {}

  [[nodiscard]] const jobs::HealthSource& health() const {
    return sources.health != nullptr ? *sources.health : *lake_health;
  }

  Env& env;
  const ServerOptions options;
  const Sources sources;
  const jobs::Registry registry;
  const std::unique_ptr<lake::Lake> lake;
  LakeIndex index;
  const std::unique_ptr<RowHub> own_rows;  // where no feed runs in this process
  RowHub* const rows;
  const std::unique_ptr<jobs::LakeHealth> lake_health;  // where no other source of health is there
  SqlService sql;
  const std::unique_ptr<Access> access;
  ResponseCache cache;
  std::unique_ptr<CoverageBook> coverage;
  RequestFigures figures;
  const Nanos started;
  const Nanos started_monotonic;
};

}  // namespace fm::server
