// What the routes share. Private to this room.
#pragma once

#include <memory>

#include "base/env.h"
#include "jobs/registry.h"
#include "lake/lake.h"
#include "server/lake_index.h"
#include "server/server.h"

namespace fm::server {

struct Context {
  Context(Env& environment, ServerOptions the_options, Sources the_sources,
          jobs::Registry the_registry, std::unique_ptr<lake::Lake> the_lake)
      : env(environment),
        options(std::move(the_options)),
        sources(std::move(the_sources)),
        registry(std::move(the_registry)),
        lake(std::move(the_lake)),
        index(*lake),
        started(env.now()),
        started_monotonic(env.monotonic()) {}

  Env& env;
  const ServerOptions options;
  const Sources sources;
  const jobs::Registry registry;
  const std::unique_ptr<lake::Lake> lake;
  LakeIndex index;
  const Nanos started;
  const Nanos started_monotonic;
};

}  // namespace fm::server
