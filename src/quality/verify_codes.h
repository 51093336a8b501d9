// What a cell, a row and a text weigh in a proof: the same numbers for SQL (verify_sums.cc) and for
// the lake's rows (verify_row_sums.cc). Inside.
//
//   code(cell)    a whole number: microseconds, days, FLOOR(x / 10^-scale), …, MOD kModulus; of a
//                 text, its length and 48 bits of its SHA-256, MOD kModulus
//   weight(row)   odd, from the columns of the key that are no texts
//   weight(texts) from those that are: the same for all rows with the same texts
//
//   sum(column)   Σ over texts ( weight(texts) · Σ over rows ((code · weight(row)) & kModulus) )
//                 where a null of a nullable column has the code kNoValue; what else has no code
//                 (NaN is one) counts kNoValue whatever its row weighs
//   sum(text)     Σ over texts ( (code · weight(texts) MOD kModulus) · Σ over rows weight(row) )
//
// A code that changes changes its product with an odd weight, but for two that lie 2^31 apart, one
// below zero; values that differ by a multiple of the modulus have one code. Values that change
// places change the sum as their rows' weights differ. Products stay below 2^53 and sums of 2^32
// rows below 2^63, so that no engine needs more than 64 bits for a row.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "table/catalogue.h"

namespace fm::quality {

inline constexpr std::int64_t kModulus = 2'147'483'647;  // 2^31 - 1: a prime, and 31 bits
inline constexpr std::int64_t kWeightModulus = 1'000'003;
// As many as the longest key has columns.
inline constexpr std::array<std::int64_t, 7> kKeyFactors{
    7'919, 104'729, 611'953, 15'485'863, 32'452'843, 49'979'687, 67'867'967};
// What a null counts, and a double without a code: NaN, and beyond 64 bits. Nulls are counted
// beside the sums, too.
inline constexpr std::int32_t kNoValue = 12'345;

// Values of these are below the modulus already.
[[nodiscard]] constexpr bool is_narrow(table::Type type) {
  return type == table::Type::kDate || type == table::Type::kInt8 || type == table::Type::kBool;
}

// Of each column that is compared, in the table's order: its index.
[[nodiscard]] inline std::vector<std::size_t> compared_columns(const table::Table& table) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (!table.columns[i].bookkeeping) columns.push_back(i);
  return columns;
}

struct KeyColumn {
  std::size_t column;
  std::int64_t factor;
};

// The key's columns that are texts, or those that are not. One alone needs no factor.
[[nodiscard]] inline std::vector<KeyColumn> key_columns(const table::Table& table, bool texts) {
  FM_ASSERT(table.key.size() <= kKeyFactors.size());
  std::vector<KeyColumn> columns;
  for (std::size_t i = 0; i < table.key.size(); ++i) {
    const std::size_t column = table.column_index(table.key[i]);
    if ((table.columns[column].type == table::Type::kText) == texts)
      columns.push_back({column, kKeyFactors[i]});
  }
  if (columns.size() == 1) columns.front().factor = 1;
  return columns;
}

}  // namespace fm::quality
