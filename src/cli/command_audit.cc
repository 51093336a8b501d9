#include <CLI/CLI.hpp>

#include "app/progress.h"
#include "cli/command.h"
#include "jobs/audit.h"

namespace fm::cli {
namespace {

class AuditCommand final : public Command {
 public:
  std::string_view name() const override { return "audit"; }
  std::string_view summary() const override {
    return "Account for every minute of the lake's tables, and say what is wrong or missing";
  }
  std::string_view examples() const override {
    return "  frontmonth audit --lake lake\n"
           "  frontmonth audit --lake lake --html audit.html\n"
           "  frontmonth audit --roots ZL,ZS --timeframes 1m --from 2024-01-02 --to 2024-12-31\n"
           "  frontmonth audit --plan downloads.json --schemas ohlcv-1m,ohlcv-1d "
           "--plan-from 2010-06-06 --plan-to 2025-11-01";
  }

  void declare(CLI::App& app, Context& context) override {
    add_config_option(app, context, "--lake", "lake", "DIR", "The lake to look at");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where ops.sqlite lies (default: beside the lake)");
    add_config_option(app, context, "--dataset", "databento.dataset", "NAME",
                      "Whose conditions count (default: GLBX.MDP3)");
    app.add_option("--roots", options_.roots, "Only these, such as ES,ZL (default: all there are)")
        ->type_name("ROOTS")
        ->delimiter(',');
    app.add_option("--timeframes", options_.timeframes,
                   "Only these: 1s, 1m, 1h, 1d, 1m_live, candles")
        ->type_name("NAMES")
        ->delimiter(',');
    app.add_option("--from", from_,
                   "First trade date that must be there (default: the first bar's)")
        ->type_name("DATE");
    app.add_option("--to", to_, "Last trade date that must be there (default: the last bar's)")
        ->type_name("DATE");
    app.add_option("--html", page_, "Also a page with a heat map")->type_name("FILE");
    app.add_option("--plan", plan_, "Also the exact requests for what is still to be downloaded")
        ->type_name("FILE");
    app.add_option("--schemas", options_.plan_schemas,
                   "What the plan wants (default: ohlcv-1m,ohlcv-1h,ohlcv-1d)")
        ->type_name("NAMES")
        ->delimiter(',');
    app.add_option("--plan-from", plan_from_, "First UTC date that the plan wants")
        ->type_name("DATE");
    app.add_option("--plan-to", plan_to_, "UTC date before which the plan ends (default: today)")
        ->type_name("DATE");
    add_config_option(app, context, "--key-file", "databento.key_file", "FILE",
                      "The API key, in a file of mode 0600: the plan then says what it costs");
    add_config_option(app, context, "--url", "databento.historical_url", "URL",
                      "Another historical service, such as `frontmonth replay --http-port`");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    options_.lake = config.lake;
    options_.state_dir = config.state_dir;
    options_.universe_file = config.universe;
    options_.dataset = config.databento.dataset;
    if (!from_.empty()) {
      FM_ASSIGN(options_.from, parse_date_flag("--from", from_));
    }
    if (!to_.empty()) {
      FM_ASSIGN(options_.to, parse_date_flag("--to", to_));
    }
    FM_ASSIGN(options_.retention, jobs::parse_retention(config.retention));
    FM_TRY(read_plan_flags(context));
    FM_TRY(find_key(context, config));
    const Result<quality::AuditReport> report = [&] {
      app::TerminalProgress progress(context.env(), "audit");
      return jobs::run_audit(context.env(), options_, progress);
    }();
    if (!report) return std::unexpected(report.error());
    if (!page_.empty()) FM_TRY(write_text_atomically(context.env(), page_, jobs::to_html(*report)));
    if (!plan_.empty())
      FM_TRY(write_text_atomically(context.env(), plan_, jobs::plan_to_json(*report)));
    FM_TRY(context.print(json_ ? jobs::to_json(*report) : jobs::to_text(*report)));
    return report->is_wrong() ? ExitCode::kProblemsFound : ExitCode::kOk;
  }

 private:
  Status read_plan_flags(Context& context) {
    if (plan_.empty()) {
      if (!options_.plan_schemas.empty() || !plan_from_.empty() || !plan_to_.empty())
        return fail(Code::kInvalidArgument,
                    "--schemas, --plan-from and --plan-to say what a plan is for; expected --plan "
                    "FILE beside them");
      return {};
    }
    if (options_.plan_schemas.empty()) options_.plan_schemas = {"ohlcv-1m", "ohlcv-1h", "ohlcv-1d"};
    // The vendor's archive of CME Globex begins here.
    options_.plan_from = Date(2010, 6, 6);
    if (!plan_from_.empty()) {
      FM_ASSIGN(options_.plan_from, parse_date_flag("--plan-from", plan_from_));
    }
    options_.plan_to = Date::of_second(second_of(context.env().now()));
    if (!plan_to_.empty()) {
      FM_ASSIGN(options_.plan_to, parse_date_flag("--plan-to", plan_to_));
    }
    return {};
  }

  // A plan is worth having without its cost.
  Status find_key(Context& context, const jobs::Config& config) {
    if (plan_.empty()) return {};
    options_.service.url = config.databento.historical_url;
    auto key = find_secret(context.env(), context.sources().environment,
                           {.name = "databento_api_key",
                            .variable = "DATABENTO_API_KEY",
                            .file = config.databento.key_file});
    if (key)
      options_.key = std::move(key->secret);
    else if (key.error().code() == Code::kNotFound && config.databento.key_file.empty())
      options_.why_no_key =
          "the vendor is asked only with an API key (--key-file or DATABENTO_API_KEY)";
    else
      return std::unexpected(std::move(key).error());
    return {};
  }

  jobs::AuditOptions options_;
  std::string from_, to_, page_, plan_, plan_from_, plan_to_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> audit_command() { return std::make_unique<AuditCommand>(); }

}  // namespace fm::cli
