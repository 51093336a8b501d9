#include <CLI/CLI.hpp>

#include "base/log.h"
#include "base/secret.h"
#include "base/signals.h"
#include "cli/command.h"
#include "jobs/database.h"
#include "jobs/mirror_follower.h"
#include "jobs/poll.h"

namespace fm::cli {
namespace {

constexpr std::int64_t kIntervalMax = 86'400;      // seconds
constexpr std::int64_t kLookbackMax = 30 * 1'440;  // minutes
constexpr double kPercent = 100;

class PollCommand final : public Command {
 public:
  std::string_view name() const override { return "poll"; }
  std::string_view summary() const override {
    return "Fetch one-minute bars again and again, corrections included, into the lake";
  }
  std::string_view examples() const override {
    return "  frontmonth poll --roots ES,ZL,CL --lake lake\n"
           "  frontmonth poll --roots ES --lookback 1440 --once --json";
  }

  void declare(CLI::App& app, Context& context) override {
    app.add_option("--roots", roots_, "Whose outright contracts: ES,ZL,CL")
        ->required()
        ->type_name("ROOTS");
    app.add_option("--interval", interval_, "Seconds between polls (default: 60); 0: poll once")
        ->type_name("SECONDS")
        ->check(CLI::Range(std::int64_t{0}, kIntervalMax));
    app.add_option(
           "--lookback", lookback_,
           "Minutes that every poll reads again, before the newest stored bar (default: 30)")
        ->type_name("MINUTES")
        ->check(CLI::Range(std::int64_t{1}, kLookbackMax));
    app.add_flag("--once", once_, "Poll once and end");
    app.add_option("--outlier", outlier_,
                   "Leave out a close this far from the last one, unless the next bar confirms it "
                   "(default: 20)")
        ->type_name("PERCENT")
        ->check(CLI::PositiveNumber);
    add_config_option(app, context, "--lake", "lake", "DIR", "Where the bars go");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where the quarantine lies (default: beside the lake)");
    add_config_option(app, context, "--dataset", "databento.dataset", "NAME",
                      "GLBX.MDP3 (default)");
    add_config_option(app, context, "--key-file", "databento.key_file", "FILE",
                      "The API key, in a file of mode 0600");
    add_config_option(app, context, "--url", "databento.historical_url", "URL",
                      "Another historical service, such as `frontmonth replay --http-port`");
    add_config_flag(app, context, "--mirror-bq", "google.mirror",
                    "Keep Cloud Storage and BigQuery up to date, too");
    add_cloud_options(app, context);
    add_config_option(app, context, "--gcs-bucket", "google.bucket", "NAME",
                      "With --mirror-bq: the bucket");
    app.add_option("--gcs-prefix", prefix_,
                   "With --mirror-bq: what the bars' objects begin with, used as it is, such as "
                   "market_data/futures_ohlcv_1m_live")
        ->type_name("PREFIX");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    jobs::PollOptions options;
    FM_ASSIGN(options.roots, jobs::parse_roots(roots_));
    options.service.url = config.databento.historical_url;
    options.lake = config.lake;
    options.state_dir = config.state_dir;
    options.keep_days = config.lake_keep_days;
    options.universe_file = config.universe;
    FM_ASSIGN(options.retention, jobs::parse_retention(config.retention));
    std::optional<Secret> database;
    if (!options.retention.empty()) {
      FM_ASSIGN(database,
                jobs::find_live_database(context.env(), context.sources().environment, config));
      options.database = database ? &*database : nullptr;
    }
    options.dataset = config.databento.dataset;
    options.interval = static_cast<Nanos>(interval_) * kNanosPerSecond;
    options.lookback = static_cast<Nanos>(lookback_ * kSecondsPerMinute) * kNanosPerSecond;
    options.outlier_limit = outlier_ / kPercent;
    options.once = once_ || interval_ == 0;
    FM_ASSIGN(const FoundSecret key, find_secret(context.env(), context.sources().environment,
                                                 {.name = "databento_api_key",
                                                  .variable = "DATABENTO_API_KEY",
                                                  .file = config.databento.key_file}));
    // What a service writes is its log.
    if (!options.once && config.is_default("log.level"))
      start_logging(LogLevel::kInfo, config.log.json);
    FM_ASSIGN(const auto mirror, start_mirror(context, config));
    StopSignal stop;
    FM_ASSIGN(const jobs::PollReport report,
              jobs::run_poll(context.env(), options, key.secret, stop));
    if (mirror && options.once && !stop.requested()) FM_TRY(mirror->finish());
    FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report)));
    switch (report.verdict()) {
      case jobs::PollVerdict::kOk:
        return ExitCode::kOk;
      case jobs::PollVerdict::kRetry:
        return ExitCode::kTemporary;
      case jobs::PollVerdict::kFailed:
        break;
    }
    return ExitCode::kFailure;
  }

 private:
  // The poller's table, under a prefix that names its folder already.
  Result<std::unique_ptr<jobs::MirrorFollower>> start_mirror(Context& context,
                                                             const jobs::Config& config) {
    if (prefix_.empty() || !config.google.mirror)
      return jobs::start_mirror(context.env(), context.sources().environment, config);
    jobs::Config own = config;
    own.google.prefix = prefix_;
    own.google.tables = table::futures_ohlcv_1m_live().name;
    FM_ASSIGN(jobs::CloudPlace place,
              jobs::open_cloud_with_bucket(context.env(), context.sources().environment, own));
    place.destination.prefix_is_table = true;
    return std::make_unique<jobs::MirrorFollower>(context.env(), jobs::mirror_options(own),
                                                  std::move(place));
  }

  std::string roots_;
  std::string prefix_;
  std::int64_t interval_ = 60;
  std::int64_t lookback_ = 30;
  double outlier_ = 20;
  bool once_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> poll_command() { return std::make_unique<PollCommand>(); }

}  // namespace fm::cli
