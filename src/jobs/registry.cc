#include "jobs/registry.h"

#include "market/builtin_registry.h"

namespace fm::jobs {

Result<Registry> Registry::load(Env& env, const std::string& universe_file) {
  Registry registry;
  if (universe_file.empty()) {
    registry.universe_ = &market::Universe::builtin();
    registry.calendar_ = &market::Calendar::builtin();
    return registry;
  }
  FM_ASSIGN(const std::string text, read_text(env, universe_file));
  FM_ASSIGN(auto universe, market::Universe::parse(text, universe_file));
  registry.own_universe_ = std::make_unique<market::Universe>(std::move(universe));
  registry.universe_ = registry.own_universe_.get();
  FM_ASSIGN(auto calendar, market::Calendar::parse(market::kSessionsYaml, "config/sessions.yaml",
                                                   *registry.universe_));
  registry.own_calendar_ = std::make_unique<market::Calendar>(std::move(calendar));
  registry.calendar_ = registry.own_calendar_.get();
  return registry;
}

}  // namespace fm::jobs
