#include "google/mirror_groups.h"

#include <algorithm>
#include <set>

namespace fm::google {
namespace {

using ops::BatchKind;
using table::LakeLayout;
using table::Table;

constexpr std::uint64_t kDaysOfYear = 366;
constexpr std::uint64_t kDaysOfMonth = 31;

std::string full_name(const Table& table) {
  return fmt::format("{}.{}", table.dataset, table.name);
}

// Partitions of BigQuery's table are days; those of the lake may be more.
std::uint64_t days_of(const Table& table) {
  if (table.layout == LakeLayout::kRootDay) return 1;
  return table.layout == LakeLayout::kMonth ? kDaysOfMonth : kDaysOfYear;
}

std::uint64_t bytes_of(const BatchDraft& draft) {
  std::uint64_t bytes = 0;
  for (const ops::MirrorPart& part : draft.parts) bytes += part.bytes;
  return bytes;
}

BatchDraft draft_of(const Table& table, BatchKind kind) {
  return {.batch = {.destination = {}, .batch_id = {}, .table = full_name(table), .kind = kind},
          .parts = {}};
}

Date first_day(const Table& table, const std::string& partition) {
  lake::Manifest manifest;
  manifest.partition = partition;
  return manifest.key().first_day(table);
}

}  // namespace

void add_append(const Table& table, const ops::MirrorPart& part, std::vector<BatchDraft>& drafts) {
  for (BatchDraft& draft : drafts) {
    if (draft.batch.table != part.table || draft.batch.kind != BatchKind::kAppend) continue;
    if (draft.parts.front().date.year() != part.date.year()) continue;
    if (draft.parts.size() >= kUrisMax || bytes_of(draft) + part.bytes > kBatchBytesMax) continue;
    draft.parts.push_back(part);
    return;
  }
  drafts.push_back(draft_of(table, BatchKind::kAppend));
  drafts.back().parts.push_back(part);
}

void add_correction(const Table& table, std::optional<Date> day,
                    const std::vector<std::string>& partitions, std::vector<ops::MirrorPart> parts,
                    std::vector<BatchDraft>& drafts) {
  // What a correction brings is appended by nobody else.
  for (BatchDraft& draft : drafts) {
    if (draft.batch.table != full_name(table) || draft.batch.kind != BatchKind::kAppend) continue;
    std::erase_if(draft.parts, [&](const ops::MirrorPart& part) {
      return std::ranges::find(partitions, part.partition) != partitions.end();
    });
  }
  std::erase_if(drafts, [](const BatchDraft& draft) {
    return draft.batch.kind == BatchKind::kAppend && draft.parts.empty();
  });
  const auto kind = day ? BatchKind::kReplaceDay : BatchKind::kMerge;
  BatchDraft* into = nullptr;
  for (BatchDraft& draft : drafts) {
    if (day || draft.batch.table != full_name(table) || draft.batch.kind != kind) continue;
    if (draft.partitions.size() + partitions.size() > kMergedPartitionsMax ||
        draft.parts.size() + parts.size() > kUrisMax)
      continue;
    if (first_day(table, draft.partitions.front()) == first_day(table, partitions.front()))
      into = &draft;
  }
  if (into == nullptr) {
    drafts.push_back(draft_of(table, kind));
    into = &drafts.back();
    into->batch.day = day;
  }
  into->partitions.insert(into->partitions.end(), partitions.begin(), partitions.end());
  std::ranges::move(parts, std::back_inserter(into->parts));
}

bool is_corrected(const lake::Manifest& manifest, const std::vector<BatchDraft>& drafts) {
  return std::ranges::any_of(drafts, [&](const BatchDraft& draft) {
    return draft.batch.table == manifest.table &&
           std::ranges::find(draft.partitions, manifest.partition) != draft.partitions.end();
  });
}

void close(const Table& table, BatchDraft& draft) {
  ops::MirrorBatch& batch = draft.batch;
  batch.parts = draft.parts.size();
  batch.bytes = bytes_of(draft);
  batch.rows = 0;
  std::set<Date> dates;
  for (const ops::MirrorPart& part : draft.parts) {
    batch.rows += part.rows;
    dates.insert(part.date);
  }
  for (const std::string& partition : draft.partitions) dates.insert(first_day(table, partition));
  batch.partitions_touched = std::min(dates.size() * days_of(table), kPartitionsMax);
  if (draft.partitions.empty()) return;
  std::ranges::sort(draft.partitions);
  std::string list;
  for (const std::string& partition : draft.partitions) {
    if (!list.empty()) list += ',';
    list += partition;
  }
  batch.partition = std::move(list);
}

}  // namespace fm::google
