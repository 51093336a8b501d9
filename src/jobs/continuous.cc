#include "jobs/continuous.h"

#include <algorithm>
#include <set>

#include "bars/sources.h"
#include "base/json_text.h"
#include "jobs/registry.h"
#include "ops/state.h"
#include "table/catalogue.h"

namespace fm::jobs {
namespace {

constexpr double kNanosPerSecondAsDouble = 1e9;

Result<std::vector<bars::RollRule>> rules_of(const ContinuousOptions& options) {
  std::vector<bars::RollRule> rules;
  for (const std::string& text : options.rules) {
    auto rule = bars::parse_roll_rule(text);
    if (!rule) return std::unexpected(std::move(rule).error().in("--rule"));
    for (const int rank : options.ranks) {
      if (rank < 0 || rank > bars::kRollRankMax)
        return fail(Code::kInvalidArgument, "--rank: found {}, expected 0 to {}", rank,
                    bars::kRollRankMax);
      if (rule->is_forward() && rank > 0)
        return fail(Code::kInvalidArgument, "--rank: {} has rank 0 alone, found {}", text, rank);
      rule->rank = rank;
      rules.push_back(*rule);
    }
  }
  return rules;
}

Result<std::vector<std::string>> roots_with_days(const lake::Lake& lake,
                                                 const std::vector<std::string>& wanted) {
  if (!wanted.empty()) return wanted;
  FM_ASSIGN(const auto manifests, lake.partitions(table::databento_futures_ohlcv_1d()));
  std::set<std::string> roots;
  for (const lake::Manifest& manifest : manifests) roots.insert(bars::root_of(manifest));
  if (roots.empty())
    return std::unexpected(
        Error(Code::kNotFound, "there are no day bars in the lake")
            .hint(
                "`frontmonth load` brings bars into it, `frontmonth rollup` makes days of them."));
  return std::vector<std::string>{roots.begin(), roots.end()};
}

// Facts that are missing, as against a disk or a lake that fails.
bool is_refusal(const Error& error) { return error.code() == Code::kNotFound; }

class ContinuousRun {
 public:
  ContinuousRun(lake::Lake& lake, const Registry& registry, const ContinuousOptions& options,
                std::vector<bars::RollRule> rules, Progress& progress, ContinuousJobReport& report)
      : lake_(lake),
        registry_(registry),
        options_(options),
        rules_(std::move(rules)),
        progress_(progress),
        report_(report) {}

  Status all() {
    FM_ASSIGN(const auto roots, roots_with_days(lake_, options_.roots));
    FM_ASSIGN(const auto expirations, bars::read_expirations(lake_));
    for (const std::string& root : roots) {
      const auto known = expirations.find(root);
      FM_TRY(one(root, known != expirations.end() ? known->second : bars::Expirations{}));
    }
    return {};
  }

 private:
  Status one(const std::string& root, const bars::Expirations& expirations) {
    bars::ContinuousRequest request;
    request.root = root;
    request.facts = registry_.universe().find(root);
    request.rules = rules_;
    request.only_these = options_.replace;
    request.dry_run = options_.place.dry_run;
    request.wants = [&](const table::Table& table) {
      return options_.tables.empty() ||
             std::ranges::find(options_.tables, table.name) != options_.tables.end();
    };
    auto made = bars::make_continuous(lake_, registry_.calendar(), expirations, request);
    if (!made) {
      if (!is_refusal(made.error())) return std::unexpected(std::move(made).error().in(root));
      report_.refused.push_back({root, made.error().message(), made.error().advice()});
      return {};
    }
    report_.series.insert(report_.series.end(), made->series.begin(), made->series.end());
    for (const bars::MadePartition& partition : made->partitions) {
      report_.partitions.push_back(
          {fmt::format("{}.{}", partition.table->dataset, partition.table->name), root,
           std::to_string(partition.year), partition.rows, partition.changed});
      point_.rows_out += partition.rows;
    }
    point_.stage = "rolling";
    point_.records += 1;
    progress_.at(point_);
    return {};
  }

  lake::Lake& lake_;
  const Registry& registry_;
  const ContinuousOptions& options_;
  std::vector<bars::RollRule> rules_;
  Progress& progress_;
  ContinuousJobReport& report_;
  ProgressPoint point_;
};

std::string parameters_of(const std::vector<bars::RollRule>& rules) {
  std::string list;
  for (const bars::RollRule& rule : rules)
    list += fmt::format("{}\"{}.{}\"", list.empty() ? "" : ",", bars::name(rule), rule.rank);
  return fmt::format("{{\"rules\":[{}]}}", list);
}

}  // namespace

std::vector<std::string_view> continuous_table_names() {
  std::vector<std::string_view> names;
  for (const table::Table* table : bars::continuous_tables()) names.push_back(table->name);
  return names;
}

Result<ContinuousJobReport> run_continuous(Env& env, const ContinuousOptions& options,
                                           Progress& progress) {
  const Nanos start = env.monotonic();
  FM_TRY(check_tables(options.tables, continuous_table_names()));
  FM_ASSIGN(const auto rules, rules_of(options));
  FM_ASSIGN(const Registry registry, Registry::load(env, options.universe_file));
  FM_ASSIGN(const DerivedLake opened, open_derived(env, options.place));
  ContinuousJobReport report;
  report.dry_run = options.place.dry_run;
  ContinuousRun run(*opened.lake, registry, options, rules, progress, report);
  if (options.place.dry_run) {
    FM_TRY(run.all());
    return report;
  }
  FM_ASSIGN(ops::State state, ops::State::open(env, ops::state_file(opened.lake->state_dir())));
  FM_ASSIGN(const std::string run_id,
            state.begin_run({.job = "continuous", .parameters_json = parameters_of(rules)}));
  const Status made = run.all();
  ops::RunEnd end;
  std::uint64_t rows = 0;
  for (const DerivedPartition& partition : report.partitions) rows += partition.rows;
  end.rows_processed = static_cast<std::int64_t>(rows);
  if (!made)
    end.error_message = made.error().message();
  else if (!report.refused.empty())
    end.error_message = fmt::format("{} roots refused", report.refused.size());
  const Status finished = state.finish_run(run_id, end);
  FM_TRY(Status(made));
  FM_TRY(Status(finished));
  report.seconds = static_cast<double>(env.monotonic() - start) / kNanosPerSecondAsDouble;
  return report;
}

std::string to_text(const ContinuousJobReport& report) {
  std::string out;
  for (const bars::SeriesReport& series : report.series) {
    out +=
        fmt::format("{:<20} {:>6} dates {:>4} rolls", series.cont_id, series.dates, series.rolls);
    if (series.dates_without_bar > 0)
      out += fmt::format("; no bar on {} dates", series.dates_without_bar);
    if (series.dates_without_choice > 0)
      out += fmt::format("; no contract on {} dates", series.dates_without_choice);
    if (series.rolls_without_gap > 0)
      out += fmt::format("; {} rolls without a common close: adjusted series begin behind them",
                         series.rolls_without_gap);
    out += '\n';
  }
  out += partitions_text(report.partitions, report.dry_run);
  for (const RefusedRoot& refused : report.refused) {
    out += fmt::format("refused {}\n", refused.why);
    if (!refused.advice.empty()) out += fmt::format("  {}\n", refused.advice);
  }
  return out;
}

std::string to_json(const ContinuousJobReport& report) {
  std::string out = fmt::format("{{\"dry_run\":{},\"seconds\":{:.3f},\"series\":[", report.dry_run,
                                report.seconds);
  for (const bars::SeriesReport& series : report.series)
    out += fmt::format(
        "{}{{\"cont_id\":{},\"dates\":{},\"rolls\":{},\"dates_without_bar\":{},"
        "\"dates_without_choice\":{},\"rolls_without_gap\":{}}}",
        out.back() == '[' ? "" : ",", json_quoted(series.cont_id), series.dates, series.rolls,
        series.dates_without_bar, series.dates_without_choice, series.rolls_without_gap);
  out += fmt::format("],\"partitions\":{},\"refused\":[", partitions_json(report.partitions));
  for (const RefusedRoot& refused : report.refused)
    out += fmt::format("{}{{\"root\":{},\"why\":{}}}", out.back() == '[' ? "" : ",",
                       json_quoted(refused.root), json_quoted(refused.why));
  return out + "]}\n";
}

}  // namespace fm::jobs
