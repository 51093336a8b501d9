#include <CLI/CLI.hpp>

#include "base/log.h"
#include "cli/command.h"
#include "jobs/dump.h"

namespace fm::cli {
namespace {

class DumpCommand final : public Command {
 public:
  std::string_view name() const override { return "dump"; }
  std::string_view summary() const override {
    return "Show the records of a DBN file as JSON or CSV";
  }
  std::string_view examples() const override {
    return "  frontmonth dump trades.dbn.zst --pretty --symbols --limit 10\n"
           "  frontmonth dump trades.dbn.zst --metadata\n"
           "  frontmonth dump bars.dbn --format csv > bars.csv\n"
           "  frontmonth dump - --fragment-version 3 < part.dbn.frag";
  }

  void declare(CLI::App& app, Context&) override {
    app.add_option("FILE", options_.input, "DBN of any version, raw or zstd; - is standard input")
        ->required();
    app.add_option("--format", format_, "json (default) or csv")->type_name("FORMAT");
    app.add_flag("--pretty", options_.pretty, "Decimal prices and ISO 8601 times");
    app.add_flag("--symbols,--map-symbols", options_.symbols,
                 "A last field with each record's symbol");
    app.add_option("--limit", options_.limit, "Stop after so many records")->type_name("N");
    app.add_flag("--metadata", options_.metadata, "The header instead of the records");
    app.add_flag("--upgrade", options_.upgrade, "Records of versions 1 and 2 as version 3");
    app.add_option("--fragment-version", options_.fragment_version,
                   "The version of an input without a header: 1, 2 or 3")
        ->type_name("N");
    app.add_flag("--salvage", options_.salvage, "End quietly before damage");
  }

  Result<ExitCode> run(Context& context) override {
    if (format_ != "json" && format_ != "csv")
      return fail(Code::kInvalidArgument, "--format: found '{}', expected json or csv", format_);
    options_.csv = format_ == "csv";
    FM_ASSIGN(const auto out, context.env().create("-", Create::kAppend));
    FM_ASSIGN(const auto report, jobs::dump(context.env(), options_, *out));
    if (report.unknown > 0)
      log_warning("{}: {} records are of a kind without a text form and were left out",
                  options_.input, report.unknown);
    if (report.damage) log_warning("{}", *report.damage);
    return ExitCode::kOk;
  }

 private:
  jobs::DumpOptions options_;
  std::string format_ = "json";
};

}  // namespace

std::unique_ptr<Command> dump_command() { return std::make_unique<DumpCommand>(); }

}  // namespace fm::cli
