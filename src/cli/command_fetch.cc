#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>

#include "app/progress.h"
#include "base/secret.h"
#include "base/signals.h"
#include "cli/command.h"
#include "jobs/fetch.h"

namespace fm::cli {
namespace {

std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), word.size() + 1));
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

struct Moment {
  Nanos time = 0;
  bool is_day = false;
};

// 2025-06-16, 2025-06-16T13:30:00Z, or nanoseconds since 1970.
Result<Moment> parse_moment(std::string_view flag, std::string_view text) {
  constexpr std::size_t kIsoDateBytes = 10;
  if (text.size() == kIsoDateBytes) {
    if (const auto date = Date::parse(text); date && date->first_second() >= 0)
      return Moment{static_cast<Nanos>(date->first_second()) * kNanosPerSecond, true};
  }
  Nanos nanos = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), nanos);
  if (code == std::errc() && end == text.data() + text.size() && nanos >= kNanosPerDay)
    return Moment{nanos, false};
  if (const auto time = parse_iso_nanos(text)) return Moment{*time, false};
  return fail(Code::kInvalidArgument,
              "{}: found '{}', expected a day (2025-06-16) or a time (2025-06-16T13:30:00Z)", flag,
              text);
}

// Shows the cost and asks, and draws how far a download is.
class FetchTerminal final : public jobs::FetchObserver {
 public:
  FetchTerminal(Env& env, bool yes) : env_(env), yes_(yes) {}
  ~FetchTerminal() override { wipe(); }

  Status agree_to(const jobs::FetchCost& cost) override {
    wipe();
    const std::string text = jobs::to_text(cost);
    std::fputs(fmt::format("fetch: {}\n", text).c_str(), stderr);
    if (yes_) return {};
    if (::isatty(STDIN_FILENO) == 0)
      return std::unexpected(
          Error(Code::kInvalidArgument, fmt::format("{}: nobody here can agree to that", text))
              .hint("Say --yes, and --max-cost USD to bound it."));
    std::fputs("Fetch them? [y/N] ", stderr);
    std::fflush(stderr);
    char answer[16] = {};
    const bool agreed = std::fgets(answer, sizeof answer, stdin) != nullptr &&
                        (answer[0] == 'y' || answer[0] == 'Y');
    if (agreed) return {};
    return fail(Code::kInvalidArgument, "not agreed to; nothing was fetched");
  }

  void at(std::string_view file, std::uint64_t bytes, std::uint64_t total) override {
    if (total > 0)
      draw(fmt::format("{}: {} of {}", file, app::short_bytes(bytes), app::short_bytes(total)));
    else
      draw(fmt::format("{}: {}", file, app::short_bytes(bytes)));
  }

  void waiting(std::string_view what, std::optional<std::uint64_t> percent) override {
    draw(percent ? fmt::format("{}, {} %", what, *percent) : std::string(what));
  }

 private:
  void draw(const std::string& text) {
    constexpr Nanos kRedrawAfter = 100'000'000;
    const Nanos now = env_.monotonic();
    if (!shown_ || now - drawn_ < kRedrawAfter) return;
    drawn_ = now;
    std::fputs(fmt::format("\r\x1b[Kfetch: {}", text).c_str(), stderr);
    std::fflush(stderr);
    dirty_ = true;
  }

  void wipe() {
    if (std::exchange(dirty_, false)) std::fputs("\r\x1b[K", stderr);
  }

  Env& env_;
  bool yes_;
  bool shown_ = app::standard_error_is_terminal();
  bool dirty_ = false;
  Nanos drawn_ = 0;
};

class FetchCommand final : public Command {
 public:
  std::string_view name() const override { return "fetch"; }
  std::string_view summary() const override {
    return "Download from the historical service, after showing the cost";
  }
  std::string_view examples() const override {
    return "  frontmonth fetch --symbols ES.FUT,NQ.FUT --start 2025-06-16 -o data\n"
           "  frontmonth fetch --schema ohlcv-1m --symbols ALL_SYMBOLS --stype raw_symbol "
           "--start 2025-06-01 --end 2025-07-01 --split day -o data\n"
           "  frontmonth fetch --symbols ES.FUT --start 2024-01-01 --end 2025-01-01 --batch "
           "--max-cost 50 --yes -o data";
  }

  void declare(CLI::App& app, Context& context) override {
    add_config_option(app, context, "--dataset", "databento.dataset", "NAME",
                      "GLBX.MDP3 (default)");
    app.add_option("--schema", schema_, "tbbo (default), trades, ohlcv-1m, definition, …")
        ->type_name("SCHEMA");
    add_config_option(app, context, "--symbols", "databento.symbols", "SYMBOLS",
                      "ES.FUT,NQ.FUT; ALL_SYMBOLS for everything");
    add_config_option(app, context, "--stype", "databento.stype", "STYPE",
                      "parent (default), raw_symbol, continuous or instrument_id");
    app.add_option("--start", start_, "First day (UTC) or moment")->required()->type_name("TIME");
    app.add_option("--end", end_,
                   "Day or moment after the last; default: one day after a --start "
                   "day")
        ->type_name("TIME");
    app.add_option("-o,--output", options_.directory, "Folder for the files (default: this one)")
        ->type_name("DIR");
    app.add_option("--encoding", encoding_, "dbn (default), csv or json")->type_name("FORM");
    app.add_option("--compression", compression_, "zstd (default) or none")->type_name("FORM");
    app.add_option("--split", split_,
                   "A file per day, week, month, year or none (default; a batch job's: day)")
        ->type_name("BY");
    limit_ = app.add_option("--limit", limit_value_, "At most so many records");
    limit_->type_name("N");
    app.add_flag("--batch", options_.batch,
                 "Have the service make files, and download them into DIR/JOB; for large requests");
    max_cost_ = app.add_option("--max-cost", max_cost_value_, "Refuse what costs more");
    max_cost_->type_name("USD")->check(CLI::NonNegativeNumber);
    app.add_flag("--yes", yes_, "Do not ask before what is billed");
    app.add_flag("--overwrite", options_.overwrite, "Replace files that hold something else");
    add_config_option(app, context, "--key-file", "databento.key_file", "FILE",
                      "The API key, in a file of mode 0600");
    add_config_option(app, context, "--url", "databento.historical_url", "URL",
                      "Another historical service, such as `frontmonth replay --http-port`");
    app.add_option("--ca-file", options_.service.ca_file,
                   "Trust this authority's certificates, for a service of your own")
        ->type_name("FILE");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    FM_TRY(complete_options(config));
    FM_ASSIGN(const FoundSecret key, find_secret(context.env(), context.sources().environment,
                                                 {.name = "databento_api_key",
                                                  .variable = "DATABENTO_API_KEY",
                                                  .file = config.databento.key_file}));
    StopSignal stop;
    Result<jobs::FetchReport> report = [&] {
      FetchTerminal terminal(context.env(), yes_);
      return jobs::run_fetch(context.env(), options_, key.secret, stop, terminal);
    }();
    if (!report) return std::unexpected(std::move(report).error());
    FM_TRY(context.print(json_ ? jobs::to_json(*report) : jobs::to_text(*report)));
    return ExitCode::kOk;
  }

 private:
  Status complete_options(const jobs::Config& config) {
    databento::DataRequest& request = options_.request;
    request.dataset = config.databento.dataset;
    request.symbols = words_of(config.databento.symbols);
    if (request.symbols.empty())
      return std::unexpected(
          Error(Code::kInvalidArgument, "no symbols to fetch")
              .hint("Give --symbols ES.FUT,NQ.FUT, or the key databento.symbols."));
    const auto schema = dbn::parse_schema(schema_);
    if (!schema)
      return fail(Code::kInvalidArgument,
                  "--schema: found '{}', expected tbbo, trades, ohlcv-1m, …", schema_);
    request.schema = *schema;
    // The configuration has held it to the known words.
    request.stype_in = dbn::parse_stype(config.databento.stype).value_or(dbn::SType::kParent);
    FM_TRY(complete_range());
    FM_TRY(complete_form());
    if (limit_->count() > 0) request.limit = limit_value_;
    if (max_cost_->count() > 0) options_.max_cost_dollars = max_cost_value_;
    options_.service.url = config.databento.historical_url;
    return {};
  }

  Status complete_range() {
    FM_ASSIGN(const Moment start, parse_moment("--start", start_));
    options_.request.start = start.time;
    if (!end_.empty()) {
      FM_ASSIGN(const Moment end, parse_moment("--end", end_));
      options_.request.end = end.time;
    } else if (start.is_day) {
      options_.request.end = start.time + kNanosPerDay;
    } else {
      return fail(Code::kInvalidArgument, "--start is a moment within a day: give --end, too");
    }
    return {};
  }

  Status complete_form() {
    using databento::FileEncoding;
    bool is_known = false;
    for (const auto encoding : {FileEncoding::kDbn, FileEncoding::kCsv, FileEncoding::kJson}) {
      if (databento::name(encoding) != encoding_) continue;
      options_.form.encoding = encoding;
      is_known = true;
    }
    if (!is_known)
      return fail(Code::kInvalidArgument, "--encoding: found '{}', expected dbn, csv or json",
                  encoding_);
    if (compression_ != "zstd" && compression_ != "none")
      return fail(Code::kInvalidArgument, "--compression: found '{}', expected zstd or none",
                  compression_);
    options_.form.zstd = compression_ == "zstd";
    if (split_.empty()) split_ = options_.batch && limit_->count() == 0 ? "day" : "none";
    const auto split = jobs::parse_split(split_);
    if (!split)
      return fail(Code::kInvalidArgument,
                  "--split: found '{}', expected day, week, month, year or none", split_);
    options_.split = *split;
    return {};
  }

  jobs::FetchOptions options_;
  std::string schema_ = "tbbo";
  std::string start_;
  std::string end_;
  std::string encoding_ = "dbn";
  std::string compression_ = "zstd";
  std::string split_;
  CLI::Option* limit_ = nullptr;
  std::uint64_t limit_value_ = 0;
  CLI::Option* max_cost_ = nullptr;
  double max_cost_value_ = 0;
  bool yes_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> fetch_command() { return std::make_unique<FetchCommand>(); }

}  // namespace fm::cli
