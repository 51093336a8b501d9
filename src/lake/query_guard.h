// What a statement may ask of the engine, beyond being one SELECT: no function that changes the
// engine or tells of its surroundings, and none that makes values of any size out of a number.
// Private to Query.
#pragma once

#include <string>

#include "base/error.h"
#include "lake/duckdb.h"

namespace fm::lake {

inline constexpr std::size_t kStatementBytesMax = std::size_t{1} << 20;
// Of the sizes that a statement's functions name, multiplied: repeat('x', 100), range(1000).
inline constexpr std::int64_t kValueSizeMax = 100'000;

// By the text alone. Errors: kInvalidArgument for a text that is too long or holds a zero byte.
[[nodiscard]] Status check_text(const std::string& sql);
// By what the parser makes of a SELECT, DESCRIBE, SHOW or SUMMARIZE. Errors: kInvalidArgument,
// which names the function.
[[nodiscard]] Status check_functions(Database& database, const std::string& sql);

}  // namespace fm::lake
