#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "jobs/backup.h"

namespace fm::cli {
namespace {

class BackupCommand final : public Command {
 public:
  std::string_view name() const override { return "backup"; }
  std::string_view summary() const override {
    return "Copy the lake and its state to another folder, or back";
  }
  std::string_view examples() const override {
    return "  frontmonth backup /mnt/backup --verify --lake lake\n"
           "  frontmonth query --lake /mnt/backup/lake \"SELECT count(*) FROM candles_1m\"\n"
           "  frontmonth backup /mnt/backup --restore --lake lake";
  }

  void declare(CLI::App& app, Context& context) override {
    app.add_option("DIR", options_.directory,
                   "Folder of the backup; what is there already is not copied again")
        ->required();
    add_config_option(app, context, "--lake", "lake", "DIR", "The lake");
    add_config_option(app, context, "--state-dir", "state_dir", "DIR",
                      "Its state: ops.sqlite, capture, quarantine (default: beside the lake)");
    app.add_flag("--verify", options_.verify,
                 "Then read the backup's rows and hold them to their hashes");
    app.add_flag("--restore", restore_, "The way back, to where nothing is yet");
    app.add_flag("--json", json_, "The report as one JSON object");
  }

  Result<ExitCode> run(Context& context) override {
    FM_ASSIGN(const jobs::Config config, context.config());
    options_.lake = config.lake;
    options_.state_dir = config.state_dir;
    FM_ASSIGN(const jobs::BackupReport report, restore_
                                                   ? jobs::run_restore(context.env(), options_)
                                                   : jobs::run_backup(context.env(), options_));
    FM_TRY(context.print(json_ ? jobs::to_json(report) : jobs::to_text(report, restore_)));
    return ExitCode::kOk;
  }

 private:
  jobs::BackupOptions options_;
  bool restore_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> backup_command() { return std::make_unique<BackupCommand>(); }

}  // namespace fm::cli
