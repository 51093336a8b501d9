#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "jobs/schema_job.h"

namespace fm::cli {
namespace {

class SchemaCommand final : public Command {
 public:
  std::string_view name() const override { return "schema"; }
  std::string_view summary() const override {
    return "Show tables as statements for an SQL engine";
  }
  std::string_view examples() const override {
    return "  frontmonth schema candles_1m\n"
           "  frontmonth schema --engine postgres | psql market";
  }

  void declare(CLI::App& app, Context&) override {
    app.add_option("TABLE", table_, "candles_1m or market_data.candles_1m; default: every table");
    app.add_option("--engine", engine_, "duckdb, postgres or bigquery (default: duckdb)")
        ->type_name("ENGINE");
    app.add_flag("--json", json_, "Columns, keys and partitions as JSON");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const std::string text,
              json_ ? jobs::schema_json(table_, engine_) : jobs::schema_text(table_, engine_));
    FM_TRY(context.print(text));
    return ExitCode::kOk;
  }

 private:
  std::optional<std::string> table_;
  std::string engine_ = "duckdb";
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> schema_command() { return std::make_unique<SchemaCommand>(); }

}  // namespace fm::cli
