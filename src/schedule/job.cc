#include "schedule/job.h"

#include <algorithm>

namespace fm::schedule {
namespace {

Status check_command(const jobs::JobConfig& config) {
  const std::string& verb = config.run.front();
  const bool ends = std::ranges::find(config.run, "--once") != config.run.end() ||
                    std::ranges::find(config.run, "--until-end") != config.run.end();
  const bool endless =
      verb == "up" || ((verb == "live" || verb == "poll" || verb == "replay") && !ends);
  if (!endless) return {};
  return std::unexpected(
      Error(Code::kInvalidConfig,
            fmt::format("{}: {}: '{}' does not end by itself, so that it cannot be a job",
                        config.place, config.name, verb))
          .hint("A feed belongs in the sections databento, live and poll; a job that polls once is "
                "`poll --once`."));
}

}  // namespace

Result<std::vector<Job>> make_jobs(const std::vector<jobs::JobConfig>& configs) {
  std::vector<Job> made;
  made.reserve(configs.size());
  for (const jobs::JobConfig& config : configs) {
    const auto place = [&](const Error& error) {
      return std::unexpected(Error(Code::kInvalidConfig, fmt::format("{}: {}: {}", config.place,
                                                                     config.name, error.message()))
                                 .hint(error.advice()));
    };
    FM_TRY(check_command(config));
    auto zone = Zone::find(config.timezone);
    if (!zone) return place(zone.error());
    auto cron = Cron::parse(config.at, *std::move(zone));
    if (!cron) return place(cron.error());
    made.push_back({.config = config, .cron = *std::move(cron)});
  }
  return made;
}

}  // namespace fm::schedule
