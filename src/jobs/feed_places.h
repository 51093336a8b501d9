// Where a live feed's records and rows lie, and how its rows are made: what `live`, `repair` and
// `reconcile` have in common.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "candles/engine.h"
#include "jobs/capture_start.h"
#include "jobs/lake_sink.h"
#include "jobs/registry.h"
#include "lake/lake.h"
#include "ops/state.h"

namespace fm::jobs {

struct FeedPlacesOptions {
  std::string lake;
  std::string state_dir;       // empty: beside the lake
  std::int64_t keep_days = 0;  // see LakePlace
  std::string universe_file;
  std::string dataset;
  int warmup_seconds = 60;
  std::string front_month;  // a rule's name; empty = the default rule
};

struct FeedPlaces {
  Registry registry;
  candles::EngineOptions engine;
  std::unique_ptr<lake::Lake> lake;
  CaptureSource log;
  std::string state_file;
  std::string quarantine_directory;

  // Makes the lake and the state folder where they are missing. Errors: kInvalidArgument,
  // kInvalidConfig; those of the lake.
  [[nodiscard]] static Result<FeedPlaces> open(Env& env, const FeedPlacesOptions& options);
  // What is returned points into this object.
  [[nodiscard]] LakeSinkOptions sink_options(Env& env, ops::State& state) const;
};

// STATE_DIR/capture/DATASET
[[nodiscard]] std::string capture_directory(const std::string& state_dir, std::string_view dataset);

}  // namespace fm::jobs
