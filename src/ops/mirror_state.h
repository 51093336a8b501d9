// How far the files of the lake have come on their way to a copy in the cloud: rows of
// ops.mirror_state and ops.mirror_batches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace fm::ops {

// Each is entered only when the one before it is proven.
enum class MirrorStage : std::uint8_t {
  kPlanned,     // is in the lake
  kUploaded,    // is an object with this generation and sum
  kSubmitted,   // its batch was taken
  kLoaded,      // its batch's job has succeeded
  kVerified,    // and it has as many rows as the lake says
  kSuperseded,  // the lake holds its rows no more, or in another file
};
[[nodiscard]] std::string_view name(MirrorStage stage);

struct MirrorPart {
  std::string destination;
  std::string table;      // "market_data.candles_1m"
  std::string partition;  // "p_root=ES/p_day=2025-06-16"
  std::string part;       // name in the lake's store
  Date date;              // first day of the partition
  std::string object;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::optional<std::string> crc32c = {};
  std::optional<std::int64_t> generation = {};
  MirrorStage stage = MirrorStage::kPlanned;
  std::optional<std::string> batch_id = {};
  Nanos since = 0;       // when it entered its partition
  Nanos planned_at = 0;  // these two are kept to the microsecond
  Nanos changed_at = 0;
  friend bool operator==(const MirrorPart&, const MirrorPart&) = default;
};

enum class BatchKind : std::uint8_t {
  kKnown,       // no batch: the table was empty when the mirror first saw it
  kAppend,      // rows of parts that are not in the copy yet
  kReplaceDay,  // all rows of one day of the table
  kMerge,       // all rows of one partition of the lake, by a staging table
  kQuery,       // a statement of rollups or queries, for what it cost
};
[[nodiscard]] std::string_view name(BatchKind kind);

enum class BatchStage : std::uint8_t {
  kSealed,    // what belongs to it will not change any more
  kStaged,    // of a merge: the staging table holds its rows
  kLoaded,    // the table has its rows
  kVerified,  // and as many as there should be
  kFailed,    // for a reason that does not pass by itself
};
[[nodiscard]] std::string_view name(BatchStage stage);

struct MirrorBatch {
  std::string destination;
  std::string batch_id;
  std::string table;
  BatchKind kind = BatchKind::kAppend;
  std::optional<std::string> partition = {};
  std::optional<Date> day = {};
  std::uint64_t parts = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t partitions_touched = 0;
  BatchStage stage = BatchStage::kSealed;
  std::uint64_t attempt = 1;
  std::optional<std::string> job_id = {};
  std::uint64_t bytes_billed = 0;
  std::optional<std::string> error_message = {};
  Nanos created_at = 0;
  std::optional<Nanos> finished_at = {};
  friend bool operator==(const MirrorBatch&, const MirrorBatch&) = default;
};

// Empty or absent means any.
struct MirrorChoice {
  std::string destination;
  std::string table = {};
  std::string partition = {};
  std::string batch_id = {};
  std::optional<MirrorStage> stage = {};
  std::optional<Nanos> changed_before = {};
  std::optional<std::uint64_t> parts_max = {};
};

struct BatchChoice {
  std::string destination;  // empty: of all
  std::string table = {};
  std::string batch_id = {};
  bool unfinished = false;  // sealed, staged or loaded, and failed ones
  Nanos since = 0;          // created then or later
};

}  // namespace fm::ops
