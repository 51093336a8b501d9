// Which parts are loaded together. Inside.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "lake/manifest.h"
#include "ops/mirror_state.h"
#include "table/catalogue.h"

namespace fm::google {

// BigQuery's limits of one job.
inline constexpr std::size_t kUrisMax = 10'000;
inline constexpr std::uint64_t kPartitionsMax = 4'000;
// Ours: a job that takes no longer than the others, and a statement that can be read.
inline constexpr std::uint64_t kBatchBytesMax = 1ULL << 40;
inline constexpr std::size_t kMergedPartitionsMax = 100;

// A batch before it is sealed.
struct BatchDraft {
  ops::MirrorBatch batch;  // no destination, name or times yet
  std::vector<ops::MirrorPart> parts;
  std::vector<std::string> partitions = {};  // of the lake, of a correction
};

// Into a batch of its table and year that has room, or a new one.
void add_append(const table::Table& table, const ops::MirrorPart& part,
                std::vector<BatchDraft>& drafts);
// Of a day of the table, or without one of partitions that cover the same days as others in the
// batch. `parts` are all files of the partitions.
void add_correction(const table::Table& table, std::optional<Date> day,
                    const std::vector<std::string>& partitions, std::vector<ops::MirrorPart> parts,
                    std::vector<BatchDraft>& drafts);
// Whether a correction of the partition is among them.
[[nodiscard]] bool is_corrected(const lake::Manifest& manifest,
                                const std::vector<BatchDraft>& drafts);
// Fills in what follows from the parts and partitions.
void close(const table::Table& table, BatchDraft& draft);

}  // namespace fm::google
