// What the mirror keeps of its copies. Private to this room.
#pragma once

#include <array>

#include "table/column_kinds.h"

namespace fm::table {

inline constexpr std::array kMirrorState{
    text("destination", "the copy: gs://bucket/prefix and project.dataset"),
    text("table_name", "table of the lake, with its dataset"),
    text("partition", "partition of the lake, such as p_root=ES/p_day=2025-06-16"),
    text("part", "name of the file in the lake's store: the hash of its rows"),
    date("date", "first day of the partition"),
    text("object", "name of the object in the bucket"),
    int64("rows", "rows", "in the file"),
    int64("bytes", "bytes", "of the file"),
    text("crc32c", "CRC-32C of the object, in base64, once it is uploaded", kNullable),
    int64("generation", "", "of the object, once it is uploaded", kNullable),
    text("stage", "planned, uploaded, submitted, loaded, verified or superseded"),
    text("batch_id", "the batch that loads it, once it is sealed", kNullable),
    int64("since_ns", "ns since 1970", "when the file entered its partition"),
    time("planned_at", "when the mirror learned of it"),
    time("changed_at", "when it came to this stage"),
};
inline constexpr std::array<std::string_view, 4> kMirrorStateKey{"destination", "table_name",
                                                                 "partition", "part"};
inline constexpr std::array<std::string_view, 2> kMirrorStateCluster{"table_name", "stage"};

inline constexpr std::array kMirrorBatches{
    text("destination", "the copy: gs://bucket/prefix and project.dataset"),
    text("batch_id", "hash of what it holds: the same parts are the same batch"),
    date("date", "UTC date of created_at"),
    text("table_name", "table of the lake, with its dataset"),
    text("kind",
         "known (the table was empty when the mirror began), append, replace_day, merge or query"),
    text("partition", "of a merge: the partition of the lake that it makes equal", kNullable),
    date("day", "of a replace_day: the partition of the table", kNullable),
    int64("parts", "", "files in it"),
    int64("rows", "rows", "of these"),
    int64("bytes", "bytes", "of these; of a query, processed"),
    int64("partitions_touched", "", "partitions of the table that it may change"),
    text("stage", "sealed, staged, loaded, verified or failed"),
    int64("attempt", "", "counts the jobs of the present step: part of their names"),
    text("job_id", "the last job sent", kNullable),
    int64("bytes_billed", "bytes", "by its queries"),
    text("error_message", "why the last attempt failed", kNullable),
    time("created_at", "when it was sealed"),
    time("finished_at", "when it was verified or had failed for good", kNullable),
};
inline constexpr std::array<std::string_view, 2> kMirrorBatchesKey{"destination", "batch_id"};
inline constexpr std::array<std::string_view, 2> kMirrorBatchesCluster{"table_name", "stage"};

inline constexpr std::array kMirrorTables{
    Table{.dataset = "ops",
          .name = "mirror_state",
          .description = "Every file of the lake on its way to a copy in the cloud",
          .columns = kMirrorState,
          .key = kMirrorStateKey,
          .partition_column = "date",
          .cluster = kMirrorStateCluster,
          .root_column = "",
          .layout = LakeLayout::kMonth,
          .sort = kMirrorStateKey},
    Table{.dataset = "ops",
          .name = "mirror_batches",
          .description = "What was loaded into a copy in the cloud together, and what it cost",
          .columns = kMirrorBatches,
          .key = kMirrorBatchesKey,
          .partition_column = "date",
          .cluster = kMirrorBatchesCluster,
          .root_column = "",
          .layout = LakeLayout::kMonth,
          .sort = kMirrorBatchesKey},
};

}  // namespace fm::table
