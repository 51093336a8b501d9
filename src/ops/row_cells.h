// The columns of a row, read and bound one behind the other. Private to this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "ops/sqlite.h"
#include "ops/state_connection.h"

namespace fm::ops {

using OptionalText = std::optional<std::string_view>;

[[nodiscard]] inline std::optional<std::int64_t> optional_microseconds(
    const std::optional<Nanos>& time) {
  if (!time) return std::nullopt;
  return microseconds(*time);
}

class RowCells {
 public:
  explicit RowCells(const Statement& row) : row_(row) {}
  std::string text() { return std::string(row_.text(column_++)); }
  std::int64_t integer() { return row_.integer(column_++); }
  std::uint64_t count() { return static_cast<std::uint64_t>(integer()); }
  Date date() { return Date::from_days(static_cast<std::int32_t>(integer())); }
  std::optional<std::string> optional_text() {
    if (row_.is_null(column_)) return skip();
    return text();
  }
  std::optional<std::int64_t> optional_integer() {
    if (row_.is_null(column_)) return skip();
    return integer();
  }
  std::optional<Nanos> optional_time() {
    if (row_.is_null(column_)) return skip();
    return nanoseconds(integer());
  }

 private:
  std::nullopt_t skip() {
    ++column_;
    return std::nullopt;
  }

  const Statement& row_;
  int column_ = 0;
};

}  // namespace fm::ops
