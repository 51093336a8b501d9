#include <CLI/CLI.hpp>
#include <charconv>

#include "app/progress.h"
#include "cli/command.h"
#include "jobs/candles_job.h"

namespace fm::cli {
namespace {

// "ES=120,NQ=-4"
Result<std::map<std::string, std::int64_t>> parse_cvd_base(std::string_view text) {
  std::map<std::string, std::int64_t> bases;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    std::int64_t value = 0;
    const std::string_view number = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (equals == 0 || code != std::errc() || end != number.data() + number.size())
      return fail(Code::kInvalidArgument,
                  "--cvd-base: found '{}', expected TICKER=CONTRACTS as in ES=120,NQ=-4", pair);
    if (!bases.emplace(pair.substr(0, equals), value).second)
      return fail(Code::kInvalidArgument, "--cvd-base: names {} twice", pair.substr(0, equals));
  }
  return bases;
}

Result<jobs::OutputFormat> parse_format(std::string_view text) {
  if (text == "parquet") return jobs::OutputFormat::kParquet;
  if (text == "csv") return jobs::OutputFormat::kCsv;
  if (text == "json") return jobs::OutputFormat::kJsonLines;
  return fail(Code::kInvalidArgument, "--format: found '{}', expected parquet, csv or json", text);
}

class CandlesCommand final : public Command {
 public:
  std::string_view name() const override { return "candles"; }
  std::string_view summary() const override {
    return "Turn trades (TBBO) into rolling 1-minute candles with order flow";
  }
  std::string_view examples() const override {
    return "  frontmonth candles trades.dbn.zst -o candles.parquet\n"
           "  frontmonth candles 2025-06/ --lake lake --stats stats.json\n"
           "  zstd -dc trades.jsonl.zst | frontmonth candles - -o - --format csv | head";
  }

  void declare(CLI::App& app, Context& context) override {
    app.add_option("IN", options_.inputs,
                   "DBN, Databento JSON lines or CSV, each also as .zst; files, folders, or - for "
                   "standard input")
        ->required();
    app.add_option("-o,--output", options_.output,
                   "Write candles to this file: .parquet, .csv or .jsonl; - is standard output")
        ->type_name("OUT");
    lake_ = add_config_option(app, context, "--lake", "lake", "DIR", "Write them into this lake");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Where ops.sqlite and quarantine lie (default: beside the lake)");
    app.add_option("--format", format_, "parquet, csv or json, where OUT's ending does not say it")
        ->type_name("FORMAT");
    add_config_option(app, context, "--warmup", "candles.warmup", "SECONDS",
                      "Traded seconds of a trade date before a contract's first row (default: 60)");
    app.add_option("--cvd-base", cvd_base_, "Where cumulative volume delta starts: ES=120,NQ=-4")
        ->type_name("BASES");
    add_config_option(app, context, "--front-month", "candles.front_month", "RULE",
                      "five_minute_volume (default) or previous_session_volume");
    add_config_flag(app, context, "--every-second", "candles.every_second",
                    "A row for every second in session, traded or not; not for a lake");
    app.add_option("--stats", options_.stats_file,
                   "Write counts, rejections by reason and front-month stints as JSON")
        ->type_name("FILE");
    app.add_flag("--salvage", options_.salvage, "Keep what comes before damage in an input");
    app.add_flag("--replace", options_.replace,
                 "Lake: replace dates made with other parameters or from more input");
    app.add_option("--rebuild-from", rebuild_from_,
                   "Lake: make stored dates again from this one on, from their recorded inputs")
        ->type_name("DATE");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    FM_TRY(complete_options(config));
    Result<jobs::CandlesReport> report = [&] {
      app::TerminalProgress progress(context.env(), "candles");
      return jobs::run_candles(context.env(), options_, progress);
    }();
    if (!report) return std::unexpected(std::move(report).error());
    const std::string text = json_ ? jobs::to_json(*report) : jobs::to_text(*report);
    // Standard output is the candles' where they go there.
    if (options_.output == "-")
      std::fputs(text.c_str(), stderr);
    else
      FM_TRY(context.print(text));
    return ExitCode::kOk;
  }

 private:
  Status complete_options(const jobs::Config& config) {
    const bool lake_given = lake_->count() > 0;
    if (!options_.output.empty() && lake_given)
      return fail(Code::kInvalidArgument, "-o and --lake are both given; candles go to one place");
    if (options_.output.empty()) {
      if (!lake_given && config.is_default("lake")) {
        return std::unexpected(
            Error(Code::kInvalidArgument, "no place for the candles")
                .hint("Give -o FILE, or --lake DIR, or the key `lake` in frontmonth.yaml."));
      }
      options_.lake = config.lake;
    }
    // The quarantine of a lake lies in its state folder; that of a file beside the file.
    if (options_.output.empty() || !config.is_default("state_dir"))
      options_.state_dir = config.state_dir;
    options_.keep_days = config.lake_keep_days;
    options_.universe_file = config.universe;
    options_.warmup_seconds = static_cast<int>(config.candles.warmup);
    options_.front_month = config.candles.front_month;
    options_.every_second = config.candles.every_second;
    FM_ASSIGN(options_.cvd_base, parse_cvd_base(cvd_base_));
    if (!format_.empty()) {
      FM_ASSIGN(options_.format, parse_format(format_));
    }
    if (!rebuild_from_.empty()) {
      FM_ASSIGN(options_.rebuild_from, parse_date_flag("--rebuild-from", rebuild_from_));
    }
    return {};
  }

  jobs::CandlesOptions options_;
  CLI::Option* lake_ = nullptr;
  std::string format_;
  std::string cvd_base_;
  std::string rebuild_from_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> candles_command() { return std::make_unique<CandlesCommand>(); }

}  // namespace fm::cli
