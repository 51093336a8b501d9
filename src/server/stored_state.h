// ops.sqlite, where there is one. Private to this room.
#pragma once

#include <optional>

#include "base/error.h"
#include "ops/state.h"
#include "server/context.h"

namespace fm::server {

// Nothing where no job has made it yet. A connection of the caller's own.
[[nodiscard]] inline Result<std::optional<ops::State>> open_state(Context& context) {
  auto state = ops::State::open_to_read(context.env, ops::state_file(context.lake->state_dir()));
  if (state) return std::optional<ops::State>(*std::move(state));
  if (state.error().code() == Code::kNotFound) return std::nullopt;
  return std::unexpected(std::move(state).error());
}

}  // namespace fm::server
