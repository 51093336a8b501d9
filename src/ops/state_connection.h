// What State's calls share. Private to this room.
#pragma once

#include <cstdint>

#include "ops/sqlite.h"
#include "ops/state.h"

namespace fm::ops {

struct State::Connection {
  Env& env;
  Sqlite sqlite;
};

[[nodiscard]] inline std::int64_t microseconds(Nanos time) {
  return static_cast<std::int64_t>(time / 1'000);
}
[[nodiscard]] inline Nanos nanoseconds(std::int64_t microseconds) {
  return static_cast<Nanos>(microseconds) * 1'000;
}
[[nodiscard]] inline std::int64_t day_of(Nanos time) {
  return Date::of_second(second_of(time)).days_since_1970();
}

}  // namespace fm::ops
