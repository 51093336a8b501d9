#include <CLI/CLI.hpp>

#include "app/progress.h"
#include "base/json_text.h"
#include "cli/command.h"
#include "jobs/registry.h"
#include "synth/files.h"

namespace fm::cli {
namespace {

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), word.size() + 1));
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

std::string to_text(const synth::Written& written, const std::string& output,
                    std::string_view what) {
  std::string text = fmt::format("{}: {} {}, {} instruments, trade dates {} to {}\n", output,
                                 app::grouped(static_cast<std::int64_t>(written.records)), what,
                                 written.instruments.size(), written.trade_dates.front().iso(),
                                 written.trade_dates.back().iso());
  for (const auto& roll : written.rolls)
    text += fmt::format("  {} rolls from {} to {} on {}\n", roll.root, roll.from, roll.to,
                        roll.trade_date.iso());
  return text;
}

std::string to_json(const synth::Written& written, const std::string& output) {
  std::string rolls;
  for (const auto& roll : written.rolls)
    rolls += fmt::format("{}{{\"root\":{},\"trade_date\":\"{}\",\"from\":{},\"to\":{}}}",
                         rolls.empty() ? "" : ",", json_quoted(roll.root), roll.trade_date.iso(),
                         json_quoted(roll.from), json_quoted(roll.to));
  return fmt::format(
      "{{\"file\":{},\"records\":{},\"start\":\"{}\",\"end\":\"{}\",\"first_trade_date\":\"{}\","
      "\"last_trade_date\":\"{}\",\"rolls\":[{}]}}\n",
      json_quoted(output), written.records, iso_nanos(written.start), iso_nanos(written.end),
      written.trade_dates.front().iso(), written.trade_dates.back().iso(), rolls);
}

class SynthCommand final : public Command {
 public:
  std::string_view name() const override { return "synth"; }
  std::string_view summary() const override {
    return "Make trading sessions that look real, the same for the same seed";
  }
  std::string_view examples() const override {
    return "  frontmonth synth -o day.dbn.zst\n"
           "  frontmonth synth --roots ES,CL --date 2025-06-10 --days 5 --trades 2000000 --seed 7 "
           "-o week.dbn\n"
           "  frontmonth synth --trades 1000 -o day.jsonl\n"
           "  frontmonth synth --schema ohlcv-1m --days 20 -o minutes.dbn.zst\n"
           "  frontmonth synth --trades 100000 -o - | frontmonth candles - -o candles.csv";
  }

  void declare(CLI::App& app, Context&) override {
    app.add_option("-o,--output", output_,
                   "File: .dbn or .jsonl, each also with .zst; - is DBN on standard output")
        ->required()
        ->type_name("FILE");
    app.add_option("--roots", roots_, "Products, separated by commas (default: ES,NQ,CL,ZL)")
        ->type_name("ROOTS");
    app.add_option("--date", date_,
                   fmt::format("First trade date (default: {})", options_.first_date.iso()))
        ->type_name("DATE");
    auto* days = app.add_option("--days", options_.days,
                                "Trade dates (default: 1, or as many as --trades needs)");
    days->type_name("N");
    days_ = days;
    trades_ = app.add_option("--trades", options_.trades,
                             fmt::format("Trades in all (default: {})", options_.trades));
    trades_->type_name("N");
    app.add_option("--seed", options_.seed, "The same seed gives the same bytes (default: 1)")
        ->type_name("N");
    app.add_option("--version", file_options_.version, "DBN version 1, 2 or 3 (default: 3)")
        ->type_name("N");
    app.add_option(
           "--schema", schema_,
           "tbbo (default), or bars of these trades: ohlcv-1s, ohlcv-1m, ohlcv-1h, ohlcv-1d")
        ->type_name("SCHEMA");
    app.add_flag("--zstd", file_options_.zstd,
                 "Compress, also where the file's ending does not say so");
    app.add_flag("--json", json_, "What was written as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    FM_ASSIGN(const auto registry, jobs::Registry::load(context.env(), config.universe));
    if (!roots_.empty()) options_.roots = split(roots_);
    if (!date_.empty()) {
      FM_ASSIGN(options_.first_date, parse_date_flag("--date", date_));
    }
    if (!schema_.empty()) {
      const auto schema = dbn::parse_schema(schema_);
      if (!schema)
        return fail(Code::kInvalidArgument, "--schema: found '{}', expected tbbo or ohlcv-1m",
                    schema_);
      file_options_.schema = *schema;
    }
    // More trades than a day holds spread over as many as they need.
    if (days_->count() == 0 && trades_->count() > 0) options_.days = 0;
    FM_ASSIGN(const auto written, synth::write_file(context.env(), output_, registry.universe(),
                                                    registry.calendar(), options_, file_options_));
    const bool is_bars = file_options_.schema != dbn::Schema::kTbbo;
    const std::string text =
        json_ ? to_json(written, output_) : to_text(written, output_, is_bars ? "bars" : "trades");
    if (output_ == "-")
      std::fputs(text.c_str(), stderr);  // standard output is the records'
    else
      FM_TRY(context.print(text));
    return ExitCode::kOk;
  }

 private:
  synth::Options options_;
  synth::FileOptions file_options_;
  CLI::Option* days_ = nullptr;
  CLI::Option* trades_ = nullptr;
  std::string output_;
  std::string roots_;
  std::string date_;
  std::string schema_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> synth_command() { return std::make_unique<SynthCommand>(); }

}  // namespace fm::cli
