#include "ops/schema.h"

#include <iterator>

namespace fm::ops {
namespace {

// Step n leads from user_version n to n + 1.
constexpr const char* kSteps[] = {
    R"sql(
CREATE TABLE job_runs (
  run_id         TEXT PRIMARY KEY,
  date           INTEGER NOT NULL,
  job            TEXT NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('running', 'success', 'failed')),
  started_at     INTEGER NOT NULL,
  finished_at    INTEGER,
  rows_processed INTEGER,
  error_message  TEXT,
  parameters     TEXT,
  engine_version TEXT NOT NULL
);
CREATE TABLE data_quality_events (
  event_id    TEXT PRIMARY KEY,
  date        INTEGER NOT NULL,
  ts          INTEGER NOT NULL,
  source      TEXT NOT NULL,
  dataset     TEXT NOT NULL,
  table_name  TEXT,
  severity    TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
  check_type  TEXT,
  message     TEXT NOT NULL,
  payload     TEXT,
  resolved    INTEGER NOT NULL CHECK (resolved IN (0, 1)),
  resolved_at INTEGER
);
CREATE TABLE candle_rejects (
  ticker     TEXT,
  date       INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  count      INTEGER NOT NULL CHECK (count > 0),
  created_at INTEGER NOT NULL
);
-- A key column that may be NULL needs an expression: SQLite takes two NULLs for different.
CREATE UNIQUE INDEX candle_rejects_key ON candle_rejects (ifnull(ticker, ''), date, reason);
)sql",
    R"sql(
CREATE TABLE feed_gaps (
  gap_id      TEXT PRIMARY KEY,
  date        INTEGER NOT NULL,
  dataset     TEXT NOT NULL,
  schema      TEXT,
  from_time   INTEGER NOT NULL,
  from_ns     INTEGER NOT NULL,
  to_time     INTEGER NOT NULL,
  to_ns       INTEGER NOT NULL CHECK (to_ns > from_ns),
  reason      TEXT NOT NULL,
  repaired    INTEGER NOT NULL CHECK (repaired IN (0, 1)),
  repaired_at INTEGER CHECK ((repaired_at IS NULL) = (repaired = 0)),
  repaired_by TEXT CHECK ((repaired_by IS NULL) = (repaired = 0)),
  recorded_at INTEGER NOT NULL
);
CREATE INDEX feed_gaps_time ON feed_gaps (dataset, from_ns);
)sql",
    R"sql(
CREATE TABLE databento_load_state (
  path           TEXT NOT NULL,
  content_hash   TEXT NOT NULL,
  date           INTEGER NOT NULL,
  size_bytes     INTEGER NOT NULL,
  modified_ns    INTEGER NOT NULL,
  inode          INTEGER NOT NULL,
  job_id         TEXT,
  dataset        TEXT,
  schema         TEXT,
  roots          TEXT,
  range_start    INTEGER,
  range_end      INTEGER,
  published_at   INTEGER,
  rows_read      INTEGER NOT NULL,
  rows_added     INTEGER NOT NULL,
  rows_corrected INTEGER NOT NULL,
  rows_unchanged INTEGER NOT NULL,
  rows_outdated  INTEGER NOT NULL,
  rows_rejected  INTEGER NOT NULL,
  status         TEXT NOT NULL
    CHECK (status IN ('running', 'success', 'copy', 'refused', 'failed')),
  error_message  TEXT,
  started_at     INTEGER NOT NULL,
  finished_at    INTEGER,
  run_id         TEXT NOT NULL,
  engine_version TEXT NOT NULL,
  PRIMARY KEY (path, content_hash)
);
CREATE INDEX databento_load_state_content ON databento_load_state (content_hash);
)sql",
    R"sql(
CREATE TABLE mirror_state (
  destination TEXT NOT NULL,
  table_name  TEXT NOT NULL,
  partition   TEXT NOT NULL,
  part        TEXT NOT NULL,
  date        INTEGER NOT NULL,
  object      TEXT NOT NULL,
  rows        INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  crc32c      TEXT,
  generation  INTEGER,
  stage       TEXT NOT NULL CHECK (stage IN
    ('planned', 'uploaded', 'submitted', 'loaded', 'verified', 'superseded')),
  batch_id    TEXT,
  since_ns    INTEGER NOT NULL,
  planned_at  INTEGER NOT NULL,
  changed_at  INTEGER NOT NULL,
  PRIMARY KEY (destination, table_name, partition, part)
);
CREATE INDEX mirror_state_stage ON mirror_state (destination, stage);
CREATE INDEX mirror_state_batch ON mirror_state (destination, batch_id);
CREATE TABLE mirror_batches (
  destination        TEXT NOT NULL,
  batch_id           TEXT NOT NULL,
  date               INTEGER NOT NULL,
  table_name         TEXT NOT NULL,
  kind               TEXT NOT NULL
    CHECK (kind IN ('known', 'append', 'replace_day', 'merge', 'query')),
  partition          TEXT,
  day                INTEGER,
  parts              INTEGER NOT NULL,
  rows               INTEGER NOT NULL,
  bytes              INTEGER NOT NULL,
  partitions_touched INTEGER NOT NULL,
  stage              TEXT NOT NULL
    CHECK (stage IN ('sealed', 'staged', 'loaded', 'verified', 'failed')),
  attempt            INTEGER NOT NULL,
  job_id             TEXT,
  bytes_billed       INTEGER NOT NULL,
  error_message      TEXT,
  created_at         INTEGER NOT NULL,
  finished_at        INTEGER,
  PRIMARY KEY (destination, batch_id)
);
CREATE INDEX mirror_batches_stage ON mirror_batches (destination, stage);
CREATE INDEX mirror_batches_table ON mirror_batches (destination, table_name, created_at);
)sql",
};

Status newer_than_program(const Sqlite& sqlite, std::int64_t version) {
  auto newer =
      Error(Code::kUnsupported,
            fmt::format("{}: has schema {}, made by a newer frontmonth; this one ({}) knows {}",
                        sqlite.file(), version, FM_VERSION, newest_schema()));
  return std::unexpected(
      std::move(newer).hint("Use the newer program, or name another --state-dir."));
}

}  // namespace

int newest_schema() { return static_cast<int>(std::size(kSteps)); }

Status migrate(Sqlite& sqlite) {
  FM_ASSIGN(std::int64_t version, sqlite.integer("PRAGMA user_version"));
  if (version == newest_schema()) return {};
  FM_ASSIGN(auto transaction, Transaction::begin(sqlite));
  // Another process may have done it while this one waited for the lock.
  FM_ASSIGN(version, sqlite.integer("PRAGMA user_version"));
  if (version > newest_schema()) return newer_than_program(sqlite, version);
  for (; version < newest_schema(); ++version) FM_TRY(sqlite.execute(kSteps[version]));
  FM_TRY(sqlite.execute(fmt::format("PRAGMA user_version = {}", version).c_str()));
  return transaction.commit();
}

Status expect_newest_schema(Sqlite& sqlite) {
  FM_ASSIGN(const std::int64_t version, sqlite.integer("PRAGMA user_version"));
  if (version == newest_schema()) return {};
  if (version > newest_schema()) return newer_than_program(sqlite, version);
  auto older =
      Error(Code::kUnsupported, fmt::format("{}: has schema {}, older than this program's {}",
                                            sqlite.file(), version, newest_schema()));
  return std::unexpected(std::move(older).hint("Any job that writes brings it up to date."));
}

}  // namespace fm::ops
