#include "jobs/feed_places.h"

#include "base/hash.h"
#include "jobs/candles_run.h"
#include "jobs/open_lake.h"

namespace fm::jobs {

Result<FeedPlaces> FeedPlaces::open(Env& env, const FeedPlacesOptions& options) {
  CandlesOptions candles;
  candles.lake = options.lake;
  candles.warmup_seconds = options.warmup_seconds;
  candles.front_month = options.front_month;
  FM_ASSIGN(const candles::EngineOptions engine, engine_options(candles));
  FM_ASSIGN(Registry registry, Registry::load(env, options.universe_file));

  FM_ASSIGN(auto lake, open_lake(env, {.directory = options.lake,
                                       .state_dir = options.state_dir,
                                       .keep_days = options.keep_days}));
  const std::string& state_dir = lake->state_dir();

  CaptureSource log;
  log.directory = capture_directory(state_dir, options.dataset);
  FM_ASSIGN(log.parameters, parameters_json(env, engine, options.universe_file));
  log.parameters_hash = hash_of(log.parameters).hex();
  const std::string quarantine = fmt::format("{}/quarantine/live/{}", state_dir, options.dataset);
  return FeedPlaces{.registry = std::move(registry),
                    .engine = engine,
                    .lake = std::move(lake),
                    .log = std::move(log),
                    .state_file = ops::state_file(state_dir),
                    .quarantine_directory = quarantine};
}

LakeSinkOptions FeedPlaces::sink_options(Env& env, ops::State& state) const {
  return {.env = env,
          .lake = *lake,
          .state = state,
          .universe = registry.universe(),
          .calendar = registry.calendar(),
          .engine = engine,
          .log = log,
          .quarantine_directory = quarantine_directory};
}

std::string capture_directory(const std::string& state_dir, std::string_view dataset) {
  return fmt::format("{}/capture/{}", state_dir, dataset);
}

}  // namespace fm::jobs
