// Rows in the form of COPY … WITH (FORMAT binary): network byte order, times from 2000 on. Private
// to this room. Source: PostgreSQL's documentation of COPY, "Binary Format".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "table/row_batch.h"

namespace fm::postgres {

inline constexpr std::size_t kCopyHeaderBytes = 19;
inline constexpr std::int64_t kMicrosTo2000 = 946'684'800'000'000;
inline constexpr std::int32_t kDaysTo2000 = 10'957;

class CopyRows {
 public:
  // All that is there is forgotten; the stream's header comes first.
  void begin();
  // `table` order of columns.
  void add(const table::RowBatch& rows);
  // Behind the last row of the stream.
  void end();
  // What was added since it was last taken; valid until the next call.
  [[nodiscard]] std::span<const std::byte> take();

 private:
  template <class Integer>
  void put(Integer value);
  void put_cell(const table::RowBatch& rows, std::size_t column, std::size_t row);

  std::vector<std::byte> bytes_;
  std::size_t size_ = 0;
  bool taken_ = false;
};

}  // namespace fm::postgres
