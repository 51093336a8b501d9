// The kinds of load_kinds.h one by one, and what they share. Private to them.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>

#include "jobs/load_kinds.h"

namespace fm::jobs {

inline constexpr Nanos kLoadTimeEnd = Nanos{4'102'444'800} * kNanosPerSecond;  // 2100

template <class Record>
[[nodiscard]] Record load_record_at(const std::byte* bytes) {
  Record record;
  std::memcpy(&record, bytes, sizeof record);
  return record;
}

template <class Record>
[[nodiscard]] bool holds_record(dbn::RecordView record) {
  return record.get_if<Record>() != nullptr;
}

// ts_recv, by which the vendor cuts days, or ts_event where there is none.
template <class Record>
[[nodiscard]] Nanos load_index_time(const std::byte* bytes) {
  const auto record = load_record_at<Record>(bytes);
  return record.ts_recv != kUndefTime ? record.ts_recv : record.header.ts_event;
}

template <class Record>
[[nodiscard]] std::optional<LoadFault> judge_time(const std::byte* bytes, Nanos) {
  if (load_index_time<Record>(bytes) >= kLoadTimeEnd) return LoadFault::kNoTime;
  return std::nullopt;
}

// Cells that may be undefined, behind one another.
void append_time(Nanos time, table::RowAppender& to);
void append_price(Price price, table::RowAppender& to);
void append_text(std::string_view text, table::RowAppender& to);  // empty: null
void append_char(char letter, table::RowAppender& to);            // NUL: null
// The last four columns of every row.
void append_provenance(const LoadRow& row, table::RowAppender& to);

[[nodiscard]] LoadKind status_kind();
[[nodiscard]] LoadKind statistics_kind();
[[nodiscard]] LoadKind definition_kind();
[[nodiscard]] LoadKind trades_kind();
[[nodiscard]] LoadKind tbbo_kind();

}  // namespace fm::jobs
