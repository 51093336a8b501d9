// How the records of a schema become the rows of a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dbn/enums.h"
#include "dbn/record_view.h"
#include "jobs/load_sort.h"
#include "jobs/load_symbols.h"
#include "table/catalogue.h"
#include "table/row_batch.h"

namespace fm::jobs {

// Why a record is left out.
enum class LoadFault : std::uint8_t {
  kMalformed,          // a line that cannot be read
  kOtherSchema,        // a record of another schema
  kNoTime,             // no time, or one outside 1970 … 2100
  kUnknownInstrument,  // nothing says what its instrument number stood for on that day
  kNotAFuture,         // an option, a user-defined strategy, a continuous name
  kNoRoot,             // a spread whose first leg names no root
  kOffGrid,            // a bar that does not begin at a whole second, minute, hour or day
  kNoPrice,            // one of its prices is undefined
  kBadRange,           // high below low, or open or close outside them
  kBadVolume,          // more than 63 bits: a negative number
  kNotTaken,           // daily files: a root, date or name that they are not taken for
  kTooOften,           // the same trade more than kOccurrencesMax times
};
inline constexpr std::size_t kLoadFaults = 12;
[[nodiscard]] std::string_view name(LoadFault fault);

// Of equal trades in one file. Real files have a handful; one line without end must not fill the
// lake.
inline constexpr std::uint64_t kOccurrencesMax = 100'000;

// What every row of a record's table says beside the record.
struct LoadRow {
  const std::byte* record = nullptr;
  const LoadSymbol* symbol = nullptr;
  Date day;                      // of the partition column
  std::optional<Date> delivery;  // first day of the contract's month; nothing of spreads
  std::int64_t published_us = 0;
  std::string_view source_hash;
  std::int64_t ingested_us = 0;
  std::uint64_t minor = 0;
  std::int64_t occurrence = 0;  // of a multiset: how many equal ones come before it
};

struct LoadKind {
  dbn::Schema schema{};
  const table::Table* table = nullptr;
  std::size_t record_bytes = 0;  // of version 3, without ts_out
  // The record is of this kind: its type and length.
  bool (*holds)(dbn::RecordView record) = nullptr;
  // By which rows are sorted and partitioned; kUndefTime where it has none.
  Nanos (*time)(const std::byte* record) = nullptr;
  // What tells rows of the same time and symbol apart, in the order of the table's key.
  std::uint64_t (*minor)(const std::byte* record) = nullptr;
  // Of the record alone.
  std::optional<LoadFault> (*judge)(const std::byte* record, Nanos interval) = nullptr;
  Nanos interval = 0;  // of bars
  // What the record itself says it is called; rows of such a kind are kept of every instrument, not
  // only of futures. Null where that stands elsewhere.
  std::string_view (*symbol)(const std::byte* record) = nullptr;
  void (*append)(const LoadRow& row, table::RowBatch& batch) = nullptr;
  // Rows have no key: equal ones of a file are several rows, and of two files whose rows speak of
  // the same time one is right (load_multiset.h).
  bool is_multiset = false;
  // A record of the right type that shows that the file is of another schema, as no record of its
  // own can be; empty where it is none.
  std::string_view (*other_schema)(const std::byte* record) = nullptr;

  [[nodiscard]] LoadShape shape() const {
    return {.by_root = !table->root_column.empty(),
            .by_day = table->layout == table::LakeLayout::kRootDay,
            .is_multiset = is_multiset};
  }
};

// Every schema that is loaded.
[[nodiscard]] std::span<const LoadKind> load_kinds();
// Nothing for a schema that is not.
[[nodiscard]] const LoadKind* find_load_kind(dbn::Schema schema);
// "ohlcv-1s, ohlcv-1m, …", for errors.
[[nodiscard]] std::string load_schema_names();

}  // namespace fm::jobs
