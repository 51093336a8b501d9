#include "ops/mirror_state.h"

#include <array>

#include "base/assert.h"
#include "ops/row_cells.h"
#include "ops/state.h"
#include "ops/state_connection.h"

namespace fm::ops {
namespace {

constexpr std::array kStages{MirrorStage::kPlanned,   MirrorStage::kUploaded,
                             MirrorStage::kSubmitted, MirrorStage::kLoaded,
                             MirrorStage::kVerified,  MirrorStage::kSuperseded};
constexpr std::array kKinds{BatchKind::kKnown, BatchKind::kAppend, BatchKind::kReplaceDay,
                            BatchKind::kMerge, BatchKind::kQuery};
constexpr std::array kBatchStages{BatchStage::kSealed, BatchStage::kStaged, BatchStage::kLoaded,
                                  BatchStage::kVerified, BatchStage::kFailed};

template <class Value, std::size_t N>
Value parse(const std::array<Value, N>& values, std::string_view text) {
  for (const Value value : values)
    if (name(value) == text) return value;
  FM_ASSERT(false);  // the schema has a CHECK
}

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

Status insert_part(Statement& insert, const MirrorPart& part) {
  insert.bind(part.destination).bind(part.table).bind(part.partition).bind(part.part);
  insert.bind(std::int64_t{part.date.days_since_1970()}).bind(part.object);
  insert.bind(number(part.rows)).bind(number(part.bytes));
  insert.bind_optional(OptionalText(part.crc32c)).bind_optional(part.generation);
  insert.bind(name(part.stage)).bind_optional(OptionalText(part.batch_id));
  insert.bind(number(part.since));
  insert.bind(microseconds(part.planned_at)).bind(microseconds(part.changed_at));
  FM_TRY(insert.run());
  insert.reset();
  return {};
}

MirrorPart part_of(const Statement& row) {
  RowCells cells(row);
  MirrorPart part;
  part.destination = cells.text();
  part.table = cells.text();
  part.partition = cells.text();
  part.part = cells.text();
  part.date = cells.date();
  part.object = cells.text();
  part.rows = cells.count();
  part.bytes = cells.count();
  part.crc32c = cells.optional_text();
  part.generation = cells.optional_integer();
  part.stage = parse(kStages, cells.text());
  part.batch_id = cells.optional_text();
  part.since = cells.count();
  part.planned_at = nanoseconds(cells.integer());
  part.changed_at = nanoseconds(cells.integer());
  return part;
}

Status insert_batch(Statement& insert, const MirrorBatch& batch) {
  insert.bind(batch.destination).bind(batch.batch_id).bind(day_of(batch.created_at));
  insert.bind(batch.table).bind(name(batch.kind)).bind_optional(OptionalText(batch.partition));
  insert.bind_optional(batch.day ? std::optional<std::int64_t>(batch.day->days_since_1970())
                                 : std::nullopt);
  for (const std::uint64_t value : {batch.parts, batch.rows, batch.bytes, batch.partitions_touched})
    insert.bind(number(value));
  insert.bind(name(batch.stage)).bind(number(batch.attempt));
  insert.bind_optional(OptionalText(batch.job_id)).bind(number(batch.bytes_billed));
  insert.bind_optional(OptionalText(batch.error_message)).bind(microseconds(batch.created_at));
  insert.bind_optional(optional_microseconds(batch.finished_at));
  FM_TRY(insert.run());
  insert.reset();
  return {};
}

MirrorBatch batch_of(const Statement& row) {
  RowCells cells(row);
  MirrorBatch batch;
  batch.destination = cells.text();
  batch.batch_id = cells.text();
  static_cast<void>(cells.integer());  // date: that of created_at
  batch.table = cells.text();
  batch.kind = parse(kKinds, cells.text());
  batch.partition = cells.optional_text();
  if (const auto day = cells.optional_integer())
    batch.day = Date::from_days(static_cast<std::int32_t>(*day));
  batch.parts = cells.count();
  batch.rows = cells.count();
  batch.bytes = cells.count();
  batch.partitions_touched = cells.count();
  batch.stage = parse(kBatchStages, cells.text());
  batch.attempt = cells.count();
  batch.job_id = cells.optional_text();
  batch.bytes_billed = cells.count();
  batch.error_message = cells.optional_text();
  batch.created_at = nanoseconds(cells.integer());
  batch.finished_at = cells.optional_time();
  return batch;
}

}  // namespace

std::string_view name(MirrorStage stage) {
  switch (stage) {
    case MirrorStage::kPlanned:
      return "planned";
    case MirrorStage::kUploaded:
      return "uploaded";
    case MirrorStage::kSubmitted:
      return "submitted";
    case MirrorStage::kLoaded:
      return "loaded";
    case MirrorStage::kVerified:
      return "verified";
    case MirrorStage::kSuperseded:
      return "superseded";
  }
  FM_ASSERT(false);
}

std::string_view name(BatchKind kind) {
  switch (kind) {
    case BatchKind::kKnown:
      return "known";
    case BatchKind::kAppend:
      return "append";
    case BatchKind::kReplaceDay:
      return "replace_day";
    case BatchKind::kMerge:
      return "merge";
    case BatchKind::kQuery:
      return "query";
  }
  FM_ASSERT(false);
}

std::string_view name(BatchStage stage) {
  switch (stage) {
    case BatchStage::kSealed:
      return "sealed";
    case BatchStage::kStaged:
      return "staged";
    case BatchStage::kLoaded:
      return "loaded";
    case BatchStage::kVerified:
      return "verified";
    case BatchStage::kFailed:
      return "failed";
  }
  FM_ASSERT(false);
}

Status State::record_mirror(std::span<const MirrorPart> parts,
                            std::span<const MirrorBatch> batches) {
  Sqlite& sqlite = connection_->sqlite;
  FM_ASSIGN(auto transaction, Transaction::begin(sqlite));
  FM_ASSIGN(auto insert, sqlite.prepare("INSERT OR REPLACE INTO mirror_state VALUES"
                                        " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const MirrorPart& part : parts) FM_TRY(insert_part(insert, part));
  FM_ASSIGN(auto insert_one,
            sqlite.prepare("INSERT OR REPLACE INTO mirror_batches VALUES"
                           " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const MirrorBatch& batch : batches) FM_TRY(insert_batch(insert_one, batch));
  return transaction.commit();
}

Status State::remove_mirror(std::span<const MirrorPart> parts) {
  Sqlite& sqlite = connection_->sqlite;
  FM_ASSIGN(auto transaction, Transaction::begin(sqlite));
  FM_ASSIGN(auto remove, sqlite.prepare("DELETE FROM mirror_state WHERE destination = ?"
                                        " AND table_name = ? AND partition = ? AND part = ?"));
  for (const MirrorPart& part : parts) {
    remove.bind(part.destination).bind(part.table).bind(part.partition).bind(part.part);
    FM_TRY(remove.run());
    remove.reset();
  }
  return transaction.commit();
}

Status State::forget_mirror(std::string_view destination) {
  Sqlite& sqlite = connection_->sqlite;
  FM_ASSIGN(auto transaction, Transaction::begin(sqlite));
  for (const std::string_view table : {"mirror_state", "mirror_batches"}) {
    FM_ASSIGN(auto remove,
              sqlite.prepare(fmt::format("DELETE FROM {} WHERE destination = ?", table)));
    remove.bind(destination);
    FM_TRY(remove.run());
  }
  return transaction.commit();
}

Result<std::vector<MirrorPart>> State::mirror_parts(const MirrorChoice& choice) {
  std::string sql = "SELECT * FROM mirror_state WHERE TRUE";
  if (!choice.destination.empty()) sql += " AND destination = ?";
  if (!choice.table.empty()) sql += " AND table_name = ?";
  if (!choice.partition.empty()) sql += " AND partition = ?";
  if (!choice.batch_id.empty()) sql += " AND batch_id = ?";
  if (choice.stage) sql += " AND stage = ?";
  if (choice.changed_before) sql += " AND changed_at < ?";
  sql += " ORDER BY date, table_name, partition, since_ns, part";
  if (choice.parts_max) sql += " LIMIT ?";
  FM_ASSIGN(auto select, connection_->sqlite.prepare(sql));
  for (const std::string* const text :
       {&choice.destination, &choice.table, &choice.partition, &choice.batch_id})
    if (!text->empty()) select.bind(*text);
  if (choice.stage) select.bind(name(*choice.stage));
  if (choice.changed_before) select.bind(microseconds(*choice.changed_before));
  if (choice.parts_max) select.bind(number(*choice.parts_max));
  std::vector<MirrorPart> parts;
  for (;;) {
    FM_ASSIGN(const bool row, select.step());
    if (!row) return parts;
    parts.push_back(part_of(select));
  }
}

Result<std::vector<MirrorBatch>> State::mirror_batches(const BatchChoice& choice) {
  std::string sql = "SELECT * FROM mirror_batches WHERE created_at >= ?";
  if (!choice.destination.empty()) sql += " AND destination = ?";
  if (!choice.table.empty()) sql += " AND table_name = ?";
  if (!choice.batch_id.empty()) sql += " AND batch_id = ?";
  if (choice.unfinished) sql += " AND stage <> 'verified'";
  sql += " ORDER BY created_at, batch_id";
  FM_ASSIGN(auto select, connection_->sqlite.prepare(sql));
  select.bind(microseconds(choice.since));
  if (!choice.destination.empty()) select.bind(choice.destination);
  if (!choice.table.empty()) select.bind(choice.table);
  if (!choice.batch_id.empty()) select.bind(choice.batch_id);
  std::vector<MirrorBatch> batches;
  for (;;) {
    FM_ASSIGN(const bool row, select.step());
    if (!row) return batches;
    batches.push_back(batch_of(select));
  }
}

}  // namespace fm::ops
