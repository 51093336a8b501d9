#include "ops/load_state.h"

#include <array>

#include "base/assert.h"
#include "ops/row_cells.h"
#include "ops/state.h"
#include "ops/state_connection.h"

namespace fm::ops {
namespace {

constexpr std::array kStatuses{LoadStatus::kRunning, LoadStatus::kSuccess, LoadStatus::kCopy,
                               LoadStatus::kRefused, LoadStatus::kFailed};

Status insert_load(Statement& insert, const LoadedFile& file) {
  const auto count = [&](std::uint64_t value) { insert.bind(static_cast<std::int64_t>(value)); };
  insert.bind(file.path).bind(file.content_hash).bind(day_of(file.started_at));
  for (const std::uint64_t value : {file.size_bytes, file.modified, file.inode}) count(value);
  insert.bind_optional(OptionalText(file.job_id)).bind_optional(OptionalText(file.dataset));
  insert.bind_optional(OptionalText(file.schema)).bind_optional(OptionalText(file.roots));
  insert.bind_optional(optional_microseconds(file.range_start))
      .bind_optional(optional_microseconds(file.range_end));
  insert.bind_optional(optional_microseconds(file.published_at));
  for (const std::uint64_t value : {file.rows_read, file.rows_added, file.rows_corrected,
                                    file.rows_unchanged, file.rows_outdated, file.rows_rejected})
    count(value);
  insert.bind(name(file.status)).bind_optional(OptionalText(file.error_message));
  insert.bind(microseconds(file.started_at)).bind_optional(optional_microseconds(file.finished_at));
  insert.bind(file.run_id).bind(file.engine_version);
  FM_TRY(insert.run());
  insert.reset();
  return {};
}

LoadStatus parse_status(std::string_view text) {
  for (const LoadStatus status : kStatuses)
    if (name(status) == text) return status;
  FM_ASSERT(false);  // the schema has a CHECK
}

LoadedFile load_of(const Statement& row) {
  RowCells cells(row);
  LoadedFile file;
  file.path = cells.text();
  file.content_hash = cells.text();
  static_cast<void>(cells.integer());  // date: that of started_at
  file.size_bytes = cells.count();
  file.modified = cells.count();
  file.inode = cells.count();
  file.job_id = cells.optional_text();
  file.dataset = cells.optional_text();
  file.schema = cells.optional_text();
  file.roots = cells.optional_text();
  file.range_start = cells.optional_time();
  file.range_end = cells.optional_time();
  file.published_at = cells.optional_time();
  file.rows_read = cells.count();
  file.rows_added = cells.count();
  file.rows_corrected = cells.count();
  file.rows_unchanged = cells.count();
  file.rows_outdated = cells.count();
  file.rows_rejected = cells.count();
  file.status = parse_status(cells.text());
  file.error_message = cells.optional_text();
  file.started_at = nanoseconds(cells.integer());
  file.finished_at = cells.optional_time();
  file.run_id = cells.text();
  file.engine_version = cells.text();
  return file;
}

}  // namespace

std::string_view name(LoadStatus status) {
  switch (status) {
    case LoadStatus::kRunning:
      return "running";
    case LoadStatus::kSuccess:
      return "success";
    case LoadStatus::kCopy:
      return "copy";
    case LoadStatus::kRefused:
      return "refused";
    case LoadStatus::kFailed:
      return "failed";
  }
  FM_ASSERT(false);
}

Status State::record_loads(std::span<const LoadedFile> files) {
  FM_ASSIGN(auto transaction, Transaction::begin(connection_->sqlite));
  FM_ASSIGN(auto insert,
            connection_->sqlite.prepare(
                "INSERT OR REPLACE INTO databento_load_state VALUES"
                " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const LoadedFile& file : files) FM_TRY(insert_load(insert, file));
  return transaction.commit();
}

Result<std::vector<LoadedFile>> State::loads() {
  FM_ASSIGN(auto select, connection_->sqlite.prepare("SELECT * FROM databento_load_state"
                                                     " ORDER BY path, started_at, content_hash"));
  std::vector<LoadedFile> files;
  for (;;) {
    FM_ASSIGN(const bool row, select.step());
    if (!row) return files;
    files.push_back(load_of(select));
  }
}

}  // namespace fm::ops
