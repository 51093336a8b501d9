// `frontmonth backup`: a lake and its state folder copied to another folder, and back. A backup is
// itself a lake with its state beside it: every command can read it.
//
//   BACKUP/lake, BACKUP/frontmonth-state-lake
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/env.h"
#include "base/error.h"
#include "lake/lake.h"
#include "ops/state.h"

namespace fm::jobs {

struct BackupOptions {
  std::string lake;
  std::string state_dir;  // empty: beside the lake
  std::string directory;  // of the backup
  bool verify = false;    // read the backup's rows and hold them to their content hashes
};

struct BackupReport {
  lake::Lake::CopyReport lake;
  std::uint64_t state_files = 0;
  std::uint64_t state_files_copied = 0;
  std::uint64_t state_bytes_copied = 0;
  std::uint64_t partitions_verified = 0;
  double seconds = 0;
};

// The last backups of a lake, as `run_backup` has recorded them in its state (job_runs, job
// "backup").
struct BackupRecord {
  std::optional<Second> made;    // the last that ended well
  std::string directory;         // of it
  bool verified = false;         // it was read back, and every row was what was backed up
  std::optional<Second> failed;  // a later one that did not
  std::string error;             // of that
};
// Nothing of the lake. Errors: those of the state.
[[nodiscard]] Result<BackupRecord> last_backup(ops::State& state);

// Copies what has changed since the last backup into the same folder, while jobs go on: each
// partition is as of one moment, and so is ops.sqlite. Nothing is ever removed from a backup.
// What became of it is recorded in the lake's own state. Errors: kCorrupt where `verify` finds rows
// that are not those of the lake; kNotFound without a lake; kInvalidArgument for a backup within
// the lake; kBusy (retry) while another backup into the folder runs; those of both disks. Running
// again goes on.
[[nodiscard]] Result<BackupReport> run_backup(Env& env, const BackupOptions& options);

// The way back, into a lake and a state folder that hold nothing yet. Errors: kNotFound without a
// backup; kConflict where something is there; those of both disks. After an error, what was
// restored stays, and must be removed before the next try.
[[nodiscard]] Result<BackupReport> run_restore(Env& env, const BackupOptions& options);

[[nodiscard]] std::string to_text(const BackupReport& report, bool restored);
[[nodiscard]] std::string to_json(const BackupReport& report);

}  // namespace fm::jobs
