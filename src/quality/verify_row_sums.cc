#include "quality/verify_row_sums.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/sha256.h"
#include "table/ddl.h"

namespace fm::quality {
namespace {

using table::RowBatch;
using table::Type;

// As every engine reads the literal.
double unit_of(int scale) {
  double unit = 0;
  const std::string literal = fmt::format("1e-{}", scale);
  std::from_chars(literal.data(), literal.data() + literal.size(), unit);
  return unit;
}

// Code points of UTF-8.
std::int64_t length_of(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
}

std::int32_t code_of(std::string_view text) {
  constexpr std::size_t kDigits = 12;
  const std::string hex = sha256_of(text);
  std::int64_t bits = 0;
  std::from_chars(hex.data(), hex.data() + kDigits, bits, 16);
  return static_cast<std::int32_t>((length_of(text) + bits) % kModulus);
}

// What % leaves. Of kModulus without a division, which vectors have none of: 2^31 is 1 more.
template <std::int64_t kDivisor>
std::int32_t remainder(std::int64_t value) {
  if constexpr (kDivisor == kModulus) {
    constexpr std::uint64_t kBits = kModulus;
    const auto sign = static_cast<std::uint64_t>(value >> 63);
    std::uint64_t rest = (static_cast<std::uint64_t>(value) ^ sign) - sign;
    rest = (rest & kBits) + (rest >> 31);
    rest = (rest & kBits) + (rest >> 31);
    rest -= rest >= kBits ? kBits : 0;
    return static_cast<std::int32_t>((rest ^ sign) - sign);
  } else {
    return static_cast<std::int32_t>(value % kDivisor);
  }
}

// Calls `row(i)` for each null.
template <class Row>
void for_each_null(const RowBatch& rows, std::size_t column, Row row) {
  constexpr std::size_t kBits = 64;
  if (!rows.has_nulls(column)) return;
  const auto valid = rows.validity(column);
  for (std::size_t begin = 0; begin < rows.size(); begin += kBits) {
    std::uint64_t nulls = ~valid[begin / kBits];
    if (rows.size() - begin < kBits) nulls &= (std::uint64_t{1} << (rows.size() - begin)) - 1;
    for (; nulls != 0; nulls &= nulls - 1)
      row(begin + static_cast<std::size_t>(std::countr_zero(nulls)));
  }
}

template <std::int64_t kDivisor>
void codes_of_doubles(const RowBatch& rows, std::size_t column, std::span<std::int32_t> codes,
                      std::vector<std::size_t>& without) {
  const auto cells = rows.doubles(column);
  const double unit = unit_of(rows.table().columns[column].scale);
  const auto units_of = [&](std::size_t i) { return std::floor(cells[i] / unit); };
  const auto has_code = [](double units) { return units >= -0x1p63 && units < 0x1p63; };
  bool have_codes = true;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double units = units_of(i);
    have_codes = have_codes && has_code(units);
    codes[i] = remainder<kDivisor>(has_code(units) ? static_cast<std::int64_t>(units) : 0);
  }
  for (std::size_t i = 0; !have_codes && i < rows.size(); ++i)
    if (!has_code(units_of(i))) without.push_back(i);
}

// Each row's cell MOD kDivisor. Rows that have no code get 0 and are named in `without`, in order.
template <std::int64_t kDivisor>
void codes_of(const RowBatch& rows, std::size_t column, std::span<std::int32_t> codes,
              std::vector<std::size_t>& without) {
  without.clear();
  const table::Column& of = rows.table().columns[column];
  const auto from = [&](auto cells) {
    for (std::size_t i = 0; i < rows.size(); ++i) codes[i] = remainder<kDivisor>(cells[i]);
  };
  switch (of.type) {
    case Type::kTimestamp:
    case Type::kInt64:
      from(rows.int64s(column));
      break;
    case Type::kDate:
    case Type::kInt32:
      from(rows.int32s(column));
      break;
    case Type::kInt8:
      from(rows.int8s(column));
      break;
    case Type::kBool: {
      const auto cells = rows.int8s(column);
      for (std::size_t i = 0; i < rows.size(); ++i) codes[i] = cells[i] != 0 ? 1 : 0;
      break;
    }
    case Type::kDouble:
      codes_of_doubles<kDivisor>(rows, column, codes, without);
      break;
    case Type::kText:
      FM_ASSERT(false);
  }
  if (!rows.has_nulls(column)) return;
  for_each_null(rows, column, [&](std::size_t i) {
    codes[i] = 0;
    without.push_back(i);
  });
  std::ranges::sort(without);
  const auto again = std::ranges::unique(without);  // what a null has in its place
  without.erase(again.begin(), again.end());
}

}  // namespace

std::vector<std::string_view> summed_columns(const table::Table& table) {
  std::vector<std::string_view> names;
  for (const std::size_t column : compared_columns(table))
    names.push_back(table.columns[column].name);
  return names;
}

RowSums::RowSums(const table::Table& table, std::optional<Second> final_to)
    : table_(&table),
      columns_(compared_columns(table)),
      key_numbers_(key_columns(table, false)),
      date_column_(table.column_index(table.partition_column)) {
  const std::vector<KeyColumn> key_texts = key_columns(table, true);
  for (const std::size_t column : columns_) {
    if (table.columns[column].type != Type::kText) continue;
    const auto key = std::ranges::find(key_texts, column, &KeyColumn::column);
    texts_.push_back({.column = column, .factor = key == key_texts.end() ? 0 : key->factor});
  }
  const auto time = table::hypertable_time(table);
  if (!final_to || !time) return;
  time_column_ = table.column_index(*time);
  final_to_us_ = *final_to * 1'000'000;
}

void RowSums::add(const RowBatch& rows) {
  codes_.resize(rows.size());
  weigh_rows(rows);
  weigh_texts(rows);
  find_runs(rows);
  auto text = texts_.begin();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (text != texts_.end() && text->column == columns_[i])
      add_texts(*text++, i);
    else
      add_numbers(rows, i);
    add_nulls(rows, i);
  }
}

void RowSums::weigh_rows(const RowBatch& rows) {
  if (key_numbers_.empty()) {
    row_weights_.assign(rows.size(), 1);
    return;
  }
  sums_.assign(rows.size(), 0);
  for (const KeyColumn& key : key_numbers_) {
    codes_of<kWeightModulus>(rows, key.column, codes_, without_code_);
    for (const std::size_t row : without_code_) codes_[row] = kNoValue;
    for (std::size_t i = 0; i < rows.size(); ++i) sums_[i] += codes_[i] * key.factor;
  }
  row_weights_.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    row_weights_[i] = 2 * std::abs(remainder<kWeightModulus>(sums_[i])) + 1;
}

// Most columns have few texts, which come again and again.
std::int32_t RowSums::code_of_text(TextColumn& column, std::string_view text) {
  constexpr std::size_t kKnownMax = 4'096;
  if (const auto known = column.known.find(text); known != column.known.end()) return known->second;
  if (column.known.size() == kKnownMax) column.known.clear();
  return column.known.emplace(text, code_of(text)).first->second;
}

void RowSums::weigh_texts(const RowBatch& rows) {
  sums_.assign(rows.size(), 0);
  for (TextColumn& text : texts_) {
    entry_codes_.clear();
    for (std::size_t entry = 0; entry < rows.text_count(text.column); ++entry)
      entry_codes_.push_back(
          code_of_text(text, rows.text_of_code(text.column, static_cast<std::int32_t>(entry))));
    text.codes.resize(rows.size());
    const auto entries = rows.text_codes(text.column);
    if (rows.has_nulls(text.column)) {
      for (std::size_t i = 0; i < rows.size(); ++i)
        text.codes[i] = rows.is_null(text.column, i)
                            ? kNoValue
                            : entry_codes_[static_cast<std::size_t>(entries[i])];
    } else {
      for (std::size_t i = 0; i < rows.size(); ++i)
        text.codes[i] = entry_codes_[static_cast<std::size_t>(entries[i])];
    }
    if (text.factor == 0) continue;
    for (std::size_t i = 0; i < rows.size(); ++i) sums_[i] += text.codes[i] * text.factor;
  }
  text_weights_.resize(rows.size());
  const bool has_key_text =
      std::ranges::any_of(texts_, [](const TextColumn& text) { return text.factor != 0; });
  for (std::size_t i = 0; i < rows.size(); ++i)
    text_weights_[i] = has_key_text ? 1 + remainder<kWeightModulus>(sums_[i]) : 1;
}

RowSums::Partition& RowSums::partition_of(std::int32_t days) {
  if (days >= partition_begin_ && days < partition_end_) return *partition_;
  const Date date = Date::from_days(days);
  const Date first = quality::partition_begin(*table_, date);
  partition_begin_ = first.days_since_1970();
  partition_end_ = quality::partition_end(*table_, date).days_since_1970();
  partition_ = &partitions_[first];
  partition_->nulls.resize(columns_.size());
  partition_->sums.resize(columns_.size());
  return *partition_;
}

void RowSums::find_runs(const RowBatch& rows) {
  constexpr std::size_t kRowsMax = 1'024;
  runs_.clear();
  const auto dates = rows.int32s(date_column_);
  const auto counts = [&](std::size_t row) {
    return !time_column_ ||
           (rows.int64s(*time_column_)[row] < final_to_us_ && !rows.is_null(*time_column_, row));
  };
  for (std::size_t row = 0; row < rows.size();) {
    if (!counts(row)) {
      ++row;
      continue;
    }
    Partition& partition = partition_of(dates[row]);
    std::size_t end = row + 1;
    const std::size_t limit = std::min(rows.size(), row + kRowsMax);
    while (end < limit && dates[end] >= partition_begin_ && dates[end] < partition_end_ &&
           counts(end))
      ++end;
    runs_.push_back({row, end, &partition});
    partition.rows += end - row;
    row = end;
  }
}

template <class Row>
void RowSums::for_each_counted(std::span<const std::size_t> rows, Row row) {
  auto run = runs_.begin();
  for (const std::size_t i : rows) {
    while (run != runs_.end() && i >= run->end) ++run;
    if (run == runs_.end()) return;
    if (i >= run->begin) row(i, *run);
  }
}

void RowSums::add_nulls(const RowBatch& rows, std::size_t index) {
  nulls_.clear();
  for_each_null(rows, columns_[index], [&](std::size_t row) { nulls_.push_back(row); });
  for_each_counted(nulls_, [&](std::size_t, Run& run) { ++run.partition->nulls[index]; });
}

void RowSums::add_texts(const TextColumn& text, std::size_t index) {
  for (const Run& run : runs_) {
    std::int64_t sum = 0;
    for (std::size_t i = run.begin; i < run.end; ++i)
      sum += std::int64_t{remainder<kModulus>(std::int64_t{text.codes[i]} * text_weights_[i])} *
             row_weights_[i];
    run.partition->sums[index] += sum;
  }
}

void RowSums::add_numbers(const RowBatch& rows, std::size_t index) {
  codes_of<kModulus>(rows, columns_[index], codes_, without_code_);
  const bool is_nullable = table_->columns[columns_[index]].nullable;
  for (const std::size_t row : without_code_)
    if (is_nullable) codes_[row] = kNoValue;
  for (const Run& run : runs_) {
    std::int64_t sum = 0;
    for (std::size_t i = run.begin; i < run.end; ++i)
      sum += ((std::int64_t{codes_[i]} * row_weights_[i]) & kModulus) * text_weights_[i];
    run.partition->sums[index] += sum;
  }
  if (is_nullable) return;
  for_each_counted(without_code_, [&](std::size_t row, Run& run) {
    run.partition->sums[index] += std::int64_t{kNoValue} * text_weights_[row];
  });
}

Sums RowSums::result() const {
  Sums all;
  for (const auto& [date, partition] : partitions_) {
    PartitionSums& sums = all[date];
    sums.rows = fmt::format("{}", partition.rows);
    for (std::size_t i = 0; i < columns_.size(); ++i)
      sums.columns.push_back(fmt::format("{} {}", partition.nulls[i], partition.sums[i]));
  }
  return all;
}

}  // namespace fm::quality
