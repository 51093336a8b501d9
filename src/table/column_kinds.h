// Words for the columns of the catalogue. Private to this room.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "table/catalogue.h"

namespace fm::table {

inline constexpr bool kNullable = true;

[[nodiscard]] constexpr Column text(std::string_view name, std::string_view description,
                                    bool nullable = false) {
  return {.name = name,
          .type = Type::kText,
          .unit = "",
          .description = description,
          .nullable = nullable};
}
[[nodiscard]] constexpr Column date(std::string_view name, std::string_view description,
                                    bool nullable = false) {
  return {.name = name,
          .type = Type::kDate,
          .unit = "",
          .description = description,
          .nullable = nullable};
}
[[nodiscard]] constexpr Column time(std::string_view name, std::string_view description,
                                    bool nullable = false) {
  return {.name = name,
          .type = Type::kTimestamp,
          .unit = "UTC",
          .description = description,
          .nullable = nullable};
}
[[nodiscard]] constexpr Column flag(std::string_view name, std::string_view description) {
  return {.name = name, .type = Type::kBool, .unit = "", .description = description};
}
[[nodiscard]] constexpr Column int64(std::string_view name, std::string_view unit,
                                     std::string_view description, bool nullable = false) {
  return {.name = name,
          .type = Type::kInt64,
          .unit = unit,
          .description = description,
          .nullable = nullable};
}
[[nodiscard]] constexpr Column int32(std::string_view name, std::string_view unit,
                                     std::string_view description) {
  return {.name = name, .type = Type::kInt32, .unit = unit, .description = description};
}
[[nodiscard]] constexpr Column number(std::string_view name, std::string_view unit,
                                      std::string_view description, int scale,
                                      bool nullable = false) {
  return {.name = name,
          .type = Type::kDouble,
          .unit = unit,
          .description = description,
          .nullable = nullable,
          .scale = scale};
}
[[nodiscard]] constexpr Column first_loaded(std::string_view name) {
  return {.name = name,
          .type = Type::kTimestamp,
          .unit = "UTC",
          .description = "when this row was first stored",
          .bookkeeping = true};
}

template <std::size_t A, std::size_t B>
[[nodiscard]] constexpr std::array<Column, A + B> joined_columns(
    const std::array<Column, A>& first, const std::array<Column, B>& second) {
  std::array<Column, A + B> all{};
  std::ranges::copy(first, all.begin());
  std::ranges::copy(second, all.begin() + A);
  return all;
}

inline constexpr int kPriceDigits = 9;  // prices are integers of 1e-9 until they become doubles
inline constexpr int kRatioDigits = 12;

}  // namespace fm::table
