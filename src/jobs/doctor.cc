#include "jobs/doctor.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/json_text.h"
#include "base/yaml.h"
#include "jobs/doctor_checks.h"

namespace fm::jobs {
namespace {

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood:
      return "good";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kProblem:
      return "problem";
  }
  FM_ASSERT(false);
}

std::string keys_set(const Config& config) {
  std::string set;
  for (const auto& key : config_keys()) {
    if (config.is_default(key.path)) continue;
    const auto origin = config.origin.at(std::string(key.path));
    const auto* const from = origin == Config::Origin::kFile          ? "file"
                             : origin == Config::Origin::kEnvironment ? "environment"
                                                                      : "flag";
    set += fmt::format("{}{} ({})", set.empty() ? "" : ", ", key.path, from);
  }
  return set.empty() ? "all keys at their defaults" : "set: " + set;
}

Config examine_configuration(Env& env, const ConfigSources& sources, DoctorReport& report) {
  if (auto config = load_config(env, sources)) {
    report.findings.push_back(
        {Verdict::kGood, "configuration",
         fmt::format("{}; {}", config->file.empty() ? "no file" : config->file, keys_set(*config)),
         ""});
    return *config;
  } else {
    report.findings.push_back(
        {Verdict::kProblem, "configuration", config.error().message(),
         config.error().advice().empty() ? "Mend that line." : config.error().advice()});
  }
  // /dev/null is a configuration that says nothing.
  auto defaults = load_config(env, {"/dev/null", {}, {}});
  FM_ASSERT(defaults);
  return *defaults;
}

// A misspelt variable would silently do nothing.
void examine_variables(const ConfigSources& sources, DoctorReport& report) {
  std::vector<std::string> known;
  for (const auto& key : config_keys()) known.push_back(environment_name(key.path));
  for (const auto& [variable, text] : sources.environment) {
    if (!variable.starts_with("FRONTMONTH_") || std::ranges::find(known, variable) != known.end())
      continue;
    const std::vector<std::string_view> views(known.begin(), known.end());
    const auto close = nearest(variable, views);
    report.findings.push_back({Verdict::kWarning, "environment",
                               fmt::format("{} is no variable that is read here", variable),
                               close ? fmt::format("Perhaps {} was meant.", *close) : "Unset it."});
  }
}

}  // namespace

bool DoctorReport::healthy() const {
  return std::ranges::none_of(findings,
                              [](const Finding& f) { return f.verdict == Verdict::kProblem; });
}

DoctorReport examine(Env& env, const ConfigSources& sources) {
  DoctorReport report;
  examine_libraries(env, report);
  const Config config = examine_configuration(env, sources, report);
  examine_variables(sources, report);
  examine_universe(env, config, report);
  examine_time_zones(report);
  examine_folder(env, "lake", config.lake, true, report);
  examine_folder(env, "state folder", config.state_dir, false, report);
  examine_state(env, config, report);
  examine_database(env, sources.environment, config, report);
  examine_clock(env, config, report);
  examine_cloud(env, sources.environment, config, report);
  return report;
}

std::string to_text(const DoctorReport& report) {
  std::size_t width = 0;
  for (const auto& finding : report.findings) width = std::max(width, finding.subject.size());
  std::string out;
  for (const auto& finding : report.findings) {
    out += fmt::format("{:<8} {:<{}}  {}\n", name(finding.verdict), finding.subject, width,
                       finding.found);
    if (!finding.mend.empty())
      out += fmt::format("{:<8} {:<{}}  -> {}\n", "", "", width, finding.mend);
  }
  const auto count = [&](Verdict verdict) {
    return std::ranges::count(report.findings, verdict, &Finding::verdict);
  };
  return out + fmt::format("\n{} good, {} to look at, {} to mend\n", count(Verdict::kGood),
                           count(Verdict::kWarning), count(Verdict::kProblem));
}

std::string to_json(const DoctorReport& report) {
  std::string findings;
  for (const auto& finding : report.findings) {
    findings += fmt::format("{}\n{{\"verdict\":{},\"subject\":{},\"found\":{},\"mend\":{}}}",
                            findings.empty() ? "" : ",", json_quoted(name(finding.verdict)),
                            json_quoted(finding.subject), json_quoted(finding.found),
                            json_quoted(finding.mend));
  }
  return fmt::format("{{\"healthy\":{},\"findings\":[{}\n]}}\n", report.healthy(), findings);
}

}  // namespace fm::jobs
