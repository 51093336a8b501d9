#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "jobs/database.h"
#include "jobs/open_lake.h"
#include "jobs/retention.h"

namespace fm::cli {
namespace {

class RetentionCommand final : public Command {
 public:
  std::string_view name() const override { return "retention"; }
  std::string_view summary() const override {
    return "Remove rows from the lake that are older than the key `retention` says";
  }
  std::string_view examples() const override {
    return "  frontmonth retention --dry-run\n"
           "  frontmonth retention --keep candles_1s=400,futures_ohlcv_1m_live=90 --lake lake";
  }

  void declare(CLI::App& app, Context& context) override {
    add_config_option(app, context, "--lake", "lake", "DIR", "The lake");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Its state (default: beside the lake)");
    add_config_option(app, context, "--keep", "retention", "TABLE=DAYS,…",
                      "In place of the key `retention`");
    app.add_flag("--dry-run", dry_run_, "Only say what would go");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    jobs::RetentionOptions options;
    options.dry_run = dry_run_;
    FM_ASSIGN(options.rules, jobs::parse_retention(config.retention));
    FM_ASSIGN(const auto lake, open(context.env(), config));
    if (!options.rules.empty()) {
      FM_ASSIGN(const auto database,
                jobs::find_live_database(context.env(), context.sources().environment, config));
      if (database) {
        FM_ASSIGN(options.needed_from, jobs::needed_by_database(context.env(), *database));
      }
    }
    FM_ASSIGN(const jobs::RetentionReport report, jobs::apply_retention(*lake, options));
    FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report)));
    return ExitCode::kOk;
  }

 private:
  // Never makes a lake.
  Result<std::unique_ptr<lake::Lake>> open(Env& env, const jobs::Config& config) const {
    const auto info = env.info(config.lake);
    if (!info || !info->is_directory)
      return std::unexpected(
          Error(Code::kNotFound, fmt::format("{}: there is no lake", config.lake))
              .hint("Name it by --lake DIR or the key `lake`."));
    if (dry_run_) return lake::Lake::view(env, config.lake, {.state_dir = config.state_dir});
    return jobs::open_lake(env, {.directory = config.lake,
                                 .state_dir = config.state_dir,
                                 .keep_days = config.lake_keep_days});
  }

  bool dry_run_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> retention_command() { return std::make_unique<RetentionCommand>(); }

}  // namespace fm::cli
