#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/live_line.h"
#include "app/progress.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/signals.h"
#include "cli/command.h"
#include "jobs/database.h"
#include "jobs/live_config.h"
#include "jobs/moment.h"

namespace fm::cli {
namespace {

class LiveCommand final : public Command {
 public:
  std::string_view name() const override { return "live"; }
  std::string_view summary() const override {
    return "Stream trades from a gateway into candles and the lake";
  }
  std::string_view examples() const override {
    return "  frontmonth live --symbols ES.FUT,NQ.FUT --lake lake\n"
           "  frontmonth live --gateway 127.0.0.1:13000 --symbols ES.FUT --start 0 --until-end\n"
           "  frontmonth live --subscribe 'tbbo:parent:ES.FUT' --subscribe "
           "'status:raw_symbol:ESM5'";
  }

  void declare(CLI::App& app, Context& context) override {
    add_config_option(app, context, "--lake", "lake", "DIR", "Write candles into this lake");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where the capture log and ops.sqlite lie (default: beside the lake)");
    add_config_option(app, context, "--gateway", "databento.gateway", "HOST:PORT",
                      "Another gateway than the dataset's own");
    add_config_option(app, context, "--dataset", "databento.dataset", "NAME",
                      "GLBX.MDP3 (default)");
    add_config_option(app, context, "--symbols", "databento.symbols", "SYMBOLS",
                      "ES.FUT,NQ.FUT; with --stype raw_symbol ESM5,…");
    add_config_option(app, context, "--stype", "databento.stype", "STYPE",
                      "parent (default), raw_symbol, continuous or instrument_id");
    add_config_option(app, context, "--schemas", "live.schemas", "SCHEMAS",
                      "tbbo,status,definition,statistics (default)");
    app.add_option("--subscribe", subscriptions_,
                   "One subscription as SCHEMA:STYPE:SYMBOLS, in place of the three above; may be "
                   "given again")
        ->type_name("SPEC");
    add_config_option(app, context, "--key-file", "databento.key_file", "FILE",
                      "The API key, in a file of mode 0600");
    add_config_option(app, context, "--encoding", "live.encoding", "FORM", "dbn (default) or json");
    add_config_option(app, context, "--compression", "live.compression", "FORM",
                      "none (default) or zstd");
    add_config_flag(app, context, "--ts-out", "live.ts_out", "Ask for the time of sending");
    add_config_option(app, context, "--heartbeat", "live.heartbeat_seconds", "SECONDS",
                      "The gateway speaks at least this often (default: 30)");
    add_config_option(app, context, "--slow-reader", "live.slow_reader", "HOW",
                      "default, warn or skip");
    add_config_option(app, context, "--flush", "live.flush_seconds", "SECONDS",
                      "How often final rows go to the lake (default: 60)");
    add_config_option(app, context, "--warmup", "candles.warmup", "SECONDS",
                      "Traded seconds of a trade date before a contract's first row (default: 60)");
    add_config_flag(app, context, "--mirror-bq", "google.mirror",
                    "Keep Cloud Storage and BigQuery up to date, too (section google of the file)");
    app.add_option("--start", start_,
                   "Where an empty log begins: a time, or 0 for everything that the gateway has")
        ->type_name("TIME");
    app.add_flag("--until-end", until_end_, "End when the gateway closes, with everything stored");
    app.add_flag("--sync", sync_, "Every record is durable before it is used");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    FM_ASSIGN(jobs::LiveJobOptions options, complete_options(config));
    FM_ASSIGN(FoundSecret key, find_secret(context.env(), context.sources().environment,
                                           {.name = "databento_api_key",
                                            .variable = "DATABENTO_API_KEY",
                                            .file = config.databento.key_file}));
    // What a service writes is its log: without a terminal it says how it goes.
    if (config.is_default("log.level")) start_logging(LogLevel::kInfo, config.log.json);
    FM_ASSIGN(options.database,
              jobs::find_live_database(context.env(), context.sources().environment, config));
    FM_ASSIGN(const auto mirror,
              jobs::start_mirror(context.env(), context.sources().environment, config));
    options.mirror = mirror.get();
    StopSignal stop;
    Result<jobs::LiveStatus> ended = [&] {
      app::LiveLine line;
      return jobs::run_live(context.env(), options, std::move(key.secret), stop, line);
    }();
    if (!ended) return std::unexpected(std::move(ended).error());
    if (mirror && until_end_ && !stop.requested()) {
      FM_TRY(mirror->finish());
      ended->mirror = mirror->figures();
    }
    FM_TRY(context.print(json_ ? app::to_json(*ended) : app::to_text(*ended)));
    return ExitCode::kOk;
  }

 private:
  Result<jobs::LiveJobOptions> complete_options(jobs::Config config) {
    if (!subscriptions_.empty()) {
      config.live.subscriptions.clear();
      for (const std::string& one : subscriptions_) config.live.subscriptions += one + ";";
    }
    if (sync_) config.capture.sync_ms = 0;
    FM_ASSIGN(jobs::LiveJobOptions options, jobs::live_options(config));
    if (!start_.empty()) {
      FM_ASSIGN(options.start, jobs::parse_start(start_));
    }
    options.until_end = until_end_;
    return options;
  }

  std::vector<std::string> subscriptions_;
  std::string start_;
  bool until_end_ = false;
  bool sync_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> live_command() { return std::make_unique<LiveCommand>(); }

}  // namespace fm::cli
