// The registry of roots and the calendar over it: the built-in ones, or those of a user's file.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "market/session.h"
#include "market/universe.h"

namespace fm::jobs {

class Registry {
 public:
  // An empty name is the built-in registry. Errors: kNotFound, kInvalidConfig with file and line.
  [[nodiscard]] static Result<Registry> load(Env& env, const std::string& universe_file);

  // Valid as long as this object, also after it was moved.
  [[nodiscard]] const market::Universe& universe() const { return *universe_; }
  [[nodiscard]] const market::Calendar& calendar() const { return *calendar_; }

 private:
  Registry() = default;

  std::unique_ptr<market::Universe> own_universe_;
  std::unique_ptr<market::Calendar> own_calendar_;
  const market::Universe* universe_ = nullptr;
  const market::Calendar* calendar_ = nullptr;
};

}  // namespace fm::jobs
